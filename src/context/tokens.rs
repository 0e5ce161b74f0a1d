//! The tokens of a request, asked for once.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, future::Shared};

use super::{
    RequestSession, SessionState,
    lookup::{MAX_WAIT, Pending, ends_session},
};
use crate::{
    error::{Error, ErrorKind},
    session::{Outcome, Refresh, Session, StoreEntry, lifecycle::SessionLifecycle},
};

/// Tokens that somebody asked for.
pub(super) enum TokensLookup {
    Known(Outcome),
    Pending(Shared<Pending<Outcome>>),
}

impl RequestSession {
    /// The tokens of whoever is signed in.
    ///
    /// While the access token is valid, a refresh that is due runs in the background. The request that starts
    /// it waits at most 2 s if its answer has to carry the new tokens, or if the refresh ends the old ones.
    /// Once the access token has expired, the refresh is waited for, at most 5 s.
    pub(crate) async fn tokens(&self) -> Outcome {
        let found = self.found().await;
        let session = match &found.state {
            SessionState::SignedIn(session) => session,
            SessionState::Anonymous => return Err(Error::new(ErrorKind::NotSignedIn)),
            SessionState::Unavailable(error) => return Err(error.clone()),
        };
        let lookup = self
            .tokens
            .get_or_init(|| TokensLookup::begin(&self.lifecycle, session, found.entry));
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

    pub(super) fn was_refused_by_provider(&self) -> bool {
        let tokens = self.tokens.get().and_then(TokensLookup::peek);
        tokens.is_some_and(|outcome| {
            outcome
                .as_ref()
                .is_err_and(|error| error.kind() == ErrorKind::NotSignedIn)
        })
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

/// For a refresh whose old access token is still valid.
const SHORT_WAIT: Duration = Duration::from_secs(2);
/// After the short wait, for a refresh whose old access token has expired meanwhile.
const REST_OF_WAIT: Duration = Duration::from_secs(3);
