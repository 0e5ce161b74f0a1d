//! What a session store keeps: keys and entries.

use std::{fmt, time::Duration};

use bytes::Bytes;

use crate::{
    clock::Timestamp,
    seal::{random, sha256},
    session::SessionId,
};

/// The key of an entry in a session store: a hash, from which the cookie id (the secret in the browser's session
/// cookie) cannot be computed.
///
/// ```
/// use tower_didit::store::SessionKey;
///
/// let key = SessionKey::from_bytes([7; 32]);
/// assert_eq!(key.as_bytes(), &[7; 32]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    /// The key of the session with this cookie id.
    pub(crate) fn of_cookie_id(cookie_id: &[u8; 32]) -> Self {
        Self(sha256(&[cookie_id]))
    }

    /// The key of the record that this `state` was used.
    pub(crate) fn of_state(state: &str) -> Self {
        Self(sha256(&[b"state ", state.as_bytes()]))
    }

    /// The key of the record that the user signed out during a refresh of this session.
    pub(crate) fn of_end(session: SessionId) -> Self {
        Self(sha256(&[b"end ", &session.0]))
    }

    /// The key of the [`Epoch`](crate::session::Epoch).
    pub(crate) fn of_epoch() -> Self {
        Self(sha256(&[b"epoch"]))
    }

    /// The key of a user's [`Generation`](crate::session::Generation).
    pub(crate) fn of_generation(user: UserKey) -> Self {
        Self(sha256(&[b"generation ", user.as_bytes()]))
    }

    /// 32 bytes that look random.
    /// [Example](Self).
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads the bytes of [`as_bytes`](Self::as_bytes), for [`SessionStore::list`](super::SessionStore::list).
    /// [Example](Self).
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey")
    }
}

/// The key of a user in a session store: an HMAC of issuer and subject, from which neither can be computed. An
/// [example](super::SessionStore#examples) is with the trait.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserKey([u8; 32]);

impl UserKey {
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// 32 bytes that look random.
    ///
    /// ```
    /// use tower_didit::store::UserKey;
    ///
    /// /// The name of the user's list of sessions.
    /// fn name(user: &UserKey) -> String {
    ///     user.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    /// }
    /// ```
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for UserKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserKey")
    }
}

/// The user who owns a new session. An [example](super::SessionStore#examples) is with the trait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionOwner {
    user: UserKey,
    lifetime: Duration,
}

impl SessionOwner {
    pub(crate) fn new(user: UserKey, lifetime: Duration) -> Self {
        Self { user, lifetime }
    }

    /// The user.
    /// [Example](super::SessionStore#examples).
    pub fn user(&self) -> UserKey {
        self.user
    }

    /// The maximum lifetime of the session, however often [`replace`](super::SessionStore::replace) restarts the
    /// entry's lifetime. The user's list must contain the session for this long.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use tower_didit::store::SessionOwner;
    ///
    /// /// When the session's key may be removed from the list of its user.
    /// fn end(owner: SessionOwner) -> SystemTime {
    ///     SystemTime::now() + owner.lifetime()
    /// }
    /// ```
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }
}

/// An entry as a store has read it.
///
/// ```
/// use tower_didit::store::StoredSession;
///
/// let entry = StoredSession::new(b"sealed".to_vec(), 1, None);
/// assert_eq!((&entry.value()[..], entry.version()), (&b"sealed"[..], 1));
/// assert_eq!(entry.refresh_attempt(), None);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StoredSession {
    value: Bytes,
    version: u64,
    refresh_attempt: Option<RefreshAttempt>,
}

impl StoredSession {
    /// An entry that a store has read.
    /// [Example](Self).
    pub fn new(
        value: impl Into<Bytes>,
        version: u64,
        refresh_attempt: Option<RefreshAttempt>,
    ) -> Self {
        Self {
            value: value.into(),
            version,
            refresh_attempt,
        }
    }

    /// The value of the last [`create`](super::SessionStore::create) or
    /// [`replace`](super::SessionStore::replace).
    /// [Example](Self).
    pub fn value(&self) -> &Bytes {
        &self.value
    }

    /// Starts at 1; each successful change adds 1.
    /// [Example](Self).
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The attempt that [`begin_refresh`](super::SessionStore::begin_refresh) recorded, if that was the last
    /// change.
    /// [Example](Self).
    pub fn refresh_attempt(&self) -> Option<RefreshAttempt> {
        self.refresh_attempt
    }
}

impl fmt::Debug for StoredSession {
    /// Without the value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredSession")
            .field("length", &self.value.len())
            .field("version", &self.version)
            .field("refresh_attempt", &self.refresh_attempt)
            .finish_non_exhaustive()
    }
}

/// The record that a process is about to send a session's refresh token. A store saves the record's bytes.
///
/// ```
/// use tower_didit::store::RefreshAttempt;
///
/// let attempt = RefreshAttempt::from_bytes([7; 16]);
/// assert_eq!(attempt.to_bytes(), [7; 16]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshAttempt([u8; 16]);

impl RefreshAttempt {
    /// An attempt that others wait for until `deadline`. Eight random bytes distinguish it from all others.
    pub(crate) fn new(deadline: Timestamp) -> Self {
        let mut bytes = random();
        let (_, end) = bytes.split_at_mut(8);
        end.copy_from_slice(&deadline.as_unix().to_be_bytes());
        Self(bytes)
    }

    /// Whether the outcome may still come.
    pub(crate) fn is_pending(self, now: Timestamp) -> bool {
        now < self.deadline()
    }

    /// Whether the deadline passed at least `age` ago.
    pub(crate) fn has_lapsed_for(self, age: Duration, now: Timestamp) -> bool {
        self.deadline().plus(age) <= now
    }

    fn deadline(self) -> Timestamp {
        let deadline = self.0.last_chunk().expect("8 of 16 bytes");
        Timestamp::from_unix(u64::from_be_bytes(*deadline))
    }

    /// The bytes to store: never all zero, so that zeros can stand for no attempt.
    /// [Example](Self).
    pub fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// Reads the bytes of [`to_bytes`](Self::to_bytes).
    /// [Example](Self).
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_session_is_the_sha_256_of_its_cookie_id() {
        // printf '\0%.0s' {1..32} | sha256sum
        let key = SessionKey::of_cookie_id(&[0; 32]);
        assert_eq!(key.as_bytes()[..4], [0x66, 0x68, 0x7a, 0xad]);
        assert_eq!(SessionKey::from_bytes(*key.as_bytes()), key);
        assert_ne!(SessionKey::of_state("a"), SessionKey::of_state("b"));
        assert_eq!(format!("{key:?}"), "SessionKey");
        assert_eq!(format!("{:?}", UserKey::new([0; 32])), "UserKey");
    }

    #[test]
    fn an_attempt_is_read_back_from_its_bytes() {
        let attempt = RefreshAttempt::new(Timestamp::from_unix(1_000));
        assert_eq!(RefreshAttempt::from_bytes(attempt.to_bytes()), attempt);
        assert!(attempt.is_pending(Timestamp::from_unix(999)));
        assert!(!attempt.is_pending(Timestamp::from_unix(1_000)));
        let minute = Duration::from_secs(60);
        assert!(!attempt.has_lapsed_for(minute, Timestamp::from_unix(1_059)));
        assert!(attempt.has_lapsed_for(minute, Timestamp::from_unix(1_060)));
    }
}
