//! What happened here a moment ago.

use std::{collections::HashSet, mem, sync::Mutex};

use aws_lc_rs::digest;

use crate::{clock::Timestamp, oidc::PendingSignIn};

/// Names of what happened once and must not happen again: the states of callbacks with their codes, and refresh
/// tokens that work once.
///
/// A name is remembered, by 16 bytes of its hash, for at least as long as a flow cookie could bring it
/// back: in the present generation and then in the one before. Memory is bounded: a generation that is
/// full ends early, and a repetition of what is then forgotten is for others to refuse; a provider's codes
/// work once as well.
#[derive(Default)]
pub(crate) struct ReplayCache(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    present: HashSet<Hash>,
    previous: HashSet<Hash>,
    /// When the present one ends.
    end: Option<Timestamp>,
}

type Hash = [u8; 16];

impl ReplayCache {
    /// Adds `name`. `true` once, `false` ever after.
    pub(crate) fn insert(&self, name: &[u8], now: Timestamp) -> bool {
        let name = hash(name);
        let mut generations = self.lock();
        generations.turn(now);
        !generations.previous.contains(&name) && generations.present.insert(name)
    }

    /// Whether `name` was added.
    pub(crate) fn contains(&self, name: &[u8]) -> bool {
        let name = hash(name);
        let generations = self.lock();
        generations.present.contains(&name) || generations.previous.contains(&name)
    }

    /// Removes `name`.
    pub(crate) fn forget(&self, name: &[u8]) {
        let name = hash(name);
        let mut generations = self.lock();
        generations.present.remove(&name);
        generations.previous.remove(&name);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Generations> {
        self.0
            .lock()
            .expect("nothing panics while it holds this lock")
    }
}

impl Generations {
    /// Starts a new generation if the present one has lasted its time or is full.
    fn turn(&mut self, now: Timestamp) {
        let over = self.end.is_none_or(|end| now >= end);
        if over || self.present.len() >= CAPACITY {
            self.previous = mem::take(&mut self.present);
            self.end = Some(now.plus(PendingSignIn::LIFETIME));
        }
    }
}

fn hash(name: &[u8]) -> Hash {
    let digest = digest::digest(&digest::SHA256, name);
    *digest
        .as_ref()
        .first_chunk()
        .expect("SHA-256 gives 32 bytes")
}

/// Of one generation: more than 50 sign-ins a second, in all about 4 MB.
const CAPACITY: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(1000 + seconds)
    }

    #[test]
    fn a_name_is_inserted_once() {
        let completed = ReplayCache::default();
        assert!(completed.insert(b"a", at(0)));
        assert!(!completed.insert(b"a", at(0)));
        assert!(completed.insert(b"b", at(0)));
        assert!(completed.contains(b"a") && !completed.contains(b"c"));
    }

    #[test]
    fn it_is_remembered_for_as_long_as_a_cookie_could_bring_it_back() {
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
        let generations = completed.lock();
        assert_eq!(generations.present.len(), CAPACITY);
        assert_eq!(generations.previous.len(), CAPACITY);
    }
}
