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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Notify;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    /// A provider that counts, and answers when it is told to.
    #[derive(Clone, Default)]
    struct Source(Arc<Inner>);

    #[derive(Default)]
    struct Inner {
        asked: AtomicU32,
        answer: Notify,
    }

    impl Source {
        /// Answers at once with how often it was asked.
        async fn answer(self) -> Result<(u32, Duration), Error> {
            Ok((self.0.asked.fetch_add(1, Ordering::SeqCst) + 1, HOUR))
        }

        async fn fail(self) -> Result<(u32, Duration), Error> {
            self.0.asked.fetch_add(1, Ordering::SeqCst);
            Err(Error::new(ErrorKind::ProviderUnreachable))
        }

        async fn answer_when_told(self) -> Result<(u32, Duration), Error> {
            let answer = self.clone().answer().await;
            self.0.answer.notified().await;
            answer
        }

        fn asked(&self) -> u32 {
            self.0.asked.load(Ordering::SeqCst)
        }
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(1_000_000 + seconds)
    }

    /// Lets every task go on that can.
    async fn settle() {
        for _ in 0..16 {
            tokio::task::yield_now().await;
        }
    }

    // Behaviour 65.
    #[tokio::test]
    async fn what_is_fresh_is_not_fetched_again() {
        let (cached, source) = (Cached::new("test"), Source::default());
        assert!(cached.fresh(at(0)).is_none());
        for seconds in [0, 1, 3599] {
            let kept = cached.get(at(seconds), source.clone().answer()).await;
            assert_eq!(kept.unwrap().value, 1);
        }
        assert!(cached.fresh(at(3599)).is_some());
        assert!(cached.fresh(at(3600)).is_none());
        assert_eq!(source.asked(), 1);
    }

    // Behaviours 63 and 68.
    #[tokio::test]
    async fn all_who_wait_share_one_fetch_and_none_of_them_ends_it() {
        let (cached, source) = (Arc::new(Cached::new("test")), Source::default());
        let get = || {
            let (cached, source) = (Arc::clone(&cached), source.clone());
            tokio::spawn(async move {
                let kept = cached.get(at(0), source.answer_when_told()).await;
                kept.unwrap().value
            })
        };
        let (first, others) = (get(), [get(), get()]);
        settle().await;
        first.abort();
        settle().await;
        assert_eq!(source.asked(), 1);
        source.0.answer.notify_one();
        for other in others {
            assert_eq!(other.await.unwrap(), 1);
        }
        assert_eq!(source.asked(), 1);
    }

    // Behaviour 69.
    #[tokio::test]
    async fn what_is_stale_is_used_while_it_is_renewed_and_for_a_day_if_that_fails() {
        let (cached, source) = (Cached::new("test"), Source::default());
        cached.get(at(0), source.clone().answer()).await.unwrap();

        // Renewed behind the back of whoever asks.
        let kept = cached.get(at(3600), source.clone().answer()).await;
        assert_eq!(kept.unwrap().value, 1);
        settle().await;
        let kept = cached.get(at(3600), source.clone().answer()).await;
        assert_eq!((kept.unwrap().value, source.asked()), (2, 2));

        // In vain: every half minute and not with every request.
        for seconds in [7200, 7200, 7229, 7230] {
            let kept = cached.get(at(seconds), source.clone().fail()).await;
            assert_eq!(kept.unwrap().value, 2, "{seconds}");
            settle().await;
        }
        assert_eq!(source.asked(), 4);

        let day = 24 * 3600;
        let kept = cached.get(at(3600 + day - 1), source.clone().fail()).await;
        assert_eq!(kept.unwrap().value, 2);
        settle().await;
        let error = cached.get(at(3600 + day), source.clone().fail()).await;
        assert_eq!(error.err().unwrap().kind(), ErrorKind::ProviderUnreachable);
        let kept = cached.get(at(3600 + day), source.clone().answer()).await;
        assert_eq!(kept.unwrap().value, 7);
    }

    // Behaviour 63.
    #[tokio::test]
    async fn a_failure_is_told_to_all_who_wait_and_then_forgotten() {
        let (cached, source) = (Cached::new("test"), Source::default());
        let (one, other) = tokio::join!(
            cached.get(at(0), source.clone().fail()),
            cached.get(at(0), source.clone().fail()),
        );
        assert!(one.is_err() && other.is_err());
        assert_eq!(source.asked(), 1);
        assert!(cached.get(at(0), source.clone().answer()).await.is_ok());
    }

    #[tokio::test]
    async fn a_fetch_that_panics_is_a_failure() {
        let cached: Cached<u32> = Cached::new("test");
        let error = cached.get(at(0), async { panic!("as a transport may") });
        assert_eq!(
            error.await.err().unwrap().kind(),
            ErrorKind::ProviderUnreachable
        );
        let kept = cached.get(at(0), Source::default().answer()).await;
        assert_eq!(kept.unwrap().value, 1);
    }

    #[tokio::test]
    async fn a_newer_one_is_what_came_meanwhile_or_what_may_be_fetched() {
        let (cached, source) = (Cached::new("test"), Source::default());
        let first = cached.get(at(0), source.clone().answer()).await.unwrap();
        let forbidden = cached.newer(&first, at(1), || false, source.clone().answer());
        assert!(forbidden.await.is_none());
        let second = cached.newer(&first, at(1), || true, source.clone().answer());
        assert_eq!(second.await.unwrap().unwrap().value, 2);
        let meanwhile = cached.newer(&first, at(1), || false, source.clone().answer());
        assert_eq!(meanwhile.await.unwrap().unwrap().value, 2);
        assert_eq!(source.asked(), 2);
    }
}
