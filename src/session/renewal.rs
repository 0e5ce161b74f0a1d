//! Refreshing the tokens of a session in a store, in one of the processes that share it.
//!
//! 1. Before anything is sent, a process records its attempt, by the session's version. One process succeeds;
//!    the others wait for the outcome.
//! 2. It sends the refresh token, once.
//! 3. It saves the new tokens, which removes the attempt; or abandons the attempt, if no connection was
//!    established; or ends the session, if the provider calls the token invalid.
//!
//! If the provider's answer is unusable or the process dies, the attempt stays. A single-use refresh token then
//! counts as spent for good (RFC 9700 §4.14.2: its reuse would end the session at the provider); a reusable one
//! may be sent again once the attempt has lapsed.

use std::{future::Future, time::Duration};

use super::{
    Outcome, Session, StoreEntry, StoredSessions,
    changes::{CHANGES_AT_ONCE, LATE, Pause},
    store::{RefreshAttempt, SessionKey, StoreError},
};
use crate::{
    error::{Error, ErrorKind, TokenError},
    oidc::TokenRequestFailure,
    tokens::DiditTokens,
};

/// The provider, as far as a refresh needs it.
pub(crate) trait RefreshCalls: Send + Sync {
    /// What is needed to send.
    type Ready: Send;

    /// Everything that can fail before the attempt is recorded. Nothing of the session is sent.
    fn prepare(&self) -> impl Future<Output = Result<Self::Ready, Error>> + Send;

    /// Sends the refresh token.
    fn send(
        &self,
        ready: Self::Ready,
        tokens: &DiditTokens,
    ) -> impl Future<Output = Result<DiditTokens, TokenRequestFailure>> + Send;

    /// Ends tokens at the provider that came after the sign-out.
    fn discard(&self, tokens: &DiditTokens) -> impl Future<Output = ()> + Send;
}

/// Whether it is this process that sends.
enum Turn {
    Ours(Session, StoreEntry),
    Over(Outcome),
}

impl StoredSessions {
    /// New tokens for a session, from the provider or from the process that was faster. `horizon` is how
    /// long others wait for a refresh.
    pub(crate) async fn renew(
        &self,
        session: Session,
        entry: StoreEntry,
        horizon: Duration,
        calls: &impl RefreshCalls,
    ) -> Outcome {
        let old = session.tokens().clone();
        let (mut session, mut entry) = (session, entry);
        let mut pause = Pause::new(horizon);
        let (session, held, ready) = loop {
            match self.turn(session, entry, &old, horizon).await? {
                Turn::Over(outcome) => return outcome,
                Turn::Ours(ours, free) => (session, entry) = (ours, free),
            }
            let ready = calls.prepare().await?;
            let attempt = RefreshAttempt::new(self.now().plus(horizon));
            match self.begin_refresh(&entry, attempt).await? {
                Some(held) => break (session, held, ready),
                None if pause.take().await => (session, entry) = self.found(entry.key).await?,
                None => return Err(StoreError::new("it reads another version than it has").into()),
            }
        };
        match calls.send(ready, &old).await {
            Ok(tokens) => self.keep(session, held, tokens, calls).await,
            Err(failure) => self.give_up(&old, &held, failure).await,
        }
    }

    /// Waits while the attempt of another process is pending.
    async fn turn(
        &self,
        mut session: Session,
        mut entry: StoreEntry,
        old: &DiditTokens,
        horizon: Duration,
    ) -> Result<Turn, Error> {
        let mut pause = Pause::new(horizon);
        loop {
            let is_spent = session.tokens().refresh_token().is_none()
                && session.tokens().access_token().is(old.access_token());
            if is_spent {
                return Ok(Turn::Over(Err(Error::new(ErrorKind::TokensExpired))));
            }
            if !session.tokens().are(old) {
                return Ok(Turn::Over(Ok(session.tokens().clone())));
            }
            match entry.refresh_attempt {
                Some(attempt) if attempt.is_pending(self.now()) && pause.take().await => {}
                Some(_) if self.rules.single_use => {
                    return Ok(Turn::Over(Err(Error::new(ErrorKind::TokensExpired))));
                }
                _ => return Ok(Turn::Ours(session, entry)),
            }
            (session, entry) = self.found(entry.key).await?;
        }
    }

    /// The session as it is by now.
    async fn found(&self, key: SessionKey) -> Result<(Session, StoreEntry), Error> {
        let found = self.find(key).await?;
        found.ok_or_else(|| Error::new(ErrorKind::SessionEnded))
    }

    /// Saves new tokens. They work for whoever waits, even if they cannot be saved.
    async fn keep(
        &self,
        before: Session,
        mut held: StoreEntry,
        tokens: DiditTokens,
        calls: &impl RefreshCalls,
    ) -> Outcome {
        let old = before.tokens().clone();
        let session = before.carrying(tokens);
        let session = session.used(self.rules.limits, self.now());
        if let Err(error) = self.check(&session) {
            return Ok(not_saved(&session, &error));
        }
        let mut pause = Pause::new(LATE);
        let mut overtaken = 0;
        loop {
            let failure = match self.save(&held, &session).await {
                Ok(true) => return Ok(session.tokens().clone()),
                Ok(false) => match self.find(held.key).await {
                    // A process that took this one for dead has written the session, or is about to. These
                    // tokens are newer.
                    Ok(Some((there, entry)))
                        if there.tokens().access_token().is(old.access_token()) =>
                    {
                        held = entry;
                        overtaken += 1;
                        if overtaken < CHANGES_AT_ONCE {
                            continue;
                        }
                        StoreError::new("others change the session all the time").into()
                    }
                    Ok(Some((there, _))) => return Ok(there.tokens().clone()),
                    Ok(None) => {
                        if self.was_signed_out(session.id()).await {
                            calls.discard(session.tokens()).await;
                        }
                        return Err(Error::new(ErrorKind::SessionEnded));
                    }
                    Err(failure) => failure,
                },
                Err(failure) => failure,
            };
            if !pause.take().await {
                return Ok(not_saved(&session, &failure));
            }
        }
    }

    /// After a refresh without tokens.
    async fn give_up(
        &self,
        old: &DiditTokens,
        held: &StoreEntry,
        failure: TokenRequestFailure,
    ) -> Outcome {
        let TokenRequestFailure { error, was_sent } = failure;
        let undone = if error.kind() == TokenError::InvalidGrant.into() {
            match self.find(held.key).await {
                // Another process was faster: what is invalid is the token of before.
                Ok(Some((there, _))) if !there.tokens().access_token().is(old.access_token()) => {
                    return Ok(there.tokens().clone());
                }
                _ => self.delete(held.key).await,
            }
        } else if !was_sent {
            self.abandon_refresh(held).await
        } else {
            Ok(())
        };
        if let Err(error) = undone {
            let source = error.causes();
            tracing::warn!(%error, source, "failed to record the outcome of a refresh");
        }
        Err(error)
    }
}

/// New tokens that the store did not take: the request has them, the session goes on without them.
fn not_saved(session: &Session, error: &Error) -> DiditTokens {
    let source = error.causes();
    tracing::warn!(%error, source, "new tokens were not saved: the session ends when the old ones do");
    session.tokens().clone()
}

#[cfg(test)]
mod tests;
