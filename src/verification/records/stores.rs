//! Records as JSON in `MemoryStore` and `RedisStore`.

#[cfg(feature = "redis")]
use crate::session::redis::RedisStore;
use crate::{
    session::{
        memory::MemoryStore,
        store::{StoreError, StoreFuture},
    },
    verification::{VerificationRecord, VerificationRecords},
};

impl VerificationRecords for MemoryStore {
    fn get<'a>(&'a self, user: &'a str) -> StoreFuture<'a, Option<(VerificationRecord, u64)>> {
        Box::pin(async move { self.record(user).map(read).transpose() })
    }

    fn put<'a>(
        &'a self,
        user: &'a str,
        record: VerificationRecord,
        version: u64,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move { Ok(self.put_record(user, write(&record)?, version)) })
    }
}

#[cfg(feature = "redis")]
impl VerificationRecords for RedisStore {
    fn get<'a>(&'a self, user: &'a str) -> StoreFuture<'a, Option<(VerificationRecord, u64)>> {
        Box::pin(async move { self.record(user).await?.map(read).transpose() })
    }

    fn put<'a>(
        &'a self,
        user: &'a str,
        record: VerificationRecord,
        version: u64,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.put_record(user, &write(&record)?, version).await })
    }
}

/// The error of `serde_json` repeats values, so it is dropped.
fn read((json, version): (Vec<u8>, u64)) -> Result<(VerificationRecord, u64), StoreError> {
    let record = serde_json::from_slice(&json);
    let record = record.map_err(|_| StoreError::new("not a verification record"))?;
    Ok((record, version))
}

fn write(record: &VerificationRecord) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(record).map_err(StoreError::new)
}
