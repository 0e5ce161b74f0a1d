//! The callbacks of the last minute, one flight per state. A flight exchanges the code, runs the handler and begins the
//! session once.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{
        Arc, Mutex,
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
    lock::lock,
    oidc::{CodeHash, TokenRequestFailure},
    session::{Epoch, Generation, Session, SessionId, replay_cache::ReplayCache},
};

/// The callbacks of one process, by state.
#[derive(Default)]
pub(super) struct CallbackFlights {
    by_state: Mutex<HashMap<String, Arc<CallbackFlight>>>,
    /// The used states, and each state with its code, for as long as a flow cookie is valid.
    used: ReplayCache,
    /// Retires all flights as soon as their requests have a response.
    pub(super) shutdown: CancellationToken,
}

/// One callback, from the exchange of its code to the beginning of its session.
///
/// A reload or a double click sends the same callback again with the same flow cookie. Such requests join the
/// flight and [take turns](Self::take_turn). The first request runs the handler; if it is dropped, the next one does.
/// The others get the cookies of the session that began.
pub(super) struct CallbackFlight {
    code: CodeHash,
    exchange: Flight<ExchangeResult>,
    outcome: Arc<AsyncMutex<Option<CallbackOutcome>>>,
    /// The browser has signed out in the meantime.
    is_cancelled: AtomicBool,
    /// Retires the flight early.
    retired: CancellationToken,
    started: Instant,
}

pub(super) type ExchangeResult = Result<Exchanged, TokenRequestFailure>;

/// A session that has not begun.
#[derive(Clone)]
pub(super) struct Exchanged {
    pub(super) session: Session,
    /// The epoch at the arrival of the callback.
    pub(super) arrival: Epoch,
    /// The generation of the user, if the store answered.
    pub(super) generation: Option<Generation>,
}

/// The outcome of a flight.
#[derive(Clone, Debug)]
pub(super) enum CallbackOutcome {
    SignedIn {
        session: SessionId,
        cookies: Vec<HeaderValue>,
    },
    /// The handler has refused the user or signed them out, or no request used the tokens.
    NotSignedIn,
}

/// The turn of one request of a flight. The request runs the handler if the outcome is `None`, and sets the outcome.
/// The next turn starts when this one is dropped.
pub(super) type Turn = OwnedMutexGuard<Option<CallbackOutcome>>;

impl CallbackFlights {
    /// The flight of this state: an existing one with the same code, or a new one.
    ///
    /// # Errors
    ///
    /// - [`CallbackError::AlreadyUsed`]: the callback was used before;
    /// - [`CallbackError::CodeMismatch`]: the state was used with another code;
    /// - those of `start`, which leave the state unused.
    pub(super) fn join(
        &self,
        state: &str,
        code: CodeHash,
        now: Timestamp,
        start: impl FnOnce() -> Result<Flight<ExchangeResult>, Error>,
    ) -> Result<Arc<CallbackFlight>, Error> {
        let mut flights = lock(&self.by_state);
        if let Some(flight) = flights.get(state) {
            if flight.code == code {
                return Ok(Arc::clone(flight));
            }
            return Err(Error::new(CallbackError::CodeMismatch));
        }
        if let Some(kind) = self.state_use(state, Some(code)) {
            return Err(Error::new(kind));
        }
        let exchange = start()?;
        // Failed flights are removed first: attackers can cause any number of them.
        if flights.len() >= MAX_FLIGHTS
            && let Some(oldest) = flights
                .values()
                .filter(|flight| !flight.retired.is_cancelled())
                .min_by_key(|flight| (!flight.has_failed(), flight.started))
        {
            oldest.retired.cancel();
        }
        self.used.insert(state.as_bytes(), now);
        self.used.insert(&with_code(state, code), now);
        let flight = Arc::new(CallbackFlight {
            code,
            exchange,
            outcome: Arc::default(),
            is_cancelled: AtomicBool::new(false),
            retired: self.shutdown.child_token(),
            started: Instant::now(),
        });
        flights.insert(state.to_owned(), Arc::clone(&flight));
        Ok(flight)
    }

    /// The error for a state that was used in this process.
    pub(super) fn state_use(&self, state: &str, code: Option<CodeHash>) -> Option<CallbackError> {
        if !self.used.contains(state.as_bytes()) {
            return None;
        }
        let was_used_with = |code| self.used.contains(&with_code(state, code));
        Some(
            if code.is_none_or(was_used_with) || was_used_with(CANCELLED) {
                CallbackError::AlreadyUsed
            } else {
                CallbackError::CodeMismatch
            },
        )
    }

    /// Makes a state usable again, because its code was not sent. A cancelled sign-in stays cancelled.
    pub(super) fn release(&self, state: &str, code: CodeHash) {
        if let Some(flight) = lock(&self.by_state).remove(state) {
            flight.retired.cancel();
            if flight.check_not_cancelled().is_err() {
                return;
            }
        }
        self.used.forget(state.as_bytes());
        self.used.forget(&with_code(state, code));
    }

    /// Cancels a sign-in: its callback can no longer begin a session.
    pub(super) fn cancel(&self, state: &str, now: Timestamp) {
        let flights = lock(&self.by_state);
        self.used.insert(state.as_bytes(), now);
        self.used.insert(&with_code(state, CANCELLED), now);
        if let Some(flight) = flights.get(state) {
            flight.is_cancelled.store(true, Ordering::Relaxed);
        }
    }

    /// Removes a flight once a reload of its callback is unlikely. Returns its session if no request used the session.
    pub(super) async fn retire(&self, state: &str) -> Option<Session> {
        let flight = lock(&self.by_state).get(state).cloned()?;
        let exchanged = flight.exchange.outcome().await;
        let _ = tokio::time::timeout(KEPT, flight.retired.cancelled()).await;
        // The state may have a newer flight, if the code of this one was not sent.
        if let Entry::Occupied(entry) = lock(&self.by_state).entry(state.to_owned())
            && Arc::ptr_eq(entry.get(), &flight)
        {
            entry.remove();
        }
        // After the requests that are waiting for their turn.
        let mut turn = flight.take_turn().await;
        if turn.is_some() {
            return None;
        }
        *turn = Some(CallbackOutcome::NotSignedIn);
        exchanged?.ok().map(|exchanged| exchanged.session)
    }
}

impl CallbackFlight {
    /// Waits until no other request has the turn.
    pub(super) async fn take_turn(&self) -> Turn {
        Arc::clone(&self.outcome).lock_owned().await
    }

    /// Waits for the exchange.
    pub(super) async fn session(&self) -> ExchangeResult {
        self.exchange.outcome().await.unwrap_or_else(|| {
            let lost = Error::new(ErrorKind::ProviderUnreachable);
            Err(TokenRequestFailure::not_repeatable(lost))
        })
    }

    fn has_failed(&self) -> bool {
        let exchange = self.exchange.progress();
        matches!(exchange, Progress::Completed(Err(_)) | Progress::Lost)
    }

    /// # Errors
    ///
    /// [`ErrorKind::SessionEnded`] once the browser has signed out.
    pub(super) fn check_not_cancelled(&self) -> Result<(), Error> {
        if self.is_cancelled.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::SessionEnded));
        }
        Ok(())
    }
}

fn with_code(state: &str, code: CodeHash) -> Vec<u8> {
    [state.as_bytes(), &code].concat()
}

/// How long a flight is kept after its exchange.
const KEPT: Duration = Duration::from_secs(60);
/// Stands for the hash of a code if the sign-in was cancelled.
const CANCELLED: CodeHash = [0; 32];
const MAX_FLIGHTS: usize = 1_024;

#[cfg(test)]
mod tests;
