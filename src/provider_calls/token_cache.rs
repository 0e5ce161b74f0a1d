//! A bounded cache by token.

use std::{collections::HashMap, hash::BuildHasher, hash::RandomState, mem, sync::Mutex};

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::lock::lock;

/// Keeps a value for each token that was verified, for the latest tokens that were used.
///
/// An entry is in the present generation, or in the previous one, from which a use moves it back. A full generation
/// becomes the previous one. The lookup uses a keyed hash, which nobody outside can predict, then compares the whole
/// token: a token of one kilobyte would take longer to hash with SHA-256 than the rest of its request.
pub(super) struct TokenCache<V> {
    hasher: RandomState,
    generations: Mutex<Generations<V>>,
}

struct Generations<V> {
    present: HashMap<u64, Entry<V>>,
    previous: HashMap<u64, Entry<V>>,
}

struct Entry<V> {
    token: Zeroizing<Box<[u8]>>,
    value: V,
}

impl<V: Clone> TokenCache<V> {
    pub(super) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            generations: Mutex::new(Generations {
                present: HashMap::new(),
                previous: HashMap::new(),
            }),
        }
    }

    fn key(&self, token: &str) -> u64 {
        self.hasher.hash_one(token)
    }

    /// The value of a token.
    pub(super) fn get(&self, token: &str) -> Option<V> {
        let (token, key) = (token.as_bytes(), self.key(token));
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
        let key = self.key(token);
        let mut generations = lock(&self.generations);
        generations.present.remove(&key);
        generations.previous.remove(&key);
    }

    pub(super) fn insert(&self, token: &str, value: V) {
        let entry = Entry {
            token: Zeroizing::new(token.as_bytes().into()),
            value,
        };
        let key = self.key(token);
        let full = lock(&self.generations).insert(key, entry);
        drop(full);
    }
}

impl<V> Generations<V> {
    /// Returns what no longer counts, to be dropped after the lock is released.
    fn insert(&mut self, key: u64, entry: Entry<V>) -> HashMap<u64, Entry<V>> {
        let mut oldest = HashMap::new();
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

/// The limit of one generation.
const CAPACITY: usize = 10_000;
/// In bytes.
const END: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_the_whole_token() {
        let cache = TokenCache::new();
        let token = "0123456789abcdef0123456789abcdef";
        cache.insert(token, 1);
        cache.insert("short", 2);
        assert_eq!(cache.get(token), Some(1));
        assert_eq!(cache.get("short"), Some(2));
        let key = cache.key(token);
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
        assert_eq!((cache.get(token), cache.get("short")), (None, Some(2)));
    }

    // Behaviour 124.
    #[test]
    fn a_hundred_thousand_tokens_take_bounded_memory_and_one_in_use_stays() {
        let cache = TokenCache::new();
        cache.insert("in use", 0);
        for other in 1..=100_000 {
            cache.insert(&other.to_string(), other);
            if other % 5_000 == 0 {
                assert_eq!(cache.get("in use"), Some(0));
            }
        }
        assert_eq!(cache.get("100000"), Some(100_000));
        assert_eq!(cache.get("1"), None);
        let generations = lock(&cache.generations);
        assert!(generations.present.len() <= CAPACITY);
        assert!(generations.previous.len() <= CAPACITY);
    }
}
