//! The names that a store knows sessions and users by.

use std::{fmt, time::Duration};

use aws_lc_rs::digest;

use crate::session::SessionId;

/// The name of an entry in a store: a hash. The session id in the browser's cookie cannot be computed from it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    /// The key of the session with this id in the browser's cookie.
    pub(crate) fn of_id(id: &[u8; 32]) -> Self {
        Self::of(&[id])
    }

    /// The key of the record that the sign-in with this `state` was completed.
    pub(crate) fn of_state(state: &str) -> Self {
        Self::of(&[b"state ", state.as_bytes()])
    }

    /// The key of the mark that a session was signed out of while its tokens were being refreshed.
    pub(crate) fn of_end(session: SessionId) -> Self {
        Self::of(&[b"end ", session.as_bytes()])
    }

    /// The key of a user's [`Generation`](crate::session::Generation).
    pub(crate) fn of_generation(user: UserKey) -> Self {
        Self::of(&[b"generation ", user.as_bytes()])
    }

    /// 32 bytes that look random.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads the bytes of [`as_bytes`](Self::as_bytes), for [`SessionStore::list`](super::SessionStore::list).
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
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

/// The name of a user in a store: a hash of issuer and subject with a key of the layer's, from which a store
/// learns neither.
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

/// The user that a new session belongs to.
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

    /// How long the session can last at most, however often [`replace`](super::SessionStore::replace) prolongs
    /// it: how long a list of the user's sessions has to name it.
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
