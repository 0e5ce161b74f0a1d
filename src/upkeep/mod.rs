//! What keeps the sessions of one layer alive, and ends them.

mod refresh;
mod remembered;
mod sign_out;

use std::{fmt, sync::Arc, time::Duration};

use http::HeaderValue;
use tokio::sync::Semaphore;

pub(crate) use remembered::Remembered;

use crate::{
    clock::{Clock, Timestamp},
    error::Error,
    oidc::EndSessionRequest,
    provider_calls::ProviderCalls,
    session::{Found, Kept, Place, Session, SessionId, Sessions, SingleFlight, store::SessionKey},
    under_way::UnderWay,
};

/// The sessions, the provider, and what was done to one with the other.
pub(crate) struct Upkeep {
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) calls: ProviderCalls,
    refreshes: SingleFlight,
    /// Sessions that are over, by their id.
    ended: Remembered,
    /// Refresh tokens that work once, and were sent.
    spent: Remembered,
    /// The right to try to forget a session for a while: anybody can ask for it while a store fails.
    forgetting: Arc<Semaphore>,
    end_session: EndSessionRequest,
    /// Where people may go after a sign-out; there is one.
    sign_out_pages: Vec<HeaderValue>,
    /// How long others wait for a refresh: the time-out of a call, and room for what comes before and after.
    horizon: Duration,
    clock: Arc<dyn Clock>,
    under_way: UnderWay,
}

impl Upkeep {
    /// `timeout` is that of a call to the provider.
    pub(crate) fn new(
        sessions: Arc<Sessions>,
        calls: ProviderCalls,
        end_session: EndSessionRequest,
        sign_out_pages: Vec<HeaderValue>,
        timeout: Duration,
        clock: Arc<dyn Clock>,
        under_way: UnderWay,
    ) -> Arc<Self> {
        Arc::new(Self {
            refreshes: SingleFlight::new(Arc::clone(&clock), under_way.clone()),
            ended: Remembered::default(),
            spent: Remembered::default(),
            forgetting: Arc::new(Semaphore::new(MAX_FORGETTING)),
            sessions,
            calls,
            end_session,
            sign_out_pages,
            horizon: timeout + ROOM,
            clock,
            under_way,
        })
    }

    /// Waits until everything that was sent is finished.
    pub(crate) async fn finish(&self) {
        self.under_way.finish().await;
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now(&*self.clock)
    }

    /// The session under `key` in the store, if there is one.
    pub(crate) async fn load(&self, key: SessionKey) -> Result<Option<(Session, Kept)>, Error> {
        match &self.sessions.place {
            Place::Store(stored) => stored.load(key).await,
            Place::Cookies(_) => Ok(None),
        }
    }

    /// Ends what another session, or none, takes the place of in the browser.
    pub(crate) async fn replace(self: &Arc<Self>, replaced: &Found) {
        match replaced {
            Found::Nothing => {}
            Found::Session(session) => {
                self.end(session.id());
            }
            Found::Key(key) => self.forget(*key).await,
        }
    }

    /// Ends the session under `key` in the store.
    pub(crate) async fn forget(self: &Arc<Self>, key: SessionKey) {
        if let Place::Store(stored) = &self.sessions.place
            && stored.delete(&key).await.is_err()
        {
            self.forget_later(key);
        }
    }

    /// Likewise, in a store that does not answer: as soon as it does, if that is within a minute. The browser
    /// has forgotten the session; a copy of its cookie has not.
    pub(crate) fn forget_later(self: &Arc<Self>, key: SessionKey) {
        let Ok(permit) = Arc::clone(&self.forgetting).try_acquire_owned() else {
            tracing::warn!("{GOES_ON}");
            return;
        };
        let upkeep = Arc::clone(self);
        let task = async move {
            let Place::Store(stored) = &upkeep.sessions.place else {
                return;
            };
            if let Err(error) = stored.delete_in_time(&key).await {
                let source = error.causes();
                tracing::warn!(%error, source, "{GOES_ON}");
            }
            drop(permit);
        };
        self.under_way.spawn(task);
    }

    /// No answer under way writes this session again. True once.
    pub(crate) fn end(&self, session: SessionId) -> bool {
        self.ended.claim(session.as_bytes(), self.now())
    }

    pub(crate) fn has_ended(&self, session: SessionId) -> bool {
        self.ended.contains(session.as_bytes())
    }

    /// Whether what the browser has is out of date by now: an answer that took long must not bring it
    /// back.
    pub(crate) fn is_superseded(&self, session: &Session) -> bool {
        self.has_ended(session.id()) || self.refreshes.replaces(session.tokens(), self.now())
    }
}

impl fmt::Debug for Upkeep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upkeep")
            .field("sessions", &self.sessions)
            .field("calls", &self.calls)
            .finish_non_exhaustive()
    }
}

const GOES_ON: &str = "a session that is over goes on in the store";
/// At once, each about once a second.
const MAX_FORGETTING: usize = 64;
/// Besides the time-out, for what is done before and after a call.
const ROOM: Duration = Duration::from_secs(5);
