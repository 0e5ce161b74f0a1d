//! The lookups of a request's session and of its tokens.

use std::{future::Future, sync::Arc, time::Duration};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use tokio::time::Instant;

use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, TokenError},
    session::{
        Admission, CookieChange, Lookup, Outcome, Refresh, Session, StoreEntry,
        lifecycle::SessionLifecycle,
    },
    tokens::{DiditTokens, UserInfo},
};

/// A value that is looked up once for one request.
///
/// A pending value is a shared future that each waiter polls: a waiter that is dropped or no longer polled delays no
/// other waiter.
pub(super) enum Deferred<T> {
    Known(T),
    Pending(Shared<BoxFuture<'static, T>>),
}

impl<T: Clone> Deferred<T> {
    pub(super) fn pending(value: impl Future<Output = T> + Send + 'static) -> Self {
        Self::Pending(value.boxed().shared())
    }

    pub(super) async fn get(&self) -> &T {
        match self {
            Self::Known(value) => value,
            Self::Pending(pending) => {
                pending.clone().await;
                pending.peek().expect("a clone of it has just completed")
            }
        }
    }

    /// The value, if it is already known.
    pub(super) fn peek(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Pending(pending) => pending.peek(),
        }
    }
}

/// The result of a session's lookup.
#[derive(Clone)]
pub(super) struct Found {
    /// The session of the signed-in user. An error if the store does not answer, or if the session ends with its
    /// access token and the provider does not answer.
    pub(super) session: Result<Option<Session>, Error>,
    pub(super) entry: Option<StoreEntry>,
    /// The change to the browser's cookies, if the session is in cookies.
    pub(super) change: Option<CookieChange>,
    /// The request's tokens, if a refresh has replaced them.
    pub(super) replaced: Option<DiditTokens>,
}

impl From<Result<Option<Session>, Error>> for Found {
    fn from(session: Result<Option<Session>, Error>) -> Self {
        Self {
            session,
            entry: None,
            change: None,
            replaced: None,
        }
    }
}

/// Looks up the session that the cookies of a request name. A session in cookies is known at once, unless it needs a
/// refresh.
pub(super) fn look_up_session(
    lifecycle: &Arc<SessionLifecycle>,
    lookup: Lookup,
    now: Timestamp,
) -> Deferred<Found> {
    match lookup {
        Lookup::Nothing => Deferred::Known(Ok(None).into()),
        Lookup::Session(session) => admit(lifecycle, session, None, now),
        stored => {
            let lifecycle = Arc::clone(lifecycle);
            Deferred::pending(async move {
                match load(&lifecycle, stored).await {
                    Ok(Some((session, entry))) => {
                        let found = admit(&lifecycle, session, entry, lifecycle.now());
                        found.get().await.clone()
                    }
                    Ok(None) => Ok(None).into(),
                    Err(error) => Err(error).into(),
                }
            })
        }
    }
}

/// The session that the cookies of a request name, with its entry if it is in a store.
pub(crate) async fn load(
    lifecycle: &Arc<SessionLifecycle>,
    lookup: Lookup,
) -> Result<Option<(Session, Option<StoreEntry>)>, Error> {
    let stored = match lookup {
        Lookup::Nothing => None,
        Lookup::Session(session) => return Ok(Some((session, None))),
        Lookup::Key(key) => lifecycle.load(key).await?,
        Lookup::EitherKey(keys) => lifecycle.load_either(keys).await?,
    };
    Ok(stored.map(|(session, entry)| (session, Some(entry))))
}

fn admit(
    lifecycle: &Arc<SessionLifecycle>,
    session: Session,
    entry: Option<StoreEntry>,
    now: Timestamp,
) -> Deferred<Found> {
    let found = |session| Found {
        entry,
        ..Found::from(session)
    };
    match lifecycle.admit(&session, entry, now) {
        Admission::SignedIn => {
            if let Some(entry) = entry {
                lifecycle.record_use(&session, entry);
            }
            Deferred::Known(found(Ok(Some(session))))
        }
        Admission::Anonymous => {
            let must_remove_cookies = lifecycle.must_remove_cookies(session.id());
            let change = must_remove_cookies.then_some(CookieChange::Remove);
            Deferred::Known(Found {
                change,
                ..found(Ok(None))
            })
        }
        Admission::Refresh(refresh) => {
            let (lifecycle, found) = (Arc::clone(lifecycle), found(Ok(None)));
            Deferred::pending(refreshed(lifecycle, session, found, refresh))
        }
    }
}

/// The result of a lookup after the refresh of a session that ends with its access token.
async fn refreshed(
    lifecycle: Arc<SessionLifecycle>,
    session: Session,
    mut found: Found,
    refresh: Refresh,
) -> Found {
    found.replaced = Some(session.tokens().clone());
    match lifecycle.outcome(refresh, MAX_WAIT).await {
        Ok(tokens) => {
            found.session = Ok(Some(session.with_tokens(tokens)));
            found.change = Some(CookieChange::Write);
        }
        Err(error) if ends_session(error.kind()) => {
            found.change = Some(CookieChange::RemoveUnlessNewer(session.id()));
        }
        Err(error) if error.kind() == ErrorKind::TokensExpired => {}
        Err(error) => found.session = Err(error.into_cause_of(ErrorKind::SessionUnavailable)),
    }
    found
}

/// Looks up the tokens of a session. While the access token is valid, waits only for a refresh that this request has
/// started, if its response has to carry the new tokens or the refresh invalidates the old ones.
pub(super) fn look_up_tokens(
    lifecycle: &Arc<SessionLifecycle>,
    session: &Session,
    entry: Option<StoreEntry>,
) -> Deferred<Outcome> {
    let now = lifecycle.now();
    let tokens = session.tokens();
    let is_valid = tokens.are_valid(now);
    if !lifecycle.is_refresh_due(session, entry, now) {
        return Deferred::Known(if is_valid {
            Ok(tokens.clone())
        } else {
            Err(Error::new(ErrorKind::TokensExpired))
        });
    }
    let refresh = match lifecycle.refresh(session, entry, now) {
        Refresh::Done(outcome) => {
            return Deferred::Known(after_refresh(lifecycle, session, outcome));
        }
        // Only the request that started the refresh waits; this one uses the old token.
        Refresh::InFlight(_) if is_valid => return Deferred::Known(Ok(tokens.clone())),
        Refresh::Started(_) if is_valid && !lifecycle.starter_waits(entry) => {
            return Deferred::Known(Ok(tokens.clone()));
        }
        refresh => refresh,
    };
    let (lifecycle, session) = (Arc::clone(lifecycle), session.clone());
    Deferred::pending(async move {
        let wait = if is_valid { SHORT_WAIT } else { MAX_WAIT };
        let mut outcome = lifecycle.outcome(refresh.clone(), wait).await;
        let has_expired = || !session.tokens().are_valid(lifecycle.now());
        if outcome.is_err() && is_valid && has_expired() {
            outcome = lifecycle.outcome(refresh, REMAINING_WAIT).await;
        }
        after_refresh(&lifecycle, &session, outcome)
    })
}

/// A failed refresh leaves a valid access token in use, unless the provider says that the session has ended.
fn after_refresh(lifecycle: &SessionLifecycle, session: &Session, outcome: Outcome) -> Outcome {
    let tokens = session.tokens();
    outcome.or_else(|error| {
        let kind = match error.kind() {
            kind if ends_session(kind) => ErrorKind::NotSignedIn,
            _ if tokens.are_valid(lifecycle.now()) => return Ok(tokens.clone()),
            kind @ (ErrorKind::TokensExpired | ErrorKind::SessionUnavailable) => kind,
            _ => ErrorKind::TokensUnavailable,
        };
        Err(error.into_cause_of(kind))
    })
}

/// Fetches the user information. `started` is the time at which the request began to wait for it.
pub(super) fn look_up_user_info(
    lifecycle: &Arc<SessionLifecycle>,
    tokens: DiditTokens,
    started: Instant,
) -> Deferred<Result<UserInfo, Error>> {
    let lifecycle = Arc::clone(lifecycle);
    Deferred::pending(async move {
        let call = lifecycle.calls.user_info(&tokens);
        let outcome = tokio::time::timeout_at(started + MAX_USER_INFO_WAIT, call).await;
        outcome.unwrap_or_else(|_| Err(Error::new(ErrorKind::ProviderTimeout)))
    })
}

fn ends_session(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TokenRequest(TokenError::InvalidGrant) | ErrorKind::SessionEnded
    )
}

/// Limit of the wait for a refresh while there is no valid access token.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// Limit of the wait for a refresh while the old access token is valid.
const SHORT_WAIT: Duration = Duration::from_secs(2);
/// Limit of the additional wait if the old access token expires during the first wait.
const REMAINING_WAIT: Duration = Duration::from_secs(3);
/// Limit of the wait for the user information, including the session and the tokens.
const MAX_USER_INFO_WAIT: Duration = Duration::from_secs(15);
