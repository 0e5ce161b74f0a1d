//! Peers that accept everything and never answer.

use std::{
    future,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::net::TcpListener;
use tower_didit::store::{
    MemoryStore, RefreshAttempt, SessionKey, SessionOwner, SessionStore, StoreFuture,
    StoredSession, UserKey,
};

/// A server that accepts connections: gives its address.
pub(crate) async fn silent_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        let mut connections = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            connections.push(connection);
        }
    });
    address
}

/// Sessions in memory, until it falls silent.
#[derive(Clone, Debug, Default)]
pub(crate) struct SilentStore {
    memory: Arc<MemoryStore>,
    is_unresponsive: Arc<AtomicBool>,
}

impl SilentStore {
    pub(crate) fn fall_silent(&self) {
        self.is_unresponsive.store(true, Ordering::Relaxed);
    }

    fn unless_silent<'a, T: 'a>(&self, answer: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        if self.is_unresponsive.load(Ordering::Relaxed) {
            Box::pin(future::pending())
        } else {
            answer
        }
    }
}

impl SessionStore for SilentStore {
    fn load(&self, key: SessionKey) -> StoreFuture<'_, Option<StoredSession>> {
        self.unless_silent(self.memory.load(key))
    }

    fn create(
        &self,
        key: SessionKey,
        value: Vec<u8>,
        lifetime: Duration,
        owner: Option<SessionOwner>,
    ) -> StoreFuture<'_, bool> {
        self.unless_silent(self.memory.create(key, value, lifetime, owner))
    }

    fn replace(
        &self,
        key: SessionKey,
        version: u64,
        value: Vec<u8>,
        lifetime: Duration,
    ) -> StoreFuture<'_, bool> {
        self.unless_silent(self.memory.replace(key, version, value, lifetime))
    }

    fn begin_refresh(
        &self,
        key: SessionKey,
        version: u64,
        attempt: RefreshAttempt,
    ) -> StoreFuture<'_, bool> {
        self.unless_silent(self.memory.begin_refresh(key, version, attempt))
    }

    fn abandon_refresh(&self, key: SessionKey, version: u64) -> StoreFuture<'_, bool> {
        self.unless_silent(self.memory.abandon_refresh(key, version))
    }

    fn delete(&self, key: SessionKey) -> StoreFuture<'_, ()> {
        self.unless_silent(self.memory.delete(key))
    }

    fn list(&self, user: UserKey) -> StoreFuture<'_, Vec<SessionKey>> {
        self.unless_silent(self.memory.list(user))
    }
}
