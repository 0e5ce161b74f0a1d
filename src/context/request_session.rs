//! The session of one request, from when somebody asks for it.

use std::sync::{Arc, Mutex, OnceLock};

use super::{
    Change, SessionState,
    lookup::{Found, SessionLookup},
    tokens::TokensLookup,
};
use crate::{
    clock::Timestamp,
    cookie::CookieLines,
    session::{Session, lifecycle::SessionLifecycle, store::SessionKey},
};

/// The session of one request: what was found, and what handlers did to it.
pub(crate) struct RequestSession {
    pub(super) lifecycle: Arc<SessionLifecycle>,
    /// When somebody asked for the first time.
    asked: Timestamp,
    pub(super) lookup: SessionLookup,
    pub(super) tokens: OnceLock<TokensLookup>,
    /// The key of a session in a store that the cookies do not tell. At the callback it is known after its handler
    /// has answered.
    key: OnceLock<SessionKey>,
    pub(super) change: Mutex<Option<Change>>,
}

impl RequestSession {
    /// Starts the look-up.
    pub(super) fn look_up(lifecycle: &Arc<SessionLifecycle>, cookies: &CookieLines) -> Self {
        let asked = lifecycle.now();
        Self {
            asked,
            lookup: SessionLookup::begin(lifecycle, cookies, asked),
            lifecycle: Arc::clone(lifecycle),
            tokens: OnceLock::new(),
            key: OnceLock::new(),
            change: Mutex::new(None),
        }
    }

    /// That of a callback, which is about to begin.
    pub(super) fn of_callback(lifecycle: &Arc<SessionLifecycle>, session: Session) -> Self {
        let tokens = TokensLookup::Known(Ok(session.tokens().clone()));
        Self {
            asked: lifecycle.now(),
            lifecycle: Arc::clone(lifecycle),
            lookup: SessionLookup::of_callback(session),
            tokens: OnceLock::from(tokens),
            key: OnceLock::new(),
            change: Mutex::new(None),
        }
    }

    /// Who is signed in. Waits for the store at most 1 s, and where the provider's session decides and the
    /// access token has expired, for the refresh at most 5 s.
    pub(crate) async fn state(&self) -> &SessionState {
        &self.found().await.state
    }

    /// Whether the user has signed in a moment ago, if somebody is signed in.
    pub(crate) fn is_young(&self, now: Timestamp) -> Option<bool> {
        Some(self.signed_in()?.is_young(now))
    }

    /// Whether the session that was found is over, be it by another request.
    pub(crate) fn has_ended(&self) -> bool {
        let session = self.signed_in();
        session.is_some_and(|session| self.lifecycle.has_ended(session.id()))
    }

    /// The key of a session in a store, once it is known.
    pub(super) fn key(&self) -> Option<SessionKey> {
        match self.lookup {
            SessionLookup::Pending { key: Some(key), .. } => Some(key),
            _ => self.key.get().copied(),
        }
    }

    /// The session of this callback has begun: what its handler still does is done to it.
    pub(crate) fn note_key(&self, key: SessionKey) {
        let _ = self.key.set(key);
    }

    /// Whether the browser has nothing to be told: the session is what its cookies say, and need not be written to
    /// count as used.
    pub(super) fn is_as_it_came(&self) -> bool {
        let SessionLookup::Known(found) = &self.lookup else {
            return false;
        };
        let is_same = |tokens: &TokensLookup| match (tokens, &found.state) {
            (TokensLookup::Known(Ok(tokens)), SessionState::SignedIn(session)) => {
                tokens.are(session.tokens())
            }
            _ => false,
        };
        let limits = self.lifecycle.sessions.rules.limits;
        found.change.is_none()
            && found.replaced.is_none()
            && self.tokens.get().is_none_or(is_same)
            && self.lock().is_none()
            && self
                .signed_in()
                .is_none_or(|session| session.renewed(limits, self.asked).is_none())
    }

    pub(super) async fn found(&self) -> &Found {
        let found = match &self.lookup {
            SessionLookup::Known(found) => found,
            SessionLookup::Pending { found, .. } => {
                found.clone().await;
                found.peek().expect("a clone of it has just completed")
            }
        };
        if let Some(entry) = found.entry {
            self.note_key(entry.key);
        }
        found
    }

    /// Who is signed in, by what is known by now.
    fn signed_in(&self) -> Option<&Session> {
        match &self.lookup.peek()?.state {
            SessionState::SignedIn(session) => Some(session),
            SessionState::Anonymous | SessionState::Unavailable(_) => None,
        }
    }
}
