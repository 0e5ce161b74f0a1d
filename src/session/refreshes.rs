//! Refreshes under way and just landed: one for each session, however many requests want it.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_lc_rs::digest;
use tokio_util::task::TaskTracker;

use crate::{
    clock::{Clock, Timestamp},
    error::{Error, ErrorKind, TokenError},
    flight::{Flight, Progress},
    tokens::{DiditTokens, RefreshToken},
};

/// The refreshes under way, and what came of the latest.
///
/// A refresh runs in a task of its own: a client that goes away cancels nothing that was sent. Its outcome is
/// kept under the tokens that it replaces: until an answer has carried the new ones to the browser, at most
/// 10 minutes, and then for a minute more, for requests that were sent with the old cookie.
pub(crate) struct Refreshes {
    clock: Arc<dyn Clock>,
    tasks: TaskTracker,
    flights: Mutex<Flights>,
}

#[derive(Default)]
struct Flights {
    by_tokens: HashMap<TokensHash, Known>,
    swept: Option<Timestamp>,
}

struct Known {
    flight: RefreshFlight,
    saved: Saved,
}

/// Where else the new tokens are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Saved {
    /// In the store, or with a handler that keeps them itself.
    Elsewhere,
    /// Nowhere: the next answer carries them.
    Nowhere,
    /// In the browser's cookies, since then.
    InCookies(Timestamp),
}

/// What the tokens of a session are replaced with.
pub(crate) type Outcome = Result<DiditTokens, Error>;

type TokensHash = [u8; 32];

/// A refresh that was started; in the end its outcome, and when that came.
pub(crate) type RefreshFlight = Flight<(Timestamp, Outcome)>;

/// What there is to a refresh.
#[derive(Clone)]
pub(crate) enum Refresh {
    /// This request has started it.
    Started(RefreshFlight),
    /// Another one has, and it goes on.
    InFlight(RefreshFlight),
    /// It is over.
    Landed(Outcome),
}

impl Refreshes {
    pub(crate) fn new(clock: Arc<dyn Clock>, tasks: TaskTracker) -> Self {
        Self {
            clock,
            tasks,
            flights: Mutex::default(),
        }
    }

    /// The refresh of these tokens: the one under way, or what came of it a moment ago, else a new one.
    pub(crate) fn refresh<F>(
        &self,
        tokens: &DiditTokens,
        saved: Saved,
        now: Timestamp,
        send: impl FnOnce() -> F,
    ) -> Refresh
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let mut flights = self.lock();
        let hash = hash_of(tokens);
        if let Some(known) = flights.by_tokens.get(&hash) {
            match known.state(now) {
                State::InFlight => return Refresh::InFlight(known.flight.clone()),
                State::Landed(outcome) => return Refresh::Landed(outcome),
                State::Forgotten => {}
            }
        }
        flights.sweep(now);
        let refresh = send();
        let clock = Arc::clone(&self.clock);
        let flight = Flight::start(&self.tasks, async move {
            let outcome = refresh.await;
            log(&outcome);
            (Timestamp::now(&*clock), outcome)
        });
        let known = Known {
            flight: flight.clone(),
            saved,
        };
        flights.by_tokens.insert(hash, known);
        Refresh::Started(flight)
    }

    /// Whether these tokens were replaced, or are being replaced: they are not to be written again.
    pub(crate) fn replaces(&self, tokens: &DiditTokens, now: Timestamp) -> bool {
        let flights = self.lock();
        let known = flights.by_tokens.get(&hash_of(tokens));
        known
            .is_some_and(|known| matches!(known.state(now), State::InFlight | State::Landed(Ok(_))))
    }

    /// An answer carries the tokens that replace these.
    pub(crate) fn note_carried(&self, tokens: &DiditTokens, now: Timestamp) {
        let mut flights = self.lock();
        if let Some(known) = flights.by_tokens.get_mut(&hash_of(tokens))
            && matches!(known.saved, Saved::Nowhere)
        {
            known.saved = Saved::InCookies(now);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Flights> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum State {
    InFlight,
    Landed(Outcome),
    Forgotten,
}

impl Known {
    /// After a failure another attempt is made soon, but not with every request; what the provider calls
    /// invalid stays so. Whether a store is back, the next request finds out anyway.
    fn state(&self, now: Timestamp) -> State {
        let (landed, outcome) = match self.flight.progress() {
            Progress::Landed(landed) => landed,
            Progress::InFlight => return State::InFlight,
            Progress::Lost => return State::Forgotten,
        };
        let (since, kept) = match (outcome.as_ref().map_err(Error::kind), self.saved) {
            (Ok(_), Saved::Nowhere) => (landed, KEPT_UNSAVED),
            (Ok(_), Saved::InCookies(saved)) => (saved.max(landed), KEPT),
            (Ok(_), Saved::Elsewhere)
            | (Err(ErrorKind::TokenRequest(TokenError::InvalidGrant)), _) => (landed, KEPT),
            (
                Err(
                    ErrorKind::SessionUnavailable
                    | ErrorKind::TokensUnavailable
                    | ErrorKind::TooManySignIns,
                ),
                _,
            ) => (landed, Duration::ZERO),
            (Err(_), _) => (landed, BACK_OFF),
        };
        if since <= now && now.since(since) < kept {
            State::Landed(outcome)
        } else {
            State::Forgotten
        }
    }
}

fn log(outcome: &Outcome) {
    match outcome {
        Ok(_) => tracing::debug!("tokens refreshed"),
        // An outage is not told of once for each session: whoever is answered with it says so.
        Err(error) if error.kind() == ErrorKind::TokensUnavailable => {}
        Err(error) => error.log("refresh failed"),
    }
}

impl Flights {
    /// Forgets what does not count any more, once a minute; if there are too many, what no answer has carried
    /// counts for a minute only.
    fn sweep(&mut self, now: Timestamp) {
        let is_due = |swept: Timestamp| now < swept || now.since(swept) >= KEPT;
        if self.swept.is_none_or(is_due) {
            self.by_tokens
                .retain(|_, known| !matches!(known.state(now), State::Forgotten));
            self.swept = Some(now);
        }
        if self.by_tokens.len() >= CAPACITY {
            for known in self.by_tokens.values_mut() {
                known.saved = Saved::Elsewhere;
            }
            self.by_tokens
                .retain(|_, known| !matches!(known.state(now), State::Forgotten));
        }
    }
}

/// The tokens and whose they are: an outcome is of the same user, whatever a provider gives out.
fn hash_of(tokens: &DiditTokens) -> TokensHash {
    let mut hash = digest::Context::new(&digest::SHA256);
    for part in [
        tokens.access_token().secret(),
        tokens.refresh_token().map_or("", RefreshToken::secret),
        tokens.claims().payload(),
    ] {
        hash.update(&part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    *hash
        .finish()
        .as_ref()
        .first_chunk()
        .expect("SHA-256 has 32 bytes")
}

/// How long a request with the old tokens gets the new ones, after these were saved.
const KEPT: Duration = Duration::from_secs(60);
/// The same where no answer has carried the new ones.
const KEPT_UNSAVED: Duration = Duration::from_secs(10 * 60);
/// From then on, unsaved tokens are kept no longer than others.
const CAPACITY: usize = 10_000;
/// How long nothing is tried after a failure.
const BACK_OFF: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::tests::HandClock,
        tokens::{AccessToken, IdClaims, Scopes, TokenSet},
    };

    fn tokens(access_token: &str) -> DiditTokens {
        DiditTokens::new(TokenSet {
            access_token: AccessToken::new(access_token),
            refresh_token: None,
            id_token: None,
            scopes: Scopes::new("openid"),
            expires_at: None,
            received_at: Timestamp::from_unix(0),
            claims: IdClaims::of_subject("john"),
        })
    }

    fn flights() -> (Refreshes, HandClock) {
        let clock = HandClock::default();
        (
            Refreshes::new(Arc::new(clock.clone()), TaskTracker::new()),
            clock,
        )
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(1_000_000 + seconds)
    }

    /// The access token that comes of it, and whether this call has started it.
    async fn outcome(flight: &RefreshFlight) -> Outcome {
        let (_, outcome) = flight.outcome().await.expect("it lands");
        outcome
    }

    async fn refresh(
        flights: &(Refreshes, HandClock),
        old: &str,
        new: Result<&str, ErrorKind>,
        now: u64,
    ) -> (String, bool) {
        let new = new.map(tokens).map_err(Error::new);
        let (flights, clock) = flights;
        clock.set(at(now));
        let refresh = flights.refresh(&tokens(old), Saved::Elsewhere, at(now), || async { new });
        let (outcome, started) = match refresh {
            Refresh::Started(flight) => (outcome(&flight).await, true),
            Refresh::InFlight(flight) => (outcome(&flight).await, false),
            Refresh::Landed(outcome) => (outcome, false),
        };
        let outcome = match outcome {
            Ok(tokens) => tokens.access_token().secret().to_owned(),
            Err(error) => error.kind().code().to_owned(),
        };
        (outcome, started)
    }

    #[tokio::test]
    async fn an_outcome_is_remembered_for_a_minute_and_a_failure_of_the_provider_for_ten_seconds() {
        let flights = flights();
        let expect = |outcome: &str, started| (outcome.to_owned(), started);
        assert_eq!(refresh(&flights, "a", Ok("b"), 0).await, expect("b", true));
        assert_eq!(
            refresh(&flights, "a", Ok("c"), 59).await,
            expect("b", false)
        );
        assert_eq!(refresh(&flights, "a", Ok("c"), 60).await, expect("c", true));
        // Another session is another matter.
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
    async fn tokens_that_no_answer_has_carried_are_kept_for_ten_minutes() {
        let (flights, clock) = flights();
        let started = |now| {
            clock.set(at(now));
            let send = || async { Ok(tokens("new")) };
            flights.refresh(&tokens("old"), Saved::Nowhere, at(now), send)
        };
        let Refresh::Started(flight) = started(0) else {
            panic!("it is the first")
        };
        assert!(outcome(&flight).await.is_ok());
        assert!(matches!(started(599), Refresh::Landed(Ok(_))));
        flights.note_carried(&tokens("old"), at(599));
        assert!(matches!(started(658), Refresh::Landed(Ok(_))));
        assert!(matches!(started(659), Refresh::Started(_)));
        let Refresh::InFlight(flight) = started(659) else {
            panic!("it was started")
        };
        assert!(outcome(&flight).await.is_ok());
        assert!(matches!(started(659 + 600), Refresh::Started(_)));
    }

    #[tokio::test]
    async fn a_refresh_that_panics_is_a_failure() {
        let flights = flights();
        let panics = || async { panic!("as a transport may") };
        match flights
            .0
            .refresh(&tokens("a"), Saved::Elsewhere, at(0), panics)
        {
            Refresh::Started(flight) => assert!(flight.outcome().await.is_none()),
            _ => panic!("it is the first"),
        }
        assert_eq!(refresh(&flights, "a", Ok("b"), 0).await.0, "b");
    }

    #[tokio::test]
    async fn what_is_over_is_forgotten() {
        let flights = flights();
        for session in 0..10_000_u64 {
            refresh(&flights, &session.to_string(), Ok("new"), session).await;
        }
        assert!(flights.0.lock().by_tokens.len() <= 120);
    }
}
