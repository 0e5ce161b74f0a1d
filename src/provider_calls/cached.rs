//! What a provider publishes, kept.

use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;
use tracing::Instrument;

use super::token_bucket::TokenBucket;
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind},
};

/// A value that is fetched when it is first needed, by one task at a time, and then kept.
///
/// A fresh one costs nothing. A stale one is used while a new one is fetched, for ten minutes; after
/// that the new one is waited for, and the old one is used for a day if it cannot be had (the
/// `stale-while-revalidate` and `stale-if-error` of RFC 5861). Where there is none and it cannot be had,
/// whoever asks causes a few attempts at once, and then one a second. Whoever waits for a fetch
/// and goes away does not end it.
pub(super) struct Cached<T> {
    name: &'static str,
    state: Arc<Mutex<State<T>>>,
}

/// A value with the time that it is from.
pub(super) struct StoreEntry<T> {
    pub(super) value: T,
    fetched: Timestamp,
    fresh_until: Timestamp,
}

struct State<T> {
    kept: Option<Arc<StoreEntry<T>>>,
    flight: Option<Flight<T>>,
    failure: Option<(Timestamp, Error)>,
    attempts: TokenBucket,
}

type Outcome<T> = Result<Arc<StoreEntry<T>>, Error>;
type Flight<T> = watch::Receiver<Option<Outcome<T>>>;

impl<T: Send + Sync + 'static> Cached<T> {
    /// `name` is what a log calls it.
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            state: Arc::new(Mutex::new(State {
                kept: None,
                flight: None,
                failure: None,
                attempts: TokenBucket::new(ATTEMPTS),
            })),
        }
    }

    /// The value, if it is fresh.
    pub(super) fn fresh(&self, now: Timestamp) -> Option<Arc<StoreEntry<T>>> {
        let state = self.lock();
        state.kept.clone().filter(|kept| kept.is_fresh(now))
    }

    /// The value. It waits where there is none, or none that is fresh enough.
    pub(super) async fn get(
        &self,
        now: Timestamp,
        fetch: impl Future<Output = Result<(T, Duration), Error>> + Send + 'static,
    ) -> Outcome<T> {
        let (usable, flight) = {
            let mut state = self.lock();
            let usable = state.kept.clone().filter(|kept| kept.is_usable(now));
            match &usable {
                Some(kept) if kept.is_fresh(now) || state.failed_just_now(now) => {
                    return Ok(Arc::clone(kept));
                }
                Some(_) => {}
                None => state.may_attempt(now)?,
            }
            (usable, self.start(&mut state))
        };
        let landing = flight.take_off(now, fetch);
        match usable {
            Some(kept) if kept.is_usable_meanwhile(now) => Ok(kept),
            Some(kept) => Ok(land(landing).await.unwrap_or(kept)),
            None => land(landing).await,
        }
    }

    /// A newer value than `old`: the one that came meanwhile, else a new one, where `may_fetch` says
    /// yes.
    pub(super) async fn newer(
        &self,
        old: &Arc<StoreEntry<T>>,
        now: Timestamp,
        may_fetch: impl FnOnce() -> bool,
        fetch: impl Future<Output = Result<(T, Duration), Error>> + Send + 'static,
    ) -> Option<Outcome<T>> {
        let flight = {
            let mut state = self.lock();
            let newer = state.kept.clone().filter(|kept| !Arc::ptr_eq(kept, old));
            if newer.is_some() {
                return newer.map(Ok);
            }
            if state.flight.is_none() && !may_fetch() {
                return None;
            }
            self.start(&mut state)
        };
        Some(land(flight.take_off(now, fetch)).await)
    }

    /// The fetch under way, or a new one. It has to take off after the lock was let go: should the
    /// runtime end at this moment, its task is dropped there and then, and takes the lock itself.
    fn start(&self, state: &mut State<T>) -> Start<T> {
        if let Some(flight) = &state.flight {
            return Start::Joined(flight.clone());
        }
        let (landing, flight) = watch::channel(None);
        state.flight = Some(flight.clone());
        let landed = Landed {
            name: self.name,
            state: Arc::clone(&self.state),
            landing,
            outcome: None,
        };
        Start::New(landed, flight)
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        lock(&self.state)
    }
}

impl<T> State<T> {
    /// Whether a renewal was tried in vain a moment ago.
    fn failed_just_now(&self, now: Timestamp) -> bool {
        let failed = self.failure.as_ref().map(|(failed, _)| *failed);
        failed.is_some_and(|failed| failed <= now && now.since(failed) < PAUSE)
    }

    /// The last failure once more, where there were too many.
    fn may_attempt(&mut self, now: Timestamp) -> Result<(), Error> {
        match &self.failure {
            Some((_, error)) if self.flight.is_none() && !self.attempts.take(now) => {
                Err(error.clone())
            }
            _ => Ok(()),
        }
    }
}

impl<T> StoreEntry<T> {
    /// A clock that was ahead and was set back makes nothing last longer.
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.fetched <= now && now < self.fresh_until
    }

    fn is_usable_meanwhile(&self, now: Timestamp) -> bool {
        self.fetched <= now && now.since(self.fresh_until) < MEANWHILE
    }

    fn is_usable(&self, now: Timestamp) -> bool {
        self.fetched <= now && now.since(self.fresh_until) < IF_NEED_BE
    }
}

/// A fetch that was asked for.
enum Start<T> {
    Joined(Flight<T>),
    New(Landed<T>, Flight<T>),
}

impl<T: Send + Sync + 'static> Start<T> {
    /// Starts a new one, in a task of its own.
    fn take_off(
        self,
        now: Timestamp,
        fetch: impl Future<Output = Result<(T, Duration), Error>> + Send + 'static,
    ) -> Flight<T> {
        match self {
            Self::Joined(flight) => flight,
            Self::New(landed, flight) => {
                tokio::spawn(landed.with(now, fetch).in_current_span());
                flight
            }
        }
    }
}

/// The end of a fetch, however it comes: also a panic of the transport, or a runtime that shuts down.
struct Landed<T> {
    name: &'static str,
    state: Arc<Mutex<State<T>>>,
    landing: watch::Sender<Option<Outcome<T>>>,
    outcome: Option<Outcome<T>>,
}

impl<T> Landed<T> {
    async fn with(
        mut self,
        now: Timestamp,
        fetch: impl Future<Output = Result<(T, Duration), Error>>,
    ) {
        let fetched = fetch.await;
        let outcome = fetched.map(|(value, lifetime)| {
            Arc::new(StoreEntry {
                value,
                fetched: now,
                fresh_until: now.plus(lifetime),
            })
        });
        let mut state = lock(&self.state);
        match &outcome {
            Ok(kept) => {
                state.kept = Some(Arc::clone(kept));
                state.failure = None;
            }
            Err(error) => state.failure = Some((now, error.clone())),
        }
        let has_old = state.kept.is_some();
        drop(state);
        if let (Err(error), true) = (&outcome, has_old) {
            tracing::warn!(document = self.name, %error, "the old one is used");
        }
        self.outcome = Some(outcome);
    }
}

impl<T> Drop for Landed<T> {
    fn drop(&mut self) {
        lock(&self.state).flight = None;
        let lost = || Err(Error::new(ErrorKind::ProviderUnreachable));
        let outcome = self.outcome.take().unwrap_or_else(lost);
        self.landing.send_replace(Some(outcome));
    }
}

async fn land<T>(mut flight: Flight<T>) -> Outcome<T> {
    match flight.wait_for(Option::is_some).await.as_deref() {
        Ok(Some(outcome)) => outcome.clone(),
        // Its end always says something.
        _ => Err(Error::new(ErrorKind::ProviderUnreachable)),
    }
}

fn lock<T>(state: &Mutex<State<T>>) -> MutexGuard<'_, State<T>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> fmt::Debug for Cached<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cached").field(&self.name).finish()
    }
}

/// How long a stale value is used while it is renewed.
const MEANWHILE: Duration = Duration::from_secs(10 * 60);
/// How long a stale value is used that cannot be renewed.
const IF_NEED_BE: Duration = Duration::from_secs(24 * 60 * 60);
/// Between two attempts to renew what can still be used.
const PAUSE: Duration = Duration::from_secs(30);
/// To get what nothing can stand in for, after a failure: so many at once, then one an interval.
const ATTEMPTS: (u64, Duration) = (10, Duration::from_secs(1));

#[cfg(test)]
mod tests;
