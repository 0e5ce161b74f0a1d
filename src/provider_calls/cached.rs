//! Documents of the provider, cached.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::future::BoxFuture;
use tokio_util::task::TaskTracker;

use super::token_bucket::TokenBucket;
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind},
    flight::Flight,
    lock::lock,
};

/// A value that is fetched when it is first needed, by one task at a time, and cached.
///
/// A stale value is used for ten minutes while a new one is fetched. After that callers wait for the new value, and use
/// the old one for a day if the fetch fails (`stale-while-revalidate` and `stale-if-error` of RFC 5861). Without a
/// usable value, up to ten further attempts are allowed in a burst, then one a second. A fetch continues if its
/// waiters are dropped.
pub(super) struct Cached<T> {
    name: &'static str,
    state: Arc<Mutex<State<T>>>,
}

/// A value with the time of its fetch.
pub(super) struct Fetched<T> {
    pub(super) value: T,
    at: Timestamp,
    fresh_until: Timestamp,
}

struct State<T> {
    kept: Option<Arc<Fetched<T>>>,
    fetch: Option<Flight<Outcome<T>>>,
    failure: Option<(Timestamp, Error)>,
    attempts: TokenBucket,
}

/// Fetches a value. Also returns the time that the value may be cached.
pub(super) type Fetch<T> = BoxFuture<'static, Result<(T, Duration), Error>>;

pub(super) type Outcome<T> = Result<Arc<Fetched<T>>, Error>;

impl<T: Send + Sync + 'static> Cached<T> {
    /// `name` is for the log.
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
    pub(super) fn fresh(&self, now: Timestamp) -> Option<Arc<Fetched<T>>> {
        lock(&self.state).usable(now, FRESH)
    }

    /// The value, fetched if necessary.
    pub(super) async fn get(&self, now: Timestamp, fetch: Fetch<T>) -> Outcome<T> {
        let (usable, fetch) = {
            let mut state = lock(&self.state);
            let usable = state.usable(now, IF_ERROR);
            match &usable {
                Some(kept) if kept.is_usable(now, FRESH) || state.failed_just_now(now) => {
                    return Ok(Arc::clone(kept));
                }
                Some(_) => {}
                None => state.may_attempt(now)?,
            }
            (usable, self.start(&mut state, now, fetch))
        };
        match usable {
            Some(kept) if kept.is_usable(now, WHILE_REVALIDATING) => Ok(kept),
            Some(kept) => Ok(outcome_of(fetch).await.unwrap_or(kept)),
            None => outcome_of(fetch).await,
        }
    }

    /// A newer value than `old`: the cached one, or else a new one if `may_fetch` allows it.
    pub(super) async fn newer(
        &self,
        old: &Arc<Fetched<T>>,
        now: Timestamp,
        may_fetch: impl FnOnce() -> bool,
        fetch: Fetch<T>,
    ) -> Option<Outcome<T>> {
        let fetch = {
            let mut state = lock(&self.state);
            let newer = state.kept.clone().filter(|kept| !Arc::ptr_eq(kept, old));
            if newer.is_some() {
                return newer.map(Ok);
            }
            if !state.is_fetching() && !may_fetch() {
                return None;
            }
            self.start(&mut state, now, fetch)
        };
        Some(outcome_of(fetch).await)
    }

    /// The fetch in flight, or a new one.
    fn start(&self, state: &mut State<T>, now: Timestamp, fetch: Fetch<T>) -> Flight<Outcome<T>> {
        if let Some(fetch) = state.fetch.as_ref().filter(|fetch| fetch.is_in_flight()) {
            return fetch.clone();
        }
        let (name, shared) = (self.name, Arc::clone(&self.state));
        // A shutdown need not wait for this fetch.
        let fetch = Flight::start(&TaskTracker::new(), async move {
            let outcome = fetch.await.map(|(value, lifetime)| {
                Arc::new(Fetched {
                    value,
                    at: now,
                    fresh_until: now.plus(lifetime),
                })
            });
            lock(&shared).note(name, now, &outcome);
            outcome
        });
        state.fetch = Some(fetch.clone());
        fetch
    }
}

impl<T: Send + Sync + 'static> State<T> {
    fn usable(&self, now: Timestamp, stale: Duration) -> Option<Arc<Fetched<T>>> {
        self.kept.clone().filter(|kept| kept.is_usable(now, stale))
    }

    fn is_fetching(&self) -> bool {
        self.fetch.as_ref().is_some_and(Flight::is_in_flight)
    }

    fn note(&mut self, name: &'static str, now: Timestamp, outcome: &Outcome<T>) {
        match outcome {
            Ok(fetched) => {
                self.kept = Some(Arc::clone(fetched));
                self.failure = None;
            }
            Err(error) => {
                self.failure = Some((now, error.clone()));
                if self.kept.is_some() {
                    error.log(format_args!("fetch failed, using stale {name}"));
                }
            }
        }
    }

    fn failed_just_now(&self, now: Timestamp) -> bool {
        matches!(&self.failure, Some((failed, _)) if *failed <= now && now.since(*failed) < PAUSE)
    }

    /// Returns the last error again after too many attempts.
    fn may_attempt(&mut self, now: Timestamp) -> Result<(), Error> {
        match &self.failure {
            Some((_, error)) if !self.is_fetching() && !self.attempts.take(now) => {
                Err(error.clone())
            }
            _ => Ok(()),
        }
    }
}

impl<T> Fetched<T> {
    /// Whether the value is fresh, or stale for less than `stale`. A value from the future, fetched before a clock was
    /// set back, is not usable.
    fn is_usable(&self, now: Timestamp, stale: Duration) -> bool {
        self.at <= now && now < self.fresh_until.plus(stale)
    }
}

/// A fetch without an outcome has panicked, or its runtime has shut down.
async fn outcome_of<T: Send + Sync + 'static>(fetch: Flight<Outcome<T>>) -> Outcome<T> {
    let lost = || Err(Error::new(ErrorKind::ProviderUnreachable));
    fetch.outcome().await.unwrap_or_else(lost)
}

const FRESH: Duration = Duration::ZERO;
/// How long a stale value is used while a new one is fetched.
const WHILE_REVALIDATING: Duration = Duration::from_secs(10 * 60);
/// How long a stale value is used if the fetch fails.
const IF_ERROR: Duration = Duration::from_secs(24 * 60 * 60);
/// Pause between two fetches of a value that is still usable.
const PAUSE: Duration = Duration::from_secs(30);
/// Fetches after a failure without a usable value: ten in a burst, then one a second.
const ATTEMPTS: (u64, Duration) = (10, Duration::from_secs(1));

#[cfg(test)]
mod tests;
