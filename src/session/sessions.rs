//! Where the sessions of an application are.

use std::sync::Once;

use http::HeaderValue;

use super::{
    ExistingChunks, Generation, Rules, SealedSessions, Session, StoredSessions,
    session_cookies::SessionCookies, store::SessionKey,
};
use crate::{
    clock::Timestamp,
    cookie::CookieScope,
    error::{CallbackError, Error},
    oidc::CodeHash,
};

/// All sessions of an application.
#[derive(Debug)]
pub(crate) struct Sessions {
    pub(crate) rules: Rules,
    pub(crate) scope: CookieScope,
    pub(crate) backend: Backend,
    /// Contradicting cookies.
    reported: Once,
}

/// Where they are.
#[derive(Debug)]
pub(crate) enum Backend {
    Cookies(SealedSessions),
    Store(StoredSessions),
}

/// What the cookies of a request tell.
#[derive(Clone, Debug)]
pub(crate) enum Lookup {
    Nothing,
    /// The session itself, within its limits.
    Session(Session),
    /// Where it may be.
    Key(SessionKey),
    /// Two places, of which one was planted. If there is a session in both, it is nobody's.
    EitherKey([SessionKey; 2]),
}

impl Sessions {
    pub(crate) fn new(rules: Rules, scope: CookieScope, backend: Backend) -> Self {
        Self {
            rules,
            scope,
            backend,
            reported: Once::new(),
        }
    }

    /// The session that the cookies of a request name, and which of its cookies they are.
    pub(crate) fn find<'a>(
        &self,
        lines: impl Iterator<Item = &'a HeaderValue> + Clone,
        now: impl FnOnce() -> Timestamp,
    ) -> (Lookup, ExistingChunks) {
        let cookies = SessionCookies::first_of(lines.clone(), &self.scope);
        let existing = cookies.existing();
        if existing.is_empty() {
            return (Lookup::Nothing, existing);
        }
        let last = || {
            cookies
                .differ
                .then(|| SessionCookies::last_of(lines, &self.scope))
        };
        let lookup = match &self.backend {
            Backend::Cookies(sealed) => {
                let mut session = sealed.open(&cookies);
                if let Some(last) = last() {
                    let is_same = |one: &Session, other: &Session| one.id() == other.id();
                    session = self.only_one(session, sealed.open(&last), is_same);
                }
                let session = session.filter(|session| session.lives(self.rules.limits, now()));
                session.map(Lookup::Session)
            }
            Backend::Store(_) => {
                let key = |cookies: &SessionCookies<'_>| Some(SessionKey::of_id(&cookies.id()?));
                match (key(&cookies), last().as_ref().and_then(key)) {
                    (Some(first), Some(last)) if first != last => {
                        Some(Lookup::EitherKey([first, last]))
                    }
                    (first, last) => first.or(last).map(Lookup::Key),
                }
            }
        };
        (lookup.unwrap_or(Lookup::Nothing), existing)
    }

    /// Prepares for [`create`](Self::create): gives the generation of the session's user, which sessions in cookies
    /// do not have.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SessionTooLarge`] or [`ErrorKind::SessionUnavailable`].
    pub(crate) async fn prepare(&self, session: &Session) -> Result<Generation, Error> {
        match &self.backend {
            Backend::Cookies(sealed) => {
                sealed.check(session)?;
                Ok(Generation::default())
            }
            Backend::Store(stored) => {
                stored.check(session)?;
                stored.generation(session).await
            }
        }
    }

    /// Begins a session: gives its `Set-Cookie` values, and its key if it is in a store.
    pub(crate) async fn create(
        &self,
        session: &Session,
        generation: Generation,
        existing: ExistingChunks,
        now: Timestamp,
    ) -> Result<(Vec<HeaderValue>, Option<SessionKey>), Error> {
        match &self.backend {
            Backend::Cookies(sealed) => {
                let cookies = sealed.write(session, existing, now)?;
                Ok((cookies, None))
            }
            Backend::Store(stored) => {
                let created = stored.create(session, generation, existing, now).await;
                let (cookies, key) = created?;
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
    ) -> Result<Option<CallbackError>, Error> {
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
    ) -> Result<Option<CallbackError>, Error> {
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
        existing.all_removals(&self.scope)
    }

    /// The `Set-Cookie` value that counts a completed sign-in of a browser.
    pub(crate) fn count_completion(&self, existing: ExistingChunks) -> HeaderValue {
        existing.count_completion(&self.scope)
    }

    /// The one of two cookies with the same name that is a session. If both are, one was planted, and it is not
    /// known which.
    pub(crate) fn only_one<T>(
        &self,
        first: Option<T>,
        last: Option<T>,
        are_same: impl FnOnce(&T, &T) -> bool,
    ) -> Option<T> {
        if let (Some(first), Some(last)) = (&first, &last)
            && !are_same(first, last)
        {
            self.reported.call_once(|| {
                tracing::warn!(
                    cookie = self.scope.session(),
                    "two sessions under one cookie name, of which one was planted: nobody is signed in"
                );
            });
            return None;
        }
        first.or(last)
    }
}
