//! Sessions in the memory of one process.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    future::ready,
    sync::{Arc, Mutex, MutexGuard, Once, PoisonError},
    time::Duration,
};

use bytes::Bytes;

use super::store::{Claim, SessionKey, SessionStore, StoreFuture, StoredSession};
use crate::clock::{Clock, SystemClock, Timestamp};

/// Keeps sessions in the memory of this process: they end with it, and other processes do not see
/// them.
///
/// It is bounded: where there are as many as it may keep, the one that would end first goes, which is
/// logged once. What has ended is swept away with every change.
///
/// ```
/// # fn main() -> Result<(), tower_didit::ConfigError> {
/// use tower_didit::{Config, store::MemoryStore};
///
/// let config = Config::builder("client-id", "https://app.example/callback")
///     .with_client_secret("client-secret")
///     .with_session_store(MemoryStore::new())
///     .build()?;
/// # let _ = config;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MemoryStore(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    capacity: usize,
    sessions: Mutex<Sessions>,
    full: Once,
}

#[derive(Default)]
struct Sessions {
    by_key: HashMap<SessionKey, Entry>,
    /// The first to end is the first.
    by_end: BTreeSet<(Timestamp, SessionKey)>,
}

struct Entry {
    stored: StoredSession,
    end: Timestamp,
}

impl MemoryStore {
    /// A store for 65,536 sessions: with 2 KB each they take about 150 MB. (None has more than 64 KB.)
    pub fn new() -> Self {
        Self::build(CAPACITY, Arc::new(SystemClock))
    }

    /// How many sessions it may keep, at least 1. A clone made before keeps its own.
    ///
    /// Default: 65,536.
    #[must_use]
    pub fn with_capacity(self, sessions: usize) -> Self {
        Self::build(sessions.max(1), Arc::clone(&self.0.clock))
    }

    /// What tells the time: where the configuration has a clock of its own, the same. A clone made before keeps
    /// its own.
    ///
    /// Default: the system's clock.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock) -> Self {
        Self::build(self.0.capacity, Arc::new(clock))
    }

    fn build(capacity: usize, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner {
            clock,
            capacity,
            sessions: Mutex::default(),
            full: Once::new(),
        }))
    }

    fn now(&self) -> Timestamp {
        Timestamp::now(&*self.0.clock)
    }

    fn lock(&self) -> MutexGuard<'_, Sessions> {
        let lock = self.0.sessions.lock();
        lock.unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the session that is there with this version.
    fn change(&self, key: &SessionKey, version: u64, change: impl FnOnce(&mut Entry)) -> bool {
        let now = self.now();
        let mut sessions = self.lock();
        sessions.sweep(now);
        let Sessions { by_key, by_end } = &mut *sessions;
        let Some(entry) = by_key.get_mut(key) else {
            return false;
        };
        if entry.stored.version != version {
            return false;
        }
        entry.stored.version += 1;
        let before = entry.end;
        change(entry);
        if entry.end != before {
            by_end.remove(&(before, *key));
            by_end.insert((entry.end, *key));
        }
        true
    }
}

impl SessionStore for MemoryStore {
    fn load<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, Option<StoredSession>> {
        let now = self.now();
        let sessions = self.lock();
        let entry = sessions.by_key.get(key).filter(|entry| now < entry.end);
        let stored = entry.map(|entry| entry.stored.clone());
        Box::pin(ready(Ok(stored)))
    }

    fn create<'a>(
        &'a self,
        key: &'a SessionKey,
        value: &'a [u8],
        lifetime: Duration,
    ) -> StoreFuture<'a, bool> {
        let now = self.now();
        let mut sessions = self.lock();
        sessions.sweep(now);
        let is_new = !sessions.by_key.contains_key(key);
        if is_new {
            if sessions.by_key.len() >= self.0.capacity {
                sessions.drop_first();
                self.0.full.call_once(|| {
                    tracing::warn!("the memory store is full: sessions end before their time");
                });
            }
            let end = now.plus(lifetime);
            let stored = StoredSession::new(Bytes::copy_from_slice(value), 1, None);
            sessions.by_end.insert((end, *key));
            sessions.by_key.insert(*key, Entry { stored, end });
        }
        Box::pin(ready(Ok(is_new)))
    }

    fn replace<'a>(
        &'a self,
        key: &'a SessionKey,
        version: u64,
        value: &'a [u8],
        lifetime: Duration,
    ) -> StoreFuture<'a, bool> {
        let end = self.now().plus(lifetime);
        let is_done = self.change(key, version, |entry| {
            entry.stored.value = Bytes::copy_from_slice(value);
            entry.stored.claim = None;
            entry.end = end;
        });
        Box::pin(ready(Ok(is_done)))
    }

    fn claim<'a>(
        &'a self,
        key: &'a SessionKey,
        version: u64,
        claim: Claim,
    ) -> StoreFuture<'a, bool> {
        let is_done = self.change(key, version, |entry| entry.stored.claim = Some(claim));
        Box::pin(ready(Ok(is_done)))
    }

    fn release<'a>(&'a self, key: &'a SessionKey, version: u64) -> StoreFuture<'a, bool> {
        let is_done = self.change(key, version, |entry| entry.stored.claim = None);
        Box::pin(ready(Ok(is_done)))
    }

    fn delete<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, ()> {
        let mut sessions = self.lock();
        if let Some(entry) = sessions.by_key.remove(key) {
            sessions.by_end.remove(&(entry.end, *key));
        }
        Box::pin(ready(Ok(())))
    }

    fn is_shared(&self) -> bool {
        false
    }
}

impl Sessions {
    fn sweep(&mut self, now: Timestamp) {
        while self.by_end.first().is_some_and(|(end, _)| *end <= now) {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if let Some((_, key)) = self.by_end.pop_first() {
            self.by_key.remove(&key);
        }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("sessions", &self.lock().by_key.len())
            .field("capacity", &self.0.capacity)
            .finish_non_exhaustive()
    }
}

const CAPACITY: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::tests::HandClock;

    const MINUTE: Duration = Duration::from_secs(60);

    fn key(number: usize) -> SessionKey {
        SessionKey::of_state(&number.to_string())
    }

    async fn is_there(store: &MemoryStore, number: usize) -> bool {
        store.load(&key(number)).await.unwrap().is_some()
    }

    #[tokio::test]
    async fn what_has_ended_is_swept_away() {
        let clock = HandClock::default();
        let store = MemoryStore::new().with_clock(clock.clone());
        for number in 0..100 {
            let lifetime = MINUTE * u32::try_from(number).unwrap();
            store
                .create(&key(number), b"value", lifetime)
                .await
                .unwrap();
        }
        clock.advance(50 * MINUTE);
        assert!(!is_there(&store, 50).await && is_there(&store, 51).await);
        store.create(&key(100), b"value", MINUTE).await.unwrap();
        let sessions = store.lock();
        assert_eq!((sessions.by_key.len(), sessions.by_end.len()), (50, 50));
    }

    #[tokio::test]
    async fn where_it_is_full_the_first_to_end_goes() {
        let store = MemoryStore::new().with_capacity(2);
        store.create(&key(0), b"value", 2 * MINUTE).await.unwrap();
        store.create(&key(1), b"value", MINUTE).await.unwrap();
        assert!(
            store
                .replace(&key(1), 1, b"used", 3 * MINUTE)
                .await
                .unwrap()
        );
        store.create(&key(2), b"value", MINUTE).await.unwrap();
        assert!(!is_there(&store, 0).await && is_there(&store, 1).await);
        assert!(is_there(&store, 2).await);
        assert_eq!(
            format!("{store:?}"),
            "MemoryStore { sessions: 2, capacity: 2, .. }"
        );
    }
}
