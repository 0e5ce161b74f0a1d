//! Values that do not expire, one for each user: the records of verified users.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use super::{MemoryStore, lock};

/// By user, with their versions.
pub(super) type Records = Arc<Mutex<HashMap<String, (Vec<u8>, u64)>>>;

impl MemoryStore {
    /// The value of a user, with its version.
    pub(crate) fn record(&self, user: &str) -> Option<(Vec<u8>, u64)> {
        lock(&self.records).get(user).cloned()
    }

    /// Stores a value with the version `version + 1`, if the stored one has this version; 0 stands for none.
    pub(crate) fn put_record(&self, user: &str, value: Vec<u8>, version: u64) -> bool {
        let mut records = lock(&self.records);
        let is_current = records.get(user).map_or(0, |(_, version)| *version) == version;
        if is_current {
            records.insert(user.to_owned(), (value, version.wrapping_add(1)));
        }
        is_current
    }
}
