//! The refresh of tokens.

use std::{sync::Arc, time::Duration};

use super::{SessionLifecycle, sign_out::report};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, TokenError},
    oidc::TokenRequestFailure,
    provider_calls::ReadyToRefresh,
    session::{
        Outcome, Refresh, RefreshCalls, RefreshFlight, Session, SessionId, StoreEntry, Validity,
        store::SessionKey,
    },
    tokens::DiditTokens,
};

impl SessionLifecycle {
    /// The refresh of a session: one for all requests that want it. `entry` is the session's, if it is in a store.
    pub(crate) fn refresh(
        self: &Arc<Self>,
        session: &Session,
        entry: Option<StoreEntry>,
        now: Timestamp,
    ) -> Refresh {
        let saves = entry.is_some();
        self.refreshes.refresh(session.tokens(), saves, now, || {
            let (lifecycle, session) = (Arc::clone(self), session.clone());
            self.start_refresh(async move {
                if let (Some(stored), Some(entry)) = (lifecycle.sessions.stored(), entry) {
                    let (id, timeout) = (session.id(), lifecycle.refresh_timeout);
                    let outcome = stored.refresh(session, entry, timeout, &*lifecycle).await;
                    lifecycle.note_end(id, &outcome);
                    return outcome;
                }
                let outcome = lifecycle.refresh_once(session.tokens()).await;
                lifecycle.note_end(session.id(), &outcome);
                if let Ok(tokens) = &outcome
                    && lifecycle.has_ended(session.id())
                {
                    // The sign-out has revoked only the old tokens.
                    lifecycle.discard_unclaimed(tokens.clone());
                }
                outcome
            })
        })
    }

    /// Tells those who wait for the end of a session that a refresh has ended it, or has found that it has ended.
    fn note_end(&self, session: SessionId, outcome: &Outcome) {
        let ends = |error: &Error| {
            let refused = TokenError::InvalidGrant.into();
            [refused, ErrorKind::SessionEnded].contains(&error.kind())
        };
        if outcome.as_ref().is_err_and(ends) {
            self.watches.end(session);
        }
    }

    /// Starts a refresh in a task of its own: a client that disconnects does not cancel a request that was sent.
    fn start_refresh(
        self: &Arc<Self>,
        refresh: impl Future<Output = Outcome> + Send + 'static,
    ) -> RefreshFlight {
        let lifecycle = Arc::clone(self);
        self.start(async move {
            let outcome = refresh.await;
            match &outcome {
                Ok(_) => tracing::debug!("tokens refreshed"),
                // An outage is logged by the requests that it affects, not for each session.
                Err(error) if error.kind() == ErrorKind::TokensUnavailable => {}
                Err(error) => error.log("refresh failed"),
            }
            (lifecycle.now(), outcome)
        })
    }

    /// Refreshes a session in a store, which another request or process may have refreshed already. `is_own` says
    /// whether the session had these tokens. Returns `None` if it never did.
    pub(crate) async fn refresh_stored(
        self: &Arc<Self>,
        key: SessionKey,
        is_own: bool,
        tokens: &DiditTokens,
    ) -> Result<Option<DiditTokens>, Error> {
        match self.load(key).await? {
            Some((session, entry)) if session.tokens().same_as(tokens) => {
                let refresh = self.refresh(&session, Some(entry), self.now());
                self.outcome(refresh, self.refresh_timeout).await.map(Some)
            }
            // The refresh token was removed: it counts as spent.
            Some((session, _)) if session.carries(tokens) => {
                Err(Error::new(ErrorKind::TokensExpired))
            }
            Some((session, _)) if is_own => Ok(Some(session.tokens().clone())),
            None if is_own => Err(Error::new(ErrorKind::SessionEnded)),
            Some(_) | None => Ok(None),
        }
    }

    /// Refreshes tokens that belong to no session.
    pub(crate) async fn refresh_tokens(self: &Arc<Self>, tokens: &DiditTokens) -> Outcome {
        let refresh = self.refreshes.refresh(tokens, true, self.now(), || {
            let (lifecycle, tokens) = (Arc::clone(self), tokens.clone());
            self.start_refresh(async move { lifecycle.refresh_once(&tokens).await })
        });
        self.outcome(refresh, self.refresh_timeout).await
    }

    /// The outcome of a refresh, if it arrives in time. While the provider does not answer, only the request that
    /// started a refresh waits for it.
    pub(crate) async fn outcome(&self, refresh: Refresh, max_wait: Duration) -> Outcome {
        let flight = match refresh {
            Refresh::Done(outcome) => return outcome,
            Refresh::InFlight(_) if self.calls.is_unresponsive() => {
                return Err(Error::new(ErrorKind::TokensUnavailable));
            }
            Refresh::Started(flight) | Refresh::InFlight(flight) => flight,
        };
        match tokio::time::timeout(max_wait, flight.outcome()).await {
            Ok(Some((_, outcome))) => outcome,
            Ok(None) => Err(Error::new(ErrorKind::ProviderUnreachable)),
            Err(_) => Err(Error::new(ErrorKind::ProviderTimeout)),
        }
    }

    /// Whether a session's tokens have to be refreshed now, or are being refreshed.
    pub(crate) fn is_refresh_due(
        &self,
        session: &Session,
        entry: Option<StoreEntry>,
        now: Timestamp,
    ) -> bool {
        match self.validity(session, entry, now) {
            Validity::RefreshDue => true,
            // Other processes no longer wait for the attempt; this process still does.
            Validity::Valid | Validity::EndedUnlessRefreshing => {
                !session.tokens().are_valid(now)
                    && self.refreshes.has_replacement_for(session.tokens(), now)
            }
            Validity::Expired => false,
        }
    }

    /// Records that a response carries the new tokens in place of these.
    pub(crate) fn record_delivery(&self, replaced: &DiditTokens) {
        self.refreshes.record_delivery(replaced, self.now());
    }

    /// Whether the request that starts a refresh waits for it: its response carries the new tokens, or the refresh
    /// invalidates the old ones.
    pub(crate) fn starter_waits(&self, entry: Option<StoreEntry>) -> bool {
        entry.is_none() || self.sessions.rules.sessions_end_with_access_token
    }

    /// The same tokens, without a single-use refresh token that was sent.
    pub(crate) fn without_spent(&self, tokens: DiditTokens) -> DiditTokens {
        match tokens.refresh_token() {
            Some(token) if self.spent.contains(token.secret().as_bytes()) => {
                tokens.without_refresh_token()
            }
            _ => tokens,
        }
    }

    pub(super) async fn refresh_once(&self, tokens: &DiditTokens) -> Outcome {
        let ready = self.prepare().await?;
        let refreshed = self.send(ready, tokens).await;
        refreshed.map_err(|failure| failure.error)
    }
}

impl RefreshCalls for SessionLifecycle {
    type Ready = ReadyToRefresh;

    async fn prepare(&self) -> Result<ReadyToRefresh, Error> {
        self.calls.prepare_refresh().await
    }

    async fn send(
        &self,
        ready: ReadyToRefresh,
        tokens: &DiditTokens,
    ) -> Result<DiditTokens, TokenRequestFailure> {
        // A single-use token is sent once, for a session or for a handler that keeps tokens itself.
        let token = tokens.refresh_token();
        let token = token.map(|token| token.secret().as_bytes());
        let is_unsent =
            |token: &&[u8]| !self.sessions.rules.single_use || self.spent.insert(token, self.now());
        let Some(token) = token.filter(is_unsent) else {
            let error = Error::new(ErrorKind::TokensExpired);
            return Err(TokenRequestFailure::not_repeatable(error));
        };
        let refreshed = self.calls.refresh(ready, tokens).await;
        if let Err(failure) = &refreshed
            && failure.is_repeatable
        {
            self.spent.forget(token);
        }
        refreshed.map(|tokens| self.without_spent(tokens))
    }

    async fn discard(&self, tokens: &DiditTokens) {
        match self.calls.metadata().await {
            Ok(metadata) => self.end_at_provider(&metadata, tokens, false, true).await,
            Err(error) => report(&error),
        }
    }
}
