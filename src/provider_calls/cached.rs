//! What a provider publishes, kept.

use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;
use tracing::Instrument;

use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind},
};

/// A value that is fetched when it is first needed, by one task at a time, and then kept.
///
/// A fresh one costs nothing; a stale one is used while a new one is fetched, and goes on being used
/// for a day if that fails. Whoever waits for a fetch and goes away does not end it.
pub(super) struct Cached<T> {
    name: &'static str,
    state: Arc<Mutex<State<T>>>,
}

/// A value with the time that it is from.
pub(super) struct Kept<T> {
    pub(super) value: T,
    fetched: Timestamp,
    fresh_until: Timestamp,
}

struct State<T> {
    kept: Option<Arc<Kept<T>>>,
    flight: Option<Flight<T>>,
    /// After a failure: not before this.
    next_attempt: Timestamp,
}

type Flight<T> = watch::Receiver<Option<Result<Arc<Kept<T>>, Error>>>;

impl<T: Send + Sync + 'static> Cached<T> {
    /// `name` is what a log calls it.
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            state: Arc::new(Mutex::new(State {
                kept: None,
                flight: None,
                next_attempt: Timestamp::from_unix(0),
            })),
        }
    }

    /// The value, if it is fresh.
    pub(super) fn fresh(&self, now: Timestamp) -> Option<Arc<Kept<T>>> {
        let state = self.lock();
        state.kept.clone().filter(|kept| kept.is_fresh(now))
    }

    /// The value. It waits only where there is none that can be used.
    pub(super) async fn get(
        &self,
        now: Timestamp,
        fetch: impl Future<Output = Result<(T, Duration), Error>> + Send + 'static,
    ) -> Result<Arc<Kept<T>>, Error> {
        let flight = {
            let mut state = self.lock();
            let usable = state.kept.clone().filter(|kept| kept.is_usable(now));
            if let Some(kept) = usable {
                if !kept.is_fresh(now) && now >= state.next_attempt {
                    self.start(&mut state, now, fetch);
                }
                return Ok(kept);
            }
            self.start(&mut state, now, fetch)
        };
        land(flight).await
    }

    /// A newer value than `old`: the one that came meanwhile, else a new one, where `may_fetch` says
    /// yes.
    pub(super) async fn newer(
        &self,
        old: &Arc<Kept<T>>,
        now: Timestamp,
        may_fetch: impl FnOnce() -> bool,
        fetch: impl Future<Output = Result<(T, Duration), Error>> + Send + 'static,
    ) -> Option<Result<Arc<Kept<T>>, Error>> {
        let flight = {
            let mut state = self.lock();
            let newer = state.kept.clone().filter(|kept| !Arc::ptr_eq(kept, old));
            if newer.is_some() {
                return newer.map(Ok);
            }
            if state.flight.is_none() && !may_fetch() {
                return None;
            }
            self.start(&mut state, now, fetch)
        };
        Some(land(flight).await)
    }

    /// Starts a fetch in a task of its own, or joins the one under way.
    fn start(
        &self,
        state: &mut State<T>,
        now: Timestamp,
        fetch: impl Future<Output = Result<(T, Duration), Error>> + Send + 'static,
    ) -> Flight<T> {
        if let Some(flight) = &state.flight {
            return flight.clone();
        }
        let (landing, flight) = watch::channel(None);
        state.flight = Some(flight.clone());
        let landed = Landed {
            name: self.name,
            state: Arc::clone(&self.state),
            landing,
            outcome: None,
        };
        tokio::spawn(landed.with(now, fetch).in_current_span());
        flight
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        lock(&self.state)
    }
}

impl<T> Kept<T> {
    fn is_fresh(&self, now: Timestamp) -> bool {
        now < self.fresh_until
    }

    fn is_usable(&self, now: Timestamp) -> bool {
        self.is_fresh(now) || now.since(self.fetched) < MAX_AGE
    }
}

/// The end of a fetch, however it comes: also a panic of the transport, or a runtime that shuts down.
struct Landed<T> {
    name: &'static str,
    state: Arc<Mutex<State<T>>>,
    landing: watch::Sender<Option<Result<Arc<Kept<T>>, Error>>>,
    outcome: Option<Result<Arc<Kept<T>>, Error>>,
}

impl<T> Landed<T> {
    async fn with(
        mut self,
        now: Timestamp,
        fetch: impl Future<Output = Result<(T, Duration), Error>>,
    ) {
        let fetched = fetch.await;
        self.outcome = Some(fetched.map(|(value, lifetime)| {
            Arc::new(Kept {
                value,
                fetched: now,
                fresh_until: now.plus(lifetime),
            })
        }));
        let mut state = lock(&self.state);
        match &self.outcome {
            Some(Ok(kept)) => state.kept = Some(Arc::clone(kept)),
            Some(Err(error)) if state.kept.is_some() => {
                tracing::warn!(document = self.name, %error, "the old one is used");
                state.next_attempt = now.plus(PAUSE);
            }
            _ => {}
        }
        drop(state);
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

async fn land<T>(mut flight: Flight<T>) -> Result<Arc<Kept<T>>, Error> {
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

/// How long something that cannot be renewed is used.
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);
/// Between two attempts to renew what is still used.
const PAUSE: Duration = Duration::from_secs(30);
