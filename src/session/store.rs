//! What keeps sessions on the server.

use std::{error::Error as StdError, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use aws_lc_rs::{digest, rand};
use bytes::Bytes;

use super::SessionId;
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind},
};

/// Keeps sessions on the server: for
/// [`with_session_store`](crate::ConfigBuilder::with_session_store).
///
/// # What an implementor owes
///
/// - **Versions.** A session is created with version 1, and each [`replace`](Self::replace),
///   [`claim`](Self::claim) and [`release`](Self::release) that succeeds adds 1. Each of them succeeds
///   only if the session is there and has the version that it is given, and does all it says or
///   nothing: compare and set, in one step that nothing comes between. That is what keeps two processes
///   from sending one refresh token twice, and a slow writer from undoing what a fast one did.
/// - **Expiry.** After its lifetime a session is not there any more, for any method. (The layer seals
///   the end into the value as well, so one that is there too long does no harm but to memory; one that
///   is gone too early signs somebody out.)
/// - **Order.** What was acknowledged is seen by everybody from then on: [`load`](Self::load) reads no replica
///   that lags.
/// - **Durability.** What was acknowledged stays: a store that forgets a claim lets a refresh token be
///   sent twice, for which a provider may end the session.
/// - **Failure.** An error means that nobody knows whether the change was made. It comes within a bounded
///   time: a second is plenty, and after 5 the layer does not wait any more. It then asks again, or answers
///   503; it takes nobody for signed in or out because of it.
/// - **Secrecy** is not among it: keys are hashes and values are encrypted and authenticated with the
///   key.
///
/// A store is shared by all that use one layer, at the same time. A row of a relational database does:
/// `update … set version = version + 1, … where key = $1 and version = $2 and expires > now()`, where the
/// count of rows is the answer. `examples/session_store` is a whole one.
pub trait SessionStore: fmt::Debug + Send + Sync + 'static {
    /// The session under `key`, if there is one.
    fn load<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, Option<StoredSession>>;

    /// Keeps a new session, with version 1 and unclaimed. `false` if there is one already, which then
    /// stays as it is.
    fn create<'a>(
        &'a self,
        key: &'a SessionKey,
        value: &'a [u8],
        lifetime: Duration,
    ) -> StoreFuture<'a, bool>;

    /// Keeps another value, for another lifetime from now on; a claim is over. `false` if the session
    /// is not there with this version.
    fn replace<'a>(
        &'a self,
        key: &'a SessionKey,
        version: u64,
        value: &'a [u8],
        lifetime: Duration,
    ) -> StoreFuture<'a, bool>;

    /// Records the claim of somebody who is about to use the session's refresh token, in place of an
    /// earlier one. Value and lifetime stay. `false` if the session is not there with this version.
    fn claim<'a>(
        &'a self,
        key: &'a SessionKey,
        version: u64,
        claim: Claim,
    ) -> StoreFuture<'a, bool>;

    /// Takes the claim back: the refresh token was not used. Value and lifetime stay. `false` if the
    /// session is not there with this version.
    fn release<'a>(&'a self, key: &'a SessionKey, version: u64) -> StoreFuture<'a, bool>;

    /// Forgets the session, whatever its version, if it is there.
    fn delete<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, ()>;

    /// Whether other processes see this store. The layer then keeps there, too, which sign-ins were
    /// completed: entries of 20 minutes, made with [`create`](Self::create).
    ///
    /// Default: they do.
    fn is_shared(&self) -> bool {
        true
    }
}

impl<S: SessionStore + ?Sized> SessionStore for Arc<S> {
    fn load<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, Option<StoredSession>> {
        (**self).load(key)
    }

    fn create<'a>(
        &'a self,
        key: &'a SessionKey,
        value: &'a [u8],
        lifetime: Duration,
    ) -> StoreFuture<'a, bool> {
        (**self).create(key, value, lifetime)
    }

    fn replace<'a>(
        &'a self,
        key: &'a SessionKey,
        version: u64,
        value: &'a [u8],
        lifetime: Duration,
    ) -> StoreFuture<'a, bool> {
        (**self).replace(key, version, value, lifetime)
    }

    fn claim<'a>(
        &'a self,
        key: &'a SessionKey,
        version: u64,
        claim: Claim,
    ) -> StoreFuture<'a, bool> {
        (**self).claim(key, version, claim)
    }

    fn release<'a>(&'a self, key: &'a SessionKey, version: u64) -> StoreFuture<'a, bool> {
        (**self).release(key, version)
    }

    fn delete<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, ()> {
        (**self).delete(key)
    }

    fn is_shared(&self) -> bool {
        (**self).is_shared()
    }
}

/// What the methods of a [`SessionStore`] give.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The name of a session in a store: a hash, from which nobody learns what the browser has.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    /// That of the session whose browser has `id`.
    pub(crate) fn of_id(id: &[u8; 32]) -> Self {
        Self::of(&[id])
    }

    /// That of a sign-in, by its state.
    pub(crate) fn of_state(state: &str) -> Self {
        Self::of(&[b"state ", state.as_bytes()])
    }

    /// That of the mark that somebody has signed out of a session.
    pub(crate) fn of_end(session: SessionId) -> Self {
        Self::of(&[b"end ", session.as_bytes()])
    }

    /// 32 bytes that look random.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn of(parts: &[&[u8]]) -> Self {
        let mut hash = digest::Context::new(&digest::SHA256);
        for part in parts {
            hash.update(part);
        }
        let hash = hash.finish();
        let whole = hash.as_ref().first_chunk();
        Self(*whole.expect("SHA-256 has 32 bytes"))
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey")
    }
}

/// A session as a store has it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSession {
    pub(crate) value: Bytes,
    pub(crate) version: u64,
    pub(crate) claim: Option<Claim>,
}

impl StoredSession {
    /// Puts together what a store found: the value as it was given, the version, and the claim that was
    /// recorded since the value was written and not released.
    pub fn new(value: impl Into<Bytes>, version: u64, claim: Option<Claim>) -> Self {
        Self {
            value: value.into(),
            version,
            claim,
        }
    }

    /// What was given to [`create`](SessionStore::create) or [`replace`](SessionStore::replace) last.
    pub fn value(&self) -> &Bytes {
        &self.value
    }

    /// How often it was changed, and 1.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// What was given to [`claim`](SessionStore::claim), if that was the last change.
    pub fn claim(&self) -> Option<Claim> {
        self.claim
    }
}

impl fmt::Debug for StoredSession {
    /// Without the value, sealed as it is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredSession")
            .field("length", &self.value.len())
            .field("version", &self.version)
            .field("claim", &self.claim)
            .finish_non_exhaustive()
    }
}

/// A note that somebody is using the refresh token of a session. A store keeps its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Whose it is.
    id: [u8; 8],
    /// When nobody waits for its outcome any more.
    until: Timestamp,
}

impl Claim {
    pub(crate) fn new(until: Timestamp) -> Self {
        let mut id = [0; 8];
        rand::fill(&mut id).expect("the system's random source works");
        Self { id, until }
    }

    /// Whether its outcome may still come.
    pub(crate) fn is_fresh(self, now: Timestamp) -> bool {
        now < self.until
    }

    /// Whether nobody waits for its outcome any more since `age` or longer.
    pub(crate) fn is_older_than(self, age: Duration, now: Timestamp) -> bool {
        self.until.plus(age) <= now
    }

    /// What a store keeps: at least one of the bytes is not zero.
    pub fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let (id, until) = bytes.split_at_mut(8);
        id.copy_from_slice(&self.id);
        until.copy_from_slice(&self.until.as_unix().to_be_bytes());
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        let [mut id, mut until] = [[0; 8]; 2];
        let (first, second) = bytes.split_at(8);
        id.copy_from_slice(first);
        until.copy_from_slice(second);
        Self {
            id,
            until: Timestamp::from_unix(u64::from_be_bytes(until)),
        }
    }
}

/// Why a store did not answer.
#[derive(Debug)]
pub struct StoreError(Box<dyn StdError + Send + Sync>);

impl StoreError {
    /// With what went wrong. Its text is logged: it must not hold a password.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_survives_its_bytes() {
        let claim = Claim::new(Timestamp::from_unix(1_000));
        assert_eq!(Claim::from_bytes(claim.to_bytes()), claim);
        assert!(claim.is_fresh(Timestamp::from_unix(999)));
        assert!(!claim.is_fresh(Timestamp::from_unix(1_000)));
    }

    #[test]
    fn the_key_of_a_session_is_the_sha_256_of_its_id() {
        // printf '\0%.0s' {1..32} | sha256sum
        let key = SessionKey::of_id(&[0; 32]);
        assert_eq!(key.as_bytes()[..4], [0x66, 0x68, 0x7a, 0xad]);
        assert_ne!(SessionKey::of_state("a"), SessionKey::of_state("b"));
        assert_eq!(format!("{key:?}"), "SessionKey");
    }
}
