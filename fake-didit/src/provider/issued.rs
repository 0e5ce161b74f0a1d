//! Codes or tokens of one kind.

use std::collections::HashMap;

/// What was issued of one kind, by its text: at most 10,000 at a time.
///
/// When there is no room for the next one, those that are no longer valid are dropped, and then the oldest
/// where that freed less than a tenth.
pub(crate) struct Issued<T> {
    entries: HashMap<String, Entry<T>>,
    issued: u64,
}

struct Entry<T> {
    number: u64,
    value: T,
}

impl<T> Issued<T> {
    /// Adds one; `is_valid` decides which of the others can still be used.
    pub(crate) fn insert(&mut self, text: String, value: T, is_valid: impl Fn(&T) -> bool) {
        if self.entries.len() >= CAPACITY {
            self.make_room(is_valid);
        }
        self.issued += 1;
        let number = self.issued;
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

impl<T> Default for Issued<T> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            issued: 0,
        }
    }
}

/// Enough for any test.
const CAPACITY: usize = 10_000;
/// Made at a time, so that not each insertion looks at all entries.
const ROOM: usize = CAPACITY / 10;

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers from 0, of which those that pass are valid.
    fn filled(count: usize, is_valid: fn(&usize) -> bool) -> Issued<usize> {
        let mut issued = Issued::default();
        for number in 0..count {
            issued.insert(number.to_string(), number, is_valid);
        }
        issued
    }

    fn kept(issued: &Issued<usize>) -> Vec<usize> {
        let mut kept: Vec<_> = issued.values().copied().collect();
        kept.sort_unstable();
        kept
    }

    #[test]
    fn nothing_is_dropped_while_there_is_room() {
        let issued = filled(CAPACITY, |_| false);
        assert_eq!(kept(&issued), (0..CAPACITY).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_not_valid_is_dropped_first() {
        let issued = filled(CAPACITY + 1, |number| number.is_multiple_of(2));
        let expected: Vec<_> = (0..=CAPACITY).step_by(2).collect();
        assert_eq!(kept(&issued), expected);
    }

    #[test]
    fn the_oldest_are_dropped_when_all_are_valid() {
        let issued = filled(CAPACITY + 1, |_| true);
        assert_eq!(kept(&issued), (ROOM..=CAPACITY).collect::<Vec<_>>());
        assert_eq!(issued.get("0"), None);
        assert_eq!(issued.get("1000"), Some(&1000));
    }

    #[test]
    fn there_are_never_more_than_the_capacity() {
        let issued = filled(3 * CAPACITY, |_| true);
        assert!(issued.entries.len() <= CAPACITY);
    }
}
