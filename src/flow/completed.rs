//! Which sign-ins were completed here.

use std::{
    collections::{HashSet, VecDeque},
    fmt,
    sync::Mutex,
};

use aws_lc_rs::digest;

use crate::{clock::Timestamp, oidc::PendingSignIn};

/// The states of completed sign-ins, so that each is completed once, whatever a browser repeats.
///
/// A state is remembered, by 16 bytes of its hash, for as long as a cookie could still bring it
/// back. Memory is bounded: past [`CAPACITY`] the oldest is forgotten, and a repetition of that one
/// is then for the provider to refuse, whose codes work once as well.
#[derive(Default)]
pub(super) struct CompletedSignIns(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    states: HashSet<StateHash>,
    /// In the order in which they were claimed.
    claims: VecDeque<(StateHash, Timestamp)>,
}

type StateHash = [u8; 16];

impl CompletedSignIns {
    /// Takes `state` for the caller alone: true once, false ever after.
    pub(super) fn claim(&self, state: &str, now: Timestamp) -> bool {
        let state = hash(state);
        let mut remembered = self.lock();
        remembered.forget_expired(now);
        if !remembered.states.insert(state) {
            return false;
        }
        if remembered.claims.len() >= CAPACITY {
            remembered.forget_oldest();
        }
        let expires = now.plus(PendingSignIn::LIFETIME);
        remembered.claims.push_back((state, expires));
        true
    }

    /// Whether `state` was claimed.
    pub(super) fn contains(&self, state: &str) -> bool {
        self.lock().states.contains(&hash(state))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Remembered> {
        self.0
            .lock()
            .expect("nothing panics while it holds this lock")
    }
}

impl Remembered {
    fn forget_expired(&mut self, now: Timestamp) {
        while self
            .claims
            .front()
            .is_some_and(|(_, expires)| *expires <= now)
        {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((state, _)) = self.claims.pop_front() {
            self.states.remove(&state);
        }
    }
}

impl fmt::Debug for CompletedSignIns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CompletedSignIns({})", self.lock().claims.len())
    }
}

fn hash(state: &str) -> StateHash {
    let digest = digest::digest(&digest::SHA256, state.as_bytes());
    *digest
        .as_ref()
        .first_chunk()
        .expect("SHA-256 gives 32 bytes")
}

/// Some 50 sign-ins a second. In all about 4 MB.
const CAPACITY: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1000);

    #[test]
    fn a_state_is_claimed_once() {
        let completed = CompletedSignIns::default();
        assert!(completed.claim("a", NOW));
        assert!(!completed.claim("a", NOW));
        assert!(completed.claim("b", NOW));
        assert!(completed.contains("a") && !completed.contains("c"));
    }

    #[test]
    fn it_is_forgotten_when_no_cookie_can_bring_it_back() {
        let completed = CompletedSignIns::default();
        assert!(completed.claim("a", NOW));
        assert!(!completed.claim("a", Timestamp::from_unix(2199)));
        assert!(completed.claim("b", Timestamp::from_unix(2200)));
        assert!(!completed.contains("a"));
    }

    #[test]
    fn memory_is_bounded() {
        let completed = CompletedSignIns::default();
        for state in 0..CAPACITY + 10 {
            assert!(completed.claim(&state.to_string(), NOW));
        }
        let remembered = completed.lock();
        assert_eq!(remembered.claims.len(), CAPACITY);
        assert_eq!(remembered.states.len(), CAPACITY);
        assert!(!remembered.states.contains(&hash("9")));
        assert!(remembered.states.contains(&hash("10")));
    }
}
