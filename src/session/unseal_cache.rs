//! A cache of opened sessions.

use std::sync::Mutex;

use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::{Session, lock};

/// Caches opened sessions: most requests carry a sealed value that was opened before.
///
/// Only values that open are cached, so attackers can fill the cache only with sessions of their own. The lookup uses a
/// part of the nonce, then compares the whole value and its label.
pub(crate) struct UnsealCache {
    slots: Box<[Mutex<Option<Entry>>]>,
}

struct Entry {
    label: Box<[u8]>,
    sealed: Box<[u8]>,
    session: Session,
}

impl UnsealCache {
    pub(crate) fn new() -> Self {
        Self {
            slots: (0..SLOTS).map(|_| Mutex::default()).collect(),
        }
    }

    /// The session that `sealed` opens to under `label`, from the cache or from `open`.
    pub(crate) fn open(
        &self,
        label: &[u8],
        sealed: &[u8],
        open: impl FnOnce() -> Option<Session>,
    ) -> Option<Session> {
        let slot = self.slot(sealed);
        let known = slot.and_then(|slot| lock(slot).as_ref()?.get(label, sealed));
        if known.is_some() {
            return known;
        }
        let session = open()?;
        if let Some(slot) = slot {
            let entry = Entry {
                label: label.into(),
                sealed: sealed.into(),
                session: session.clone(),
            };
            // The earlier entry is dropped after the lock is released.
            let _before = lock(slot).replace(entry);
        }
        Some(session)
    }

    /// The slot of a value, by bytes that belong to its nonce, in base64 or not.
    fn slot(&self, sealed: &[u8]) -> Option<&Mutex<Option<Entry>>> {
        if sealed.len() > MAX_LENGTH {
            return None;
        }
        let nonce = sealed.get(6..)?.first_chunk()?;
        let spread = u64::from_le_bytes(*nonce).wrapping_mul(GOLDEN) >> (64 - SLOT_BITS);
        self.slots.get(usize::try_from(spread).ok()?)
    }
}

impl Entry {
    /// The session, if this entry has the same sealed value and label.
    ///
    /// The end of the value, which holds the tag, is compared first and in constant time: an attacker must not be
    /// able to measure how much of another user's value a guess matches. The tag's 128 bits cannot be guessed, so
    /// the comparison of the rest need not take constant time.
    fn get(&self, label: &[u8], sealed: &[u8]) -> Option<Session> {
        let (own_rest, own_end) = self.sealed.split_last_chunk::<END>()?;
        let (rest, end) = sealed.split_last_chunk::<END>()?;
        let is_same = verify_slices_are_equal(own_end, end).is_ok()
            && own_rest == rest
            && *self.label == *label;
        is_same.then(|| self.session.clone())
    }
}

const SLOT_BITS: u32 = 10;
const SLOTS: usize = 1 << SLOT_BITS;
/// In bytes: the tag in base64, and a little more.
const END: usize = 24;
/// In bytes: a full cache takes about 4 MB and the sessions.
const MAX_LENGTH: usize = 4096;
/// Mixes the bits, since base64 uses 6 of 8 (Knuth, multiplicative hashing).
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        clock::Timestamp,
        session::Limits,
        tokens::{AccessToken, DiditTokens, IdClaims, Scopes, TokenSet},
    };

    fn session() -> Session {
        let now = Timestamp::from_unix(1000);
        let tokens = DiditTokens::new(
            TokenSet {
                access_token: AccessToken::new("at"),
                refresh_token: None,
                id_token: None,
                scopes: Scopes::new("openid"),
                expires_at: None,
                received_at: now,
            },
            IdClaims::of_subject("john"),
        );
        let limits = Limits {
            idle: Duration::from_secs(60),
            absolute: Duration::from_secs(60),
        };
        Session::start(tokens, false, limits, now)
    }

    /// Whether `open` was called.
    fn misses(recent: &UnsealCache, label: &[u8], sealed: &[u8]) -> bool {
        let mut is_called = false;
        let opened = recent.open(label, sealed, || {
            is_called = true;
            Some(session())
        });
        assert!(opened.is_some());
        is_called
    }

    #[test]
    fn an_opened_value_is_cached_with_its_label_and_every_byte() {
        let recent = UnsealCache::new();
        let sealed = b"0123456789abcdef0123456789abcdef".as_slice();
        assert!(misses(&recent, b"a", sealed));
        assert!(!misses(&recent, b"a", sealed));
        assert!(misses(&recent, b"b", sealed), "another label");
        assert!(misses(&recent, b"a", sealed), "the slot was reused");
        for at in [0, 20, sealed.len() - 1] {
            let mut other = sealed.to_vec();
            other[at] = b'x';
            let refused = recent.open(b"a", &other, || None);
            assert!(refused.is_none(), "at {at}");
        }
        assert!(recent.open(b"a", &sealed[..31], || None).is_none());
    }

    #[test]
    fn a_value_that_does_not_open_is_not_cached_and_replaces_no_other() {
        let recent = UnsealCache::new();
        let sealed = [7; 100];
        assert!(misses(&recent, b"a", &sealed));
        let mut forged = sealed;
        forged[99] = 8;
        for _ in 0..2 {
            assert!(recent.open(b"a", &forged, || None).is_none());
        }
        assert!(!misses(&recent, b"a", &sealed));
    }

    #[test]
    fn short_and_long_values_are_not_cached() {
        let recent = UnsealCache::new();
        for sealed in [vec![], vec![1; 13], vec![2; MAX_LENGTH + 1]] {
            assert!(misses(&recent, b"a", &sealed));
            assert!(misses(&recent, b"a", &sealed));
        }
    }
}
