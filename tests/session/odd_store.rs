//! A store that misbehaves when a story tells it to.

use std::{
    future,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tower_didit::{
    fake::FakeDidit,
    store::{
        MemoryStore, RefreshAttempt, SessionKey, SessionOwner, SessionStore, StoreError,
        StoreFuture, StoredSession, UserKey,
    },
};

use crate::support::site::memory;

/// A store in which one method behaves in another way.
#[derive(Clone, Debug)]
pub(crate) struct Odd {
    store: MemoryStore,
    mode: Arc<Mutex<Mode>>,
    loads: Arc<AtomicUsize>,
}

#[derive(Clone, Debug, Default)]
pub(crate) enum Mode {
    #[default]
    Works,
    /// Lists these sessions for every user.
    Lists(Vec<SessionKey>),
    /// Fails to delete.
    KeepsAll,
    /// Does not answer a load.
    IsSilent,
    /// Has lost the epoch, which is an entry without a value.
    LosesTheEpoch,
}

impl Odd {
    pub(crate) fn new(didit: &FakeDidit) -> Self {
        Self {
            store: memory(didit),
            mode: Arc::default(),
            loads: Arc::default(),
        }
    }

    pub(crate) fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }

    /// How often an entry was loaded.
    pub(crate) fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }

    fn mode(&self) -> Mode {
        self.mode.lock().unwrap().clone()
    }
}

impl SessionStore for Odd {
    fn load(&self, key: SessionKey) -> StoreFuture<'_, Option<StoredSession>> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            if matches!(self.mode(), Mode::IsSilent) {
                future::pending::<()>().await;
            }
            let found = self.store.load(key).await?;
            let is_lost = matches!(self.mode(), Mode::LosesTheEpoch);
            Ok(found.filter(|found| !is_lost || !found.value().is_empty()))
        })
    }

    fn create(
        &self,
        key: SessionKey,
        value: Vec<u8>,
        lifetime: Duration,
        owner: Option<SessionOwner>,
    ) -> StoreFuture<'_, bool> {
        self.store.create(key, value, lifetime, owner)
    }

    fn replace(
        &self,
        key: SessionKey,
        version: u64,
        value: Vec<u8>,
        lifetime: Duration,
    ) -> StoreFuture<'_, bool> {
        self.store.replace(key, version, value, lifetime)
    }

    fn begin_refresh(
        &self,
        key: SessionKey,
        version: u64,
        attempt: RefreshAttempt,
    ) -> StoreFuture<'_, bool> {
        self.store.begin_refresh(key, version, attempt)
    }

    fn abandon_refresh(&self, key: SessionKey, version: u64) -> StoreFuture<'_, bool> {
        self.store.abandon_refresh(key, version)
    }

    fn delete(&self, key: SessionKey) -> StoreFuture<'_, ()> {
        match self.mode() {
            Mode::KeepsAll => Box::pin(async { Err(StoreError::new("out of order")) }),
            _ => self.store.delete(key),
        }
    }

    fn list(&self, user: UserKey) -> StoreFuture<'_, Vec<SessionKey>> {
        match self.mode() {
            Mode::Lists(keys) => Box::pin(async move { Ok(keys) }),
            _ => self.store.list(user),
        }
    }
}
