//! One refresh a session, however many requests want it.

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_lc_rs::digest;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::{
    clock::{Clock, Timestamp},
    error::{Error, ErrorKind},
    tokens::{DiditTokens, RefreshToken},
};

/// The refreshes under way, and what came of the latest.
///
/// A refresh runs in a task of its own: a client that goes away cancels nothing that was sent. Its
/// outcome is remembered for a while by the tokens that it replaces, for the requests that were sent with
/// the old cookie.
pub(crate) struct SingleFlight {
    clock: Arc<dyn Clock>,
    tasks: TaskTracker,
    flights: Mutex<Flights>,
}

#[derive(Default)]
struct Flights {
    by_tokens: HashMap<TokensHash, Flight>,
    swept: Option<Timestamp>,
}

/// What the tokens of a session are replaced with.
pub(crate) type Outcome = Result<DiditTokens, Error>;

type TokensHash = [u8; 32];

/// A refresh that was started; in the end its outcome, and when that came.
#[derive(Clone)]
pub(crate) struct Flight(watch::Receiver<Option<(Timestamp, Outcome)>>);

/// What there is to a refresh.
#[derive(Clone)]
pub(crate) enum Refresh {
    /// This request has started it.
    Started(Flight),
    /// Another one has, and it goes on.
    InFlight(Flight),
    /// It is over.
    Landed(Outcome),
}

impl SingleFlight {
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
        now: Timestamp,
        send: impl FnOnce() -> F,
    ) -> Refresh
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let hash = hash_of(tokens);
        let (landing, flight) = watch::channel(None);
        let flight = Flight(flight);
        {
            let mut flights = self.lock();
            if let Some(known) = flights.by_tokens.get(&hash) {
                match known.state(now) {
                    State::InFlight => return Refresh::InFlight(known.clone()),
                    State::Landed(outcome) => return Refresh::Landed(outcome),
                    State::Forgotten => {}
                }
            }
            flights.sweep(now);
            flights.by_tokens.insert(hash, flight.clone());
        }
        // Not under the lock: where the runtime ends, the task is dropped there and then.
        let send = send();
        let clock = Arc::clone(&self.clock);
        let task = async move {
            let outcome = send.await;
            match &outcome {
                Ok(_) => tracing::debug!("tokens refreshed"),
                Err(error) => {
                    let code = error.kind().code();
                    let source = error.causes();
                    // What users cause is not for the operator's attention, nor is an outage once for each.
                    let is_outage = error.kind() == ErrorKind::TokensUnavailable;
                    if error.kind().status().is_server_error() && !is_outage {
                        tracing::warn!(code, %error, source, "tokens not refreshed");
                    } else {
                        tracing::debug!(code, %error, source, "tokens not refreshed");
                    }
                }
            }
            landing.send_replace(Some((Timestamp::now(&*clock), outcome)));
        };
        self.tasks.spawn(task.in_current_span());
        Refresh::Started(flight)
    }

    /// Whether these tokens were replaced, or are being replaced: they are not to be written again.
    pub(crate) fn replaces(&self, tokens: &DiditTokens, now: Timestamp) -> bool {
        let flights = self.lock();
        let known = flights.by_tokens.get(&hash_of(tokens));
        known.is_some_and(|flight| {
            matches!(flight.state(now), State::InFlight | State::Landed(Ok(_)))
        })
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

impl Flight {
    /// Waits for the end.
    pub(crate) async fn wait(mut self) -> Outcome {
        match self.0.wait_for(Option::is_some).await.as_deref() {
            Ok(Some((_, outcome))) => outcome.clone(),
            _ => Err(lost()),
        }
    }

    /// After a failure another attempt is made soon, but not with every request; what the provider calls
    /// invalid stays so. Whether a store is back, the next request finds out anyway.
    fn state(&self, now: Timestamp) -> State {
        // In this order: the outcome is there before the channel is closed.
        let is_over = self.0.has_changed().is_err();
        let landed = self.0.borrow().clone();
        let (landed, outcome) = match landed {
            Some(landed) => landed,
            None if is_over => return State::Forgotten,
            None => return State::InFlight,
        };
        let remembered = match outcome.as_ref().map_err(Error::kind) {
            Ok(_) | Err(ErrorKind::InvalidGrant) => KEPT,
            Err(
                ErrorKind::SessionUnavailable
                | ErrorKind::TokensUnavailable
                | ErrorKind::TooManySignIns,
            ) => Duration::ZERO,
            Err(_) => BACK_OFF,
        };
        if landed <= now && now.since(landed) < remembered {
            State::Landed(outcome)
        } else {
            State::Forgotten
        }
    }
}

impl Flights {
    /// Forgets what does not count any more, once a minute: memory is bounded by what happens within two.
    fn sweep(&mut self, now: Timestamp) {
        let is_due = |swept: Timestamp| now < swept || now.since(swept) >= KEPT;
        if self.swept.is_none_or(is_due) {
            self.by_tokens
                .retain(|_, flight| !matches!(flight.state(now), State::Forgotten));
            self.swept = Some(now);
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

/// The task panicked, or the runtime ended.
fn lost() -> Error {
    Error::new(ErrorKind::ProviderUnreachable)
}

impl fmt::Debug for SingleFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFlight").finish_non_exhaustive()
    }
}

/// How long a request with the old tokens gets the new ones.
const KEPT: Duration = Duration::from_secs(60);
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

    fn flights() -> (SingleFlight, HandClock) {
        let clock = HandClock::default();
        (
            SingleFlight::new(Arc::new(clock.clone()), TaskTracker::new()),
            clock,
        )
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(1_000_000 + seconds)
    }

    /// The access token that comes of it, and whether this call has started it.
    async fn refresh(
        flights: &(SingleFlight, HandClock),
        old: &str,
        new: Result<&str, ErrorKind>,
        now: u64,
    ) -> (String, bool) {
        let new = new.map(tokens).map_err(Error::new);
        let (flights, clock) = flights;
        clock.set(at(now));
        let refresh = flights.refresh(&tokens(old), at(now), || async { new });
        let (outcome, started) = match refresh {
            Refresh::Started(flight) => (flight.wait().await, true),
            Refresh::InFlight(flight) => (flight.wait().await, false),
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
    async fn a_refresh_that_panics_is_a_failure() {
        let flights = flights();
        let panics = || async { panic!("as a transport may") };
        match flights.0.refresh(&tokens("a"), at(0), panics) {
            Refresh::Started(flight) => assert!(flight.wait().await.is_err()),
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
