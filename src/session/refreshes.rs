//! Refreshes in flight and just finished: one per session, however many requests ask for it.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use super::lock;
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, TokenError},
    flight::{Flight, Progress},
    seal::sha256,
    tokens::{DiditTokens, RefreshToken},
};

/// The refreshes under way, and the outcomes of the latest.
///
/// An outcome is kept under the tokens that it replaces. If the session is in cookies, the outcome is kept until a
/// response has carried the new tokens to the browser, at most 10 minutes, and then for a minute more, for requests
/// that were sent with the old cookie.
#[derive(Default)]
pub(crate) struct Refreshes(Mutex<Flights>);

#[derive(Default)]
struct Flights {
    /// By a hash of the tokens that are refreshed.
    known: HashMap<[u8; 32], Known>,
    swept: Option<Timestamp>,
}

struct Known {
    flight: RefreshFlight,
    /// When the new tokens were saved, if they were: in a store, by a handler, or in the browser's cookies.
    saved: Option<Timestamp>,
}

/// The new tokens of a session.
pub(crate) type Outcome = Result<DiditTokens, Error>;

/// A refresh that was started. Its result is the outcome with the time of its arrival.
pub(crate) type RefreshFlight = Flight<(Timestamp, Outcome)>;

/// The progress of a refresh.
#[derive(Clone)]
pub(crate) enum Refresh {
    /// This request has started the refresh.
    Started(RefreshFlight),
    /// Another request has started the refresh.
    InFlight(RefreshFlight),
    Done(Outcome),
}

/// What replaces the tokens of a session.
pub(crate) enum Replacement {
    /// Nothing: they are the latest.
    None,
    /// They are being replaced, or the session has ended.
    Unknown,
    Tokens(Box<DiditTokens>),
}

impl Refreshes {
    /// The refresh of these tokens: the one under way, the outcome of a moment ago, or a new one.
    /// `saves`: a new refresh, or its caller, saves the tokens elsewhere, so that no response has to carry them.
    pub(crate) fn refresh(
        &self,
        tokens: &DiditTokens,
        saves: bool,
        now: Timestamp,
        start: impl FnOnce() -> RefreshFlight,
    ) -> Refresh {
        let mut flights = lock(&self.0);
        let hash = hash_of(tokens);
        let known = flights.known.get(&hash);
        if let Some(refresh) = known.and_then(|known| known.refresh(now)) {
            return refresh;
        }
        flights.sweep(now);
        let known = Known {
            flight: start(),
            saved: saves.then_some(now),
        };
        let flight = known.flight.clone();
        flights.known.insert(hash, known);
        Refresh::Started(flight)
    }

    /// Whether these tokens were replaced or are being replaced: no response may write them again.
    pub(crate) fn has_replacement_for(&self, tokens: &DiditTokens, now: Timestamp) -> bool {
        let flights = lock(&self.0);
        let known = flights.known.get(&hash_of(tokens));
        let refresh = known.and_then(|known| known.refresh(now));
        matches!(refresh, Some(Refresh::InFlight(_) | Refresh::Done(Ok(_))))
    }

    /// What replaces these tokens.
    pub(crate) fn replacement(&self, tokens: &DiditTokens, now: Timestamp) -> Replacement {
        let flights = lock(&self.0);
        let mut latest = None;
        // Each step leads to tokens of a later refresh.
        for _ in 0..MAX_STEPS {
            let known = flights
                .known
                .get(&hash_of(latest.as_ref().unwrap_or(tokens)));
            match known.and_then(|known| known.refresh(now)) {
                Some(Refresh::InFlight(_) | Refresh::Started(_)) => return Replacement::Unknown,
                Some(Refresh::Done(Ok(next))) => latest = Some(next),
                Some(Refresh::Done(Err(_))) | None => break,
            }
        }
        latest.map_or(Replacement::None, |tokens| {
            Replacement::Tokens(Box::new(tokens))
        })
    }

    /// Records that a response carries the new tokens in place of these.
    pub(crate) fn record_delivery(&self, tokens: &DiditTokens, now: Timestamp) {
        let mut flights = lock(&self.0);
        if let Some(known) = flights.known.get_mut(&hash_of(tokens)) {
            known.saved.get_or_insert(now);
        }
    }
}

impl Known {
    /// The refresh, unless its outcome no longer counts. A failure of the provider counts for 10 s, so that not
    /// every request tries again; a refusal for a minute. A failure of the store is not kept: the next request tries
    /// again.
    fn refresh(&self, now: Timestamp) -> Option<Refresh> {
        let (completed, outcome) = match self.flight.progress() {
            Progress::Completed(completed) => completed,
            Progress::InFlight => return Some(Refresh::InFlight(self.flight.clone())),
            Progress::Lost => return None,
        };
        let kept = match outcome.as_ref().map_err(Error::kind) {
            Ok(_) if self.saved.is_none() => KEPT_UNSAVED,
            Ok(_) | Err(ErrorKind::TokenRequest(TokenError::InvalidGrant)) => KEPT,
            Err(
                ErrorKind::SessionUnavailable
                | ErrorKind::TokensUnavailable
                | ErrorKind::TooManyTokenRequests,
            ) => Duration::ZERO,
            Err(_) => BACK_OFF,
        };
        let since = self.saved.map_or(completed, |saved| saved.max(completed));
        let counts = since <= now && now.since(since) < kept;
        counts.then_some(Refresh::Done(outcome))
    }
}

impl Flights {
    /// Removes the outcomes that no longer count, once a minute. If there are too many, outcomes that no
    /// response has carried count for only a minute.
    fn sweep(&mut self, now: Timestamp) {
        let is_due = |swept: Timestamp| now < swept || now.since(swept) >= KEPT;
        let is_full = self.known.len() >= CAPACITY;
        if is_full || self.swept.is_none_or(is_due) {
            self.known.retain(|_, known| {
                if is_full {
                    known.saved.get_or_insert(Timestamp::from_unix(0));
                }
                known.refresh(now).is_some()
            });
            self.swept = Some(now);
        }
    }
}

/// The hash of tokens and their claims: an outcome belongs to the same user, whatever tokens a provider issues.
fn hash_of(tokens: &DiditTokens) -> [u8; 32] {
    let refresh_token = tokens.refresh_token().map_or("", RefreshToken::secret);
    let claims = tokens.claims().payload();
    let parts = [tokens.access_token().secret(), refresh_token, claims];
    let hashes = parts.map(|part| sha256(&[part.as_bytes()]));
    sha256(&hashes.each_ref().map(<[u8; 32]>::as_slice))
}

/// The number of refreshes of one session within [`KEPT_UNSAVED`] that are followed.
const MAX_STEPS: usize = 8;
/// How long requests with the old tokens get the new ones after the new ones were saved.
const KEPT: Duration = Duration::from_secs(60);
/// How long requests with the old tokens get the new ones while no response has carried the new ones.
const KEPT_UNSAVED: Duration = Duration::from_secs(10 * 60);
/// Above this many outcomes, unsaved tokens are kept for only 1 minute.
const CAPACITY: usize = 10_000;
/// The pause before the next refresh after a failure of the provider.
const BACK_OFF: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::tokens::{AccessToken, IdClaims, Scopes, TokenSet};

    fn tokens(access_token: &str) -> DiditTokens {
        DiditTokens::new(
            TokenSet {
                access_token: AccessToken::new(access_token),
                refresh_token: None,
                id_token: None,
                scopes: Scopes::new("openid"),
                expires_at: None,
                received_at: Timestamp::from_unix(0),
            },
            IdClaims::of_subject("john"),
        )
    }

    /// A refresh that ends at this time.
    fn start(outcome: Outcome, end: u64) -> RefreshFlight {
        Flight::start(&TaskTracker::new(), async move { (at(end), outcome) })
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(1_000_000 + seconds)
    }

    async fn outcome(flight: &RefreshFlight) -> Outcome {
        let (_, outcome) = flight.outcome().await.expect("it lands");
        outcome
    }

    /// The new access token or the error, and whether this call has started the refresh.
    async fn refresh(
        flights: &Refreshes,
        old: &str,
        new: Result<&str, ErrorKind>,
        now: u64,
    ) -> (String, bool) {
        let new = new.map(tokens).map_err(Error::new);
        let refresh = flights.refresh(&tokens(old), true, at(now), || start(new, now));
        let (outcome, started) = match refresh {
            Refresh::Started(flight) => (outcome(&flight).await, true),
            Refresh::InFlight(flight) => (outcome(&flight).await, false),
            Refresh::Done(outcome) => (outcome, false),
        };
        let outcome = match outcome {
            Ok(tokens) => tokens.access_token().secret().to_owned(),
            Err(error) => error.kind().code().to_owned(),
        };
        (outcome, started)
    }

    #[tokio::test]
    async fn an_outcome_is_remembered_for_a_minute_and_a_failure_of_the_provider_for_ten_seconds() {
        let flights = Refreshes::default();
        let expect = |outcome: &str, started| (outcome.to_owned(), started);
        assert_eq!(refresh(&flights, "a", Ok("b"), 0).await, expect("b", true));
        assert_eq!(
            refresh(&flights, "a", Ok("c"), 59).await,
            expect("b", false)
        );
        assert_eq!(refresh(&flights, "a", Ok("c"), 60).await, expect("c", true));
        // Other tokens are refreshed separately.
        assert_eq!(refresh(&flights, "x", Ok("y"), 60).await, expect("y", true));

        let failed = Err(ErrorKind::ProviderTimeout);
        let code = "provider-timeout";
        assert_eq!(refresh(&flights, "d", failed, 0).await, expect(code, true));
        assert_eq!(
            refresh(&flights, "d", Ok("e"), 9).await,
            expect(code, false)
        );
        assert_eq!(refresh(&flights, "d", Ok("e"), 10).await, expect("e", true));

        let failed = Err(ErrorKind::SessionUnavailable);
        let code = "session-unavailable";
        assert_eq!(refresh(&flights, "f", failed, 0).await, expect(code, true));
        assert_eq!(refresh(&flights, "f", Ok("g"), 0).await, expect("g", true));
    }

    #[tokio::test]
    async fn new_tokens_that_no_response_has_carried_are_kept_for_ten_minutes() {
        let flights = Refreshes::default();
        let started = |now| {
            let start = || start(Ok(tokens("new")), now);
            flights.refresh(&tokens("old"), false, at(now), start)
        };
        let Refresh::Started(flight) = started(0) else {
            panic!("not started")
        };
        assert!(outcome(&flight).await.is_ok());
        assert!(matches!(started(599), Refresh::Done(Ok(_))));
        flights.record_delivery(&tokens("old"), at(599));
        assert!(matches!(started(658), Refresh::Done(Ok(_))));
        assert!(matches!(started(659), Refresh::Started(_)));
        let Refresh::InFlight(flight) = started(659) else {
            panic!("not in flight")
        };
        assert!(outcome(&flight).await.is_ok());
        assert!(matches!(started(659 + 600), Refresh::Started(_)));
    }

    #[tokio::test]
    async fn a_refresh_that_panics_is_a_failure() {
        let flights = Refreshes::default();
        let panics = || Flight::start(&TaskTracker::new(), async { panic!("as a transport may") });
        match flights.refresh(&tokens("a"), true, at(0), panics) {
            Refresh::Started(flight) => assert!(flight.outcome().await.is_none()),
            _ => panic!("not started"),
        }
        assert_eq!(refresh(&flights, "a", Ok("b"), 0).await.0, "b");
    }

    #[tokio::test]
    async fn expired_outcomes_are_removed() {
        let flights = Refreshes::default();
        for session in 0..10_000_u64 {
            refresh(&flights, &session.to_string(), Ok("new"), session).await;
        }
        assert!(lock(&flights.0).known.len() <= 120);
    }
}
