//! Values that this process has used and must not use again.

use std::{collections::HashSet, mem, sync::Mutex};

use super::lock;
use crate::{clock::Timestamp, oidc::PendingSignIn, seal::sha256};

/// Remembers single-use values: the states of callbacks with their codes, and single-use refresh tokens.
///
/// A value is kept as 16 bytes of its hash for at least 20 minutes, the lifetime of a flow cookie: first in the present
/// bucket, then in the previous one. A full bucket is replaced early, so that memory is bounded; the provider then has
/// to refuse a second use.
#[derive(Default)]
pub(crate) struct ReplayCache(Mutex<Buckets>);

#[derive(Default)]
struct Buckets {
    present: HashSet<Hash>,
    previous: HashSet<Hash>,
    /// When the present bucket is replaced.
    end: Option<Timestamp>,
}

type Hash = [u8; 16];

impl ReplayCache {
    /// Adds `value`. `false` if it was added before.
    pub(crate) fn insert(&self, value: &[u8], now: Timestamp) -> bool {
        let value = hash(value);
        let mut buckets = lock(&self.0);
        buckets.rotate(now);
        !buckets.previous.contains(&value) && buckets.present.insert(value)
    }

    /// Whether `value` was added.
    pub(crate) fn contains(&self, value: &[u8]) -> bool {
        let value = hash(value);
        let buckets = lock(&self.0);
        buckets.present.contains(&value) || buckets.previous.contains(&value)
    }

    /// Removes `value`.
    pub(crate) fn forget(&self, value: &[u8]) {
        let value = hash(value);
        let mut buckets = lock(&self.0);
        buckets.present.remove(&value);
        buckets.previous.remove(&value);
    }
}

impl Buckets {
    /// Starts a new bucket if the present one has reached its end or is full.
    fn rotate(&mut self, now: Timestamp) {
        let over = self.end.is_none_or(|end| now >= end);
        if over || self.present.len() >= CAPACITY {
            self.previous = mem::take(&mut self.present);
            self.end = Some(now.plus(PendingSignIn::LIFETIME));
        }
    }
}

fn hash(value: &[u8]) -> Hash {
    let hash = sha256(&[value]);
    *hash.first_chunk().expect("16 of 32 bytes")
}

/// The limit of one bucket. Two full buckets hold 20 minutes of more than 50 sign-ins a second, and take about 4 MB.
const CAPACITY: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(1000 + seconds)
    }

    #[test]
    fn a_value_is_inserted_once() {
        let completed = ReplayCache::default();
        assert!(completed.insert(b"a", at(0)));
        assert!(!completed.insert(b"a", at(0)));
        assert!(completed.insert(b"b", at(0)));
        assert!(completed.contains(b"a") && !completed.contains(b"c"));
    }

    #[test]
    fn a_value_is_remembered_for_the_lifetime_of_a_flow_cookie() {
        let lifetime = PendingSignIn::LIFETIME.as_secs();
        let completed = ReplayCache::default();
        assert!(completed.insert(b"first", at(0)));
        assert!(completed.insert(b"late", at(lifetime - 1)));
        assert!(completed.insert(b"next", at(lifetime)));
        assert!(!completed.insert(b"late", at(2 * lifetime - 1)));
        assert!(completed.insert(b"after", at(2 * lifetime)));
        assert!(!completed.contains(b"first") && !completed.contains(b"late"));
        assert!(completed.contains(b"next"));
    }

    #[test]
    fn memory_is_bounded() {
        let completed = ReplayCache::default();
        for state in 0..3 * CAPACITY {
            assert!(completed.insert(state.to_string().as_bytes(), at(0)));
        }
        let buckets = lock(&completed.0);
        assert_eq!(buckets.present.len(), CAPACITY);
        assert_eq!(buckets.previous.len(), CAPACITY);
    }
}
