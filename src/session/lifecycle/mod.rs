//! What keeps the sessions of one layer alive, and ends them.

mod refresh;
mod sign_out;

use std::{sync::Arc, time::Duration};

use http::HeaderValue;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use crate::{
    breaker::{Attempt, Breaker},
    clock::{Clock, Timestamp},
    error::Error,
    flight::Flight,
    oidc::EndSessionRequest,
    provider_calls::ProviderCalls,
    session::{
        Backend, ExistingChunks, Generation, Lookup, Refresh, Refreshes, Session, SessionId,
        Sessions, StoreEntry, Validity,
        ended::{Ended, EndedSessions},
        replay_cache::ReplayCache,
        store::{SessionKey, StoreError},
    },
};

/// The sessions, the provider, and what was done to one with the other.
pub(crate) struct SessionLifecycle {
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) calls: ProviderCalls,
    refreshes: Refreshes,
    /// Sessions that are over, by their id.
    ended: EndedSessions,
    /// Refresh tokens that work once, and were sent.
    spent: ReplayCache,
    /// The right to try to forget a session for a while: anybody can ask for it while a store fails.
    endings: Arc<Semaphore>,
    /// The right to end a session in the store: a sign-out goes on without its browser.
    sign_outs: Arc<Semaphore>,
    end_session: EndSessionRequest,
    /// Where people may go after a sign-out; there is one.
    sign_out_pages: Vec<HeaderValue>,
    /// How long others wait for a refresh: the time-out of a call, and room for what comes before and after.
    horizon: Duration,
    clock: Arc<dyn Clock>,
    store_breaker: Breaker,
    tasks: TaskTracker,
}

/// What there is to a session that was found.
pub(crate) enum Admission {
    SignedIn,
    Anonymous,
    /// That is known after the refresh: it lasts no longer than its access token.
    Refresh(Refresh),
}

impl SessionLifecycle {
    /// `timeout` is that of a call to the provider.
    pub(crate) fn new(
        sessions: Arc<Sessions>,
        calls: ProviderCalls,
        end_session: EndSessionRequest,
        sign_out_pages: Vec<HeaderValue>,
        timeout: Duration,
        clock: Arc<dyn Clock>,
        tasks: TaskTracker,
    ) -> Arc<Self> {
        Arc::new(Self {
            refreshes: Refreshes::new(Arc::clone(&clock), tasks.clone()),
            ended: EndedSessions::default(),
            spent: ReplayCache::default(),
            endings: Arc::new(Semaphore::new(MAX_ENDINGS)),
            sign_outs: Arc::new(Semaphore::new(MAX_SIGN_OUTS)),
            sessions,
            calls,
            end_session,
            sign_out_pages,
            horizon: timeout + ROOM,
            clock,
            store_breaker: Breaker::new(STORE_REST),
            tasks,
        })
    }

    /// Waits until everything that was sent is finished.
    pub(crate) async fn shutdown(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now(&*self.clock)
    }

    /// The only session of two places.
    pub(crate) async fn load_either(
        self: &Arc<Self>,
        [first, last]: [SessionKey; 2],
    ) -> Result<Option<(Session, StoreEntry)>, Error> {
        let (first, last) =
            futures_util::future::try_join(self.load(first), self.load(last)).await?;
        Ok(self.sessions.only_one(first, last, |_, _| false))
    }

    /// The session under `key` in the store, if there is one, in no more time than a request may wait for it.
    ///
    /// A probe is finished even if the request goes away: strangers must not keep a store that answers again from
    /// being used.
    pub(crate) async fn load(
        self: &Arc<Self>,
        key: SessionKey,
    ) -> Result<Option<(Session, StoreEntry)>, Error> {
        let Some(attempt) = self.store_breaker.attempt() else {
            return Err(StoreError::new("it did not answer a moment ago").into());
        };
        if !attempt.is_probe() {
            return self.attempt_load(key, attempt).await;
        }
        let lifecycle = Arc::clone(self);
        let probe = self.start(async move { lifecycle.attempt_load(key, attempt).await });
        let lost = || Err(StoreError::new("the call was lost").into());
        probe.outcome().await.unwrap_or_else(lost)
    }

    async fn attempt_load(
        &self,
        key: SessionKey,
        mut attempt: Attempt,
    ) -> Result<Option<(Session, StoreEntry)>, Error> {
        let Backend::Store(stored) = &self.sessions.backend else {
            return Ok(None);
        };
        let loaded = tokio::time::timeout(MAX_STORE_WAIT, stored.load(key)).await;
        let loaded = loaded.unwrap_or_else(|_| Err(StoreError::new("no answer in time").into()));
        match &loaded {
            Ok(_) => self.store_breaker.succeeded(),
            Err(_) => self.store_breaker.failed(&mut attempt),
        }
        loaded
    }

    /// What there is to a session that was found. It waits for nothing but for a refresh without which the
    /// session is over.
    pub(crate) fn admit(
        self: &Arc<Self>,
        session: &Session,
        entry: Option<StoreEntry>,
        now: Timestamp,
    ) -> Admission {
        if self.has_ended(session.id()) {
            return Admission::Anonymous;
        }
        let rules = &self.sessions.rules;
        let attempt = entry.and_then(|entry| entry.refresh_attempt);
        match rules.validity(session, attempt, now) {
            Validity::Valid => Admission::SignedIn,
            Validity::RefreshDue if !rules.has_ended(session, now) => Admission::SignedIn,
            Validity::Unrefreshable if !self.is_refreshing(session, now) => Admission::Anonymous,
            Validity::RefreshDue | Validity::Unrefreshable => {
                Admission::Refresh(self.refresh(session, entry, now))
            }
            Validity::Expired => Admission::Anonymous,
        }
    }

    /// Whether somebody is signed in with a session that was found, or would be after a refresh.
    pub(crate) fn is_signed_in(&self, session: &Session, entry: Option<StoreEntry>) -> bool {
        let attempt = entry.and_then(|entry| entry.refresh_attempt);
        let validity = self.sessions.rules.validity(session, attempt, self.now());
        !self.has_ended(session.id()) && matches!(validity, Validity::Valid | Validity::RefreshDue)
    }

    /// Writes in the background that a session in the store was used, if it is time.
    pub(crate) fn note_use(self: &Arc<Self>, session: &Session, entry: StoreEntry) {
        let now = self.now();
        let limits = self.sessions.rules.limits;
        let Some(used) = session.renewed(limits, now) else {
            return;
        };
        let lifecycle = Arc::clone(self);
        let task = async move {
            if let Backend::Store(stored) = &lifecycle.sessions.backend {
                stored.note_use(used, entry).await;
            }
        };
        self.start(task);
    }

    /// Begins a session that takes the place of another one: gives the `Set-Cookie` values, and where it is if
    /// that is a store.
    pub(crate) async fn begin(
        self: &Arc<Self>,
        session: &Session,
        generation: Generation,
        existing: ExistingChunks,
        replaced: Lookup,
    ) -> Result<(Vec<HeaderValue>, Option<SessionKey>), Error> {
        let sessions = &self.sessions;
        let created = sessions.create(session, generation, existing, self.now());
        let created = created.await?;
        let successor = session.tokens().claims();
        self.end_replaced(replaced, successor).await;
        match created {
            // The callback's handler has signed out, in a task of its own.
            (_, Some(key)) if self.has_ended(session.id()) => {
                self.forget(key).await;
                Ok((sessions.removals(existing).collect(), None))
            }
            created => Ok(created),
        }
    }

    /// Starts a task that runs to its end whoever waits for it; [`shutdown`](Self::shutdown) does.
    pub(crate) fn start<T: Clone + Send + Sync + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Flight<T> {
        Flight::start(&self.tasks, task)
    }

    /// Ends the session under `key` in the store.
    pub(crate) async fn forget(self: &Arc<Self>, key: SessionKey) {
        if let Backend::Store(stored) = &self.sessions.backend
            && stored.delete(key).await.is_err()
        {
            self.forget_later(key);
        }
    }

    /// Likewise, in a store that does not answer: as soon as it does, if that is within a minute. The browser
    /// has forgotten the session; a copy of its cookie has not.
    pub(crate) fn forget_later(self: &Arc<Self>, key: SessionKey) {
        let Ok(permit) = Arc::clone(&self.endings).try_acquire_owned() else {
            tracing::warn!("{GOES_ON}");
            return;
        };
        let lifecycle = Arc::clone(self);
        let task = async move {
            let Backend::Store(stored) = &lifecycle.sessions.backend else {
                return;
            };
            if let Err(error) = stored.delete_in_time(key).await {
                let source = error.causes();
                tracing::warn!(%error, source, "{GOES_ON}");
            }
            drop(permit);
        };
        self.start(task);
    }

    /// Makes the session nobody's, in every request of this process. True the first time.
    fn mark_ended(&self, session: &Session, is_replaced: bool) -> bool {
        let limit = session.end();
        let end = Ended { limit, is_replaced };
        self.ended.insert(session.id(), end, self.now())
    }

    pub(crate) fn has_ended(&self, session: SessionId) -> bool {
        self.ended.get(session).is_some()
    }

    /// Whether an answer has to remove the session's cookies, which a late answer has brought back.
    pub(crate) fn has_signed_out(&self, session: SessionId) -> bool {
        self.ended.get(session).is_some_and(|end| !end.is_replaced)
    }

    /// Whether what the browser has is out of date by now: an answer that took long must not bring it
    /// back.
    pub(crate) fn is_superseded(&self, session: &Session) -> bool {
        self.has_ended(session.id()) || self.refreshes.replaces(session.tokens(), self.now())
    }
}

const GOES_ON: &str = "a session that is over goes on in the store";
/// How long a request waits for the store.
const MAX_STORE_WAIT: Duration = Duration::from_secs(1);
/// How long a store that does not answer is left alone.
const STORE_REST: Duration = Duration::from_secs(1);
/// Sessions that are ended in the background at once, here or at the provider.
const MAX_ENDINGS: usize = 64;
/// Sessions that the store is asked to end at once.
const MAX_SIGN_OUTS: usize = 256;
/// Besides the time-out, for what is done before and after a call.
const ROOM: Duration = Duration::from_secs(5);
