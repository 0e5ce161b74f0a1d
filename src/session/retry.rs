//! Calls of a session store, retried until their outcome is known.

use std::time::Duration;

use tokio::time::Instant;

use super::store::{SessionKey, SessionStore, StoreError, StoreFuture, StoredSession};
use crate::error::Error;

/// Retries a change of one entry. A failed attempt may still have changed the entry: `is_done` tells from the entry
/// whether it has.
pub(super) async fn retry_until_known<'a>(
    store: &dyn SessionStore,
    key: SessionKey,
    max_wait: Duration,
    attempt: impl Fn() -> StoreFuture<'a, bool>,
    is_done: impl Fn(&StoredSession) -> bool,
) -> Result<bool, StoreError> {
    let mut backoff = Backoff::new(max_wait);
    let mut has_failed = false;
    loop {
        let failure = match with_timeout(attempt()).await {
            Ok(false) if has_failed => match with_timeout(store.load(key)).await {
                Ok(stored) => return Ok(stored.as_ref().is_some_and(&is_done)),
                Err(failure) => failure,
            },
            Ok(is_done) => return Ok(is_done),
            Err(failure) => failure,
        };
        has_failed = true;
        if !backoff.pause().await {
            return Err(failure);
        }
    }
}

/// Retries an idempotent call until it succeeds.
pub(super) async fn retry<'a, T>(
    max_wait: Duration,
    call: impl Fn() -> StoreFuture<'a, T>,
) -> Result<T, Error> {
    let mut backoff = Backoff::new(max_wait);
    loop {
        match with_timeout(call()).await {
            Ok(answer) => return Ok(answer),
            Err(failure) if !backoff.pause().await => return Err(failure.into()),
            Err(_) => {}
        }
    }
}

/// Growing pauses between attempts, up to a deadline.
pub(super) struct Backoff {
    deadline: Instant,
    next: Duration,
}

impl Backoff {
    pub(super) fn new(max_wait: Duration) -> Self {
        Self {
            deadline: Instant::now() + max_wait,
            next: FIRST_PAUSE,
        }
    }

    /// Waits for the next attempt. `false`, without waiting, after the deadline.
    pub(super) async fn pause(&mut self) -> bool {
        if Instant::now() >= self.deadline {
            return false;
        }
        tokio::time::sleep(self.next).await;
        self.next = (2 * self.next).min(LAST_PAUSE);
        true
    }
}

/// Applies the time limit to one store call.
pub(super) async fn with_timeout<T>(call: StoreFuture<'_, T>) -> Result<T, StoreError> {
    let late = |_| Err(StoreError::new("no response in time"));
    tokio::time::timeout(LIMIT, call).await.unwrap_or_else(late)
}

/// Time limit of one store call.
const LIMIT: Duration = Duration::from_secs(5);
/// Retry limit for calls that a sign-in waits for.
pub(super) const FOR_2S: Duration = Duration::from_secs(2);
/// Retry limit for calls that may be given up on, such as the record of a refresh attempt.
pub(super) const FOR_10S: Duration = Duration::from_secs(10);
/// Retry limit for new tokens and ended sessions: the old tokens may be invalid by now.
pub(super) const FOR_60S: Duration = Duration::from_secs(60);
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(50);
pub(super) const LAST_PAUSE: Duration = Duration::from_secs(1);
