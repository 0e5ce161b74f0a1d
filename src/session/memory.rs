//! Sessions in the memory of one process.

#[cfg(feature = "verification")]
mod records;

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    future::ready,
    mem,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use super::{
    lock,
    store::{
        RefreshAttempt, SessionKey, SessionOwner, SessionStore, StoreFuture, StoredSession, UserKey,
    },
};
use crate::clock::{Clock, Timestamp};

/// Keeps sessions in the memory of this process: the sessions are lost with the process, and other processes do not see
/// them.
///
/// Memory is bounded: a full store removes the session that would expire first, and logs the first removal. Expired
/// sessions are removed with the next call. Clones share the sessions.
///
/// With the feature `verification` it can also be the `VerificationRecords` of a `Verification`, for tests and
/// demonstrations. Records are not removed, and not counted.
///
/// ```
/// # fn main() -> Result<(), tower_didit::ConfigError> {
/// use tower_didit::{Config, store::MemoryStore};
///
/// let config = Config::builder("client-id", "https://app.example/callback")
///     .with_client_secret("client-secret")
///     .with_session_store(MemoryStore::new().with_capacity(10_000))
///     .build()?;
/// # let _ = config;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    capacity: usize,
    entries: Arc<Mutex<Entries>>,
    #[cfg(feature = "verification")]
    records: records::Records,
}

#[derive(Default)]
struct Entries {
    all: HashMap<SessionKey, Entry>,
    /// The first expires first.
    expiries: BTreeSet<(Timestamp, SessionKey)>,
    users: BTreeSet<(UserKey, SessionKey)>,
    /// Whether the event of a full store was logged.
    full_logged: bool,
}

struct Entry {
    stored: StoredSession,
    expiry: Timestamp,
    user: Option<UserKey>,
}

impl MemoryStore {
    /// An empty store for 65,536 sessions. Sessions of 2 KB each take about 160 MB; the limit of a session is 64 KB.
    /// [Example](Self).
    pub fn new() -> Self {
        Self {
            clock: Arc::new(SystemTime::now),
            capacity: 65_536,
            entries: Arc::default(),
            #[cfg(feature = "verification")]
            records: Arc::default(),
        }
    }

    /// The maximum number of sessions, at least 1. Discards existing sessions. [Example](MemoryStore).
    ///
    /// Default: 65,536.
    #[must_use]
    pub fn with_capacity(self, sessions: usize) -> Self {
        Self {
            capacity: sessions.max(1),
            entries: Arc::default(),
            ..self
        }
    }

    /// The clock, for tests that replace the configuration's clock too. Discards existing sessions.
    ///
    /// Default: the system's clock.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use tower_didit::store::MemoryStore;
    ///
    /// let store = MemoryStore::new().with_clock(|| SystemTime::UNIX_EPOCH);
    /// # let _ = store;
    /// ```
    #[must_use]
    pub fn with_clock(self, clock: impl Clock) -> Self {
        Self {
            clock: Arc::new(clock),
            entries: Arc::default(),
            ..self
        }
    }

    /// Calls `work` with the entries that have not expired, and the time.
    fn with_entries<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Entries, Timestamp) -> T,
    ) -> StoreFuture<'_, T> {
        let now = Timestamp::now(&*self.clock);
        let mut entries = lock(&self.entries);
        while let Some((expiry, key)) = entries.expiries.first().copied()
            && expiry <= now
        {
            entries.remove(key);
        }
        Box::pin(ready(Ok(work(&mut entries, now))))
    }

    /// Changes the entry that has this version: sets the refresh attempt, and value and lifetime if they are given.
    fn change(
        &self,
        key: SessionKey,
        version: u64,
        attempt: Option<RefreshAttempt>,
        replacement: Option<(Vec<u8>, Duration)>,
    ) -> StoreFuture<'_, bool> {
        self.with_entries(|entries, now| {
            let entry = entries.all.get(&key);
            let is_current = entry.is_some_and(|entry| entry.stored.version() == version);
            if is_current && let Some(mut entry) = entries.remove(key) {
                let mut value = entry.stored.value().clone();
                if let Some((new, lifetime)) = replacement {
                    value = new.into();
                    entry.expiry = now.plus(lifetime);
                }
                entry.stored = StoredSession::new(value, version + 1, attempt);
                entries.insert(key, entry);
            }
            is_current
        })
    }
}

impl SessionStore for MemoryStore {
    fn load(&self, key: SessionKey) -> StoreFuture<'_, Option<StoredSession>> {
        self.with_entries(|entries, _| entries.all.get(&key).map(|entry| entry.stored.clone()))
    }

    fn create(
        &self,
        key: SessionKey,
        value: Vec<u8>,
        lifetime: Duration,
        owner: Option<SessionOwner>,
    ) -> StoreFuture<'_, bool> {
        self.with_entries(|entries, now| {
            if entries.all.contains_key(&key) {
                return false;
            }
            if entries.all.len() >= self.capacity
                && let Some((_, first)) = entries.expiries.first().copied()
            {
                entries.remove(first);
                if !mem::replace(&mut entries.full_logged, true) {
                    tracing::warn!("memory store full: sessions are removed before they expire");
                }
            }
            let entry = Entry {
                stored: StoredSession::new(value, 1, None),
                expiry: now.plus(lifetime),
                user: owner.map(|owner| owner.user()),
            };
            entries.insert(key, entry);
            true
        })
    }

    fn replace(
        &self,
        key: SessionKey,
        version: u64,
        value: Vec<u8>,
        lifetime: Duration,
    ) -> StoreFuture<'_, bool> {
        self.change(key, version, None, Some((value, lifetime)))
    }

    fn begin_refresh(
        &self,
        key: SessionKey,
        version: u64,
        attempt: RefreshAttempt,
    ) -> StoreFuture<'_, bool> {
        self.change(key, version, Some(attempt), None)
    }

    fn abandon_refresh(&self, key: SessionKey, version: u64) -> StoreFuture<'_, bool> {
        self.change(key, version, None, None)
    }

    fn delete(&self, key: SessionKey) -> StoreFuture<'_, ()> {
        self.with_entries(|entries, _| drop(entries.remove(key)))
    }

    fn list(&self, user: UserKey) -> StoreFuture<'_, Vec<SessionKey>> {
        let [first, last] = [0, u8::MAX].map(|byte| SessionKey::from_bytes([byte; 32]));
        self.with_entries(|entries, _| {
            let owned = entries.users.range((user, first)..=(user, last));
            owned.map(|(_, key)| *key).collect()
        })
    }

    fn is_shared(&self) -> bool {
        false
    }
}

impl Entries {
    fn insert(&mut self, key: SessionKey, entry: Entry) {
        self.expiries.insert((entry.expiry, key));
        self.users.extend(entry.user.map(|user| (user, key)));
        self.all.insert(key, entry);
    }

    fn remove(&mut self, key: SessionKey) -> Option<Entry> {
        let entry = self.all.remove(&key)?;
        self.expiries.remove(&(entry.expiry, key));
        if let Some(user) = entry.user {
            self.users.remove(&(user, key));
        }
        Some(entry)
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
            .field("sessions", &lock(&self.entries).all.len())
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
