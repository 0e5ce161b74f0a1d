//! The record of events that were handled or are being handled.

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_lc_rs::hmac;
use tokio::time::{Instant, timeout};

use crate::{
    clock::Clock,
    error::Error,
    lock::lock,
    session::{
        memory::MemoryStore,
        store::{SessionKey, SessionStore, StoreError, StoreFuture},
    },
};

/// Records handled events for 20 minutes: longer than Didit repeats an event (about five minutes), and longer than a
/// signature is accepted (within 300 s of its timestamp). The store bounds the record.
pub(super) struct Deliveries {
    store: Arc<dyn SessionStore>,
    /// The events that this process is handling.
    running: Mutex<HashSet<DeliveryKey>>,
}

/// Identifies an event of a destination: an HMAC with the destination's secret, because two destinations may get the same
/// event.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct DeliveryKey(SessionKey);

impl DeliveryKey {
    pub(super) fn new<const N: usize>(secret: &hmac::Key, parts: [&[u8]; N]) -> Self {
        let mut hmac = hmac::Context::with_key(secret);
        hmac.update(b"tower-didit/1 webhook");
        for part in parts {
            hmac.update(&(part.len() as u64).to_be_bytes());
            hmac.update(part);
        }
        let key = hmac.sign();
        let key = key.as_ref().first_chunk();
        let key = key.expect("HMAC-SHA256 has 32 bytes");
        Self(SessionKey::from_bytes(*key))
    }
}

/// Why an event is not handled now.
pub(super) enum Repeat {
    /// It was handled before.
    Handled,
    /// It is being handled.
    InProgress,
    /// The store failed.
    Unknown,
}

impl Deliveries {
    pub(super) fn new(store: Arc<dyn SessionStore>) -> Arc<Self> {
        let running = Mutex::default();
        Arc::new(Self { store, running })
    }

    pub(super) fn in_memory(clock: Arc<dyn Clock>) -> Arc<Self> {
        let store = MemoryStore::new().with_clock(move || clock.now());
        Self::new(Arc::new(store))
    }

    /// Begins to handle an event, unless this process or another one that shares the store has begun.
    pub(super) async fn begin(self: &Arc<Self>, key: DeliveryKey) -> Result<Attempt, Repeat> {
        if !lock(&self.running).insert(key) {
            return Err(Repeat::InProgress);
        }
        let attempt = Attempt {
            deliveries: Arc::clone(self),
            key,
            begun: Instant::now(),
        };
        match self.mark(key).await {
            Ok(None) => Ok(attempt),
            Ok(Some(repeat)) => Err(repeat),
            Err(failure) => {
                Error::from(failure).log("webhook store unavailable");
                Err(Repeat::Unknown)
            }
        }
    }

    /// Marks an event as in progress, unless the store knows it.
    async fn mark(&self, key: DeliveryKey) -> Result<Option<Repeat>, StoreError> {
        let created = self
            .store
            .create(key.0, IN_PROGRESS.into(), MARK_LIFETIME, None);
        if within_limit(created).await? {
            return Ok(None);
        }
        let found = within_limit(self.store.load(key.0)).await?;
        let is_handled = found.is_some_and(|found| found.value().as_ref() == HANDLED);
        Ok(Some(if is_handled {
            Repeat::Handled
        } else {
            Repeat::InProgress
        }))
    }
}

/// The attempt to handle an event. If the handler is cancelled, it is dropped, and the mark in the store expires.
pub(super) struct Attempt {
    deliveries: Arc<Deliveries>,
    key: DeliveryKey,
    begun: Instant,
}

impl Attempt {
    /// Records that the event was handled.
    pub(super) async fn succeed(self) {
        log_failure(self.remember().await);
    }

    /// Lets the event be handled again.
    pub(super) async fn fail(self) {
        // After the mark has expired, another process may have set one.
        if self.begun.elapsed() < MARK_LIFETIME {
            log_failure(self.withdraw().await);
        }
    }

    async fn withdraw(&self) -> Result<(), StoreError> {
        let (store, key) = (&self.deliveries.store, self.key.0);
        // If a slower process has handled the event after its mark expired, the version differs, and the entry stays.
        let replaced = store.replace(key, FIRST_VERSION, IN_PROGRESS.into(), MARK_LIFETIME);
        if within_limit(replaced).await? {
            within_limit(store.delete(key)).await?;
        }
        Ok(())
    }

    async fn remember(&self) -> Result<(), StoreError> {
        let (store, key) = (&self.deliveries.store, self.key.0);
        let replaced = store.replace(key, FIRST_VERSION, HANDLED.into(), LIFETIME);
        if !within_limit(replaced).await? {
            // The mark has expired.
            within_limit(store.create(key, HANDLED.into(), LIFETIME, None)).await?;
        }
        Ok(())
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        lock(&self.deliveries.running).remove(&self.key);
    }
}

impl fmt::Debug for Deliveries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliveries")
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

fn log_failure(outcome: Result<(), StoreError>) {
    if let Err(failure) = outcome {
        Error::from(failure).log("failed to record the outcome of a webhook");
    }
}

async fn within_limit<T>(call: StoreFuture<'_, T>) -> Result<T, StoreError> {
    let late = |_| Err(StoreError::new("no response in time"));
    timeout(STORE_LIMIT, call).await.unwrap_or_else(late)
}

const IN_PROGRESS: &[u8] = b"in progress";
const HANDLED: &[u8] = b"handled";
/// The version of a new entry.
const FIRST_VERSION: u64 = 1;
const LIFETIME: Duration = Duration::from_secs(20 * 60);
/// Longer than Didit waits for the response (5 s).
const MARK_LIFETIME: Duration = Duration::from_secs(10);
/// Time limit of one store call.
const STORE_LIMIT: Duration = Duration::from_secs(1);
