//! New tokens for old ones.

use std::{sync::Arc, time::Duration};

use super::SessionLifecycle;
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind},
    oidc::TokenRequestFailure,
    provider_calls::ReadyToRefresh,
    session::{
        Backend, Outcome, Refresh, RefreshCalls, Saved, Session, StoreEntry, Validity,
        store::SessionKey,
    },
    tokens::{DiditTokens, RefreshToken},
};

impl SessionLifecycle {
    /// The refresh of a session: one for all who want it. `entry` says where it is, if that is a store.
    pub(crate) fn refresh(
        self: &Arc<Self>,
        session: &Session,
        entry: Option<StoreEntry>,
        now: Timestamp,
    ) -> Refresh {
        let saved = match entry {
            Some(_) => Saved::Elsewhere,
            None => Saved::Nowhere,
        };
        self.refreshes.refresh(session.tokens(), saved, now, || {
            let lifecycle = Arc::clone(self);
            let session = session.clone();
            async move {
                if let (Backend::Store(stored), Some(entry)) = (&lifecycle.sessions.backend, entry)
                {
                    let horizon = lifecycle.horizon;
                    return stored.renew(session, entry, horizon, &*lifecycle).await;
                }
                let outcome = lifecycle.refresh_once(session.tokens()).await;
                if let Ok(tokens) = &outcome
                    && lifecycle.has_ended(session.id())
                {
                    // The sign-out knew the tokens of before.
                    lifecycle.end_unused(tokens.clone());
                }
                outcome
            }
        })
    }

    /// The refresh of a session in a store, by what the store has now: another request, or another process, may
    /// have been faster. `is_own` says whether the session had these tokens. Gives `None` if it never did.
    pub(crate) async fn refresh_stored(
        self: &Arc<Self>,
        key: SessionKey,
        is_own: bool,
        tokens: &DiditTokens,
    ) -> Result<Option<DiditTokens>, Error> {
        let is_of = |session: &Session| session.tokens().access_token().is(tokens.access_token());
        match self.load(key).await? {
            Some((there, entry)) if there.tokens().are(tokens) => {
                let refresh = self.refresh(&there, Some(entry), self.now());
                self.land(refresh).await.map(Some)
            }
            // What is missing is a refresh token, which counts as spent by now.
            Some((there, _)) if is_of(&there) => Err(Error::new(ErrorKind::TokensExpired)),
            Some((there, _)) if is_own => Ok(Some(there.tokens().clone())),
            None if is_own => Err(Error::new(ErrorKind::SessionEnded)),
            _ => Ok(None),
        }
    }

    /// The refresh of tokens that are of no session.
    pub(crate) async fn refresh_tokens(self: &Arc<Self>, tokens: &DiditTokens) -> Outcome {
        let lifecycle = Arc::clone(self);
        let before = tokens.clone();
        let send = || async move { lifecycle.refresh_once(&before).await };
        let saved = Saved::Elsewhere;
        let refresh = self.refreshes.refresh(tokens, saved, self.now(), send);
        self.land(refresh).await
    }

    /// What comes of a refresh, in no more than the time that one may take.
    pub(crate) async fn land(&self, refresh: Refresh) -> Outcome {
        self.outcome(refresh, self.horizon).await
    }

    /// What comes of a refresh, if it comes in time. A refresh that another request has started is not waited
    /// for while the provider does not answer.
    pub(crate) async fn outcome(&self, refresh: Refresh, patience: Duration) -> Outcome {
        let flight = match refresh {
            Refresh::Landed(outcome) => return outcome,
            Refresh::InFlight(_) if self.calls.is_silent() => {
                return Err(Error::new(ErrorKind::TokensUnavailable));
            }
            Refresh::Started(flight) | Refresh::InFlight(flight) => flight,
        };
        match tokio::time::timeout(patience, flight.outcome()).await {
            Ok(Some((_, outcome))) => outcome,
            Ok(None) => Err(Error::new(ErrorKind::ProviderUnreachable)),
            Err(_) => Err(Error::new(ErrorKind::ProviderTimeout)),
        }
    }

    /// Whether a session's tokens are to be refreshed now, or are being refreshed.
    pub(crate) fn is_refresh_due(
        &self,
        session: &Session,
        entry: Option<StoreEntry>,
        now: Timestamp,
    ) -> bool {
        let rules = &self.sessions.rules;
        let attempt = entry.and_then(|entry| entry.refresh_attempt);
        match rules.validity(session, attempt, now) {
            Validity::RefreshDue => true,
            // Others have given up; who sent the refresh token waits for what comes late.
            Validity::Valid | Validity::Unrefreshable => {
                !session.tokens().are_alive(now) && self.is_refreshing(session, now)
            }
            Validity::Expired => false,
        }
    }

    /// Whether new tokens for those of a session are on their way, or are there and not in the session yet.
    pub(crate) fn is_refreshing(&self, session: &Session, now: Timestamp) -> bool {
        self.refreshes.replaces(session.tokens(), now)
    }

    /// An answer carries the tokens that replace these.
    pub(crate) fn note_carried(&self, replaced: &DiditTokens) {
        self.refreshes.note_carried(replaced, self.now());
    }

    /// Whether the request that starts a refresh has to wait for it: its answer carries the new tokens, or the
    /// old ones end with it.
    pub(crate) fn must_carry(&self, entry: Option<StoreEntry>) -> bool {
        entry.is_none() || self.sessions.rules.is_authoritative()
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
        !self.sessions.rules.single_use || self.spent.insert(token.secret().as_bytes(), self.now())
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
        let token = tokens.refresh_token().filter(|token| self.spend(token));
        let Some(token) = token else {
            let error = Error::new(ErrorKind::TokensExpired);
            return Err(TokenRequestFailure::after_sending(error));
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
