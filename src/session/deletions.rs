//! Entries of ended sessions that the store has not deleted yet.

use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Mutex},
};

use futures_util::future::join_all;
use tokio::time::Instant;

use super::{
    lock,
    retry::{FIRST_PAUSE, FOR_60S, LAST_PAUSE, with_timeout},
    store::{SessionKey, SessionStore, StoreError},
};
use crate::error::Error;

/// Keys whose deletion has failed. One task at a time retries them, each for a minute.
///
/// At most 4,096 keys wait: while a store fails, strangers can add keys without a session.
#[derive(Default)]
pub(super) struct Deletions(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    /// Each with the time at which the deletion is abandoned; the earliest first.
    keys: VecDeque<(SessionKey, Instant)>,
    is_retried: bool,
}

impl Deletions {
    /// Adds a key. Returns whether the caller must start [`retry`](Self::retry), or `None` if too many keys wait.
    pub(super) fn add(&self, key: SessionKey) -> Option<bool> {
        let mut queue = lock(&self.0);
        if queue.keys.len() >= CAPACITY {
            return None;
        }
        queue.keys.push_back((key, Instant::now() + FOR_60S));
        let was_retried = mem::replace(&mut queue.is_retried, true);
        Some(!was_retried)
    }

    /// Deletes the keys until none is left: one by one while the store fails, else several at once.
    pub(super) async fn retry(&self, store: Arc<dyn SessionStore>) {
        let _running = Running(self);
        let (mut at_once, mut pause, mut failure) = (1, FIRST_PAUSE, None);
        tokio::time::sleep(pause).await;
        while let Some(keys) = self.take(at_once, &mut failure) {
            let deletions = keys.iter().map(|(key, _)| with_timeout(store.delete(*key)));
            let results = join_all(deletions).await;
            let mut failed = Vec::new();
            for (key, result) in keys.into_iter().zip(results) {
                if let Err(error) = result {
                    failed.push(key);
                    failure = Some(error);
                }
            }
            if failed.is_empty() {
                (at_once, pause) = (AT_ONCE, FIRST_PAUSE);
                continue;
            }
            lock(&self.0).keys.extend(failed);
            at_once = 1;
            pause = (2 * pause).min(LAST_PAUSE);
            tokio::time::sleep(pause).await;
        }
    }

    /// The next keys. Drops keys that have waited too long, and logs the last failure; `None` if no key is left.
    fn take(
        &self,
        at_once: usize,
        failure: &mut Option<StoreError>,
    ) -> Option<Vec<(SessionKey, Instant)>> {
        let mut queue = lock(&self.0);
        let (now, waiting) = (Instant::now(), queue.keys.len());
        queue.keys.retain(|(_, end)| now < *end);
        if queue.keys.len() < waiting {
            let failure = failure
                .take()
                .unwrap_or_else(|| StoreError::new("no response in time"));
            Error::from(failure).log("failed to delete ended session");
        }
        let at_once = at_once.min(queue.keys.len());
        queue.is_retried = at_once > 0;
        queue
            .is_retried
            .then(|| queue.keys.drain(..at_once).collect())
    }
}

/// Accompanies a running [`Deletions::retry`]. Resets `is_retried` if the store panics.
struct Running<'a>(&'a Deletions);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            lock(&self.0.0).is_retried = false;
        }
    }
}

const CAPACITY: usize = 4096;
const AT_ONCE: usize = 64;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::session::store::{
        RefreshAttempt, SessionOwner, StoreFuture, StoredSession, UserKey,
    };

    /// A store that deletes, fails or panics.
    #[derive(Debug, Default)]
    struct Deleting {
        deleted: Mutex<Vec<SessionKey>>,
        attempts: Mutex<usize>,
        mode: Mutex<Mode>,
    }

    #[derive(Clone, Copy, Debug, Default)]
    enum Mode {
        #[default]
        Works,
        Fails,
        Panics,
    }

    impl SessionStore for Deleting {
        fn delete(&self, key: SessionKey) -> StoreFuture<'_, ()> {
            *lock(&self.attempts) += 1;
            let mode = *lock(&self.mode);
            Box::pin(async move {
                match mode {
                    Mode::Works => lock(&self.deleted).push(key),
                    Mode::Fails => return Err(StoreError::new("out of order")),
                    Mode::Panics => panic!("a defect of the store"),
                }
                Ok(())
            })
        }

        fn load(&self, _: SessionKey) -> StoreFuture<'_, Option<StoredSession>> {
            unreachable!("only deletions")
        }

        fn create(
            &self,
            _: SessionKey,
            _: Vec<u8>,
            _: Duration,
            _: Option<SessionOwner>,
        ) -> StoreFuture<'_, bool> {
            unreachable!("only deletions")
        }

        fn replace(&self, _: SessionKey, _: u64, _: Vec<u8>, _: Duration) -> StoreFuture<'_, bool> {
            unreachable!("only deletions")
        }

        fn begin_refresh(&self, _: SessionKey, _: u64, _: RefreshAttempt) -> StoreFuture<'_, bool> {
            unreachable!("only deletions")
        }

        fn abandon_refresh(&self, _: SessionKey, _: u64) -> StoreFuture<'_, bool> {
            unreachable!("only deletions")
        }

        fn list(&self, _: UserKey) -> StoreFuture<'_, Vec<SessionKey>> {
            unreachable!("only deletions")
        }
    }

    fn key(number: usize) -> SessionKey {
        SessionKey::of_state(&number.to_string())
    }

    // Behaviour 113.
    #[tokio::test(start_paused = true)]
    async fn all_keys_are_deleted_once_the_store_works() {
        let (deletions, store) = (
            Arc::new(Deletions::default()),
            Arc::new(Deleting::default()),
        );
        *lock(&store.mode) = Mode::Fails;
        for number in 0..CAPACITY {
            assert_eq!(deletions.add(key(number)), Some(number == 0));
        }
        assert_eq!(deletions.add(key(CAPACITY)), None);

        let task = Arc::clone(&deletions);
        let retry = tokio::spawn({
            let store: Arc<dyn SessionStore> = Arc::clone(&store) as _;
            async move { task.retry(store).await }
        });
        tokio::time::sleep(Duration::from_secs(50)).await;
        let attempts = *lock(&store.attempts);
        assert!((40..60).contains(&attempts), "{attempts}");
        *lock(&store.mode) = Mode::Works;
        retry.await.unwrap();
        assert_eq!(lock(&store.deleted).len(), CAPACITY);

        // The next key starts another task.
        assert_eq!(deletions.add(key(0)), Some(true));
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_is_given_up_after_a_minute() {
        let (deletions, store) = (Deletions::default(), Arc::new(Deleting::default()));
        *lock(&store.mode) = Mode::Fails;
        assert_eq!(deletions.add(key(0)), Some(true));
        let start = Instant::now();
        deletions.retry(store).await;
        let waited = start.elapsed();
        assert!((60..62).contains(&waited.as_secs()), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_panics_is_asked_again_for_the_next_key() {
        let (deletions, store) = (
            Arc::new(Deletions::default()),
            Arc::new(Deleting::default()),
        );
        *lock(&store.mode) = Mode::Panics;
        assert_eq!(deletions.add(key(0)), Some(true));
        let task = Arc::clone(&deletions);
        let retry = tokio::spawn({
            let store: Arc<dyn SessionStore> = Arc::clone(&store) as _;
            async move { task.retry(store).await }
        });
        assert!(retry.await.unwrap_err().is_panic());
        assert_eq!(deletions.add(key(1)), Some(true));
    }
}
