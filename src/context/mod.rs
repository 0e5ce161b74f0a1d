//! What the layer and the handlers of one request tell each other.

mod asked_page;
mod changes;
mod conclusion;
mod lookup;
mod request_session;
mod tokens;

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use http::Extensions;

pub(crate) use self::{
    asked_page::AskedPage, changes::Change, conclusion::Conclusion, lookup::SessionState,
    request_session::RequestSession,
};
use crate::{
    cookie::CookieLines,
    error::{Error, WiringError},
    return_to::ReturnTo,
    session::{Session, lifecycle::SessionLifecycle},
};

/// The layer's own extension of each request that it forwards: proof that the layer is there, the cookies
/// that came, and the session, which is looked up when somebody asks for it.
///
/// The layer keeps a clone and reads it when the head of the answer is ready. What handlers do after that
/// has no effect on the answer.
pub(crate) struct RequestContext {
    lifecycle: Arc<SessionLifecycle>,
    cookies: CookieLines,
    /// The page that a person asked for, should they have to sign in first.
    pub(crate) asked_page: Option<AskedPage>,
    /// Set at the callback.
    return_to: Option<Box<ReturnTo>>,
    /// Set by the first call that asks for the session; to `None` if the head of the answer is sent before.
    session: OnceLock<Option<RequestSession>>,
}

impl RequestContext {
    /// The context of a request of which nobody has asked for the session yet.
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

    pub(crate) fn of(extensions: &Extensions) -> Option<&Arc<Self>> {
        extensions.get()
    }

    pub(crate) fn lifecycle(&self) -> &Arc<SessionLifecycle> {
        &self.lifecycle
    }

    pub(crate) fn cookies(&self) -> &CookieLines {
        &self.cookies
    }

    pub(crate) fn return_to(&self) -> Option<&ReturnTo> {
        self.return_to.as_deref()
    }

    /// Whether it is that of a callback, of the layer with these sessions.
    pub(crate) fn is_of_callback(&self, lifecycle: &Arc<SessionLifecycle>) -> bool {
        self.return_to.is_some() && Arc::ptr_eq(&self.lifecycle, lifecycle)
    }

    /// The session. The first call starts its look-up.
    ///
    /// # Errors
    ///
    /// [`WiringError::AskedTooLate`] when nobody had asked before the head of the answer was sent.
    pub(crate) fn session(&self) -> Result<&RequestSession, Error> {
        let look_up = || Some(RequestSession::look_up(&self.lifecycle, &self.cookies));
        let session = self.session.get_or_init(look_up).as_ref();
        session.ok_or_else(|| Error::new(WiringError::AskedTooLate))
    }

    /// The session, if a handler has asked for it.
    pub(crate) fn asked_session(&self) -> Option<&RequestSession> {
        self.session.get()?.as_ref()
    }

    /// The session, if a handler has asked for it, when the head of the answer is ready. From now on the first
    /// call of [`session`](Self::session) is too late.
    #[inline]
    pub(crate) fn close(&self) -> Option<&RequestSession> {
        self.session.get_or_init(|| None).as_ref()
    }
}

/// An answer of a handler that asks for a sign-in, wherever it comes back to.
#[derive(Clone, Debug)]
pub(crate) struct SignInChallenge {
    pub(crate) return_to: Option<ReturnTo>,
}

impl fmt::Debug for RequestContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestContext").finish_non_exhaustive()
    }
}
