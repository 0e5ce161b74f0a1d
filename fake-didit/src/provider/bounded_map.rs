//! A map with a limited number of entries.

use std::collections::HashMap;

/// Codes or tokens of one kind, by their text: at most 10,000.
///
/// Inserting into a full map removes the entries that are no longer valid, and if that frees less than a
/// tenth of the capacity, the oldest tenth.
pub(crate) struct BoundedMap<T> {
    entries: HashMap<String, Entry<T>>,
    inserted: u64,
}

struct Entry<T> {
    number: u64,
    value: T,
}

impl<T> BoundedMap<T> {
    /// Adds an entry; `is_valid` tells which entries to keep in a full map.
    pub(crate) fn insert(&mut self, text: String, value: T, is_valid: impl Fn(&T) -> bool) {
        if self.entries.len() >= CAPACITY {
            self.make_room(is_valid);
        }
        self.inserted += 1;
        let number = self.inserted;
        self.entries.insert(text, Entry { number, value });
    }

    pub(crate) fn get(&self, text: &str) -> Option<&T> {
        self.entries.get(text).map(|entry| &entry.value)
    }

    pub(crate) fn get_mut(&mut self, text: &str) -> Option<&mut T> {
        self.entries.get_mut(text).map(|entry| &mut entry.value)
    }

    pub(crate) fn remove(&mut self, text: &str) {
        self.entries.remove(text);
    }

    pub(crate) fn retain(&mut self, is_kept: impl Fn(&T) -> bool) {
        self.entries.retain(|_, entry| is_kept(&entry.value));
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.values().map(|entry| &entry.value)
    }

    fn make_room(&mut self, is_valid: impl Fn(&T) -> bool) {
        self.retain(is_valid);
        if self.entries.len() <= CAPACITY - ROOM {
            return;
        }
        let mut numbers: Vec<_> = self.entries.values().map(|entry| entry.number).collect();
        numbers.sort_unstable();
        let oldest_kept = numbers.get(ROOM).copied().unwrap_or_default();
        self.entries.retain(|_, entry| entry.number >= oldest_kept);
    }
}

impl<T> Default for BoundedMap<T> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            inserted: 0,
        }
    }
}

/// Far more than a test needs.
const CAPACITY: usize = 10_000;
/// How many entries are removed at once, so that not every insertion scans the map.
const ROOM: usize = CAPACITY / 10;

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers from 0 to `count`, of which `is_valid` selects the valid ones.
    fn filled(count: usize, is_valid: fn(&usize) -> bool) -> BoundedMap<usize> {
        let mut issued = BoundedMap::default();
        for number in 0..count {
            issued.insert(number.to_string(), number, is_valid);
        }
        issued
    }

    fn kept(issued: &BoundedMap<usize>) -> Vec<usize> {
        let mut kept: Vec<_> = issued.values().copied().collect();
        kept.sort_unstable();
        kept
    }

    #[test]
    fn nothing_is_removed_below_the_capacity() {
        let issued = filled(CAPACITY, |_| false);
        assert_eq!(kept(&issued), (0..CAPACITY).collect::<Vec<_>>());
    }

    #[test]
    fn invalid_entries_are_removed_first() {
        let issued = filled(CAPACITY + 1, |number| number.is_multiple_of(2));
        let expected: Vec<_> = (0..=CAPACITY).step_by(2).collect();
        assert_eq!(kept(&issued), expected);
    }

    #[test]
    fn the_oldest_entries_are_removed_when_all_are_valid() {
        let issued = filled(CAPACITY + 1, |_| true);
        assert_eq!(kept(&issued), (ROOM..=CAPACITY).collect::<Vec<_>>());
        assert_eq!(issued.get("0"), None);
        assert_eq!(issued.get("1000"), Some(&1000));
    }

    #[test]
    fn the_capacity_is_never_exceeded() {
        let issued = filled(3 * CAPACITY, |_| true);
        assert!(issued.entries.len() <= CAPACITY);
    }
}
