//! The records of verified users, in a table of the application's database.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension};
use tower_didit::{
    store::{StoreError, StoreFuture},
    verification::{VerificationRecord, VerificationRecords},
};

/// The records, in `SQLite`.
#[derive(Clone, Debug)]
pub(crate) struct Records(Arc<Mutex<Connection>>);

impl Records {
    pub(crate) fn open(file: &str) -> rusqlite::Result<Self> {
        let database = Connection::open(file)?;
        database.execute_batch(TABLE)?;
        Ok(Self(Arc::new(Mutex::new(database))))
    }

    /// Runs on a blocking thread, because `SQLite`'s calls block. A database over a network has an asynchronous client.
    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> StoreFuture<'static, T> {
        let database = Arc::clone(&self.0);
        Box::pin(async move {
            let work = move || work(&database.lock().unwrap_or_else(PoisonError::into_inner));
            tokio::task::spawn_blocking(work)
                .await
                .map_err(StoreError::new)?
        })
    }
}

impl VerificationRecords for Records {
    fn get<'a>(&'a self, user: &'a str) -> StoreFuture<'a, Option<(VerificationRecord, u64)>> {
        let user = user.to_owned();
        self.run(move |database| {
            let row = database.query_one(FIND, [user], |row| {
                Ok((
                    row.get::<_, String>("record")?,
                    row.get::<_, i64>("version")?,
                ))
            });
            let Some((record, version)) = row.optional().map_err(StoreError::new)? else {
                return Ok(None);
            };
            let record = serde_json::from_str(&record).map_err(StoreError::new)?;
            Ok(Some((record, version.cast_unsigned())))
        })
    }

    fn put<'a>(
        &'a self,
        user: &'a str,
        record: VerificationRecord,
        version: u64,
    ) -> StoreFuture<'a, bool> {
        let user = user.to_owned();
        self.run(move |database| {
            let json = serde_json::to_string(&record).map_err(StoreError::new)?;
            let (status, is_verified) = (record.status().as_str(), record.is_verified());
            let version = version.cast_signed();
            // One statement compares and sets, so that several processes can share the database.
            let changed = match version {
                0 => database.execute(INSERT, (user, json, status, is_verified)),
                _ => database.execute(UPDATE, (user, json, status, is_verified, version)),
            };
            Ok(changed.map_err(StoreError::new)? == 1)
        })
    }
}

/// `record` is opaque. The columns after it are for queries of the application.
const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS verifications (
        user TEXT PRIMARY KEY,
        version INTEGER NOT NULL,
        record TEXT NOT NULL,
        status TEXT NOT NULL,
        is_verified INTEGER NOT NULL
    ) STRICT";
const FIND: &str = "SELECT record, version FROM verifications WHERE user = ?1";
const INSERT: &str = "
    INSERT INTO verifications (user, version, record, status, is_verified) VALUES (?1, 1, ?2, ?3, ?4)
    ON CONFLICT DO NOTHING";
const UPDATE: &str = "
    UPDATE verifications SET version = version + 1, record = ?2, status = ?3, is_verified = ?4
    WHERE user = ?1 AND version = ?5";
