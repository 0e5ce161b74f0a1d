//! The protocol between the layer and a session store.

mod entry;

use std::{error::Error as StdError, fmt, future::Future, pin::Pin, time::Duration};

pub use entry::{RefreshAttempt, SessionKey, SessionOwner, StoredSession, UserKey};

use crate::error::{Error, ErrorKind};

/// Keeps sessions on the server, for
/// [`with_session_store`](crate::ConfigBuilder::with_session_store).
///
/// A store maps keys to entries. An entry has an encrypted value, a version, an expiry time, at most one refresh
/// attempt and, if it is a session, the user who owns it. Keys are hashes, and each value is encrypted and
/// authenticated together with its key: a store never sees a secret.
///
/// # What a store guarantees
///
/// - **Versions.** A new entry has version 1. Each [`replace`](Self::replace),
///   [`begin_refresh`](Self::begin_refresh) and [`abandon_refresh`](Self::abandon_refresh) compares the version
///   and, only if it matches, changes the entry and adds 1, in one atomic step. This keeps two processes from
///   sending the same refresh token, and a slow writer from overwriting a newer value.
/// - **Expiry.** After its lifetime an entry is absent for every method. (The value contains its expiry as well:
///   an entry that stays too long only costs memory. If an entry is removed too early, its user is signed out.)
/// - **Consistency.** A change that was acknowledged is visible to every later call of every process. Do not read
///   from a replica that lags.
/// - **Durability.** A change that was acknowledged is not lost. If a store loses a refresh attempt, a single-use
///   refresh token may be sent twice, and the provider may then terminate the session.
///
/// An **error** does not tell whether the change was made: the layer reads the entry again, or answers 503. A
/// request waits at most 1 s for [`load`](Self::load). The layer abandons every call after 5 s.
///
/// Each method changes one entry: no store needs a transaction over two keys. All requests share one store and
/// call it concurrently. `conformance::check` (feature `test-util`) tests everything except durability.
///
/// # Examples
///
/// A relational database needs one statement for each method, such as
/// `update sessions set version = version + 1, attempt = $3 where key = $1 and version = $2 and expires > now()`,
/// where the number of updated rows is the result. `examples/session_store` keeps sessions in a file. This store in memory
/// has every method:
///
/// ```
/// use std::{
///     collections::HashMap,
///     future::ready,
///     sync::{Arc, Mutex},
///     time::{Duration, Instant},
/// };
/// use tower_didit::store::{
///     RefreshAttempt, SessionKey, SessionOwner, SessionStore, StoreFuture, StoredSession, UserKey,
/// };
///
/// #[derive(Clone, Debug, Default)]
/// struct MapStore(Arc<Mutex<HashMap<SessionKey, Entry>>>);
///
/// #[derive(Debug)]
/// struct Entry {
///     session: StoredSession,
///     user: Option<UserKey>,
///     end: Instant,
/// }
///
/// impl MapStore {
///     fn with<T: Send + 'static>(
///         &self,
///         work: impl FnOnce(&mut HashMap<SessionKey, Entry>) -> T,
///     ) -> StoreFuture<'_, T> {
///         let mut entries = self.0.lock().unwrap();
///         entries.retain(|_, entry| Instant::now() < entry.end);
///         Box::pin(ready(Ok(work(&mut entries))))
///     }
///
///     /// Compares the version and changes the entry, in one step.
///     fn change(
///         &self,
///         key: SessionKey,
///         version: u64,
///         change: impl FnOnce(&mut Entry, u64),
///     ) -> StoreFuture<'_, bool> {
///         self.with(|entries| match entries.get_mut(&key) {
///             Some(entry) if entry.session.version() == version => {
///                 change(entry, version + 1);
///                 true
///             }
///             _ => false,
///         })
///     }
/// }
///
/// impl SessionStore for MapStore {
///     fn load(&self, key: SessionKey) -> StoreFuture<'_, Option<StoredSession>> {
///         self.with(|entries| entries.get(&key).map(|entry| entry.session.clone()))
///     }
///
///     fn create(
///         &self,
///         key: SessionKey,
///         value: Vec<u8>,
///         lifetime: Duration,
///         owner: Option<SessionOwner>,
///     ) -> StoreFuture<'_, bool> {
///         self.with(|entries| {
///             let is_new = !entries.contains_key(&key);
///             entries.entry(key).or_insert_with(|| Entry {
///                 session: StoredSession::new(value, 1, None),
///                 user: owner.map(|owner| owner.user()),
///                 end: Instant::now() + lifetime,
///             });
///             is_new
///         })
///     }
///
///     fn replace(
///         &self,
///         key: SessionKey,
///         version: u64,
///         value: Vec<u8>,
///         lifetime: Duration,
///     ) -> StoreFuture<'_, bool> {
///         self.change(key, version, |entry, next| {
///             entry.session = StoredSession::new(value, next, None);
///             entry.end = Instant::now() + lifetime;
///         })
///     }
///
///     fn begin_refresh(
///         &self,
///         key: SessionKey,
///         version: u64,
///         attempt: RefreshAttempt,
///     ) -> StoreFuture<'_, bool> {
///         self.change(key, version, |entry, next| {
///             let value = entry.session.value().clone();
///             entry.session = StoredSession::new(value, next, Some(attempt));
///         })
///     }
///
///     fn abandon_refresh(&self, key: SessionKey, version: u64) -> StoreFuture<'_, bool> {
///         self.change(key, version, |entry, next| {
///             let value = entry.session.value().clone();
///             entry.session = StoredSession::new(value, next, None);
///         })
///     }
///
///     fn delete(&self, key: SessionKey) -> StoreFuture<'_, ()> {
///         self.with(|entries| drop(entries.remove(&key)))
///     }
///
///     fn list(&self, user: UserKey) -> StoreFuture<'_, Vec<SessionKey>> {
///         self.with(|entries| {
///             let own = entries.iter().filter(|(_, entry)| entry.user == Some(user));
///             own.map(|(key, _)| *key).collect()
///         })
///     }
///
///     fn is_shared(&self) -> bool {
///         false
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # let store = MapStore::default();
/// # tower_didit::store::conformance::check(&store, &store.clone()).await;
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a session store",
    note = "`MemoryStore`, `RedisStore` and types that implement `SessionStore` are; clone a store to keep a handle to \
            it, instead of an `Arc`"
)]
pub trait SessionStore: fmt::Debug + Send + Sync + 'static {
    /// The entry under `key`. [Example](Self#examples).
    fn load(&self, key: SessionKey) -> StoreFuture<'_, Option<StoredSession>>;

    /// Adds an entry with version 1 and without a refresh attempt. Returns `false`, and changes nothing, if there is an
    /// entry under this key. [Example](Self#examples).
    ///
    /// A session has an owner; the layer's other entries have none.
    fn create(
        &self,
        key: SessionKey,
        value: Vec<u8>,
        lifetime: Duration,
        owner: Option<SessionOwner>,
    ) -> StoreFuture<'_, bool>;

    /// Replaces the value, restarts the lifetime, and removes the refresh attempt. The owner stays. Returns
    /// `false`, and changes nothing, if no entry has this version. [Example](Self#examples).
    fn replace(
        &self,
        key: SessionKey,
        version: u64,
        value: Vec<u8>,
        lifetime: Duration,
    ) -> StoreFuture<'_, bool>;

    /// Records that a process is about to send the session's refresh token, in place of an earlier attempt. Value
    /// and lifetime stay. Returns `false`, and changes nothing, if no entry has this version. [Example](Self#examples).
    fn begin_refresh(
        &self,
        key: SessionKey,
        version: u64,
        attempt: RefreshAttempt,
    ) -> StoreFuture<'_, bool>;

    /// Removes the refresh attempt: the refresh token was not sent. Value and lifetime stay. Returns
    /// `false`, and changes nothing, if no entry has this version. [Example](Self#examples).
    fn abandon_refresh(&self, key: SessionKey, version: u64) -> StoreFuture<'_, bool>;

    /// Removes the entry under `key`, if there is one, whatever its version. [Example](Self#examples).
    fn delete(&self, key: SessionKey) -> StoreFuture<'_, ()>;

    /// The keys of the sessions that `user` owns, in any order: at least each existing session whose
    /// [`create`](Self::create) was acknowledged before this call. [Example](Self#examples).
    ///
    /// The list may contain keys of sessions that have ended. A store that keeps its lists in separate entries
    /// therefore needs no transaction: `create` adds the key to the list first, then the session.
    fn list(&self, user: UserKey) -> StoreFuture<'_, Vec<SessionKey>>;

    /// Whether other processes use the same entries. In that case the layer also records in the store
    /// which `state`s were used, in entries that last 20 minutes. [Example](Self#examples).
    ///
    /// Default: `true`.
    fn is_shared(&self) -> bool {
        true
    }
}

/// The result of a [`SessionStore`]'s method.
///
/// [Example](SessionStore#examples).
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A failed call of a [`SessionStore`].
///
/// ```
/// use std::{error::Error, io};
/// use tower_didit::store::StoreError;
///
/// let error = StoreError::new(io::Error::from(io::ErrorKind::ConnectionRefused));
/// assert_eq!(error.to_string(), "the session store failed");
/// assert_eq!(error.source().unwrap().to_string(), "connection refused");
/// ```
#[derive(Debug, thiserror::Error)]
#[error("the session store failed")]
pub struct StoreError(#[source] Box<dyn StdError + Send + Sync>);

impl StoreError {
    /// Wraps the cause. The cause's text is logged: it must not contain a password.
    /// [Example](Self).
    pub fn new(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::with_source(ErrorKind::SessionUnavailable, error.0)
    }
}
