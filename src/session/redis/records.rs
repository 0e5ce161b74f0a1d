//! Values that do not expire, one for each user: the records of verified users.

use redis::Cmd;

use super::{RedisStore, Repeat, script};
use crate::session::store::StoreError;

impl RedisStore {
    /// The value of a user, with its version.
    pub(crate) async fn record(&self, user: &str) -> Result<Option<(Vec<u8>, u64)>, StoreError> {
        let command = Cmd::get(self.names.of_record(user));
        let found: Option<Vec<u8>> = self.run(&command, Repeat::Always).await?;
        let read = |found: Vec<u8>| {
            let (version, value) = found.split_first_chunk()?;
            Some((value.to_vec(), u64::from_be_bytes(*version)))
        };
        let wrong = || StoreError::new("not a record in Redis");
        found.map(|found| read(found).ok_or_else(wrong)).transpose()
    }

    /// Stores a value with the version `version + 1`, if the stored one has this version; 0 stands for none.
    pub(crate) async fn put_record(
        &self,
        user: &str,
        value: &[u8],
        version: u64,
    ) -> Result<bool, StoreError> {
        let expected = version.to_be_bytes();
        let expected = if version == 0 { &[] } else { &expected[..] };
        let next = version.wrapping_add(1).to_be_bytes();
        let mut command = script(PUT, &self.names.of_record(user));
        command.arg(expected).arg([&next, value].concat());
        self.run(&command, Repeat::IfRefused).await
    }
}

/// `GETRANGE` finds the empty string where there is no value.
const PUT: &str = "\
if redis.call('GETRANGE', KEYS[1], 0, 7) ~= ARGV[1] then return 0 end \
redis.call('SET', KEYS[1], ARGV[2]) \
return 1";
