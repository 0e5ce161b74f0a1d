//! Where the sessions of an application are.

use http::{HeaderMap, HeaderValue};

use super::{
    ExistingChunks, Rules, SealedSessions, Session, StoredSessions,
    session_cookies::SessionCookies, store::SessionKey,
};
use crate::{clock::Timestamp, cookie::CookieScope, error::Error};

/// All sessions of an application.
#[derive(Debug)]
pub(crate) struct Sessions {
    pub(crate) rules: Rules,
    pub(crate) scope: CookieScope,
    pub(crate) place: Place,
}

/// Where they are.
#[derive(Debug)]
pub(crate) enum Place {
    Cookies(SealedSessions),
    Store(StoredSessions),
}

/// The cookies of a request that are the session's, and the key in them, if they have one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Brought {
    pub(crate) existing: ExistingChunks,
    pub(crate) key: Option<SessionKey>,
}

/// What the cookies of a request tell.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    Nothing,
    /// The session itself, within its limits.
    Session(Session),
    /// Where it may be.
    Key(SessionKey),
}

impl Found {
    fn key(&self) -> Option<SessionKey> {
        match self {
            Self::Key(key) => Some(*key),
            Self::Nothing | Self::Session(_) => None,
        }
    }
}

impl Sessions {
    /// What a request brings, and what it says.
    pub(crate) fn find(
        &self,
        headers: &HeaderMap,
        now: impl FnOnce() -> Timestamp,
    ) -> (Found, Brought) {
        let cookies = SessionCookies::read(headers, self.scope);
        let existing = cookies.existing();
        if existing.is_empty() {
            let key = None;
            return (Found::Nothing, Brought { existing, key });
        }
        let found = match &self.place {
            Place::Cookies(sealed) => sealed
                .open(&cookies)
                .filter(|session| session.lives(self.rules.limits, now()))
                .map(Found::Session),
            Place::Store(_) => cookies.id().map(|id| Found::Key(SessionKey::of_id(&id))),
        };
        let found = found.unwrap_or(Found::Nothing);
        let key = found.key();
        (found, Brought { existing, key })
    }

    /// Whether a session can be kept, as far as its size tells.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SessionTooLarge`](crate::error::ErrorKind::SessionTooLarge)
    pub(crate) fn check(&self, session: &Session) -> Result<(), Error> {
        match &self.place {
            Place::Cookies(sealed) => sealed.check(session),
            Place::Store(stored) => stored.check(session),
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
        match &self.place {
            Place::Cookies(sealed) => {
                let cookies = sealed.write(session, existing, now)?;
                Ok((cookies, None))
            }
            Place::Store(stored) => {
                let (cookies, key) = stored.create(session, existing, now).await?;
                Ok((cookies, Some(key)))
            }
        }
    }

    /// Takes a sign-in for the caller alone, among all processes: false if it was completed before.
    pub(crate) async fn claim_state(&self, state: &str) -> Result<bool, Error> {
        match &self.place {
            Place::Store(stored) if stored.is_shared() => stored.claim_state(state).await,
            _ => Ok(true),
        }
    }

    /// Whether a sign-in was completed by any process.
    pub(crate) async fn knows_state(&self, state: &str) -> Result<bool, Error> {
        match &self.place {
            Place::Store(stored) if stored.is_shared() => stored.knows_state(state).await,
            _ => Ok(false),
        }
    }

    /// The `Set-Cookie` values that make the browser forget its session.
    pub(crate) fn removals(&self, existing: ExistingChunks) -> impl Iterator<Item = HeaderValue> {
        existing.removals(0, self.scope)
    }
}
