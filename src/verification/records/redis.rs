//! Records in Redis.

use super::{VerificationRecord, VerificationRecords};
use crate::session::{
    redis::RedisStore,
    store::{StoreError, StoreFuture},
};

/// As JSON, which does not expire.
impl VerificationRecords for RedisStore {
    fn get<'a>(&'a self, user: &'a str) -> StoreFuture<'a, Option<(VerificationRecord, u64)>> {
        Box::pin(async move {
            let Some((json, version)) = self.record(user).await? else {
                return Ok(None);
            };
            let record = serde_json::from_slice(&json).map_err(|_| {
                // The error of `serde_json` repeats values.
                StoreError::new("not a verification record")
            })?;
            Ok(Some((record, version)))
        })
    }

    fn put<'a>(
        &'a self,
        user: &'a str,
        record: VerificationRecord,
        version: u64,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let json = serde_json::to_vec(&record).map_err(StoreError::new)?;
            self.put_record(user, &json, version).await
        })
    }
}
