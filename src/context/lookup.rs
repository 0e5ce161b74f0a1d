//! The session of a request, asked for once.
//!
//! A session in cookies is read at once. A session in a store, and a refresh, are waited for by whoever asks:
//! the look-up is one shared future that every waiter drives, so an extractor that is parked or dropped
//! delays nobody, and nothing is asked twice for one request.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use futures_util::{FutureExt, future::Shared};

use super::{Change, RequestContext};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, TokenError, WiringError},
    session::{
        Admission, CookieChange, ExistingChunks, Lookup, Outcome, Refresh, Session, StoreEntry,
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

/// What became of a session that somebody asked for.
pub(crate) struct Conclusion {
    /// Whoever was signed in, with the latest tokens.
    pub(crate) session: Option<Session>,
    pub(crate) existing: ExistingChunks,
    pub(crate) change: Option<CookieChange>,
    /// The tokens that came, if a refresh has replaced them.
    pub(crate) replaced: Option<DiditTokens>,
}

/// Tokens that somebody asked for.
pub(super) enum TokensLookup {
    Known(Outcome),
    Pending(Shared<Pending<Outcome>>),
}

type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

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

    /// The tokens of whoever is signed in.
    ///
    /// While the access token is valid, a refresh that is due runs in the background. The request that starts
    /// it waits at most 2 s if its answer has to carry the new tokens, or if the refresh ends the old ones.
    /// Once the access token has expired, the refresh is waited for, at most 5 s.
    pub(crate) async fn tokens(&self) -> Outcome {
        let found = self.found().await?;
        let session = match found.state {
            SessionState::SignedIn(session) => session,
            SessionState::Anonymous => return Err(Error::new(ErrorKind::NotSignedIn)),
            SessionState::Unavailable(error) => return Err(error),
        };
        let lookup = self
            .tokens
            .get_or_init(|| TokensLookup::begin(&self.lifecycle, &session, found.entry));
        match lookup {
            TokensLookup::Known(outcome) => outcome.clone(),
            TokensLookup::Pending(pending) => pending.clone().await,
        }
    }

    /// The session with the tokens that it has by now.
    pub(super) fn with_tokens(&self, session: Session) -> Session {
        match self.tokens.get().and_then(TokensLookup::peek) {
            Some(Ok(tokens)) => session.carrying(tokens.clone()),
            _ => session,
        }
    }

    /// What the browser has to be told when the head of the answer is ready: nothing, if nobody has asked for
    /// the session. Nobody can from now on.
    pub(crate) fn conclude(&self) -> Option<Conclusion> {
        let lookup = self.session.get_or_init(|| SessionLookup::TooLate);
        let (found, existing) = match lookup {
            SessionLookup::TooLate => return None,
            SessionLookup::Known(found) => (Some(&**found), found.existing),
            SessionLookup::Pending(existing, _) => (lookup.peek(), *existing),
        };
        let mut session = None;
        let mut replaced = found.and_then(|found| found.replaced.clone());
        let mut change = found.and_then(|found| found.change);
        if let Some(SessionState::SignedIn(signed_in)) = found.map(|found| &found.state) {
            let latest = self.with_tokens(signed_in.clone());
            if !latest.tokens().are(signed_in.tokens()) {
                change = Some(CookieChange::Written);
                replaced = Some(signed_in.tokens().clone());
            }
            if self.was_refused_by_provider() {
                change = Some(CookieChange::Removed(latest.id()));
            } else {
                session = Some(latest);
            }
        }
        match self.change() {
            Some(Change::Refreshed(tokens)) => {
                let before = session.as_ref().map(|session| session.tokens().clone());
                replaced = replaced.or(before);
                session = session.map(|session| session.carrying(tokens));
                change = Some(CookieChange::Written);
            }
            Some(Change::Ended) => change = Some(CookieChange::Forgotten),
            None => {}
        }
        Some(Conclusion {
            session,
            existing,
            change,
            replaced,
        })
    }

    /// Whether the user has signed in a moment ago, if somebody has asked and somebody is signed in.
    pub(crate) fn is_young(&self, now: Timestamp) -> Option<bool> {
        let found = self.session.get().and_then(SessionLookup::peek)?;
        match &found.state {
            SessionState::SignedIn(session) => Some(session.is_young(now)),
            SessionState::Anonymous | SessionState::Unavailable(_) => None,
        }
    }

    fn was_refused_by_provider(&self) -> bool {
        let tokens = self.tokens.get().and_then(TokensLookup::peek);
        tokens.is_some_and(|outcome| {
            outcome
                .as_ref()
                .is_err_and(|error| error.kind() == ErrorKind::NotSignedIn)
        })
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

impl TokensLookup {
    fn begin(
        lifecycle: &Arc<SessionLifecycle>,
        session: &Session,
        entry: Option<StoreEntry>,
    ) -> Self {
        let now = lifecycle.now();
        let tokens = session.tokens();
        let is_valid = tokens.are_alive(now);
        if !lifecycle.is_refresh_due(session, entry, now) {
            return Self::Known(if is_valid {
                Ok(tokens.clone())
            } else {
                Err(Error::new(ErrorKind::TokensExpired))
            });
        }
        let refresh = match lifecycle.refresh(session, entry, now) {
            Refresh::Landed(outcome) => {
                return Self::Known(after_refresh(lifecycle, session, outcome));
            }
            // Another request waits for it.
            Refresh::InFlight(_) if is_valid => return Self::Known(Ok(tokens.clone())),
            Refresh::Started(_) if is_valid && !lifecycle.must_carry(entry) => {
                return Self::Known(Ok(tokens.clone()));
            }
            refresh => refresh,
        };
        let (lifecycle, session) = (Arc::clone(lifecycle), session.clone());
        let pending: Pending<_> = Box::pin(async move {
            let wait = if is_valid { SHORT_WAIT } else { MAX_WAIT };
            let mut outcome = lifecycle.outcome(refresh.clone(), wait).await;
            let has_expired = || !session.tokens().are_alive(lifecycle.now());
            if outcome.is_err() && is_valid && has_expired() {
                outcome = lifecycle.outcome(refresh, REST_OF_WAIT).await;
            }
            after_refresh(&lifecycle, &session, outcome)
        });
        Self::Pending(pending.shared())
    }

    /// What is known by now.
    pub(super) fn peek(&self) -> Option<&Outcome> {
        match self {
            Self::Known(outcome) => Some(outcome),
            Self::Pending(pending) => pending.peek(),
        }
    }
}

/// A failed refresh takes nothing away while the access token is valid, unless the provider says that the
/// session is over.
fn after_refresh(lifecycle: &SessionLifecycle, session: &Session, outcome: Outcome) -> Outcome {
    let tokens = session.tokens();
    outcome.or_else(|error| {
        let kind = match error.kind() {
            kind if ends_session(kind) => ErrorKind::NotSignedIn,
            _ if tokens.are_alive(lifecycle.now()) => return Ok(tokens.clone()),
            kind @ (ErrorKind::TokensExpired | ErrorKind::SessionUnavailable) => kind,
            _ => ErrorKind::TokensUnavailable,
        };
        Err(error.into_cause_of(kind))
    })
}

fn ends_session(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TokenRequest(TokenError::InvalidGrant) | ErrorKind::SessionEnded
    )
}

/// For a refresh whose old access token is still valid.
const SHORT_WAIT: Duration = Duration::from_secs(2);
/// For a refresh without which there is nothing.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// After the short wait, for a refresh whose old access token has expired meanwhile.
const REST_OF_WAIT: Duration = Duration::from_secs(3);
