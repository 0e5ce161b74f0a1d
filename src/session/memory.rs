//! Sessions in the memory of one process.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fmt,
    future::ready,
    sync::{Arc, Mutex, MutexGuard, Once, PoisonError},
    time::{Duration, SystemTime},
};

use super::store::{
    RefreshAttempt, SessionKey, SessionOwner, SessionStore, StoreFuture, StoredSession, UserKey,
};
use crate::clock::{Clock, Timestamp};

/// Keeps sessions in the memory of this process: they end with it, and other processes do not see
/// them.
///
/// Its memory is bounded: a full store drops the session that would end first, which is logged once. Each change
/// removes the sessions that have ended.
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
    entries: HashMap<SessionKey, Entry>,
    /// In the order of their ends.
    ends: BTreeSet<(Timestamp, SessionKey)>,
    users: HashMap<UserKey, HashSet<SessionKey>>,
}

struct Entry {
    stored: StoredSession,
    end: Timestamp,
    user: Option<UserKey>,
}

impl MemoryStore {
    /// A store for 65,536 sessions: with 2 KB each they take about 160 MB. (None has more than 64 KB.)
    pub fn new() -> Self {
        Self::build(CAPACITY, Arc::new(SystemTime::now))
    }

    /// How many sessions it may keep, at least 1. A clone made before keeps its own.
    ///
    /// Default: 65,536.
    #[must_use]
    pub fn with_capacity(self, sessions: usize) -> Self {
        Self::build(sessions.max(1), Arc::clone(&self.0.clock))
    }

    /// The source of the time: the configuration's clock, if that was replaced as well. A clone made before
    /// keeps its own.
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

    /// Changes the entry that has this version.
    fn change(&self, key: SessionKey, version: u64, change: impl FnOnce(&mut Entry)) -> bool {
        let now = self.now();
        let mut sessions = self.lock();
        sessions.sweep(now);
        let Sessions { entries, ends, .. } = &mut *sessions;
        let entry = entries.get_mut(&key);
        let Some(entry) = entry.filter(|entry| entry.stored.version() == version) else {
            return false;
        };
        let before = entry.end;
        change(entry);
        if entry.end != before {
            ends.remove(&(before, key));
            ends.insert((entry.end, key));
        }
        true
    }

    /// Records another refresh attempt, or none.
    fn set_attempt(
        &self,
        key: SessionKey,
        version: u64,
        attempt: Option<RefreshAttempt>,
    ) -> StoreFuture<'_, bool> {
        let is_done = self.change(key, version, |entry| {
            let value = entry.stored.value().clone();
            entry.stored = StoredSession::new(value, version + 1, attempt);
        });
        Box::pin(ready(Ok(is_done)))
    }
}

impl SessionStore for MemoryStore {
    fn load(&self, key: SessionKey) -> StoreFuture<'_, Option<StoredSession>> {
        let now = self.now();
        let sessions = self.lock();
        let entry = sessions.entries.get(&key).filter(|entry| now < entry.end);
        let stored = entry.map(|entry| entry.stored.clone());
        Box::pin(ready(Ok(stored)))
    }

    fn create(
        &self,
        key: SessionKey,
        value: Vec<u8>,
        lifetime: Duration,
        owner: Option<SessionOwner>,
    ) -> StoreFuture<'_, bool> {
        let now = self.now();
        let mut sessions = self.lock();
        sessions.sweep(now);
        let is_new = !sessions.entries.contains_key(&key);
        if is_new {
            if sessions.entries.len() >= self.0.capacity {
                sessions.remove_first();
                self.0.full.call_once(|| {
                    tracing::warn!("the memory store is full: sessions end before their time");
                });
            }
            let entry = Entry {
                stored: StoredSession::new(value, 1, None),
                end: now.plus(lifetime),
                user: owner.map(|owner| owner.user()),
            };
            sessions.insert(key, entry);
        }
        Box::pin(ready(Ok(is_new)))
    }

    fn replace(
        &self,
        key: SessionKey,
        version: u64,
        value: Vec<u8>,
        lifetime: Duration,
    ) -> StoreFuture<'_, bool> {
        let end = self.now().plus(lifetime);
        let is_done = self.change(key, version, |entry| {
            entry.stored = StoredSession::new(value, version + 1, None);
            entry.end = end;
        });
        Box::pin(ready(Ok(is_done)))
    }

    fn begin_refresh(
        &self,
        key: SessionKey,
        version: u64,
        attempt: RefreshAttempt,
    ) -> StoreFuture<'_, bool> {
        self.set_attempt(key, version, Some(attempt))
    }

    fn abandon_refresh(&self, key: SessionKey, version: u64) -> StoreFuture<'_, bool> {
        self.set_attempt(key, version, None)
    }

    fn delete(&self, key: SessionKey) -> StoreFuture<'_, ()> {
        self.lock().remove(key);
        Box::pin(ready(Ok(())))
    }

    fn list(&self, user: UserKey) -> StoreFuture<'_, Vec<SessionKey>> {
        let sessions = self.lock();
        let keys = sessions.users.get(&user).into_iter().flatten().copied();
        Box::pin(ready(Ok(keys.collect())))
    }

    fn is_shared(&self) -> bool {
        false
    }
}

impl Sessions {
    fn insert(&mut self, key: SessionKey, entry: Entry) {
        self.ends.insert((entry.end, key));
        if let Some(user) = entry.user {
            self.users.entry(user).or_default().insert(key);
        }
        self.entries.insert(key, entry);
    }

    fn remove(&mut self, key: SessionKey) {
        let Some(entry) = self.entries.remove(&key) else {
            return;
        };
        self.ends.remove(&(entry.end, key));
        if let Some(user) = entry.user
            && let Some(keys) = self.users.get_mut(&user)
        {
            keys.remove(&key);
            if keys.is_empty() {
                self.users.remove(&user);
            }
        }
    }

    /// Removes the entries that have ended.
    fn sweep(&mut self, now: Timestamp) {
        while self.ends.first().is_some_and(|(end, _)| *end <= now) {
            self.remove_first();
        }
    }

    fn remove_first(&mut self) {
        if let Some((_, key)) = self.ends.first().copied() {
            self.remove(key);
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
            .field("sessions", &self.lock().entries.len())
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

    fn user(number: u8) -> UserKey {
        UserKey::new([number; 32])
    }

    async fn create(store: &MemoryStore, number: usize, lifetime: Duration, owned_by: u8) {
        let owner = SessionOwner::new(user(owned_by), 10 * MINUTE);
        let created = store.create(key(number), b"value".to_vec(), lifetime, Some(owner));
        assert!(created.await.unwrap());
    }

    async fn is_there(store: &MemoryStore, number: usize) -> bool {
        store.load(key(number)).await.unwrap().is_some()
    }

    #[tokio::test]
    async fn what_has_ended_is_swept_away() {
        let clock = HandClock::default();
        let store = MemoryStore::new().with_clock(clock.clone());
        for number in 0..100_u8 {
            create(&store, number.into(), MINUTE * number.into(), number).await;
        }
        clock.advance(50 * MINUTE);
        assert!(!is_there(&store, 50).await && is_there(&store, 51).await);
        create(&store, 100, MINUTE, 100).await;
        let sessions = store.lock();
        let Sessions {
            entries,
            ends,
            users,
        } = &*sessions;
        assert_eq!((entries.len(), ends.len(), users.len()), (50, 50, 50));
    }

    #[tokio::test]
    async fn where_it_is_full_the_first_to_end_goes() {
        let store = MemoryStore::new().with_capacity(2);
        create(&store, 0, 2 * MINUTE, 0).await;
        create(&store, 1, MINUTE, 0).await;
        let replaced = store.replace(key(1), 1, b"used".to_vec(), 3 * MINUTE);
        assert!(replaced.await.unwrap());
        create(&store, 2, MINUTE, 1).await;
        assert!(!is_there(&store, 0).await && is_there(&store, 1).await);
        assert!(is_there(&store, 2).await);
        assert_eq!(store.list(user(0)).await.unwrap(), [key(1)]);
        assert_eq!(
            format!("{store:?}"),
            "MemoryStore { sessions: 2, capacity: 2, .. }"
        );
    }
}
