use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::Notify;

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

/// A provider that counts its requests and answers when the test says so.
#[derive(Clone, Default)]
struct Source(Arc<Inner>);

#[derive(Default)]
struct Inner {
    requests: AtomicU32,
    answer: Notify,
}

impl Source {
    /// Answers at once with the number of requests.
    fn answer(self) -> Fetch<u32> {
        let answer = move || (self.0.requests.fetch_add(1, Ordering::SeqCst) + 1, HOUR);
        Box::pin(async move { Ok(answer()) })
    }

    fn fail(self) -> Fetch<u32> {
        Box::pin(async move {
            self.0.requests.fetch_add(1, Ordering::SeqCst);
            Err(Error::new(ErrorKind::ProviderUnreachable))
        })
    }

    fn answer_when_notified(self) -> Fetch<u32> {
        Box::pin(async move {
            let answer = self.clone().answer().await;
            self.0.answer.notified().await;
            answer
        })
    }

    fn requests(&self) -> u32 {
        self.0.requests.load(Ordering::SeqCst)
    }
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix(1_000_000 + seconds)
}

/// Runs every task that is ready.
async fn settle() {
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
}

// Behaviour 65.
#[tokio::test]
async fn a_fresh_value_is_not_fetched_again() {
    let (cached, source) = (Cached::new("test"), Source::default());
    assert!(cached.fresh(at(0)).is_none());
    for seconds in [0, 1, 3599] {
        let kept = cached.get(at(seconds), source.clone().answer()).await;
        assert_eq!(kept.unwrap().value, 1);
    }
    assert!(cached.fresh(at(3599)).is_some());
    assert!(cached.fresh(at(3600)).is_none());
    assert_eq!(source.requests(), 1);
}

// Behaviours 63 and 68.
#[tokio::test]
async fn waiters_share_one_fetch_and_none_cancels_it() {
    let (cached, source) = (Arc::new(Cached::new("test")), Source::default());
    let get = || {
        let (cached, source) = (Arc::clone(&cached), source.clone());
        tokio::spawn(async move {
            let kept = cached.get(at(0), source.answer_when_notified()).await;
            kept.unwrap().value
        })
    };
    let (first, others) = (get(), [get(), get()]);
    settle().await;
    first.abort();
    settle().await;
    assert_eq!(source.requests(), 1);
    source.0.answer.notify_one();
    for other in others {
        assert_eq!(other.await.unwrap(), 1);
    }
    assert_eq!(source.requests(), 1);
}

// Behaviour 69.
#[tokio::test]
async fn a_stale_value_is_used_while_revalidating_and_for_a_day_on_errors() {
    const HOUR: u64 = 3600;
    const DAY: u64 = 24 * HOUR;
    let (cached, source) = (Cached::new("test"), Source::default());
    cached.get(at(0), source.clone().answer()).await.unwrap();

    // Fetched again in the background.
    let kept = cached.get(at(HOUR), source.clone().answer()).await;
    assert_eq!(kept.unwrap().value, 1);
    settle().await;
    let kept = cached.get(at(HOUR), source.clone().answer()).await;
    assert_eq!((kept.unwrap().value, source.requests()), (2, 2));

    // Stale for long: the new value is waited for.
    let long_stale = 2 * HOUR + 600;
    let kept = cached.get(at(long_stale), source.clone().answer()).await;
    assert_eq!((kept.unwrap().value, source.requests()), (3, 3));

    // Failed fetches are repeated every half minute, not with every request.
    let stale = long_stale + HOUR;
    for seconds in [stale, stale, stale + 29, stale + 30, stale + 700] {
        let kept = cached.get(at(seconds), source.clone().fail()).await;
        assert_eq!(kept.unwrap().value, 3, "{seconds}");
        settle().await;
    }
    assert_eq!(source.requests(), 6);

    let kept = cached.get(at(stale + DAY - 1), source.clone().fail()).await;
    assert_eq!(kept.unwrap().value, 3);
    let error = cached.get(at(stale + DAY), source.clone().fail()).await;
    assert_eq!(error.err().unwrap().kind(), ErrorKind::ProviderUnreachable);
    let kept = cached
        .get(at(stale + DAY + 120), source.clone().answer())
        .await;
    assert_eq!(kept.unwrap().value, 9);
}

// Behaviour 63.
#[tokio::test]
async fn a_failure_reaches_all_waiters_and_is_not_cached() {
    let (cached, source) = (Cached::new("test"), Source::default());
    let (one, other) = tokio::join!(
        cached.get(at(0), source.clone().fail()),
        cached.get(at(0), source.clone().fail()),
    );
    assert!(one.is_err() && other.is_err());
    assert_eq!(source.requests(), 1);
    let kept = cached.get(at(0), source.clone().answer()).await;
    assert_eq!(kept.unwrap().value, 2);
}

#[tokio::test]
async fn fetches_after_failures_are_limited() {
    let (cached, source) = (Cached::new("test"), Source::default());
    for (seconds, asked) in [(0, 1 + 10), (1, 12), (2, 13), (60, 23)] {
        for _ in 0..100 {
            let failed = cached.get(at(seconds), source.clone().fail()).await;
            assert!(failed.is_err());
        }
        assert_eq!(source.requests(), asked, "{seconds}");
    }
    assert!(cached.get(at(62), source.clone().answer()).await.is_ok());
}

#[tokio::test]
async fn a_clock_set_back_makes_nothing_last_longer() {
    let (cached, source) = (Cached::new("test"), Source::default());
    let ahead = cached.get(at(1_000_000), source.clone().answer()).await;
    assert_eq!(ahead.unwrap().value, 1);
    let kept = cached.get(at(0), source.clone().answer()).await;
    assert_eq!(kept.unwrap().value, 2);

    let cached = Cached::new("test");
    assert!(
        cached
            .get(at(1_000_000), source.clone().fail())
            .await
            .is_err()
    );
    assert!(cached.get(at(0), source.clone().answer()).await.is_ok());
}

/// The task is dropped while it is spawned.
#[test]
fn without_a_runtime_it_panics_and_does_not_hang() {
    let cached = Cached::new("test");
    let get = || {
        let mut get = Box::pin(cached.get(at(0), Source::default().answer()));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let _ = get.as_mut().poll(&mut context);
    };
    for _ in 0..2 {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(get));
        assert!(outcome.is_err());
    }
}

#[tokio::test]
async fn a_fetch_that_panics_is_a_failure() {
    let cached: Cached<u32> = Cached::new("test");
    let error = cached.get(at(0), Box::pin(async { panic!("as a transport may") }));
    assert_eq!(
        error.await.err().unwrap().kind(),
        ErrorKind::ProviderUnreachable
    );
    let kept = cached.get(at(0), Source::default().answer()).await;
    assert_eq!(kept.unwrap().value, 1);
}

#[tokio::test]
async fn a_newer_value_is_the_cached_one_or_a_permitted_fetch() {
    let (cached, source) = (Cached::new("test"), Source::default());
    let first = cached.get(at(0), source.clone().answer()).await.unwrap();
    let forbidden = cached.newer(&first, at(1), || false, source.clone().answer());
    assert!(forbidden.await.is_none());
    let second = cached.newer(&first, at(1), || true, source.clone().answer());
    assert_eq!(second.await.unwrap().unwrap().value, 2);
    let meanwhile = cached.newer(&first, at(1), || false, source.clone().answer());
    assert_eq!(meanwhile.await.unwrap().unwrap().value, 2);
    assert_eq!(source.requests(), 2);
}
