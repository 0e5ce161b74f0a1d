//! Names and values in Redis.

use std::fmt::Write;

use bytes::Bytes;

use crate::session::store::{RefreshAttempt, SessionKey, StoreError, StoredSession, UserKey};

/// The Redis key of a session.
pub(super) fn name_of_session(key: SessionKey) -> String {
    name("tower-didit:", key.as_bytes())
}

/// The Redis key of the list of a user's sessions.
pub(super) fn name_of_user(user: UserKey) -> String {
    name("tower-didit:user:", user.as_bytes())
}

fn name(prefix: &str, key: &[u8; 32]) -> String {
    let mut name = String::with_capacity(prefix.len() + 64);
    name.push_str(prefix);
    for byte in key {
        write!(name, "{byte:02x}").expect("a string takes everything");
    }
    name
}

/// Version, refresh attempt or zeros, value.
pub(super) fn write(version: u64, attempt: Option<RefreshAttempt>, value: &[u8]) -> Vec<u8> {
    let attempt = attempt.map_or([0; 16], RefreshAttempt::to_bytes);
    [&version.to_be_bytes()[..], &attempt, value].concat()
}

pub(super) fn read(written: Vec<u8>) -> Result<StoredSession, StoreError> {
    let written = Bytes::from(written);
    let head = written
        .split_first_chunk()
        .and_then(|(version, rest)| Some((version, rest.first_chunk()?)));
    let Some((version, attempt)) = head else {
        return Err(StoreError::new("what Redis has is not a session"));
    };
    let attempt = (*attempt != [0; 16]).then(|| RefreshAttempt::from_bytes(*attempt));
    let version = u64::from_be_bytes(*version);
    Ok(StoredSession::new(written.slice(HEAD..), version, attempt))
}

pub(super) fn read_key(written: &[u8]) -> Result<SessionKey, StoreError> {
    let key = written.try_into().map(SessionKey::from_bytes);
    key.map_err(|_| StoreError::new("what Redis has is not a list of sessions"))
}

/// The length of version and refresh attempt.
const HEAD: usize = 8 + 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn a_session_survives_its_string() {
        for attempt in [None, Some(RefreshAttempt::new(Timestamp::from_unix(7)))] {
            let session = StoredSession::new(b"value".as_slice(), 5, attempt);
            assert_eq!(read(write(5, attempt, b"value")).unwrap(), session);
        }
        assert!(read(vec![0; HEAD - 1]).is_err());
    }
}
