//! What a provider publishes, kept.

use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio_util::task::TaskTracker;

use super::token_bucket::TokenBucket;
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind},
    flight::Flight,
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
pub(super) struct Published<T> {
    pub(super) value: T,
    fetched: Timestamp,
    fresh_until: Timestamp,
}

struct State<T> {
    kept: Option<Arc<Published<T>>>,
    fetch: Option<Flight<Outcome<T>>>,
    failure: Option<(Timestamp, Error)>,
    attempts: TokenBucket,
}

type Outcome<T> = Result<Arc<Published<T>>, Error>;

impl<T: Send + Sync + 'static> Cached<T> {
    /// `name` is what a log calls it.
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            state: Arc::new(Mutex::new(State {
                kept: None,
                fetch: None,
                failure: None,
                attempts: TokenBucket::new(ATTEMPTS),
            })),
        }
    }

    /// The value, if it is fresh.
    pub(super) fn fresh(&self, now: Timestamp) -> Option<Arc<Published<T>>> {
        let state = self.lock();
        state.kept.clone().filter(|kept| kept.is_fresh(now))
    }

    /// The value. It waits where there is none, or none that is fresh enough.
    pub(super) async fn get(
        &self,
        now: Timestamp,
        fetch: impl Future<Output = Result<(T, Duration), Error>> + Send + 'static,
    ) -> Outcome<T> {
        let (usable, fetch) = {
            let mut state = self.lock();
            let usable = state.kept.clone().filter(|kept| kept.is_usable(now));
            match &usable {
                Some(kept) if kept.is_fresh(now) || state.failed_just_now(now) => {
                    return Ok(Arc::clone(kept));
                }
                Some(_) => {}
                None => state.may_attempt(now)?,
            }
            (usable, self.start(&mut state, now, fetch))
        };
        match usable {
            Some(kept) if kept.is_usable_meanwhile(now) => Ok(kept),
            Some(kept) => Ok(land(fetch).await.unwrap_or(kept)),
            None => land(fetch).await,
        }
    }

    /// A newer value than `old`: the one that came meanwhile, else a new one, where `may_fetch` says
    /// yes.
    pub(super) async fn newer(
        &self,
        old: &Arc<Published<T>>,
        now: Timestamp,
        may_fetch: impl FnOnce() -> bool,
        fetch: impl Future<Output = Result<(T, Duration), Error>> + Send + 'static,
    ) -> Option<Outcome<T>> {
        let fetch = {
            let mut state = self.lock();
            let newer = state.kept.clone().filter(|kept| !Arc::ptr_eq(kept, old));
            if newer.is_some() {
                return newer.map(Ok);
            }
            if !state.is_fetching() && !may_fetch() {
                return None;
            }
            self.start(&mut state, now, fetch)
        };
        Some(land(fetch).await)
    }

    /// The fetch under way, or a new one.
    fn start(
        &self,
        state: &mut State<T>,
        now: Timestamp,
        fetch: impl Future<Output = Result<(T, Duration), Error>> + Send + 'static,
    ) -> Flight<Outcome<T>> {
        if let Some(fetch) = state.fetch.as_ref().filter(|fetch| fetch.is_in_flight()) {
            return fetch.clone();
        }
        let (name, shared) = (self.name, Arc::clone(&self.state));
        // Nothing waits for its end: a document is fetched anew by whoever needs it.
        let fetch = Flight::start(&TaskTracker::new(), async move {
            let outcome = fetch.await.map(|(value, lifetime)| {
                Arc::new(Published {
                    value,
                    fetched: now,
                    fresh_until: now.plus(lifetime),
                })
            });
            lock(&shared).note(name, now, &outcome);
            outcome
        });
        state.fetch = Some(fetch.clone());
        fetch
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        lock(&self.state)
    }
}

impl<T: Send + Sync + 'static> State<T> {
    fn is_fetching(&self) -> bool {
        self.fetch.as_ref().is_some_and(Flight::is_in_flight)
    }

    fn note(&mut self, name: &'static str, now: Timestamp, outcome: &Outcome<T>) {
        match outcome {
            Ok(published) => {
                self.kept = Some(Arc::clone(published));
                self.failure = None;
            }
            Err(error) => {
                self.failure = Some((now, error.clone()));
                if self.kept.is_some() {
                    error.log(format_args!("fetch failed: the previous {name} is used"));
                }
            }
        }
    }

    /// Whether a renewal was tried in vain a moment ago.
    fn failed_just_now(&self, now: Timestamp) -> bool {
        let failed = self.failure.as_ref().map(|(failed, _)| *failed);
        failed.is_some_and(|failed| failed <= now && now.since(failed) < PAUSE)
    }

    /// The last failure once more, where there were too many.
    fn may_attempt(&mut self, now: Timestamp) -> Result<(), Error> {
        match &self.failure {
            Some((_, error)) if !self.is_fetching() && !self.attempts.take(now) => {
                Err(error.clone())
            }
            _ => Ok(()),
        }
    }
}

impl<T> Published<T> {
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

/// A fetch without an outcome has panicked, or its runtime has shut down.
async fn land<T: Send + Sync + 'static>(fetch: Flight<Outcome<T>>) -> Outcome<T> {
    let lost = || Err(Error::new(ErrorKind::ProviderUnreachable));
    fetch.outcome().await.unwrap_or_else(lost)
}

fn lock<T>(state: &Mutex<State<T>>) -> MutexGuard<'_, State<T>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
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
