//! Names and values in Redis.

use std::{fmt::Write, sync::Arc};

use bytes::Bytes;

#[cfg(feature = "verification")]
use crate::seal::sha256;
use crate::session::store::{RefreshAttempt, SessionKey, StoreError, StoredSession, UserKey};

/// The names of keys: all begin with `tower-didit:`, and with the namespace if there is one.
#[derive(Clone)]
pub(super) struct Names(Arc<str>);

impl Names {
    pub(super) fn in_namespace(namespace: &str) -> Self {
        Self(format!("{PREFIX}{namespace}:").into())
    }

    pub(super) fn of_session(&self, key: SessionKey) -> String {
        self.name("", key.as_bytes())
    }

    pub(super) fn of_user(&self, user: UserKey) -> String {
        self.name("user:", user.as_bytes())
    }

    /// A hash, so that any user id makes a short name.
    #[cfg(feature = "verification")]
    pub(super) fn of_record(&self, user: &str) -> String {
        self.name("verification:", &sha256(&[user.as_bytes()]))
    }

    fn name(&self, kind: &str, key: &[u8; 32]) -> String {
        let Self(prefix) = self;
        hex(format!("{prefix}{kind}"), key)
    }
}

impl Default for Names {
    fn default() -> Self {
        Self(PREFIX.into())
    }
}

fn hex(mut name: String, key: &[u8; 32]) -> String {
    for byte in key {
        write!(name, "{byte:02x}").expect("writing to a string succeeds");
    }
    name
}

/// Version, refresh attempt or zeros, value.
pub(super) fn encode(version: u64, attempt: Option<RefreshAttempt>, value: &[u8]) -> Vec<u8> {
    let attempt = attempt.map_or([0; 16], RefreshAttempt::to_bytes);
    [&version.to_be_bytes()[..], &attempt, value].concat()
}

pub(super) fn decode(encoded: Vec<u8>) -> Result<StoredSession, StoreError> {
    let encoded = Bytes::from(encoded);
    let head = encoded
        .split_first_chunk()
        .and_then(|(version, rest)| Some((version, rest.first_chunk()?)));
    let (version, attempt) = head.ok_or_else(|| StoreError::new("not a session in Redis"))?;
    let attempt = (*attempt != [0; 16]).then(|| RefreshAttempt::from_bytes(*attempt));
    let version = u64::from_be_bytes(*version);
    Ok(StoredSession::new(encoded.slice(HEAD..), version, attempt))
}

pub(super) fn decode_key(encoded: &[u8]) -> Result<SessionKey, StoreError> {
    let key = encoded.try_into().map(SessionKey::from_bytes);
    key.map_err(|_| StoreError::new("not a list of sessions in Redis"))
}

/// A key that no entry has: the keys of entries have 64 hex digits at their end.
pub(super) const PREFIX: &str = "tower-didit:";
/// The length of version and refresh attempt.
const HEAD: usize = 8 + 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn a_stored_session_is_read_back() {
        for attempt in [None, Some(RefreshAttempt::new(Timestamp::from_unix(7)))] {
            let session = StoredSession::new(b"value".as_slice(), 5, attempt);
            assert_eq!(decode(encode(5, attempt, b"value")).unwrap(), session);
        }
        assert!(decode(vec![0; HEAD - 1]).is_err());
    }
}
