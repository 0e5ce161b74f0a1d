//! Begins, refreshes and ends sessions, in the application and at the provider.

mod background;
mod data;
mod everywhere;
mod refresh;
mod sign_out;
mod watches;

use std::{
    sync::{Arc, Mutex, Once},
    time::Duration,
};

use futures_util::future::try_join;
use http::HeaderValue;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use self::watches::Watches;
pub(crate) use self::{everywhere::PublicSession, sign_out::PageAfterSignOut};
use crate::{
    breaker::Breaker,
    clock::{Clock, Timestamp},
    error::Error,
    lock::lock,
    oidc::EndSessionRequest,
    provider_calls::ProviderCalls,
    session::{
        Generation, Loaded, Lookup, PresentedCookies, Refresh, Refreshes, Replacement, Session,
        SessionId, Sessions, StoreEntry, StoredSessions, Validity,
        data::RecentData,
        deletions::Deletions,
        ended::{Ended, EndedSessions},
        replay_cache::ReplayCache,
        store::{SessionKey, StoreError},
    },
};

/// Begins, refreshes and ends the sessions of one layer at one origin.
#[derive(Clone)]
pub(crate) struct SessionLifecycle {
    pub(crate) sessions: Arc<Sessions>,
    /// The sessions at all origins of the layer, if they are in a store: a user may have sessions at each.
    all_stored: Arc<[Arc<StoredSessions>]>,
    pub(crate) calls: Arc<ProviderCalls>,
    refreshes: Arc<Refreshes>,
    ended: Arc<EndedSessions>,
    /// The store keys of ended sessions. The store may not have deleted them yet.
    ended_keys: Arc<EndedSessions>,
    /// Tells those who wait for the end of a session.
    watches: Arc<Watches>,
    /// The data that requests of this process have written to sessions in cookies.
    recent_data: Arc<RecentData>,
    /// The keys of ended sessions that the store has failed to delete.
    deletions: Arc<Deletions>,
    /// The single-use refresh tokens that were sent.
    spent: Arc<ReplayCache>,
    /// Bounds the background tasks that revoke tokens without a session.
    ending_permits: Arc<Semaphore>,
    /// Whether it was logged that the background queue is full.
    queue_full_logged: Arc<Once>,
    /// Bounds the sign-outs that wait for the store: each continues after its browser has disconnected.
    sign_out_permits: Arc<Semaphore>,
    end_session: EndSessionRequest,
    /// The pages to go to after a sign-out; there is at least one.
    sign_out_pages: Vec<HeaderValue>,
    /// The origin of the application (RFC 6454 §6.2).
    pub(crate) origin: String,
    /// Whether a session keeps the user information of its sign-in.
    pub(crate) keeps_user_info: bool,
    /// Whether it was logged that a guard needs the user information, which sessions do not keep.
    pub(crate) user_info_logged: Arc<Once>,
    /// How long others wait for a refresh: the timeout of a call, and 5 s for the steps before and after the call.
    pub(crate) refresh_timeout: Duration,
    clock: Arc<dyn Clock>,
    store_breaker: Arc<Breaker>,
    /// Why the last lookup failed.
    store_failure: Arc<Mutex<Option<String>>>,
    /// Whether a clock ahead of this one was logged.
    clock_logged: Arc<Once>,
    tasks: TaskTracker,
}

/// The parts of a lifecycle that differ for each origin of a layer.
pub(crate) struct OriginParts {
    /// Those of all origins.
    pub(crate) all_stored: Arc<[Arc<StoredSessions>]>,
    pub(crate) origin: String,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) end_session: EndSessionRequest,
}

/// Whether a session that was found signs its user in.
pub(crate) enum Admission {
    SignedIn,
    Anonymous,
    /// The session ends with its access token. The refresh shows whether the user is signed in.
    Refresh(Refresh),
}

impl SessionLifecycle {
    /// `timeout` is that of a call to the provider.
    pub(crate) fn new(
        parts: OriginParts,
        calls: ProviderCalls,
        sign_out_pages: Vec<HeaderValue>,
        keeps_user_info: bool,
        timeout: Duration,
        clock: Arc<dyn Clock>,
        tasks: TaskTracker,
    ) -> Arc<Self> {
        Arc::new(Self {
            all_stored: parts.all_stored,
            watches: Arc::default(),
            refreshes: Arc::default(),
            ended: Arc::default(),
            ended_keys: Arc::default(),
            recent_data: Arc::default(),
            deletions: Arc::default(),
            spent: Arc::default(),
            ending_permits: Arc::new(Semaphore::new(MAX_ENDINGS)),
            queue_full_logged: Arc::new(Once::new()),
            sign_out_permits: Arc::new(Semaphore::new(MAX_SIGN_OUTS)),
            sessions: parts.sessions,
            calls: Arc::new(calls),
            end_session: parts.end_session,
            sign_out_pages,
            origin: parts.origin,
            keeps_user_info,
            user_info_logged: Arc::new(Once::new()),
            refresh_timeout: timeout + Duration::from_secs(5),
            clock,
            clock_logged: Arc::new(Once::new()),
            store_breaker: Arc::new(Breaker::new(STORE_BREAKER_OPEN_FOR)),
            store_failure: Arc::default(),
            tasks,
        })
    }

    /// The lifecycle of the sessions of another origin of the same layer.
    pub(crate) fn at_origin(&self, parts: OriginParts) -> Arc<Self> {
        Arc::new(Self {
            sessions: parts.sessions,
            end_session: parts.end_session,
            origin: parts.origin,
            ..self.clone()
        })
    }

    /// Waits for all background tasks.
    pub(crate) async fn shutdown(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now(&*self.clock)
    }

    /// The session under either of two keys; none if both have a session.
    pub(crate) async fn load_either(
        self: &Arc<Self>,
        [first, last]: [SessionKey; 2],
    ) -> Result<Option<Loaded>, Error> {
        let (first, last) = try_join(self.load(first), self.load(last)).await?;
        Ok(self.sessions.only_one(first, last, |_, _| false))
    }

    /// The session under `key` in the store, if there is one. Waits at most 1 s.
    ///
    /// A probe of a store that did not answer runs to its end even if its request is cancelled: otherwise attackers
    /// could keep the breaker open by closing connections.
    pub(crate) async fn load(self: &Arc<Self>, key: SessionKey) -> Result<Option<Loaded>, Error> {
        let call = self.store_breaker.try_begin();
        let mut call = call.ok_or_else(|| self.store_failed_before())?;
        let (lifecycle, is_probe) = (Arc::clone(self), call.is_probe);
        let load = async move {
            let Some(stored) = lifecycle.sessions.stored() else {
                return Ok(None);
            };
            let load = async {
                if lifecycle.ended_keys.get(SessionId::of_key(key)).is_some() {
                    return stored.delete(key).await.map(|()| None);
                }
                stored.load(key).await
            };
            let loaded = tokio::time::timeout(MAX_STORE_WAIT, load).await;
            let late = |_| Err(StoreError::new("no response in time").into());
            let loaded = loaded.unwrap_or_else(late);
            match &loaded {
                Ok(_) => lifecycle.store_breaker.succeeded(),
                Err(error) => {
                    *lock(&lifecycle.store_failure) = error.causes();
                    lifecycle.store_breaker.failed(&mut call);
                }
            }
            loaded
        };
        if !is_probe {
            return load.await;
        }
        let lost = || Err(StoreError::new("the call was lost").into());
        self.start(load).outcome().await.unwrap_or_else(lost)
    }

    /// The error of a lookup while the breaker is open. It names the failure that opened the breaker: most lines of
    /// the log during an outage are about this error.
    fn store_failed_before(&self) -> StoreError {
        let failure = lock(&self.store_failure);
        let failure = failure.as_deref().unwrap_or("no response in time");
        StoreError::new(format!("failed a moment ago: {failure}"))
    }

    fn validity(&self, session: &Session, entry: Option<StoreEntry>, now: Timestamp) -> Validity {
        let attempt = entry.and_then(|entry| entry.refresh_attempt);
        self.sessions.rules.validity(session, attempt, now)
    }

    /// Whether a session that was found signs its user in. Starts a refresh if the session ends with its access token
    /// and the token has expired.
    pub(crate) fn admit(
        self: &Arc<Self>,
        session: &Session,
        entry: Option<StoreEntry>,
        now: Timestamp,
    ) -> Admission {
        if self.has_ended(session.id()) {
            return Admission::Anonymous;
        }
        self.check_clock(session.0.written, now);
        let (rules, tokens) = (&self.sessions.rules, session.tokens());
        match self.validity(session, entry, now) {
            Validity::Valid => Admission::SignedIn,
            Validity::RefreshDue if !rules.has_ended_with_access_token(tokens, now) => {
                Admission::SignedIn
            }
            Validity::EndedUnlessRefreshing if !self.refreshes.has_replacement_for(tokens, now) => {
                Admission::Anonymous
            }
            Validity::RefreshDue | Validity::EndedUnlessRefreshing => {
                Admission::Refresh(self.refresh(session, entry, now))
            }
            Validity::Expired => Admission::Anonymous,
        }
    }

    /// Logs, once, that another process has written a time that is in the future here: that process's clock is ahead,
    /// or this one's is behind. Limits then end early in one process and late in the other.
    #[inline]
    pub(crate) fn check_clock(&self, written: Timestamp, now: Timestamp) {
        if written > now.plus(self.calls.clock_skew()) {
            self.clock_logged.call_once(|| {
                let (written, now) = (written.as_unix(), now.as_unix());
                tracing::warn!(
                    written,
                    now,
                    "clocks differ by more than `with_clock_skew`: this process's is behind, or another's is ahead"
                );
            });
        }
    }

    /// Whether a session that was found signs its user in, now or after a refresh.
    pub(crate) fn is_signed_in(&self, session: &Session, entry: Option<StoreEntry>) -> bool {
        let validity = self.validity(session, entry, self.now());
        !self.has_ended(session.id()) && matches!(validity, Validity::Valid | Validity::RefreshDue)
    }

    /// Records in the background that a session in the store was used, if a record is due.
    pub(crate) fn record_use(&self, session: &Session, entry: StoreEntry) {
        let used = session.touched_if_due(self.sessions.rules.limits, self.now());
        if let (Some(used), Some(stored)) = (used, self.sessions.stored().cloned()) {
            self.start(async move { stored.record_use(used, entry).await });
        }
    }

    /// Begins a session in place of another one: returns the `Set-Cookie` values, and its key if it is in a store.
    pub(crate) async fn begin(
        self: &Arc<Self>,
        session: &Session,
        generation: Generation,
        existing: PresentedCookies,
        replaced: Lookup,
    ) -> Result<(Vec<HeaderValue>, Option<SessionKey>), Error> {
        let sessions = &self.sessions;
        let created = sessions.create(session, generation, existing, self.now());
        let (mut cookies, key) = created.await?;
        let successor = session.tokens().claims();
        self.end_replaced(replaced, successor).await;
        if let Some(key) = key
            && self.has_ended(session.id())
        {
            // A task that the callback's handler has spawned has signed the user out.
            let _ = self.forget(key).await;
            return Ok((sessions.removals(existing).collect(), None));
        }
        cookies.push(sessions.completion_cookie(existing));
        Ok((cookies, key))
    }

    /// Marks a session as ended for all requests of this process. `true` the first time.
    fn mark_ended(&self, session: &Session, is_replaced: bool) -> bool {
        let limit = session.0.end;
        let end = Ended { limit, is_replaced };
        self.recent_data.forget(session.id());
        self.watches.end(session.id());
        self.ended.insert(session.id(), end, self.now())
    }

    pub(crate) fn has_ended(&self, session: SessionId) -> bool {
        self.ended.get(session).is_some()
    }

    /// Whether a response has to remove the session's cookies, in case a late response has restored them.
    pub(crate) fn must_remove_cookies(&self, session: SessionId) -> bool {
        self.ended.get(session).is_some_and(|end| !end.is_replaced)
    }

    /// What replaces the tokens of a session: a late response must not restore them.
    pub(crate) fn replacement(&self, session: &Session) -> Replacement {
        if self.has_ended(session.id()) {
            return Replacement::Unknown;
        }
        self.refreshes.replacement(session.tokens(), self.now())
    }
}

/// How long a request waits for the store.
const MAX_STORE_WAIT: Duration = Duration::from_secs(1);
/// How long the breaker of the store stays open.
const STORE_BREAKER_OPEN_FOR: Duration = Duration::from_secs(1);
/// The limit of concurrent background tasks that revoke tokens without a session.
const MAX_ENDINGS: usize = 64;
/// The limit of concurrent sign-outs that wait for the store.
const MAX_SIGN_OUTS: usize = 256;
