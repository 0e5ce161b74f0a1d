//! Waits for the end of sessions.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, WeakShared},
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::SessionLifecycle;
use crate::{
    clock::Timestamp,
    lock::lock,
    session::{Session, SessionId, StoreEntry, Validity, store::SessionKey},
};

/// The sessions whose end is waited for. All waiters of a session share one watch, which exists as long as they wait.
#[derive(Default)]
pub(super) struct Watches(Mutex<HashMap<SessionId, Entry>>);

struct Entry {
    watch: Weak<Watch>,
    /// Ready at the end. The waiters drive it.
    end: WeakShared<BoxFuture<'static, ()>>,
}

/// The watch of one session.
struct Watch {
    /// The id of the session, and the one that stands for its key in the store.
    ids: Vec<SessionId>,
    /// Cancelled when this process ends the session.
    is_ended: CancellationToken,
    /// The session as this process last saw it.
    latest: Mutex<Session>,
    watches: Arc<Watches>,
}

impl Watches {
    /// Tells the waiters that a session has ended, by its id or the one that stands for its key.
    pub(super) fn end(&self, session: SessionId) {
        if let Some(watch) = self.find(session) {
            watch.is_ended.cancel();
        }
    }

    /// Records the state of a session that a response writes to its cookies.
    fn update(&self, session: &Session) {
        if let Some(watch) = self.find(session.id()) {
            *lock(&watch.latest) = session.clone();
        }
    }

    fn find(&self, session: SessionId) -> Option<Arc<Watch>> {
        // The last reference must not be dropped under the lock.
        let watch = lock(&self.0).get(&session)?.watch.clone();
        watch.upgrade()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut watches = lock(&self.watches.0);
        for id in &self.ids {
            // Another watch may have taken its place.
            let is_own = |entry: &Entry| entry.watch.strong_count() == 0;
            if watches.get(id).is_some_and(is_own) {
                watches.remove(id);
            }
        }
    }
}

impl SessionLifecycle {
    /// A future that is ready when a session has ended: at once if this process ends it or a limit is reached, and within
    /// [`POLL_INTERVAL`] if another process deletes it from the store.
    ///
    /// A store that does not answer ends nothing. The idle limit of a session in cookies counts from the last response of
    /// this process that wrote them.
    pub(crate) fn end_of(
        self: &Arc<Self>,
        session: Session,
        key: Option<SessionKey>,
    ) -> impl Future<Output = ()> + Send + Unpin + use<> {
        let mut watches = lock(&self.watches.0);
        let existing = watches.get(&session.id());
        if let Some(end) = existing.and_then(|entry| entry.end.upgrade()) {
            return end;
        }
        let key_id = key.map(SessionId::of_key);
        let ids: Vec<_> = key_id.into_iter().chain([session.id()]).collect();
        let watch = Arc::new(Watch {
            ids: ids.clone(),
            is_ended: CancellationToken::new(),
            latest: Mutex::new(session),
            watches: Arc::clone(&self.watches),
        });
        let (weak, lifecycle) = (Arc::downgrade(&watch), Arc::clone(self));
        let end = async move { lifecycle.wait_for_end(&watch, key).await };
        let end = end.boxed().shared();
        for id in ids {
            let (watch, end) = (weak.clone(), end.downgrade());
            let end = end.expect("it has not been polled");
            watches.insert(id, Entry { watch, end });
        }
        end
    }

    /// Records that a response writes this state of a session to its cookies.
    #[inline]
    pub(crate) fn note_written(&self, session: &Session) {
        self.watches.update(session);
    }

    async fn wait_for_end(self: &Arc<Self>, watch: &Watch, key: Option<SessionKey>) {
        let mut next_poll = Instant::now() + POLL_INTERVAL;
        loop {
            let (latest, now) = (lock(&watch.latest).clone(), self.now());
            if self.has_ended(latest.id()) || now >= self.limit_of(&latest, key) {
                return;
            }
            // At least a second: the clock counts whole seconds.
            let rest = self.limit_of(&latest, key).since(now).max(SECOND);
            let wake = next_poll.min(Instant::now() + rest);
            let is_ended = watch.is_ended.cancelled();
            if tokio::time::timeout_at(wake, is_ended).await.is_ok() {
                return;
            }
            if Instant::now() < next_poll {
                continue;
            }
            next_poll = Instant::now() + POLL_INTERVAL;
            let found = match key {
                None => Ok(Some((lock(&watch.latest).clone(), None))),
                Some(key) => {
                    let found = self.load(key).await;
                    found.map(|found| found.map(|(session, entry)| (session, Some(entry))))
                }
            };
            match found {
                Ok(Some((session, entry)))
                    if session.id() == latest.id() && !self.has_ended_by(&session, entry) =>
                {
                    *lock(&watch.latest) = session;
                }
                Ok(_) => return,
                // The store does not answer: unknown.
                Err(_) => {}
            }
        }
    }

    /// The limit of a session that this process knows. Other processes may have extended the idle limit in the store.
    fn limit_of(&self, session: &Session, key: Option<SessionKey>) -> Timestamp {
        let rules = &self.sessions.rules;
        match key {
            Some(_) => session.end(rules.limits),
            None => session
                .latest_end(rules)
                .min(session.idle_end(rules.limits)),
        }
    }

    /// Whether a session that was found has ended. Starts no refresh.
    fn has_ended_by(&self, session: &Session, entry: Option<StoreEntry>) -> bool {
        let (now, tokens) = (self.now(), session.tokens());
        match self.validity(session, entry, now) {
            Validity::Valid | Validity::RefreshDue => false,
            Validity::EndedUnlessRefreshing => !self.refreshes.has_replacement_for(tokens, now),
            Validity::Expired => true,
        }
    }
}

/// How often the store is asked for a session.
const POLL_INTERVAL: Duration = Duration::from_secs(30);
const SECOND: Duration = Duration::from_secs(1);
