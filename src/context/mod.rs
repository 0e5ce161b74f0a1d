//! The session of one request, shared by the layer and the handlers.

mod asked_page;
mod changes;
mod lookup;
mod request_session;

use std::sync::{Arc, OnceLock};

pub(crate) use self::{asked_page::AskedPage, lookup::load, request_session::RequestSession};
use crate::{
    cookie::CookieLines,
    error::{Error, WiringError},
    return_to::ReturnTo,
    session::{Session, lifecycle::SessionLifecycle},
};

/// The layer's extension of each request that it forwards: the cookies of the request, and its session, which is
/// looked up when a handler asks for it.
///
/// The layer keeps a clone and reads it when the head of the response is ready. Later changes by handlers have no
/// effect on the response.
pub(crate) struct RequestContext {
    pub(crate) lifecycle: Arc<SessionLifecycle>,
    pub(crate) cookies: CookieLines,
    /// The requested page, if a person is waiting for one.
    pub(crate) asked_page: Option<AskedPage>,
    /// Set at the callback.
    pub(crate) return_to: Option<Box<ReturnTo>>,
    /// Set by the first call that asks for the session, or to `None` when the head of the response is ready.
    session: OnceLock<Option<RequestSession>>,
}

impl RequestContext {
    pub(crate) fn new(
        lifecycle: &Arc<SessionLifecycle>,
        cookies: CookieLines,
        asked_page: Option<AskedPage>,
    ) -> Arc<Self> {
        Arc::new(Self {
            lifecycle: Arc::clone(lifecycle),
            cookies,
            asked_page,
            return_to: None,
            session: OnceLock::new(),
        })
    }

    /// The context of a callback, whose session is about to begin.
    pub(crate) fn of_callback(
        lifecycle: &Arc<SessionLifecycle>,
        session: Session,
        return_to: ReturnTo,
    ) -> Arc<Self> {
        let session = RequestSession::of_callback(lifecycle, session);
        Arc::new(Self {
            lifecycle: Arc::clone(lifecycle),
            cookies: CookieLines::default(),
            asked_page: None,
            return_to: Some(Box::new(return_to)),
            session: OnceLock::from(Some(session)),
        })
    }

    /// The session. The first call starts its look-up.
    ///
    /// # Errors
    ///
    /// [`WiringError::AskedTooLate`] if the first call comes after the head of the response was ready.
    pub(crate) fn session(&self) -> Result<&RequestSession, Error> {
        let look_up = || Some(RequestSession::look_up(&self.lifecycle, &self.cookies));
        let session = self.session.get_or_init(look_up).as_ref();
        session.ok_or_else(|| Error::new(WiringError::AskedTooLate))
    }

    /// The session, if a handler has asked for it.
    pub(crate) fn asked_session(&self) -> Option<&RequestSession> {
        self.session.get()?.as_ref()
    }

    /// The session, if a handler has asked for it. From now on the first call of [`session`](Self::session) is too
    /// late.
    #[inline]
    pub(crate) fn close(&self) -> Option<&RequestSession> {
        self.session.get_or_init(|| None).as_ref()
    }
}

/// The extension of a response that asks for a sign-in, with the page to return to.
#[derive(Clone, Debug)]
pub(crate) struct SignInChallenge(pub(crate) Option<ReturnTo>);
