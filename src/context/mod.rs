//! What the layer and the handlers of one request tell each other.

mod asked_page;
mod changes;
mod conclusion;
mod lookup;
mod tokens;

use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use http::Extensions;

pub(crate) use self::{
    asked_page::AskedPage, changes::Change, conclusion::Conclusion, lookup::SessionState,
};
use self::{lookup::SessionLookup, tokens::TokensLookup};
use crate::{
    cookie::CookieLines,
    return_to::ReturnTo,
    session::{Session, lifecycle::SessionLifecycle, store::SessionKey},
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
    return_to: Option<ReturnTo>,
    session: OnceLock<SessionLookup>,
    tokens: OnceLock<TokensLookup>,
    /// The key of a session in a store, once it is known. At the callback that is after its handler has
    /// answered.
    key: OnceLock<SessionKey>,
    change: Mutex<Option<Change>>,
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
            tokens: OnceLock::new(),
            key: OnceLock::new(),
            change: Mutex::new(None),
        })
    }

    /// The context of a callback, whose session is about to begin.
    pub(crate) fn of_callback(
        lifecycle: &Arc<SessionLifecycle>,
        session: Session,
        return_to: ReturnTo,
    ) -> Arc<Self> {
        let tokens = TokensLookup::Known(Ok(session.tokens().clone()));
        let session = SessionLookup::of_callback(session);
        Arc::new(Self {
            lifecycle: Arc::clone(lifecycle),
            cookies: CookieLines::default(),
            asked_page: None,
            return_to: Some(return_to),
            session: OnceLock::from(session),
            tokens: OnceLock::from(tokens),
            key: OnceLock::new(),
            change: Mutex::new(None),
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
        self.return_to.as_ref()
    }

    /// Whether it is that of a callback, of the layer with these sessions.
    pub(crate) fn is_of_callback(&self, lifecycle: &Arc<SessionLifecycle>) -> bool {
        self.return_to.is_some() && Arc::ptr_eq(&self.lifecycle, lifecycle)
    }

    /// The session of this callback has begun: what its handler still does is done to it.
    pub(crate) fn note_key(&self, key: SessionKey) {
        // It begins once.
        let _ = self.key.set(key);
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
