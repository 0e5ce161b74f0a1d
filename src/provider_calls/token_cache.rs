//! A bounded cache by token.

use std::{
    collections::HashMap,
    hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState},
    mem,
    sync::Mutex,
};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::lock::lock;

/// Keeps a value for each token that was verified, for the latest tokens that were used.
///
/// An entry is in the present generation, or in the previous one, from which a use moves it back. A full generation
/// becomes the previous one. The lookup uses a keyed hash of the end of the token, which nobody outside can predict, then
/// compares the whole token. The end of a token is random: it is a signature, or all of an opaque token. (Hashing a whole
/// JWT would add a tenth to the instructions of a request; SHA-256 would more than double them.)
pub(super) struct TokenCache<V> {
    hasher: RandomState,
    generations: Mutex<Generations<V>>,
}

struct Generations<V> {
    present: Entries<V>,
    previous: Entries<V>,
}

/// By the hash of the token.
type Entries<V> = HashMap<u64, Entry<V>, BuildHasherDefault<Hashed>>;

struct Entry<V> {
    token: Zeroizing<Box<[u8]>>,
    value: V,
}

impl<V: Clone> TokenCache<V> {
    pub(super) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            generations: Mutex::new(Generations {
                present: Entries::default(),
                previous: Entries::default(),
            }),
        }
    }

    fn key(&self, token: &[u8]) -> u64 {
        let (_, end) = token.split_at(token.len().saturating_sub(HASHED));
        self.hasher.hash_one(end)
    }

    /// The value of a token.
    pub(super) fn get(&self, token: &[u8]) -> Option<V> {
        let key = self.key(token);
        let mut generations = lock(&self.generations);
        if let Some(entry) = generations.present.get(&key) {
            return entry.value_of(token);
        }
        let value = generations.previous.get(&key)?.value_of(token)?;
        let entry = generations.previous.remove(&key)?;
        let full = generations.insert(key, entry);
        drop(generations);
        drop(full);
        Some(value)
    }

    pub(super) fn remove(&self, token: &str) {
        let key = self.key(token.as_bytes());
        let mut generations = lock(&self.generations);
        generations.present.remove(&key);
        generations.previous.remove(&key);
    }

    pub(super) fn insert(&self, token: &[u8], value: V) {
        let entry = Entry {
            token: Zeroizing::new(token.into()),
            value,
        };
        let key = self.key(token);
        let full = lock(&self.generations).insert(key, entry);
        drop(full);
    }
}

impl<V> Generations<V> {
    /// Returns what no longer counts, to be dropped after the lock is released.
    fn insert(&mut self, key: u64, entry: Entry<V>) -> Entries<V> {
        let mut oldest = Entries::default();
        if self.present.len() >= CAPACITY {
            let full = mem::take(&mut self.present);
            oldest = mem::replace(&mut self.previous, full);
        }
        self.present.insert(key, entry);
        oldest
    }
}

impl<V: Clone> Entry<V> {
    /// The value, if the entry is of this token.
    ///
    /// The end of the token is compared first and in constant time: an attacker must not be able to measure how much of
    /// another client's token a guess matches. Its 144 bits cannot be guessed, so the comparison of the rest need not take
    /// constant time.
    fn value_of(&self, token: &[u8]) -> Option<V> {
        if self.token.len() != token.len() {
            return None;
        }
        let (own_rest, own_end) = self.token.split_at(self.token.len().saturating_sub(END));
        let (rest, end) = token.split_at(token.len().saturating_sub(END));
        let is_same = bool::from(own_end.ct_eq(end)) && own_rest == rest;
        is_same.then(|| self.value.clone())
    }
}

/// The key of a map is a hash already.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The limit of one generation.
const CAPACITY: usize = 10_000;
/// The number of bytes at the end of a token that are hashed.
const HASHED: usize = 64;
/// The number of bytes at the end of a token that are compared in constant time.
const END: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_the_whole_token() {
        let cache = TokenCache::new();
        let token = "0123456789abcdef0123456789abcdef";
        cache.insert(token.as_bytes(), 1);
        cache.insert(b"short", 2);
        assert_eq!(cache.get(token.as_bytes()), Some(1));
        assert_eq!(cache.get(b"short"), Some(2));
        let key = cache.key(token.as_bytes());
        let entries = lock(&cache.generations);
        let entry = entries.present.get(&key).unwrap();
        // As if another token had the same hash.
        for at in [0, 7, 8, 31] {
            let mut other = token.as_bytes().to_vec();
            other[at] = b'x';
            assert_eq!(entry.value_of(&other), None, "at {at}");
        }
        assert_eq!(entry.value_of(&token.as_bytes()[..31]), None);
        assert_eq!(entry.value_of(b""), None);
        drop(entries);
        cache.remove(token);
        assert_eq!(
            (cache.get(token.as_bytes()), cache.get(b"short")),
            (None, Some(2))
        );
    }

    // Behaviour 124.
    #[test]
    fn a_hundred_thousand_tokens_take_bounded_memory_and_one_in_use_stays() {
        let cache = TokenCache::new();
        cache.insert(b"in use", 0);
        for other in 1..=100_000 {
            cache.insert(other.to_string().as_bytes(), other);
            if other % 5_000 == 0 {
                assert_eq!(cache.get(b"in use"), Some(0));
            }
        }
        assert_eq!(cache.get(b"100000"), Some(100_000));
        assert_eq!(cache.get(b"1"), None);
        let generations = lock(&cache.generations);
        assert!(generations.present.len() <= CAPACITY);
        assert!(generations.previous.len() <= CAPACITY);
    }
}
