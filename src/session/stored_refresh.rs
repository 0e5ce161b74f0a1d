//! Refreshes the tokens of a session in a store that several processes share.
//!
//! 1. Before anything is sent, a process records its attempt, by a compare-and-set on the session's version. One process succeeds;
//!    the others wait for the outcome.
//! 2. It sends the refresh token, once.
//! 3. It saves the new tokens, which removes the attempt; or abandons the attempt, if no connection was
//!    established; or ends the session, if the provider refuses the token.
//!
//! If the provider's response is unusable or the process dies, the attempt stays. A single-use refresh token then
//! counts as spent for good (RFC 9700 §4.14.2: its reuse would terminate the session at the provider); a reusable one
//! may be sent again once the attempt has lapsed.

use std::{future::Future, time::Duration};

use super::{
    Outcome, Session, StoreEntry, StoredSessions,
    retry::{Backoff, FOR_10S, FOR_60S, retry_until_known, with_timeout},
    store::{RefreshAttempt, SessionKey, StoreError, StoredSession},
};
use crate::{
    error::{Error, ErrorKind, TokenError},
    oidc::TokenRequestFailure,
    tokens::DiditTokens,
};

/// The calls of the provider that a refresh makes.
pub(crate) trait RefreshCalls: Send + Sync {
    /// The prepared state of a refresh.
    type Ready: Send;

    /// Does everything that can fail before the attempt is recorded. Sends nothing of the session.
    fn prepare(&self) -> impl Future<Output = Result<Self::Ready, Error>> + Send;

    /// Sends the refresh token.
    fn send(
        &self,
        ready: Self::Ready,
        tokens: &DiditTokens,
    ) -> impl Future<Output = Result<DiditTokens, TokenRequestFailure>> + Send;

    /// Revokes tokens that arrived after the sign-out, or terminates their provider session.
    fn discard(&self, tokens: &DiditTokens) -> impl Future<Output = ()> + Send;
}

impl StoredSessions {
    /// New tokens for a session, from the provider or from another process that has refreshed the session. Waits at
    /// most `timeout` for an attempt of another process.
    pub(crate) async fn refresh(
        &self,
        mut session: Session,
        mut entry: StoreEntry,
        timeout: Duration,
        calls: &impl RefreshCalls,
    ) -> Outcome {
        let old = session.tokens().clone();
        let [mut wait, mut conflicts] = [Backoff::new(timeout), Backoff::new(timeout)];
        let ready = loop {
            // `record_use` has removed a refresh token that counts as spent.
            if session.tokens().refresh_token().is_none() && session.carries(&old) {
                return Err(Error::new(ErrorKind::TokensExpired));
            }
            if !session.tokens().same_as(&old) {
                return Ok(session.tokens().clone());
            }
            let other = entry.refresh_attempt;
            let is_pending = other.is_some_and(|attempt| attempt.is_pending(self.now()));
            if !is_pending || !wait.pause().await {
                if other.is_some() && self.rules.single_use {
                    return Err(Error::new(ErrorKind::TokensExpired));
                }
                let ready = calls.prepare().await?;
                let attempt = RefreshAttempt::new(self.now().plus(timeout));
                let StoreEntry { key, version, .. } = entry;
                let begin = || self.store.begin_refresh(key, version, attempt);
                let is_ours = |stored: &StoredSession| stored.refresh_attempt() == Some(attempt);
                if retry_until_known(&*self.store, key, FOR_10S, begin, is_ours).await? {
                    entry.version = entry.version.wrapping_add(1);
                    entry.refresh_attempt = Some(attempt);
                    break ready;
                }
                if !conflicts.pause().await {
                    return Err(StoreError::new("loaded versions are out of date").into());
                }
                wait = Backoff::new(timeout);
            }
            let found = self.find(entry.key).await?;
            (session, entry) = found.ok_or_else(|| Error::new(ErrorKind::SessionEnded))?;
        };
        match calls.send(ready, &old).await {
            Ok(tokens) => self.save(session, entry, tokens, calls).await,
            Err(failure) => self.give_up(&old, entry, failure).await,
        }
    }

    /// Saves new tokens. Waiting requests get the tokens even if they cannot be saved.
    async fn save(
        &self,
        before: Session,
        mut held: StoreEntry,
        tokens: DiditTokens,
        calls: &impl RefreshCalls,
    ) -> Outcome {
        let old = before.tokens().clone();
        let session = before.with_tokens(tokens);
        let mut session = session.touched(self.rules.limits, self.now());
        if let Err(error) = self.check(&session) {
            return Ok(not_saved(&session, &error));
        }
        let mut backoff = Backoff::new(FOR_60S);
        let mut conflicts = 0;
        loop {
            let StoreEntry { key, version, .. } = held;
            let sealed = self.seal(key, &session);
            let is_saved = |stored: &StoredSession| *stored.value() == sealed;
            let lifetime = session.0.idle_end.since(self.now());
            let replace = || self.store.replace(key, version, sealed.clone(), lifetime);
            let found = match retry_until_known(&*self.store, key, FOR_60S, replace, is_saved).await
            {
                Ok(true) => return Ok(session.tokens().clone()),
                Ok(false) => self.find(key).await,
                Err(failure) => Err(failure.into()),
            };
            let failure = match found {
                // A process that assumed this one had died has written the session, or is about to. The tokens at
                // hand are newer and overwrite its tokens.
                Ok(Some((found, entry))) if found.carries(&old) => {
                    held = entry;
                    session = session.with_data(found.data().clone());
                    conflicts += 1;
                    if conflicts < MAX_CONFLICTS {
                        continue;
                    }
                    StoreError::new("other processes keep changing the session").into()
                }
                Ok(Some((found, _))) => return Ok(found.tokens().clone()),
                Ok(None) => {
                    let mark =
                        with_timeout(self.store.load(SessionKey::of_end(session.id()))).await;
                    if let Ok(Some(_)) = mark {
                        calls.discard(session.tokens()).await;
                    }
                    return Err(Error::new(ErrorKind::SessionEnded));
                }
                Err(failure) => failure,
            };
            if !backoff.pause().await {
                return Ok(not_saved(&session, &failure));
            }
        }
    }

    /// Completes a refresh that brought no tokens.
    async fn give_up(
        &self,
        old: &DiditTokens,
        held: StoreEntry,
        failure: TokenRequestFailure,
    ) -> Outcome {
        let TokenRequestFailure {
            error,
            is_repeatable,
        } = failure;
        let StoreEntry { key, version, .. } = held;
        let recorded = if error.kind() == TokenError::InvalidGrant.into() {
            match self.find(key).await {
                // Another process has refreshed the session: the provider refused the previous token.
                Ok(Some((found, _))) if !found.carries(old) => return Ok(found.tokens().clone()),
                _ => self.delete(key).await,
            }
        } else if !is_repeatable {
            Ok(())
        } else {
            let abandon = || self.store.abandon_refresh(key, version);
            let is_gone = |stored: &StoredSession| stored.refresh_attempt() != held.refresh_attempt;
            let abandoned = retry_until_known(&*self.store, key, FOR_10S, abandon, is_gone).await;
            abandoned.map(drop).map_err(Error::from)
        };
        if let Err(error) = recorded {
            error.log("failed to record the outcome of a refresh");
        }
        Err(error)
    }

    /// Prepares the end of a session: keeps other processes from refreshing it. Returns the current session, if it can
    /// be read, and whether the caller may use its refresh token.
    pub(crate) async fn prepare_end(
        &self,
        key: SessionKey,
        timeout: Duration,
    ) -> Result<Option<(Session, bool)>, Error> {
        let mut is_marked = false;
        for _ in 0..MAX_CONFLICTS {
            let Some((session, entry)) = self.find(key).await? else {
                return Ok(None);
            };
            let other = entry.refresh_attempt;
            let is_pending = other.is_some_and(|attempt| attempt.is_pending(self.now()));
            // Without a refresh token the tokens do not change.
            if session.tokens().refresh_token().is_none() || (is_pending && is_marked) {
                return Ok(Some((session, false)));
            }
            if is_pending {
                // Tells the process that refreshes the session to revoke the new tokens.
                let mark = SessionKey::of_end(session.id());
                let marked = self.store.create(mark, Vec::new(), 2 * FOR_60S, None);
                is_marked = with_timeout(marked).await.is_ok();
                continue;
            }
            let attempt = RefreshAttempt::new(self.now().plus(timeout));
            match with_timeout(self.store.begin_refresh(key, entry.version, attempt)).await {
                Ok(true) => return Ok(Some((session, other.is_none()))),
                Ok(false) => {}
                // The session can still be terminated at the provider.
                Err(_) => return Ok(Some((session, false))),
            }
        }
        Ok(self.find(key).await?.map(|(session, _)| (session, false)))
    }
}

/// The new tokens of a session that the store did not save: this request gets them, the session keeps its old ones.
fn not_saved(session: &Session, error: &Error) -> DiditTokens {
    error.log("failed to save refreshed tokens");
    session.tokens().clone()
}

/// How many concurrent changes of one session are expected at most.
const MAX_CONFLICTS: usize = 4;

#[cfg(test)]
mod tests;
