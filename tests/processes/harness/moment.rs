//! Waiting for what real processes do, by a real clock.

use std::{
    future::Future,
    time::{Duration, Instant},
};

/// How long something may take that ought to happen: far more than it needs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `moment`. Other processes have a clock that no test can move: how old their tokens get is
/// the one thing that is waited for by time.
pub(crate) async fn wait_until(moment: Instant) {
    tokio::time::sleep_until(moment.into()).await;
}

/// Waits until the last of all moments.
pub(crate) async fn wait_for_all(moments: impl Iterator<Item = Instant>) {
    wait_until(moments.max().expect("there are some")).await;
}

/// What comes of `happening`.
pub(crate) async fn in_time<T>(what: &str, happening: impl Future<Output = T>) -> T {
    let happened = tokio::time::timeout(PATIENCE, happening).await;
    happened.unwrap_or_else(|_| panic!("does not happen in time: {what}"))
}

/// Waits until `look` finds something.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    in_time(what, async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
}

/// What comes of `happening`, which is promised within `limit`.
pub(crate) async fn within<T>(
    limit: Duration,
    what: &str,
    happening: impl Future<Output = T>,
) -> T {
    let happened = tokio::time::timeout(limit, happening).await;
    happened.unwrap_or_else(|_| panic!("takes more than {limit:?}: {what}"))
}
