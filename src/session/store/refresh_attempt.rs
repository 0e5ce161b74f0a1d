//! The record that a refresh token is about to be sent.

use std::time::Duration;

use aws_lc_rs::rand;

use crate::clock::Timestamp;

/// The record that a process is about to send a session's refresh token. A store keeps its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshAttempt {
    /// Tells this attempt from others.
    id: [u8; 8],
    /// When its outcome is no longer waited for.
    deadline: Timestamp,
}

impl RefreshAttempt {
    pub(crate) fn new(deadline: Timestamp) -> Self {
        let mut id = [0; 8];
        rand::fill(&mut id).expect("the system's random source works");
        Self { id, deadline }
    }

    /// Whether its outcome may still come.
    pub(crate) fn is_pending(self, now: Timestamp) -> bool {
        now < self.deadline
    }

    /// Whether its deadline passed at least `age` ago.
    pub(crate) fn has_lapsed_for(self, age: Duration, now: Timestamp) -> bool {
        self.deadline.plus(age) <= now
    }

    /// The bytes to store: never all zero, so that zeros can stand for no attempt.
    pub fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        let (id, deadline) = bytes.split_at_mut(8);
        id.copy_from_slice(&self.id);
        deadline.copy_from_slice(&self.deadline.as_unix().to_be_bytes());
        bytes
    }

    /// Reads the bytes of [`to_bytes`](Self::to_bytes).
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        let [mut id, mut deadline] = [[0; 8]; 2];
        let (first, second) = bytes.split_at(8);
        id.copy_from_slice(first);
        deadline.copy_from_slice(second);
        Self {
            id,
            deadline: Timestamp::from_unix(u64::from_be_bytes(deadline)),
        }
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
