//! What a store keeps of a session.

use std::{fmt, time::Duration};

use bytes::Bytes;

use crate::{clock::Timestamp, seal::random};

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
    pub fn value(&self) -> &Bytes {
        &self.value
    }

    /// Starts at 1; each successful change adds 1.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The attempt that [`begin_refresh`](super::SessionStore::begin_refresh) recorded, if that was the last
    /// change.
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

/// The record that a process is about to send a session's refresh token. A store keeps its bytes.
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
    /// An attempt that others wait for until `deadline`. Eight random bytes tell it from all others.
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
    pub fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// Reads the bytes of [`to_bytes`](Self::to_bytes).
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_survives_its_bytes() {
        let attempt = RefreshAttempt::new(Timestamp::from_unix(1_000));
        assert_eq!(RefreshAttempt::from_bytes(attempt.to_bytes()), attempt);
        assert!(attempt.is_pending(Timestamp::from_unix(999)));
        assert!(!attempt.is_pending(Timestamp::from_unix(1_000)));
        let minute = Duration::from_secs(60);
        assert!(!attempt.has_lapsed_for(minute, Timestamp::from_unix(1_059)));
        assert!(attempt.has_lapsed_for(minute, Timestamp::from_unix(1_060)));
    }
}
