//! Renewing the tokens of a session in a store: in one process of all that share it.
//!
//! 1. Whoever wants new tokens claims the session, by its version, before anything is sent. One process
//!    succeeds; the others wait for what comes of it.
//! 2. It sends the refresh token, once.
//! 3. It saves the new tokens, which ends the claim; or takes the claim back, if the request did not leave
//!    this machine; or ends the session, if the provider calls the token invalid.
//!
//! Where none of that happens, be it that the provider answered nonsense or that the process died, the
//! claim stays. A refresh token that works once then counts as spent for ever (RFC 9700 §4.14.2: its
//! reuse would end the session there); any other may be used again when the claim has lapsed.

use std::{future::Future, time::Duration};

use tokio::time::Instant;

use super::{Kept, Outcome, Session, SessionId, StoredSessions, changes::LATE, store::Claim};
use crate::{
    error::{Error, ErrorKind},
    oidc::RefreshFailure,
    tokens::DiditTokens,
};

/// The provider, as far as a refresh needs it.
pub(crate) trait RefreshCalls: Send + Sync {
    /// What is needed to send.
    type Ready: Send;

    /// Everything that can fail before the claim. Nothing of the session is sent.
    fn prepare(&self) -> impl Future<Output = Result<Self::Ready, Error>> + Send;

    /// Sends the refresh token.
    fn send(
        &self,
        ready: Self::Ready,
        tokens: &DiditTokens,
    ) -> impl Future<Output = Result<DiditTokens, RefreshFailure>> + Send;

    /// Gets tokens that came too late to be kept: whether because somebody has signed out of this session.
    fn is_over(
        &self,
        session: SessionId,
        tokens: &DiditTokens,
    ) -> impl Future<Output = bool> + Send;
}

/// Whether it is this process that sends.
enum Turn {
    Ours(Session, Kept),
    Over(Outcome),
}

impl StoredSessions {
    /// New tokens for a session, from the provider or from the process that was faster. `horizon` is how
    /// long a refresh may take, with room to spare.
    pub(crate) async fn renew(
        &self,
        session: Session,
        kept: Kept,
        horizon: Duration,
        calls: &impl RefreshCalls,
    ) -> Outcome {
        let old = session.tokens.clone();
        let (mut session, mut kept) = (session, kept);
        let (session, held, ready) = loop {
            match self.turn(session, kept, &old, horizon).await? {
                Turn::Over(outcome) => return outcome,
                Turn::Ours(ours, free) => (session, kept) = (ours, free),
            }
            let ready = calls.prepare().await?;
            let claim = Claim::new(self.now().plus(horizon));
            match self.claim(&kept, claim).await? {
                Some(held) => break (session, held, ready),
                None => match self.find(kept.key).await? {
                    Some(found) => (session, kept) = found,
                    None => return Err(Error::new(ErrorKind::SessionEnded)),
                },
            }
        };
        match calls.send(ready, &old).await {
            Ok(tokens) => self.keep(session, held, tokens, calls).await,
            Err(failure) => Err(self.give_up(&held, failure).await),
        }
    }

    /// Waits while another process has a fresh claim.
    async fn turn(
        &self,
        mut session: Session,
        mut kept: Kept,
        old: &DiditTokens,
        horizon: Duration,
    ) -> Result<Turn, Error> {
        let start = Instant::now();
        loop {
            let is_spent = session.tokens.refresh_token().is_none()
                && session.tokens.access_token().is(old.access_token());
            if is_spent {
                return Ok(Turn::Over(Err(Error::new(ErrorKind::NotRenewable))));
            }
            if !session.tokens.are(old) {
                return Ok(Turn::Over(Ok(session.tokens)));
            }
            let is_waited_for =
                |claim: Claim| claim.is_fresh(self.now()) && start.elapsed() < horizon;
            match kept.claim {
                Some(claim) if is_waited_for(claim) => {}
                Some(_) if self.rules.single_use => {
                    return Ok(Turn::Over(Err(Error::new(ErrorKind::NotRenewable))));
                }
                _ => return Ok(Turn::Ours(session, kept)),
            }
            tokio::time::sleep(POLL).await;
            match self.find(kept.key).await? {
                Some(found) => (session, kept) = found,
                None => return Ok(Turn::Over(Err(Error::new(ErrorKind::SessionEnded)))),
            }
        }
    }

    /// Saves new tokens. They work for whoever waits, even if they cannot be saved.
    async fn keep(
        &self,
        before: Session,
        mut held: Kept,
        tokens: DiditTokens,
        calls: &impl RefreshCalls,
    ) -> Outcome {
        let old = before.tokens.clone();
        let session = before.carrying(tokens);
        let session = session.used(self.rules.limits, self.now());
        let start = Instant::now();
        loop {
            let failure = match self.save(&held, &session).await {
                Ok(true) => return Ok(session.tokens),
                Ok(false) if calls.is_over(session.id, &session.tokens).await => {
                    return Err(Error::new(ErrorKind::SessionEnded));
                }
                Ok(false) => match self.find(held.key).await {
                    // Who took this process for dead has written it, or is about to. These tokens are newer.
                    Ok(Some((there, kept)))
                        if there.tokens.access_token().is(old.access_token()) =>
                    {
                        held = kept;
                        continue;
                    }
                    Ok(Some((there, _))) => return Ok(there.tokens),
                    Ok(None) => return Err(Error::new(ErrorKind::SessionEnded)),
                    Err(failure) => failure,
                },
                Err(failure) => failure,
            };
            if start.elapsed() >= LATE {
                let source = failure.causes();
                tracing::warn!(error = %failure, source, "new tokens were not kept: the session ends with them");
                return Ok(session.tokens);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn give_up(&self, held: &Kept, failure: RefreshFailure) -> Error {
        let RefreshFailure { error, was_sent } = failure;
        let undone = if error.kind() == ErrorKind::InvalidGrant {
            self.delete(&held.key).await
        } else if !was_sent {
            self.release(held).await
        } else {
            Ok(())
        };
        if let Err(error) = undone {
            let source = error.causes();
            tracing::warn!(%error, source, "what came of a refresh was not noted");
        }
        error
    }
}

/// How often a process looks what came of another one's refresh.
const POLL: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests;
