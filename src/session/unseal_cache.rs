//! Sessions that were opened a moment ago.

use std::sync::{Mutex, MutexGuard, PoisonError};

use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::Session;

/// Remembers what sealed values opened to: most requests bring one that was opened before.
///
/// Only what opened goes in, so nobody can fill it but with sessions of their own. A value is found by a
/// part of its nonce and then compared as a whole, with its label.
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

    /// What `sealed` opens to under `label`: as it did before, else as `open` finds out.
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
            // What was there is dropped when the lock is free again.
            let _before = lock(slot).replace(entry);
        }
        Some(session)
    }

    /// Where a value is, by bytes that are of its nonce, be it in base64 or not.
    fn slot(&self, sealed: &[u8]) -> Option<&Mutex<Option<Entry>>> {
        if sealed.len() > LONGEST {
            return None;
        }
        let nonce = sealed.get(6..)?.first_chunk()?;
        let spread = u64::from_le_bytes(*nonce).wrapping_mul(GOLDEN) >> (64 - SLOT_BITS);
        self.slots.get(usize::try_from(spread).ok()?)
    }
}

impl Entry {
    /// The end, where the tag is, comes first and in constant time: how far a guess agrees with the value of
    /// somebody else must not be measurable. Nobody guesses the 128 bits of a tag, so the rest needs no such care.
    fn get(&self, label: &[u8], sealed: &[u8]) -> Option<Session> {
        let (own_rest, own_end) = self.sealed.split_last_chunk::<END>()?;
        let (rest, end) = sealed.split_last_chunk::<END>()?;
        let is_it = verify_slices_are_equal(own_end, end).is_ok()
            && own_rest == rest
            && *self.label == *label;
        is_it.then(|| self.session.clone())
    }
}

fn lock(slot: &Mutex<Option<Entry>>) -> MutexGuard<'_, Option<Entry>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

const SLOT_BITS: u32 = 10;
const SLOTS: usize = 1 << SLOT_BITS;
/// The tag in base64, and a little more.
const END: usize = 24;
/// In bytes: with a slot for each, a few MB in all.
const LONGEST: usize = 4096;
/// Spreads what base64 leaves of the bits (Knuth, multiplicative hashing).
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
        let tokens = DiditTokens::new(TokenSet {
            access_token: AccessToken::new("at"),
            refresh_token: None,
            id_token: None,
            scopes: Scopes::new("openid"),
            expires_at: None,
            received_at: now,
            claims: IdClaims::of_subject("john"),
        });
        let limits = Limits {
            idle: Duration::from_secs(60),
            absolute: Duration::from_secs(60),
        };
        Session::start(tokens, false, limits, now)
    }

    /// Whether it was opened anew.
    fn opens(recent: &UnsealCache, label: &[u8], sealed: &[u8]) -> bool {
        let mut anew = false;
        let opened = recent.open(label, sealed, || {
            anew = true;
            Some(session())
        });
        assert!(opened.is_some());
        anew
    }

    #[test]
    fn what_was_opened_is_remembered_with_its_label_and_every_byte() {
        let recent = UnsealCache::new();
        let sealed = b"0123456789abcdef0123456789abcdef".as_slice();
        assert!(opens(&recent, b"a", sealed));
        assert!(!opens(&recent, b"a", sealed));
        assert!(opens(&recent, b"b", sealed), "under its label alone");
        assert!(opens(&recent, b"a", sealed), "in the place of that");
        for at in [0, 20, sealed.len() - 1] {
            let mut other = sealed.to_vec();
            other[at] = b'x';
            let refused = recent.open(b"a", &other, || None);
            assert!(refused.is_none(), "at {at}");
        }
        assert!(recent.open(b"a", &sealed[..31], || None).is_none());
    }

    #[test]
    fn what_does_not_open_is_not_remembered_and_takes_nobody_s_place() {
        let recent = UnsealCache::new();
        let sealed = [7; 100];
        assert!(opens(&recent, b"a", &sealed));
        let mut forged = sealed;
        forged[99] = 8;
        for _ in 0..2 {
            assert!(recent.open(b"a", &forged, || None).is_none());
        }
        assert!(!opens(&recent, b"a", &sealed));
    }

    #[test]
    fn what_is_short_or_long_is_opened_each_time() {
        let recent = UnsealCache::new();
        for sealed in [vec![], vec![1; 13], vec![2; LONGEST + 1]] {
            assert!(opens(&recent, b"a", &sealed));
            assert!(opens(&recent, b"a", &sealed));
        }
    }
}
