//! The keys of entries and users in a session store.

use std::{fmt, time::Duration};

use crate::{seal::sha256, session::SessionId};

/// The key of an entry in a session store: a hash, from which the session id in the browser's cookie cannot be
/// computed.
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
    /// The key of the session with this id in the browser's cookie.
    pub(crate) fn of_id(id: &[u8; 32]) -> Self {
        Self(sha256(&[id]))
    }

    /// The key of the record that the sign-in with this `state` was completed.
    pub(crate) fn of_state(state: &str) -> Self {
        Self(sha256(&[b"state ", state.as_bytes()]))
    }

    /// The key of the record that the user signed out during a refresh of this session.
    pub(crate) fn of_end(session: SessionId) -> Self {
        Self(sha256(&[b"end ", &session.0]))
    }

    /// The key of a user's [`Generation`](crate::session::Generation).
    pub(crate) fn of_generation(user: UserKey) -> Self {
        Self(sha256(&[b"generation ", user.as_bytes()]))
    }

    /// 32 bytes that look random.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads the bytes of [`as_bytes`](Self::as_bytes), for [`SessionStore::list`](super::SessionStore::list).
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
    pub fn user(&self) -> UserKey {
        self.user
    }

    /// The longest lifetime of the session, however often [`replace`](super::SessionStore::replace) restarts it.
    /// The user's list has to name the session for this long.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_session_is_the_sha_256_of_its_id() {
        // printf '\0%.0s' {1..32} | sha256sum
        let key = SessionKey::of_id(&[0; 32]);
        assert_eq!(key.as_bytes()[..4], [0x66, 0x68, 0x7a, 0xad]);
        assert_eq!(SessionKey::from_bytes(*key.as_bytes()), key);
        assert_ne!(SessionKey::of_state("a"), SessionKey::of_state("b"));
        assert_eq!(format!("{key:?}"), "SessionKey");
        assert_eq!(format!("{:?}", UserKey::new([0; 32])), "UserKey");
    }
}
