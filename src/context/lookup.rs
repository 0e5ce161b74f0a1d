//! The session of a request, asked for once.
//!
//! A session in cookies is read at once. A session in a store, and a refresh, are waited for by whoever asks:
//! the look-up is one shared future that every waiter drives, so an extractor that is parked or dropped
//! delays nobody, and nothing is asked twice for one request.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use futures_util::{FutureExt, future::Shared};

use super::RequestContext;
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, TokenError, WiringError},
    session::{
        Admission, CookieChange, ExistingChunks, Lookup, Refresh, Session, StoreEntry,
        lifecycle::SessionLifecycle,
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
    Known(Box<Found>),
    Pending(ExistingChunks, Shared<Pending<Box<Found>>>),
    /// Nobody had asked when the head of the answer was sent.
    TooLate,
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

impl RequestContext {
    /// Who is signed in. Waits for the store at most 1 s, and where the provider's session decides and the
    /// access token has expired, for the refresh at most 5 s.
    ///
    /// # Errors
    ///
    /// [`WiringError::AskedTooLate`] when nobody had asked before the head of the answer was sent.
    pub(crate) async fn session(&self) -> Result<SessionState, Error> {
        Ok(self.found().await?.state)
    }

    /// Whether the user has signed in a moment ago, if somebody has asked and somebody is signed in.
    pub(crate) fn is_young(&self, now: Timestamp) -> Option<bool> {
        let found = self.session.get().and_then(SessionLookup::peek)?;
        match &found.state {
            SessionState::SignedIn(session) => Some(session.is_young(now)),
            SessionState::Anonymous | SessionState::Unavailable(_) => None,
        }
    }

    pub(super) async fn found(&self) -> Result<Found, Error> {
        let lookup = self
            .session
            .get_or_init(|| SessionLookup::begin(&self.lifecycle, self));
        let found = match lookup {
            SessionLookup::Known(found) => found.clone(),
            SessionLookup::Pending(_, pending) => pending.clone().await,
            SessionLookup::TooLate => return Err(Error::new(WiringError::AskedTooLate)),
        };
        if let Some(entry) = found.entry {
            let _ = self.key.set(entry.key);
        }
        Ok(*found)
    }
}

impl SessionLookup {
    /// That of a callback's handler, before the session has begun.
    pub(super) fn of_callback(session: Session) -> Self {
        Self::Known(Box::new(Found {
            state: SessionState::SignedIn(session),
            entry: None,
            existing: ExistingChunks::default(),
            change: None,
            replaced: None,
        }))
    }

    /// What is known by now.
    pub(super) fn peek(&self) -> Option<&Found> {
        match self {
            Self::Known(found) => Some(found),
            Self::Pending(_, pending) => pending.peek().map(|found| &**found),
            Self::TooLate => None,
        }
    }

    fn begin(lifecycle: &Arc<SessionLifecycle>, context: &RequestContext) -> Self {
        let now = || lifecycle.now();
        let (lookup, existing) = lifecycle.sessions.find(context.cookies.iter(), now);
        let found = |state, change| Found {
            state,
            entry: None,
            existing,
            change,
            replaced: None,
        };
        match lookup {
            Lookup::Nothing => Self::Known(Box::new(found(SessionState::Anonymous, None))),
            Lookup::Session(session) if lifecycle.has_ended(session.id()) => {
                let is_to_go = lifecycle.has_signed_out(session.id());
                let change = is_to_go.then_some(CookieChange::Forgotten);
                Self::Known(Box::new(found(SessionState::Anonymous, change)))
            }
            Lookup::Session(session) => match lifecycle.admit(&session, None) {
                Admission::SignedIn => {
                    Self::Known(Box::new(found(SessionState::SignedIn(session), None)))
                }
                Admission::Anonymous => Self::Known(Box::new(found(SessionState::Anonymous, None))),
                Admission::Refresh(refresh) => {
                    let found = found(SessionState::Anonymous, None);
                    let pending = refreshed(Arc::clone(lifecycle), session, found, refresh);
                    Self::pending(existing, pending)
                }
            },
            Lookup::Key(key) => {
                let _ = context.key.set(key);
                let lifecycle = Arc::clone(lifecycle);
                let found = found(SessionState::Anonymous, None);
                Self::pending(existing, async move {
                    let loaded = lifecycle.load(key).await;
                    stored(lifecycle, found, loaded).await
                })
            }
            Lookup::EitherKey(keys) => {
                let lifecycle = Arc::clone(lifecycle);
                let found = found(SessionState::Anonymous, None);
                Self::pending(existing, async move {
                    let loaded = lifecycle.load_either(keys).await;
                    stored(lifecycle, found, loaded).await
                })
            }
        }
    }

    fn pending(
        existing: ExistingChunks,
        lookup: impl Future<Output = Found> + Send + 'static,
    ) -> Self {
        let pending: Pending<_> = Box::pin(async { Box::new(lookup.await) });
        Self::Pending(existing, pending.shared())
    }
}

/// A session that the store has given, or not.
async fn stored(
    lifecycle: Arc<SessionLifecycle>,
    found: Found,
    loaded: Result<Option<(Session, StoreEntry)>, Error>,
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
    match lifecycle.admit(&session, Some(entry)) {
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
