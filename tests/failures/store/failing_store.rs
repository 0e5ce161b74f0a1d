//! A memory store that fails or does not answer on demand.

use std::{
    fmt,
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tower_didit::store::{
    MemoryStore, RefreshAttempt, SessionKey, SessionOwner, SessionStore, StoreError, StoreFuture,
    StoredSession, UserKey,
};

/// The methods of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Load,
    /// `create` for a session.
    Create,
    /// `create` for the record that a `state` was used.
    Note,
    Replace,
    BeginRefresh,
    AbandonRefresh,
    Delete,
    List,
}

/// All clones are the same store.
#[derive(Clone)]
pub(crate) struct FailingStore {
    store: MemoryStore,
    is_shared: bool,
    failing: Arc<Mutex<Vec<Method>>>,
    is_unresponsive: Arc<AtomicBool>,
    loses_answers: Arc<AtomicBool>,
    delay: Arc<Mutex<Duration>>,
    asked: Arc<Mutex<Vec<Method>>>,
}

impl FailingStore {
    /// For one process.
    pub(crate) fn new(store: MemoryStore) -> Self {
        Self {
            store,
            is_shared: false,
            failing: Arc::default(),
            is_unresponsive: Arc::default(),
            loses_answers: Arc::default(),
            delay: Arc::default(),
            asked: Arc::default(),
        }
    }

    /// For several.
    pub(crate) fn shared(store: MemoryStore) -> Self {
        Self {
            is_shared: true,
            ..Self::new(store)
        }
    }

    /// Makes only these methods fail from now on.
    pub(crate) fn fail(&self, methods: &[Method]) {
        *self.failing.lock().expect("no panic") = methods.to_vec();
    }

    /// Makes all methods fail from now on.
    pub(crate) fn fail_all(&self) {
        use Method::{AbandonRefresh, BeginRefresh, Create, Delete, List, Load, Note, Replace};
        self.fail(&[
            Load,
            Create,
            Note,
            Replace,
            BeginRefresh,
            AbandonRefresh,
            Delete,
            List,
        ]);
    }

    /// Makes no method answer from now on.
    pub(crate) fn fall_silent(&self) {
        self.is_unresponsive.store(true, Ordering::SeqCst);
    }

    /// Makes failing methods take effect from now on.
    pub(crate) fn lose_answers(&self) {
        self.loses_answers.store(true, Ordering::SeqCst);
    }

    /// Makes all methods slow from now on.
    pub(crate) fn answer_late(&self, delay: Duration) {
        self.work();
        *self.delay.lock().expect("no panic") = delay;
    }

    /// Makes all methods work from now on.
    pub(crate) fn work(&self) {
        self.fail(&[]);
        *self.delay.lock().expect("no panic") = Duration::ZERO;
        self.is_unresponsive.store(false, Ordering::SeqCst);
    }

    /// The number of calls of a method.
    pub(crate) fn count(&self, method: Method) -> usize {
        let asked = self.asked.lock().expect("no panic");
        asked.iter().filter(|asked| **asked == method).count()
    }

    fn unless_it_fails<'a, T: Send + 'a>(
        &'a self,
        method: Method,
        work: impl FnOnce() -> StoreFuture<'a, T>,
    ) -> StoreFuture<'a, T> {
        self.asked.lock().expect("no panic").push(method);
        if self.is_unresponsive.load(Ordering::SeqCst) {
            return Box::pin(pending());
        }
        let fails = self.failing.lock().expect("no panic").contains(&method);
        if fails {
            let loses_answer = self.loses_answers.load(Ordering::SeqCst);
            let done = loses_answer.then(work);
            return Box::pin(async move {
                if let Some(done) = done {
                    done.await?;
                }
                Err(StoreError::new("out of order"))
            });
        }
        let delay = *self.delay.lock().expect("no panic");
        if delay.is_zero() {
            return work();
        }
        let work = work();
        Box::pin(async move {
            tokio::time::sleep(delay).await;
            work.await
        })
    }
}

impl SessionStore for FailingStore {
    fn load(&self, key: SessionKey) -> StoreFuture<'_, Option<StoredSession>> {
        self.unless_it_fails(Method::Load, || self.store.load(key))
    }

    fn create(
        &self,
        key: SessionKey,
        value: Vec<u8>,
        lifetime: Duration,
        owner: Option<SessionOwner>,
    ) -> StoreFuture<'_, bool> {
        let method = if owner.is_some() {
            Method::Create
        } else {
            Method::Note
        };
        let create = || self.store.create(key, value, lifetime, owner);
        self.unless_it_fails(method, create)
    }

    fn replace(
        &self,
        key: SessionKey,
        version: u64,
        value: Vec<u8>,
        lifetime: Duration,
    ) -> StoreFuture<'_, bool> {
        let replace = || self.store.replace(key, version, value, lifetime);
        self.unless_it_fails(Method::Replace, replace)
    }

    fn begin_refresh(
        &self,
        key: SessionKey,
        version: u64,
        attempt: RefreshAttempt,
    ) -> StoreFuture<'_, bool> {
        let begin = || self.store.begin_refresh(key, version, attempt);
        self.unless_it_fails(Method::BeginRefresh, begin)
    }

    fn abandon_refresh(&self, key: SessionKey, version: u64) -> StoreFuture<'_, bool> {
        let abandon = || self.store.abandon_refresh(key, version);
        self.unless_it_fails(Method::AbandonRefresh, abandon)
    }

    fn delete(&self, key: SessionKey) -> StoreFuture<'_, ()> {
        self.unless_it_fails(Method::Delete, || self.store.delete(key))
    }

    fn list(&self, user: UserKey) -> StoreFuture<'_, Vec<SessionKey>> {
        self.unless_it_fails(Method::List, || self.store.list(user))
    }

    fn is_shared(&self) -> bool {
        self.is_shared
    }
}

impl fmt::Debug for FailingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FailingStore")
    }
}
