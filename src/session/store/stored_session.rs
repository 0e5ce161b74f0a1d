//! A session as a store keeps it.

use std::fmt;

use bytes::Bytes;

use super::RefreshAttempt;

/// A session as a store keeps it.
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
