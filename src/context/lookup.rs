//! The look-up of a request's session, which happens once.
//!
//! A session in cookies is read at once. A session in a store, and a refresh, are waited for by whoever asks:
//! the look-up is one shared future that every waiter drives, so an extractor that is parked or dropped
//! delays nobody, and nothing is asked twice for one request.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use futures_util::{FutureExt, future::Shared};

use crate::{
    clock::Timestamp,
    cookie::CookieLines,
    error::{Error, ErrorKind, TokenError},
    session::{
        Admission, CookieChange, ExistingChunks, Loaded, Lookup, Refresh, Session, StoreEntry,
        lifecycle::SessionLifecycle, store::SessionKey,
    },
    tokens::DiditTokens,
};

/// Who is signed in.
#[derive(Clone, Debug)]
pub(crate) enum SessionState {
    Anonymous,
    SignedIn(Session),
    /// The store, or the provider whose session decides, does not answer.
    Unavailable(Error),
}

/// A session that somebody asked for.
pub(super) enum SessionLookup {
    Known(Found),
    Pending {
        existing: ExistingChunks,
        /// The key in the store, where the cookies name one.
        key: Option<SessionKey>,
        found: Shared<Pending<Found>>,
    },
}

/// What a look-up found.
#[derive(Clone)]
pub(super) struct Found {
    pub(super) state: SessionState,
    pub(super) entry: Option<StoreEntry>,
    /// The session's cookies that came with the request.
    pub(super) existing: ExistingChunks,
    /// What the browser has to be told, where the session is in its cookies.
    pub(super) change: Option<CookieChange>,
    /// The tokens that came, if a refresh has replaced them.
    pub(super) replaced: Option<DiditTokens>,
}

pub(super) type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl SessionLookup {
    /// That of a callback's handler, before the session has begun.
    pub(super) fn of_callback(session: Session) -> Self {
        Self::Known(Found {
            state: SessionState::SignedIn(session),
            entry: None,
            existing: ExistingChunks::default(),
            change: None,
            replaced: None,
        })
    }

    /// What is known by now.
    pub(super) fn peek(&self) -> Option<&Found> {
        match self {
            Self::Known(found) => Some(found),
            Self::Pending { found, .. } => found.peek(),
        }
    }

    /// Starts the look-up of the session that the cookies name.
    pub(super) fn begin(
        lifecycle: &Arc<SessionLifecycle>,
        cookies: &CookieLines,
        now: Timestamp,
    ) -> Self {
        let (lookup, existing) = lifecycle.sessions.find(cookies.iter(), || now);
        let found = |state, change| Found {
            state,
            entry: None,
            existing,
            change,
            replaced: None,
        };
        let anonymous = || found(SessionState::Anonymous, None);
        match lookup {
            Lookup::Nothing => Self::Known(anonymous()),
            Lookup::Session(session) => match lifecycle.admit(&session, None, now) {
                Admission::SignedIn => Self::Known(found(SessionState::SignedIn(session), None)),
                Admission::Anonymous => {
                    let is_to_go = lifecycle.has_signed_out(session.id());
                    let change = is_to_go.then_some(CookieChange::Forgotten);
                    Self::Known(found(SessionState::Anonymous, change))
                }
                Admission::Refresh(refresh) => {
                    let pending = refreshed(Arc::clone(lifecycle), session, anonymous(), refresh);
                    Self::pending(existing, None, pending)
                }
            },
            Lookup::Key(key) => {
                let (lifecycle, found) = (Arc::clone(lifecycle), anonymous());
                Self::pending(existing, Some(key), async move {
                    let loaded = lifecycle.load(key).await;
                    stored(lifecycle, found, loaded).await
                })
            }
            Lookup::EitherKey(keys) => {
                let (lifecycle, found) = (Arc::clone(lifecycle), anonymous());
                Self::pending(existing, None, async move {
                    let loaded = lifecycle.load_either(keys).await;
                    stored(lifecycle, found, loaded).await
                })
            }
        }
    }

    fn pending(
        existing: ExistingChunks,
        key: Option<SessionKey>,
        lookup: impl Future<Output = Found> + Send + 'static,
    ) -> Self {
        let found: Pending<_> = Box::pin(lookup);
        Self::Pending {
            existing,
            key,
            found: found.shared(),
        }
    }
}

/// A session that the store has given, or not.
async fn stored(
    lifecycle: Arc<SessionLifecycle>,
    found: Found,
    loaded: Result<Option<Loaded>, Error>,
) -> Found {
    let (session, entry) = match loaded {
        Ok(Some(loaded)) => loaded,
        Ok(None) => return found,
        Err(error) => {
            let state = SessionState::Unavailable(error);
            return Found { state, ..found };
        }
    };
    let is_to_go = lifecycle.has_signed_out(session.id());
    let found = Found {
        entry: Some(entry),
        change: is_to_go.then_some(CookieChange::Forgotten),
        ..found
    };
    match lifecycle.admit(&session, Some(entry), lifecycle.now()) {
        Admission::SignedIn => {
            lifecycle.note_use(&session, entry);
            let state = SessionState::SignedIn(session);
            Found { state, ..found }
        }
        Admission::Anonymous => found,
        Admission::Refresh(refresh) => refreshed(lifecycle, session, found, refresh).await,
    }
}

/// A session that lasts no longer than its access token, after the refresh.
async fn refreshed(
    lifecycle: Arc<SessionLifecycle>,
    session: Session,
    found: Found,
    refresh: Refresh,
) -> Found {
    let outcome = lifecycle.outcome(refresh, MAX_WAIT).await;
    let replaced = Some(session.tokens().clone());
    let (state, change) = match outcome {
        Ok(tokens) => {
            let session = session.carrying(tokens);
            (SessionState::SignedIn(session), Some(CookieChange::Written))
        }
        Err(error) if ends_session(error.kind()) => {
            let change = CookieChange::Removed(session.id());
            (SessionState::Anonymous, Some(change))
        }
        Err(error) if error.kind() == ErrorKind::TokensExpired => (SessionState::Anonymous, None),
        Err(error) => {
            let error = error.into_cause_of(ErrorKind::SessionUnavailable);
            (SessionState::Unavailable(error), None)
        }
    };
    Found {
        state,
        change,
        replaced,
        ..found
    }
}

pub(super) fn ends_session(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TokenRequest(TokenError::InvalidGrant) | ErrorKind::SessionEnded
    )
}

/// For a refresh without which there is nothing.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(5);
