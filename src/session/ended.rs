//! Sessions that this process has ended.

use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
};

use super::{SessionId, lock};
use crate::clock::Timestamp;

/// The ids of sessions that this process has ended, each until its absolute limit: the cookie of an ended session
/// is refused, even if a late response has restored the cookie.
///
/// At most 65,536 ids are kept; the oldest is removed first.
#[derive(Default)]
pub(crate) struct EndedSessions(Mutex<Ids>);

#[derive(Default)]
struct Ids {
    ends: HashMap<SessionId, Ended>,
    /// Oldest first.
    order: VecDeque<SessionId>,
}

/// The end of a session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    /// The absolute limit.
    pub(super) limit: Timestamp,
    /// Whether another sign-in of the same browser replaced the session. The browser's cookies may then be those of the
    /// new session, so no response removes them.
    pub(super) is_replaced: bool,
}

impl EndedSessions {
    /// Adds a session. `true` the first time.
    pub(super) fn insert(&self, session: SessionId, end: Ended, now: Timestamp) -> bool {
        let mut ids = lock(&self.0);
        if ids.ends.contains_key(&session) {
            return false;
        }
        while let Some(oldest) = ids.order.front().copied() {
            let has_passed = ids.ends.get(&oldest).is_none_or(|end| end.limit <= now);
            if !has_passed && ids.order.len() < CAPACITY {
                break;
            }
            ids.order.pop_front();
            ids.ends.remove(&oldest);
        }
        ids.ends.insert(session, end);
        ids.order.push_back(session);
        true
    }

    pub(super) fn get(&self, session: SessionId) -> Option<Ended> {
        lock(&self.0).ends.get(&session).copied()
    }
}

const CAPACITY: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix(1_000 + seconds)
    }

    fn until(seconds: u64) -> Ended {
        Ended {
            limit: at(seconds),
            is_replaced: false,
        }
    }

    fn contains(ended: &EndedSessions, session: SessionId) -> bool {
        ended.get(session).is_some()
    }

    fn id(number: usize) -> SessionId {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        SessionId(bytes)
    }

    // Behaviour 103.
    #[test]
    fn an_ended_session_is_remembered_until_its_absolute_limit() {
        let ended = EndedSessions::default();
        assert!(ended.insert(id(1), until(100), at(0)));
        assert!(!ended.insert(id(1), until(100), at(0)));
        assert!(ended.insert(id(2), until(200), at(99)));
        assert!(contains(&ended, id(1)));
        assert!(ended.insert(id(3), until(200), at(100)));
        assert!(!contains(&ended, id(1)));
        assert!(contains(&ended, id(2)) && contains(&ended, id(3)));
    }

    #[test]
    fn the_oldest_id_is_removed_first() {
        let ended = EndedSessions::default();
        for number in 0..=CAPACITY {
            assert!(ended.insert(id(number), until(100), at(0)));
        }
        assert!(!contains(&ended, id(0)));
        assert!(contains(&ended, id(1)) && contains(&ended, id(CAPACITY)));
        assert_eq!(lock(&ended.0).ends.len(), CAPACITY);
    }
}
