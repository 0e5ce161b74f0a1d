//! Where the sessions of an application are.

use http::HeaderValue;

use super::{
    ExistingChunks, Rules, SealedSessions, Session, StoredSessions,
    session_cookies::SessionCookies, store::SessionKey,
};
use crate::{
    clock::Timestamp,
    cookie::CookieScope,
    error::{Error, ErrorKind},
    oidc::CodeHash,
};

/// All sessions of an application.
#[derive(Debug)]
pub(crate) struct Sessions {
    pub(crate) rules: Rules,
    pub(crate) scope: CookieScope,
    pub(crate) backend: Backend,
}

/// Where they are.
#[derive(Debug)]
pub(crate) enum Backend {
    Cookies(SealedSessions),
    Store(StoredSessions),
}

/// The cookies of a request that are the session's, and the key in them, if they have one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PresentedCookies {
    pub(crate) existing: ExistingChunks,
}

/// What the cookies of a request tell.
#[derive(Clone, Debug)]
pub(crate) enum Lookup {
    Nothing,
    /// The session itself, within its limits.
    Session(Session),
    /// Where it may be.
    Key(SessionKey),
}

impl Sessions {
    /// What a request brings, and what it says.
    pub(crate) fn find<'a>(
        &self,
        lines: impl IntoIterator<Item = &'a HeaderValue>,
        now: impl FnOnce() -> Timestamp,
    ) -> (Lookup, PresentedCookies) {
        let cookies = SessionCookies::read(lines, self.scope);
        let existing = cookies.existing();
        if existing.is_empty() {
            return (Lookup::Nothing, PresentedCookies { existing });
        }
        let found = match &self.backend {
            Backend::Cookies(sealed) => sealed
                .open(&cookies)
                .filter(|session| session.lives(self.rules.limits, now()))
                .map(Lookup::Session),
            Backend::Store(_) => cookies.id().map(|id| Lookup::Key(SessionKey::of_id(&id))),
        };
        let found = found.unwrap_or(Lookup::Nothing);
        (found, PresentedCookies { existing })
    }

    /// Whether a session can be kept, as far as its size tells.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SessionTooLarge`](crate::error::ErrorKind::SessionTooLarge)
    pub(crate) fn check(&self, session: &Session) -> Result<(), Error> {
        match &self.backend {
            Backend::Cookies(sealed) => sealed.check(session),
            Backend::Store(stored) => stored.check(session),
        }
    }

    /// Begins a session: gives the `Set-Cookie` values that tell the browser, and where it is if that is a
    /// store.
    pub(crate) async fn create(
        &self,
        session: &Session,
        existing: ExistingChunks,
        now: Timestamp,
    ) -> Result<(Vec<HeaderValue>, Option<SessionKey>), Error> {
        match &self.backend {
            Backend::Cookies(sealed) => {
                let cookies = sealed.write(session, existing, now)?;
                Ok((cookies, None))
            }
            Backend::Store(stored) => {
                let (cookies, key) = stored.create(session, existing, now).await?;
                Ok((cookies, Some(key)))
            }
        }
    }

    /// Takes the state of a sign-in for this callback, among all processes; gives how it was used before, if it
    /// was.
    pub(crate) async fn take_state(
        &self,
        state: &str,
        code: CodeHash,
    ) -> Result<Option<ErrorKind>, Error> {
        match &self.backend {
            Backend::Store(stored) if stored.is_shared() => stored.take_state(state, code).await,
            _ => Ok(None),
        }
    }

    /// Makes a state usable again that this process has taken.
    pub(crate) async fn free_state(&self, state: &str) {
        if let Backend::Store(stored) = &self.backend
            && stored.is_shared()
        {
            stored.free_state(state).await;
        }
    }

    /// How any process has used a state, if one has.
    pub(crate) async fn use_of_state(
        &self,
        state: &str,
        code: Option<CodeHash>,
    ) -> Result<Option<ErrorKind>, Error> {
        match &self.backend {
            Backend::Store(stored) if stored.is_shared() => stored.use_of_state(state, code).await,
            _ => Ok(None),
        }
    }

    /// The `Set-Cookie` values for what a session has become, where it is in cookies.
    pub(crate) fn rewrite(
        &self,
        session: &Session,
        existing: ExistingChunks,
        now: Timestamp,
    ) -> Vec<HeaderValue> {
        let Backend::Cookies(sealed) = &self.backend else {
            return Vec::new();
        };
        sealed
            .write(session, existing, now)
            .unwrap_or_else(|error| {
                tracing::warn!(%error, "session not written: the old one goes on");
                Vec::new()
            })
    }

    /// Whether they are in a store.
    pub(crate) fn are_stored(&self) -> bool {
        matches!(self.backend, Backend::Store(_))
    }

    /// The `Set-Cookie` values that make the browser forget its session.
    pub(crate) fn removals(&self, existing: ExistingChunks) -> impl Iterator<Item = HeaderValue> {
        existing.removals(0, self.scope)
    }
}
