//! Callbacks under way and those of the last minute: one exchange, one run of the handler and one session for
//! each state.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::HeaderValue;
use tokio::{
    sync::{Mutex as AsyncMutex, OwnedMutexGuard},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Timestamp,
    error::{CallbackError, Error, ErrorKind},
    flight::{Flight, Progress},
    oidc::{CodeHash, TokenRequestFailure},
    session::{Generation, Session, SessionId, replay_cache::ReplayCache},
};

/// The callbacks of one process, by their state.
#[derive(Default)]
pub(super) struct CallbackFlights {
    by_state: Mutex<HashMap<String, Arc<CallbackFlight>>>,
    /// States, and states with their codes, for as long as a flow cookie lives.
    used: ReplayCache,
    shutdown: CancellationToken,
}

/// One callback, from the exchange of its code to the begin of its session.
///
/// A browser that reloads, or a person who clicks twice, sends the same callback again with the same flow
/// cookie. Such requests join the flight: each waits for its turn, the first runs the handler, and the others
/// get the cookies of the session that it began. The next one runs the handler if the first is dropped.
pub(super) struct CallbackFlight {
    code: CodeHash,
    exchange: Flight<Exchanged>,
    landing: Arc<AsyncMutex<Option<Landing>>>,
    /// The browser has signed out meanwhile.
    is_cancelled: AtomicBool,
    /// The flight is to be forgotten before its time.
    is_over: CancellationToken,
    started: Instant,
}

/// What came of the exchange: a session that has not begun, and its user's generation if the store was there.
pub(super) type Exchanged = Result<(Session, Option<Generation>), TokenRequestFailure>;

/// How a flight has ended.
#[derive(Clone, Debug)]
pub(super) enum Landing {
    SignedIn {
        session: SessionId,
        cookies: Vec<HeaderValue>,
    },
    /// The handler has refused the user or signed them out, or nobody came for the tokens.
    NotSignedIn,
}

/// The right to run the handler, until it is known how the flight has ended.
pub(super) type Turn = OwnedMutexGuard<Option<Landing>>;

impl CallbackFlights {
    /// The flight of this state: the one under way, else a new one.
    ///
    /// # Errors
    ///
    /// - [`CallbackError::AlreadyCompleted`]: the callback was used before;
    /// - [`CallbackError::Replayed`]: it was used with another code;
    /// - those of `start`, after which the state is free.
    pub(super) fn join(
        &self,
        state: &str,
        code: CodeHash,
        now: Timestamp,
        start: impl FnOnce() -> Result<Flight<Exchanged>, Error>,
    ) -> Result<Arc<CallbackFlight>, Error> {
        let mut flights = self.lock();
        if let Some(flight) = flights.get(state) {
            if flight.code == code {
                return Ok(Arc::clone(flight));
            }
            return Err(Error::new(CallbackError::Replayed));
        }
        if let Some(kind) = self.use_of(state, Some(code)) {
            return Err(Error::new(kind));
        }
        let exchange = start()?;
        // Failed ones go first: strangers can make as many as they like.
        if flights.len() >= MAX_FLIGHTS
            && let Some(oldest) = flights
                .values()
                .filter(|flight| !flight.is_over.is_cancelled())
                .min_by_key(|flight| (!flight.has_failed(), flight.started))
        {
            oldest.is_over.cancel();
        }
        self.used.insert(state.as_bytes(), now);
        self.used.insert(&with_code(state, code), now);
        let flight = Arc::new(CallbackFlight {
            code,
            exchange,
            landing: Arc::default(),
            is_cancelled: AtomicBool::new(false),
            is_over: self.shutdown.child_token(),
            started: Instant::now(),
        });
        flights.insert(state.to_owned(), Arc::clone(&flight));
        Ok(flight)
    }

    /// How a state was used in this process, if it was.
    pub(super) fn use_of(&self, state: &str, code: Option<CodeHash>) -> Option<CallbackError> {
        if !self.used.contains(state.as_bytes()) {
            return None;
        }
        let knows = |code| self.used.contains(&with_code(state, code));
        Some(if code.is_none_or(knows) || knows(CANCELLED) {
            CallbackError::AlreadyCompleted
        } else {
            CallbackError::Replayed
        })
    }

    /// Makes the state usable again, unless its sign-in was cancelled: its code was not sent.
    pub(super) fn free(&self, state: &str, code: CodeHash) {
        let mut flights = self.lock();
        if let Some(flight) = flights.remove(state) {
            flight.is_over.cancel();
            if flight.is_cancelled() {
                return;
            }
        }
        self.used.forget(state.as_bytes());
        self.used.forget(&with_code(state, code));
    }

    /// Ends a sign-in: its callback begins no session any more.
    pub(super) fn cancel(&self, state: &str, now: Timestamp) {
        let flights = self.lock();
        self.used.insert(state.as_bytes(), now);
        self.used.insert(&with_code(state, CANCELLED), now);
        if let Some(flight) = flights.get(state) {
            flight.is_cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// Keeps a flight until a reload of its callback is no longer likely, then forgets it. Gives the session
    /// if nobody came for it.
    pub(super) async fn retire(&self, state: &str) -> Option<Session> {
        let flight = self.lock().get(state).cloned()?;
        let exchanged = flight.exchange.outcome().await;
        let _ = tokio::time::timeout(KEPT, flight.is_over.cancelled()).await;
        self.remove(state, &flight);
        // Whoever waits for a turn has it before.
        let mut landing = flight.landing.lock().await;
        if landing.is_some() {
            return None;
        }
        *landing = Some(Landing::NotSignedIn);
        exchanged?.ok().map(|(session, _)| session)
    }

    /// Forgets all flights as soon as their requests are answered.
    pub(super) fn shutdown(&self) {
        self.shutdown.cancel();
    }

    fn remove(&self, state: &str, flight: &Arc<CallbackFlight>) {
        let mut flights = self.lock();
        // By now it may be another one, if the code of this one was not sent.
        if flights
            .get(state)
            .is_some_and(|known| Arc::ptr_eq(known, flight))
        {
            flights.remove(state);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<CallbackFlight>>> {
        self.by_state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CallbackFlight {
    /// Waits until no other request runs the handler.
    pub(super) async fn turn(&self) -> Turn {
        Arc::clone(&self.landing).lock_owned().await
    }

    /// Waits for the exchange.
    pub(super) async fn session(&self) -> Exchanged {
        let lost = || {
            Err(TokenRequestFailure::after_sending(Error::new(
                ErrorKind::ProviderUnreachable,
            )))
        };
        self.exchange.outcome().await.unwrap_or_else(lost)
    }

    fn has_failed(&self) -> bool {
        let exchange = self.exchange.progress();
        matches!(exchange, Progress::Landed(Err(_)) | Progress::Lost)
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }
}

fn with_code(state: &str, code: CodeHash) -> Vec<u8> {
    [state.as_bytes(), &code].concat()
}

/// How long the flight of a callback is kept after its exchange.
const KEPT: Duration = Duration::from_secs(60);
/// In the place of a code's hash.
const CANCELLED: CodeHash = [0; 32];
const MAX_FLIGHTS: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        session::Limits,
        tokens::{AccessToken, DiditTokens, IdClaims, Scopes, TokenSet},
    };
    use tokio_util::task::TaskTracker;

    const NOW: Timestamp = Timestamp::from_unix(1_000);
    const CODE: CodeHash = [1; 32];

    #[expect(clippy::unnecessary_wraps, reason = "it is what an exchange gives")]
    fn exchanged() -> Exchanged {
        let tokens = DiditTokens::new(TokenSet {
            access_token: AccessToken::new("at"),
            refresh_token: None,
            id_token: None,
            scopes: Scopes::new("openid"),
            expires_at: None,
            received_at: NOW,
            claims: IdClaims::of_subject("john"),
        });
        let limits = Limits {
            idle: KEPT,
            absolute: KEPT,
        };
        let session = Session::start(tokens, false, limits, NOW);
        Ok((session, None))
    }

    fn refused() -> Exchanged {
        let error = Error::new(ErrorKind::ProviderRefused);
        Err(TokenRequestFailure::after_sending(error))
    }

    /// A callback whose exchange has landed.
    async fn land(flights: &CallbackFlights, state: &str, exchanged: Exchanged) {
        let start = || Ok(Flight::start(&TaskTracker::new(), async { exchanged }));
        let flight = flights.join(state, CODE, NOW, start);
        let flight = flight.expect("the state was not used");
        assert!(flight.exchange.outcome().await.is_some(), "it lands");
    }

    fn is_over(flights: &CallbackFlights, state: &str) -> bool {
        let flights = flights.lock();
        let flight = flights.get(state).expect("it is kept");
        flight.is_over.is_cancelled()
    }

    #[tokio::test]
    async fn of_too_many_the_oldest_is_forgotten_and_before_it_those_that_have_failed() {
        let flights = CallbackFlights::default();
        land(&flights, "first", exchanged()).await;
        land(&flights, "failed", refused()).await;
        for state in 2..MAX_FLIGHTS {
            land(&flights, &state.to_string(), exchanged()).await;
        }
        assert!(!is_over(&flights, "failed") && !is_over(&flights, "first"));
        land(&flights, "another", exchanged()).await;
        assert!(is_over(&flights, "failed") && !is_over(&flights, "first"));
        land(&flights, "one more", exchanged()).await;
        assert!(is_over(&flights, "first") && !is_over(&flights, "2"));
    }

    #[tokio::test]
    async fn a_callback_that_does_not_start_takes_nobody_s_place() {
        let flights = CallbackFlights::default();
        for state in 0..MAX_FLIGHTS {
            land(&flights, &state.to_string(), exchanged()).await;
        }
        let full = || Err(Error::new(ErrorKind::TooManySignIns));
        assert!(flights.join("another", CODE, NOW, full).is_err());
        assert!(!is_over(&flights, "0"));
        assert!(flights.use_of("another", Some(CODE)).is_none());
    }

    #[tokio::test]
    async fn a_sign_in_that_was_cancelled_stays_so_although_its_code_was_not_sent() {
        let flights = CallbackFlights::default();
        land(&flights, "cancelled", refused()).await;
        land(&flights, "other", refused()).await;
        flights.cancel("cancelled", NOW);
        for state in ["cancelled", "other"] {
            flights.free(state, CODE);
        }
        let is_used = |state| flights.use_of(state, Some(CODE)).is_some();
        assert!(is_used("cancelled") && !is_used("other"));
    }
}
