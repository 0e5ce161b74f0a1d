//! The session of one request, shared by the layer and the handlers.

mod changes;
mod lookup;
mod request_mode;
mod request_session;
mod requested_page;
mod same_origin;

use std::sync::{
    Arc, OnceLock,
    atomic::{
        AtomicBool, AtomicU8,
        Ordering::{AcqRel, Acquire, Relaxed},
    },
};

pub(crate) use self::{
    lookup::load, request_mode::RequestMode, request_session::RequestSession,
    requested_page::RequestedPage, same_origin::check_same_origin,
};
use crate::{
    cookie::CookieHeaders,
    error::{Error, WiringError},
    oidc::SignInParameters,
    return_to::ReturnTo,
    session::{
        Session,
        lifecycle::{PageAfterSignOut, SessionLifecycle},
    },
};

/// The layer's extension of each request that it forwards: the cookies of the request, and its session, which is
/// looked up when a handler asks for it.
///
/// The layer keeps a clone and reads it when the response headers are ready. Later changes by handlers have no effect
/// on the response.
pub(crate) struct RequestContext {
    pub(crate) lifecycle: Arc<SessionLifecycle>,
    pub(crate) cookies: CookieHeaders,
    /// The requested page, if a person is waiting for one.
    requested_page: Option<RequestedPage>,
    /// Whether a guard has declared the route an API.
    is_api: AtomicBool,
    pub(crate) mode: RequestMode,
    /// Set at the callback.
    pub(crate) return_to: Option<Box<ReturnTo>>,
    /// Leaves `UNASKED` once: when a handler asks for the session, or else when the response headers are ready.
    asked: AtomicU8,
    /// Set by the first call that asks.
    session: OnceLock<RequestSession>,
}

impl RequestContext {
    #[inline]
    pub(crate) fn new(
        lifecycle: &Arc<SessionLifecycle>,
        cookies: CookieHeaders,
        requested_page: Option<RequestedPage>,
        mode: RequestMode,
    ) -> Arc<Self> {
        Arc::new(Self {
            lifecycle: Arc::clone(lifecycle),
            cookies,
            requested_page,
            is_api: AtomicBool::new(false),
            mode,
            return_to: None,
            asked: AtomicU8::new(UNASKED),
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
            cookies: CookieHeaders::default(),
            requested_page: None,
            is_api: AtomicBool::new(false),
            mode: RequestMode::Unknown,
            return_to: Some(Box::new(return_to)),
            asked: AtomicU8::new(ASKED),
            session: OnceLock::from(session),
        })
    }

    /// The requested page, if a person is waiting for one and the route is not an API.
    #[inline]
    pub(crate) fn requested_page(&self) -> Option<&RequestedPage> {
        let is_page = |_: &&RequestedPage| !self.is_api.load(Relaxed);
        self.requested_page.as_ref().filter(is_page)
    }

    /// Declares the route an API: its errors are problem details, whoever sent the request.
    pub(crate) fn declare_api(&self) {
        self.is_api.store(true, Relaxed);
    }

    /// The session. The first call starts its lookup.
    ///
    /// # Errors
    ///
    /// [`WiringError::AskedTooLate`] if the first call comes after the response headers were ready.
    pub(crate) fn session(&self) -> Result<&RequestSession, Error> {
        match self.leave_unasked(ASKED) {
            CLOSED => Err(Error::new(WiringError::AskedTooLate)),
            _ => Ok(self.look_up()),
        }
    }

    /// The session, if a handler has asked for it.
    pub(crate) fn asked_session(&self) -> Option<&RequestSession> {
        self.session.get()
    }

    /// The session, if a handler has asked for it. From now on the first call of [`session`](Self::session) is too
    /// late.
    #[inline]
    pub(crate) fn close(&self) -> Option<&RequestSession> {
        let session = (self.leave_unasked(CLOSED) == ASKED).then(|| self.look_up())?;
        session.close();
        Some(session)
    }

    /// Changes `UNASKED` to `next`. Returns the new state.
    #[inline]
    fn leave_unasked(&self, next: u8) -> u8 {
        let left = self.asked.compare_exchange(UNASKED, next, AcqRel, Acquire);
        left.map_or_else(|state| state, |_| next)
    }

    fn look_up(&self) -> &RequestSession {
        let look_up = || RequestSession::look_up(&self.lifecycle, &self.cookies);
        self.session.get_or_init(look_up)
    }
}

const UNASKED: u8 = 0;
const ASKED: u8 = 1;
const CLOSED: u8 = 2;

/// The extension of a redirect that follows a handler's sign-out.
#[derive(Clone, Debug)]
pub(crate) struct SignOutRedirect(pub(crate) PageAfterSignOut);

/// The extension of a response that asks for a sign-in.
#[derive(Clone, Debug)]
pub(crate) struct SignInChallenge {
    pub(crate) destination: Destination,
    pub(crate) parameters: SignInParameters,
}

/// The page to which a sign-in returns.
#[derive(Clone, Debug, Default)]
pub(crate) enum Destination {
    #[default]
    RequestedPage,
    LandingPage,
    Page(ReturnTo),
}
