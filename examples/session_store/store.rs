//! A session store of your own: sessions in a file, which survive a restart.
//!
//! It is for one process. The protocol is the same whatever a store is made of:
//!
//! - **Versions**: [`FileStore::change`] compares and sets under one lock. A database does it with one
//!   statement, `update … where key = $1 and version = $2 and ends > now()`.
//! - **Expiry**: an entry that has ended counts as absent in every lookup.
//! - **Users**: an entry names the user that owns it, as a column with an index does in a database.
//! - **Durability**: a change is on the disk before it is acknowledged.
//! - **Errors** leave open whether the change was made, and the next call finds out.
//!
//! `store::conformance::check` tests all of it but the durability; see `tests/session/store_conformance.rs`.

use std::{
    collections::HashMap,
    fmt,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tower_didit::store::{
    RefreshAttempt, SessionKey, SessionOwner, SessionStore, StoreError, StoreFuture, StoredSession,
    UserKey,
};

/// Keeps sessions in a file. Clones are the same store.
#[derive(Clone)]
pub(crate) struct FileStore(Arc<Mutex<Journal>>);

/// All sessions in memory, and a file of their changes: each record is a whole entry, which replaces the one
/// before it.
struct Journal {
    entries: HashMap<SessionKey, Entry>,
    path: PathBuf,
    file: File,
    /// Whether the file ends with a record that may not be whole.
    is_torn: bool,
    length: usize,
    /// The length at which the file is rewritten without what is over.
    too_long: usize,
}

#[derive(Clone)]
struct Entry {
    value: Vec<u8>,
    version: u64,
    attempt: Option<RefreshAttempt>,
    /// The bytes of the user's key; zeros for an entry without an owner.
    user: [u8; 32],
    /// In milliseconds since the Unix epoch.
    end: u64,
}

impl FileStore {
    /// Opens the file, or makes it. Two processes must not open the same one.
    pub(crate) fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let journal = Journal::open(path.as_ref())?;
        Ok(Self(Arc::new(Mutex::new(journal))))
    }

    /// Works in a thread of its own: a disk is slow, and the runtime's threads must not wait for it.
    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Journal) -> io::Result<T> + Send + 'static,
    ) -> StoreFuture<'static, T> {
        let journal = Arc::clone(&self.0);
        Box::pin(async move {
            let work = move || work(&mut journal.lock().unwrap_or_else(PoisonError::into_inner));
            let done = tokio::task::spawn_blocking(work).await;
            done.map_err(StoreError::new)?.map_err(StoreError::new)
        })
    }

    /// Changes the entry that has this version.
    fn change(
        &self,
        key: SessionKey,
        version: u64,
        change: impl FnOnce(&mut Entry) + Send + 'static,
    ) -> StoreFuture<'static, bool> {
        self.run(move |journal| {
            let Some(entry) = journal.get(&key).filter(|entry| entry.version == version) else {
                return Ok(false);
            };
            let mut entry = entry.clone();
            change(&mut entry);
            entry.version += 1;
            journal.put(key, entry)?;
            Ok(true)
        })
    }
}

impl SessionStore for FileStore {
    fn load(&self, key: SessionKey) -> StoreFuture<'_, Option<StoredSession>> {
        self.run(move |journal| {
            let entry = journal.get(&key).cloned();
            Ok(entry.map(|entry| StoredSession::new(entry.value, entry.version, entry.attempt)))
        })
    }

    fn create(
        &self,
        key: SessionKey,
        value: Vec<u8>,
        lifetime: Duration,
        owner: Option<SessionOwner>,
    ) -> StoreFuture<'_, bool> {
        let entry = Entry {
            value,
            version: 1,
            attempt: None,
            user: owner.map_or([0; 32], |owner| *owner.user().as_bytes()),
            end: end_of(lifetime),
        };
        self.run(move |journal| {
            let is_new = journal.get(&key).is_none();
            if is_new {
                journal.put(key, entry)?;
            }
            Ok(is_new)
        })
    }

    fn replace(
        &self,
        key: SessionKey,
        version: u64,
        value: Vec<u8>,
        lifetime: Duration,
    ) -> StoreFuture<'_, bool> {
        let end = end_of(lifetime);
        self.change(key, version, move |entry| {
            entry.value = value;
            entry.attempt = None;
            entry.end = end;
        })
    }

    fn begin_refresh(
        &self,
        key: SessionKey,
        version: u64,
        attempt: RefreshAttempt,
    ) -> StoreFuture<'_, bool> {
        self.change(key, version, move |entry| entry.attempt = Some(attempt))
    }

    fn abandon_refresh(&self, key: SessionKey, version: u64) -> StoreFuture<'_, bool> {
        self.change(key, version, |entry| entry.attempt = None)
    }

    fn delete(&self, key: SessionKey) -> StoreFuture<'_, ()> {
        self.run(move |journal| {
            let Some(mut entry) = journal.get(&key).cloned() else {
                return Ok(());
            };
            entry.end = 0;
            entry.value.clear();
            journal.put(key, entry)
        })
    }

    fn list(&self, user: UserKey) -> StoreFuture<'_, Vec<SessionKey>> {
        self.run(move |journal| {
            let own = journal.entries.iter();
            let own = own.filter(|(_, entry)| entry.user == *user.as_bytes());
            Ok(own.map(|(key, _)| *key).collect())
        })
    }

    /// No other process uses the file.
    fn is_shared(&self) -> bool {
        false
    }
}

impl Journal {
    fn open(path: &Path) -> io::Result<Self> {
        let mut journal = Self {
            entries: HashMap::new(),
            path: path.to_owned(),
            file: File::options().append(true).create(true).open(path)?,
            is_torn: false,
            length: 0,
            too_long: 0,
        };
        let bytes = fs::read(path)?;
        let mut rest = bytes.as_slice();
        // A record that a crash cut off was never acknowledged.
        while let Some((key, entry)) = Entry::read(&mut rest) {
            journal.entries.insert(key, entry);
        }
        journal.rewrite()?;
        Ok(journal)
    }

    /// The entry that is there and has not ended.
    fn get(&self, key: &SessionKey) -> Option<&Entry> {
        self.entries.get(key).filter(|entry| now() < entry.end)
    }

    /// Writes to the disk first: no other call may see a change that a crash takes back.
    fn put(&mut self, key: SessionKey, entry: Entry) -> io::Result<()> {
        if self.is_torn || self.length > self.too_long {
            self.rewrite()?;
        }
        let record = entry.record(key);
        self.is_torn = true;
        self.file.write_all(&record)?;
        self.file.sync_data()?;
        self.is_torn = false;
        self.length += record.len();
        self.entries.insert(key, entry);
        Ok(())
    }

    /// Writes a new file of what is there, and puts it in the place of the old one.
    fn rewrite(&mut self) -> io::Result<()> {
        let now = now();
        self.entries.retain(|_, entry| now < entry.end);
        let records = self.entries.iter().map(|(key, entry)| entry.record(*key));
        let records = records.collect::<Vec<_>>().concat();

        let path = self.path.with_extension("new");
        let mut file = File::create(&path)?;
        file.write_all(&records)?;
        file.sync_all()?;
        fs::rename(&path, &self.path)?;
        // The name is in the folder, which has to reach the disk as well.
        if cfg!(unix) {
            let folder = fs::canonicalize(&self.path)?;
            let folder = folder.parent().expect("a file is in a folder");
            File::open(folder)?.sync_all()?;
        }
        self.file = file;
        self.is_torn = false;
        self.length = records.len();
        self.too_long = 2 * records.len() + SLACK;
        Ok(())
    }
}

impl Entry {
    fn record(&self, key: SessionKey) -> Vec<u8> {
        // The bytes of an attempt are never all zero.
        let attempt = self.attempt.map_or([0; 16], RefreshAttempt::to_bytes);
        let mut record = key.as_bytes().to_vec();
        record.extend(self.version.to_be_bytes());
        record.extend(self.end.to_be_bytes());
        record.extend(attempt);
        record.extend(self.user);
        record.extend((self.value.len() as u64).to_be_bytes());
        record.extend(&self.value);
        record
    }

    /// Takes the next record off the front; none if there is no whole one.
    fn read(bytes: &mut &[u8]) -> Option<(SessionKey, Self)> {
        let (key, rest) = bytes.split_first_chunk()?;
        let (version, rest) = rest.split_first_chunk()?;
        let (end, rest) = rest.split_first_chunk()?;
        let (attempt, rest) = rest.split_first_chunk()?;
        let (user, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = u64::from_be_bytes(*length).try_into().ok()?;
        let (value, rest) = rest.split_at_checked(length)?;
        *bytes = rest;
        let entry = Self {
            value: value.to_vec(),
            version: u64::from_be_bytes(*version),
            attempt: (*attempt != [0; 16]).then(|| RefreshAttempt::from_bytes(*attempt)),
            user: *user,
            end: u64::from_be_bytes(*end),
        };
        Some((SessionKey::from_bytes(*key), entry))
    }
}

impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileStore")
    }
}

fn end_of(lifetime: Duration) -> u64 {
    let lifetime = u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX);
    now().saturating_add(lifetime)
}

/// In milliseconds since the Unix epoch.
fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
}

/// How many bytes of ended entries a file may hold, besides as many as it needs.
const SLACK: usize = 1024 * 1024;
