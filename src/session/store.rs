//! The protocol between the layer and a session store.

mod keys;
mod refresh_attempt;
mod stored_session;

use std::{error::Error as StdError, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

pub use keys::{SessionKey, SessionOwner, UserKey};
pub use refresh_attempt::RefreshAttempt;
pub use stored_session::StoredSession;

use crate::error::{Error, ErrorKind};

/// Keeps sessions on the server: for
/// [`with_session_store`](crate::ConfigBuilder::with_session_store).
///
/// A store is a map of entries: a sealed value, a version, an end, at most one refresh attempt, and for a
/// session the user that owns it. Keys are hashes and values are encrypted and authenticated together with their
/// key, so a store has nothing to keep secret.
///
/// # What an implementation owes
///
/// - **Versions.** A new entry has version 1. Each [`replace`](Self::replace),
///   [`begin_refresh`](Self::begin_refresh) and [`abandon_refresh`](Self::abandon_refresh) compares the version
///   and, only if it is the one given, changes the entry and adds 1, in one atomic step. This keeps two processes
///   from sending one refresh token twice, and a slow writer from undoing a faster one.
/// - **Expiry.** After its lifetime an entry is absent for every method. (The end is sealed into the value as
///   well: an entry that stays too long costs memory only; one that goes too early signs its user out.)
/// - **Order.** A change that was acknowledged is visible to every later call of every process. Do not read from
///   a replica that lags.
/// - **Durability.** A change that was acknowledged is not lost. A store that forgets a refresh attempt lets a
///   single-use refresh token be sent twice, for which a provider may end the session.
/// - **Errors** leave open whether the change was made; the layer finds out, or answers 503. An error should come
///   within a second; after 5 the layer stops waiting.
///
/// Only single entries change: no method needs a transaction over two keys. All requests share one store, from
/// many tasks at a time. `conformance::check` (feature `test-util`) tests everything but durability.
///
/// # Examples
///
/// A table of a relational database does it with one statement for each method, such as
/// `update sessions set version = version + 1, attempt = $3 where key = $1 and version = $2 and expires > now()`,
/// where the count of rows is the answer. `examples/session_store` keeps sessions in a file. A map shows the
/// whole protocol:
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
pub trait SessionStore: fmt::Debug + Send + Sync + 'static {
    /// The entry under `key`.
    fn load(&self, key: SessionKey) -> StoreFuture<'_, Option<StoredSession>>;

    /// Adds an entry with version 1 and without a refresh attempt. `false`, and no change, if there is one under
    /// this key.
    ///
    /// The entries that are not sessions have no owner.
    fn create(
        &self,
        key: SessionKey,
        value: Vec<u8>,
        lifetime: Duration,
        owner: Option<SessionOwner>,
    ) -> StoreFuture<'_, bool>;

    /// Replaces the value, sets the lifetime from now on, and removes the refresh attempt. The owner stays.
    /// `false`, and no change, if there is no entry with this version.
    fn replace(
        &self,
        key: SessionKey,
        version: u64,
        value: Vec<u8>,
        lifetime: Duration,
    ) -> StoreFuture<'_, bool>;

    /// Records that the session's refresh token is about to be sent, in place of an earlier attempt. Value and
    /// lifetime stay. `false`, and no change, if there is no entry with this version.
    fn begin_refresh(
        &self,
        key: SessionKey,
        version: u64,
        attempt: RefreshAttempt,
    ) -> StoreFuture<'_, bool>;

    /// Removes the refresh attempt: the refresh token was not sent. Value and lifetime stay. `false`, and no
    /// change, if there is no entry with this version.
    fn abandon_refresh(&self, key: SessionKey, version: u64) -> StoreFuture<'_, bool>;

    /// Removes the entry under `key`, if there is one, whatever its version.
    fn delete(&self, key: SessionKey) -> StoreFuture<'_, ()>;

    /// The keys of the sessions that `user` owns, in any order: each whose [`create`](Self::create) was
    /// acknowledged before this call and that is there.
    ///
    /// Keys of sessions that have ended may be among them. A store that keeps its lists in entries of their own
    /// therefore needs no transaction: `create` adds the key to the list first, and the session afterwards.
    fn list(&self, user: UserKey) -> StoreFuture<'_, Vec<SessionKey>>;

    /// Whether other processes use the same entries. If so, the layer also records there which sign-ins were
    /// completed, in entries that last 20 minutes.
    ///
    /// Default: `true`.
    fn is_shared(&self) -> bool {
        true
    }
}

impl<S: SessionStore + ?Sized> SessionStore for Arc<S> {
    fn load(&self, key: SessionKey) -> StoreFuture<'_, Option<StoredSession>> {
        (**self).load(key)
    }

    fn create(
        &self,
        key: SessionKey,
        value: Vec<u8>,
        lifetime: Duration,
        owner: Option<SessionOwner>,
    ) -> StoreFuture<'_, bool> {
        (**self).create(key, value, lifetime, owner)
    }

    fn replace(
        &self,
        key: SessionKey,
        version: u64,
        value: Vec<u8>,
        lifetime: Duration,
    ) -> StoreFuture<'_, bool> {
        (**self).replace(key, version, value, lifetime)
    }

    fn begin_refresh(
        &self,
        key: SessionKey,
        version: u64,
        attempt: RefreshAttempt,
    ) -> StoreFuture<'_, bool> {
        (**self).begin_refresh(key, version, attempt)
    }

    fn abandon_refresh(&self, key: SessionKey, version: u64) -> StoreFuture<'_, bool> {
        (**self).abandon_refresh(key, version)
    }

    fn delete(&self, key: SessionKey) -> StoreFuture<'_, ()> {
        (**self).delete(key)
    }

    fn list(&self, user: UserKey) -> StoreFuture<'_, Vec<SessionKey>> {
        (**self).list(user)
    }

    fn is_shared(&self) -> bool {
        (**self).is_shared()
    }
}

/// The result of a [`SessionStore`]'s method.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A call of a [`SessionStore`] failed.
#[derive(Debug)]
pub struct StoreError(Box<dyn StdError + Send + Sync>);

impl StoreError {
    /// Wraps the cause. Its text is logged: it must not contain a password.
    pub fn new(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the session store failed")
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::with_source(ErrorKind::SessionUnavailable, error.0)
    }
}
