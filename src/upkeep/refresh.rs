//! New tokens for old ones.

use std::{sync::Arc, time::Duration};

use super::Upkeep;
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind},
    oidc::RefreshFailure,
    provider_calls::ReadyToRefresh,
    session::{Flight, Kept, Outcome, Place, Refresh, RefreshCalls, Session},
    tokens::{DiditTokens, RefreshToken},
};

impl Upkeep {
    /// The refresh of a session: one for all who want it. `kept` says where it is, if that is a store.
    pub(crate) fn refresh(
        self: &Arc<Self>,
        session: &Session,
        kept: Option<Kept>,
        now: Timestamp,
    ) -> Refresh {
        self.refreshes.refresh(session.tokens(), now, || {
            let upkeep = Arc::clone(self);
            let session = session.clone();
            async move {
                match (&upkeep.sessions.place, kept) {
                    (Place::Store(stored), Some(kept)) => {
                        let horizon = upkeep.horizon;
                        stored.renew(session, kept, horizon, &*upkeep).await
                    }
                    _ => upkeep.refresh_once(session.tokens()).await,
                }
            }
        })
    }

    /// The refresh of tokens that no store has.
    pub(crate) async fn refresh_tokens(self: &Arc<Self>, tokens: &DiditTokens) -> Outcome {
        let upkeep = Arc::clone(self);
        let before = tokens.clone();
        let send = || async move { upkeep.refresh_once(&before).await };
        self.land(self.refreshes.refresh(tokens, self.now(), send))
            .await
    }

    /// What comes of a refresh, in no more than the time that one may take.
    pub(crate) async fn land(&self, refresh: Refresh) -> Outcome {
        match refresh {
            Refresh::Landed(outcome) => outcome,
            Refresh::Started(flight) | Refresh::UnderWay(flight) => {
                let outcome = wait(flight, self.horizon).await;
                outcome.unwrap_or_else(|| Err(Error::new(ErrorKind::ProviderTimeout)))
            }
        }
    }

    /// Whether new tokens for those of a session are on their way, or are there and not in the session yet.
    pub(crate) fn is_renewing(&self, session: &Session, now: Timestamp) -> bool {
        self.refreshes.replaces(session.tokens(), now)
    }

    /// What comes of the refresh of a session. Nobody waits for long while the access token lives; nobody
    /// knows whether a session goes on that has ended but for what comes too late.
    pub(crate) async fn outcome(&self, flight: Flight, session: &Session) -> Outcome {
        let is_alive = || session.tokens().are_alive(self.now());
        if is_alive() {
            match wait(flight.clone(), PATIENCE).await {
                Some(outcome) => return outcome,
                None if is_alive() => return Err(Error::new(ErrorKind::ProviderTimeout)),
                None => {}
            }
        }
        let outcome = wait(flight, self.horizon).await;
        outcome.unwrap_or_else(|| {
            let has_ended = self.sessions.rules.has_ended(session, self.now());
            Err(Error::new(if has_ended {
                ErrorKind::SessionUnavailable
            } else {
                ErrorKind::ProviderTimeout
            }))
        })
    }

    /// The same tokens, without a refresh token that works once and was sent.
    pub(crate) fn without_spent(&self, tokens: DiditTokens) -> DiditTokens {
        match tokens.refresh_token() {
            Some(token) if self.spent.contains(token.secret().as_bytes()) => {
                tokens.without_refresh_token()
            }
            _ => tokens,
        }
    }

    async fn refresh_once(&self, tokens: &DiditTokens) -> Outcome {
        let ready = self.prepare().await?;
        let refreshed = self.send(ready, tokens).await;
        refreshed.map_err(|failure| failure.error)
    }

    /// Whether a refresh token may be sent: one that works once, never again, be it for a session or for a
    /// handler that keeps tokens itself.
    fn spend(&self, token: &RefreshToken) -> bool {
        !self.sessions.rules.single_use || self.spent.claim(token.secret().as_bytes(), self.now())
    }
}

/// `None` if it takes longer.
async fn wait(flight: Flight, patience: Duration) -> Option<Outcome> {
    tokio::time::timeout(patience, flight.wait()).await.ok()
}

impl RefreshCalls for Upkeep {
    type Ready = ReadyToRefresh;

    async fn prepare(&self) -> Result<ReadyToRefresh, Error> {
        self.calls.prepare_refresh().await
    }

    async fn send(
        &self,
        ready: ReadyToRefresh,
        tokens: &DiditTokens,
    ) -> Result<DiditTokens, RefreshFailure> {
        let token = tokens.refresh_token().filter(|token| self.spend(token));
        let Some(token) = token else {
            let error = Error::new(ErrorKind::NotRenewable);
            return Err(RefreshFailure::after_sending(error));
        };
        match self.calls.refresh(ready, tokens).await {
            Ok(renewed) => Ok(self.without_spent(renewed)),
            Err(failure) => {
                if !failure.was_sent {
                    self.spent.forget(token.secret().as_bytes());
                }
                Err(failure)
            }
        }
    }

    async fn discard(&self, tokens: &DiditTokens) {
        self.end_late(tokens).await;
    }
}

/// How long a request waits for new tokens whose old ones still live.
const PATIENCE: Duration = Duration::from_secs(2);
