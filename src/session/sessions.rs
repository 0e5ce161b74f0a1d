//! The sessions of an application, in cookies or in a store.

use std::{
    fmt, slice,
    sync::{Arc, Once},
};

use http::HeaderValue;

use super::{
    Epoch, Generation, PresentedCookies, Rules, SealedSessions, Session, StoredSessions,
    retry::{FOR_2S, retry_until_known, with_timeout},
    session_cookies::{Chunks, SessionCookies},
    store::{SessionKey, StoredSession},
};
use crate::{
    clock::Timestamp,
    cookie::CookieScope,
    error::{CallbackError, Error},
    oidc::{CodeHash, PendingSignIn},
};

/// All sessions of an application.
pub(crate) struct Sessions {
    pub(crate) rules: Rules,
    pub(crate) scope: CookieScope,
    pub(crate) backend: Backend,
    /// Whether the event of two sessions under one cookie name was logged.
    duplicate_logged: Once,
}

/// Where sessions are kept.
pub(crate) enum Backend {
    Cookies(Arc<SealedSessions>),
    Store(Arc<StoredSessions>),
}

/// The session that the cookies of a request name.
#[derive(Clone, Debug)]
pub(crate) enum Lookup {
    Nothing,
    /// The session itself, within its limits.
    Session(Session),
    /// The key that the session has in the store, if the session exists.
    Key(SessionKey),
    /// Two keys, of which another host of the site has set one (cookie tossing). If there is a session under both, nobody is signed in.
    EitherKey([SessionKey; 2]),
}

impl Lookup {
    /// The keys in the store, of which another host may have set one (cookie tossing).
    pub(super) fn keys(&self) -> &[SessionKey] {
        match self {
            Self::Nothing | Self::Session(_) => &[],
            Self::Key(key) => slice::from_ref(key),
            Self::EitherKey(keys) => keys,
        }
    }
}

impl Sessions {
    pub(crate) fn new(rules: Rules, scope: CookieScope, backend: Backend) -> Self {
        Self {
            rules,
            scope,
            backend,
            duplicate_logged: Once::new(),
        }
    }

    /// The session that the cookies of a request name, and which session cookies the browser has.
    pub(crate) fn find<'a>(
        &self,
        lines: impl Iterator<Item = &'a HeaderValue>,
        now: impl FnOnce() -> Timestamp,
    ) -> (Lookup, PresentedCookies) {
        let cookies = SessionCookies::read(lines, &self.scope);
        let (first, last) = (&cookies.first, cookies.last.as_deref());
        let lookup = match &self.backend {
            Backend::Cookies(sealed) => {
                let mut session = sealed.open(first);
                if let Some(last) = last {
                    let is_same = |one: &Session, other: &Session| one.id() == other.id();
                    session = self.only_one(session, sealed.open(last), is_same);
                }
                let session = session.filter(|found| found.is_within(self.rules.limits, now()));
                session.map(Lookup::Session)
            }
            Backend::Store(_) => match (first.key(), last.and_then(Chunks::key)) {
                (Some(first), Some(last)) if first != last => {
                    Some(Lookup::EitherKey([first, last]))
                }
                (first, last) => first.or(last).map(Lookup::Key),
            },
        };
        (lookup.unwrap_or(Lookup::Nothing), cookies.existing)
    }

    /// The epoch at the arrival of a callback, before its code is sent.
    pub(crate) async fn epoch(&self) -> Result<Epoch, Error> {
        match &self.backend {
            Backend::Cookies(_) => Ok(Epoch::default()),
            Backend::Store(stored) => stored.epoch().await,
        }
    }

    /// Prepares for [`create`](Self::create): checks the size of a session and, in a store, reads the generation of
    /// its user.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::SessionTooLarge`](crate::ErrorKind::SessionTooLarge);
    /// - [`ErrorKind::SessionEnded`](crate::ErrorKind::SessionEnded): all sessions of the user were ended since the arrival
    ///   of the callback;
    /// - [`ErrorKind::SessionUnavailable`](crate::ErrorKind::SessionUnavailable).
    pub(crate) async fn prepare(
        &self,
        session: &Session,
        arrival: Epoch,
    ) -> Result<Generation, Error> {
        match &self.backend {
            Backend::Cookies(sealed) => sealed.check(session).map(|()| Generation::default()),
            Backend::Store(stored) => {
                stored.check(session)?;
                stored.generation(session, arrival).await
            }
        }
    }

    /// Begins a session: gives its `Set-Cookie` values, and its key if it is in a store.
    pub(crate) async fn create(
        &self,
        session: &Session,
        generation: Generation,
        existing: PresentedCookies,
        now: Timestamp,
    ) -> Result<(Vec<HeaderValue>, Option<SessionKey>), Error> {
        match &self.backend {
            Backend::Cookies(sealed) => Ok((sealed.write(session, existing, now)?, None)),
            Backend::Store(stored) => stored.create(session, generation, existing, now).await,
        }
    }

    /// The `Set-Cookie` values that write a session, if sessions are in cookies.
    pub(crate) fn rewrite(
        &self,
        session: &Session,
        existing: PresentedCookies,
        now: Timestamp,
    ) -> Vec<HeaderValue> {
        let Backend::Cookies(sealed) = &self.backend else {
            return Vec::new();
        };
        let written = sealed.write(session, existing, now);
        written.unwrap_or_else(|error| {
            tracing::warn!(%error, "session not updated");
            Vec::new()
        })
    }

    /// The sessions in a store, if they are in one.
    pub(crate) fn stored(&self) -> Option<&Arc<StoredSessions>> {
        match &self.backend {
            Backend::Cookies(_) => None,
            Backend::Store(stored) => Some(stored),
        }
    }

    /// The only session of two cookies with the same name. If both have a session, one of them is another host's
    /// (cookie tossing), and it is unknown which: the result is `None`.
    pub(crate) fn only_one<T>(
        &self,
        first: Option<T>,
        last: Option<T>,
        are_same: impl FnOnce(&T, &T) -> bool,
    ) -> Option<T> {
        if let (Some(first), Some(last)) = (&first, &last)
            && !are_same(first, last)
        {
            self.duplicate_logged.call_once(|| {
                tracing::warn!(
                    cookie = self.scope.session(),
                    "two sessions under one cookie name (cookie tossing): nobody is signed in"
                );
            });
            return None;
        }
        first.or(last)
    }
}

/// The states of sign-ins, each single-use across all processes that share a store.
impl Sessions {
    fn shared(&self) -> Option<&Arc<StoredSessions>> {
        self.stored().filter(|stored| stored.store.is_shared())
    }

    /// Marks the state of a sign-in as used, with an entry that has the hash of its code. Returns how the state was
    /// used before, if it was.
    pub(crate) async fn mark_state_used(
        &self,
        state: &str,
        code: CodeHash,
    ) -> Result<Option<CallbackError>, Error> {
        let Some(stored) = self.shared() else {
            return Ok(None);
        };
        let (store, key) = (&*stored.store, SessionKey::of_state(state));
        let entry = [&stored.process[..], &code].concat();
        let create = || store.create(key, entry.clone(), PendingSignIn::LIFETIME, None);
        let is_ours = |found: &StoredSession| *found.value() == entry;
        if retry_until_known(store, key, FOR_2S, create, is_ours).await? {
            return Ok(None);
        }
        Ok(match with_timeout(store.load(key)).await? {
            // An earlier attempt of this process marked the state, but its response was lost: the code was never sent.
            Some(found) if is_ours(&found) => None,
            Some(found) => Some(used_with(&found, Some(code))),
            None => Some(CallbackError::AlreadyUsed),
        })
    }

    /// Makes a state usable again that this process has marked as used.
    pub(crate) async fn unmark_state(&self, state: &str) {
        if let Some(stored) = self.shared()
            && let Err(error) = stored.delete(SessionKey::of_state(state)).await
        {
            error.log("failed to make the state of a sign-in usable again");
        }
    }

    /// How a state was used by any process, if it was.
    pub(crate) async fn state_use(
        &self,
        state: &str,
        code: Option<CodeHash>,
    ) -> Result<Option<CallbackError>, Error> {
        let Some(stored) = self.shared() else {
            return Ok(None);
        };
        let found = with_timeout(stored.store.load(SessionKey::of_state(state))).await?;
        Ok(found.map(|found| used_with(&found, code)))
    }
}

/// `AlreadyUsed` if the entry has this code, or if there is no code to compare, else `CodeMismatch`.
fn used_with(entry: &StoredSession, code: Option<CodeHash>) -> CallbackError {
    if code.is_none_or(|code| entry.value().ends_with(&code)) {
        CallbackError::AlreadyUsed
    } else {
        CallbackError::CodeMismatch
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("rules", &self.rules)
            .field("scope", &self.scope)
            .field("store", &self.stored().map(|stored| &stored.store))
            .finish_non_exhaustive()
    }
}
