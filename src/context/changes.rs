//! What handlers do to the session of their request.

use std::sync::{MutexGuard, PoisonError};

use super::{RequestSession, SessionState};
use crate::{
    cookie::CookieLines,
    error::{Error, ErrorKind},
    session::{Lookup, Outcome, Session},
    tokens::DiditTokens,
};

/// What handlers did to the session.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Refreshed(DiditTokens),
    Ended,
}

impl RequestSession {
    /// What handlers did to the session until now.
    pub(crate) fn change(&self) -> Option<Change> {
        self.lock().clone()
    }

    /// New tokens for those of this request's session, or for any others.
    pub(crate) async fn refresh(&self, tokens: &DiditTokens) -> Outcome {
        let lifecycle = &self.lifecycle;
        let Some((session, original)) = self.latest().await? else {
            return lifecycle.refresh_tokens(tokens).await;
        };
        if lifecycle.has_ended(session.id()) {
            return Err(Error::new(ErrorKind::SessionEnded));
        }
        let refreshed = match self.key() {
            Some(key) => {
                let is_of = |own: &DiditTokens| own.access_token().is(tokens.access_token());
                let is_own = is_of(session.tokens()) || is_of(&original);
                lifecycle.refresh_stored(key, is_own, tokens).await?
            }
            None if session.tokens().are(tokens) => {
                let refresh = lifecycle.refresh(&session, None, lifecycle.now());
                Some(
                    lifecycle
                        .outcome(refresh, lifecycle.refresh_timeout)
                        .await?,
                )
            }
            None => None,
        };
        let Some(refreshed) = refreshed else {
            return lifecycle.refresh_tokens(tokens).await;
        };
        let mut change = self.lock();
        if !matches!(*change, Some(Change::Ended)) {
            *change = Some(Change::Refreshed(refreshed.clone()));
        }
        Ok(refreshed)
    }

    /// Ends the session of this request; gives the page where the provider ends its own.
    pub(crate) async fn sign_out(&self, cookies: &CookieLines) -> Result<Option<String>, Error> {
        let session = self.latest().await;
        // In any case the browser forgets it.
        let has_ended = matches!(self.lock().replace(Change::Ended), Some(Change::Ended));
        let lookup = match (session, self.key()) {
            _ if has_ended => Lookup::Nothing,
            (_, Some(key)) => Lookup::Key(key),
            (Ok(Some((session, _))), None) => Lookup::Session(session),
            // What cannot be read, or is nobody's, can be ended all the same.
            (Ok(None) | Err(_), None) => {
                let sessions = &self.lifecycle.sessions;
                let (lookup, _) = sessions.find(cookies.iter(), || self.lifecycle.now());
                lookup
            }
        };
        self.lifecycle.sign_out(lookup).await
    }

    /// The session as handlers have left it, and the tokens with which it came.
    async fn latest(&self) -> Result<Option<(Session, DiditTokens)>, Error> {
        let session = match self.state().await {
            SessionState::SignedIn(session) => session.clone(),
            SessionState::Anonymous => return Ok(None),
            SessionState::Unavailable(error) => return Err(error.clone()),
        };
        let original = session.tokens().clone();
        let latest = match self.change() {
            Some(Change::Ended) => return Err(Error::new(ErrorKind::SessionEnded)),
            Some(Change::Refreshed(tokens)) => session.carrying(tokens),
            None => self.with_tokens(session),
        };
        Ok(Some((latest, original)))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Option<Change>> {
        self.change.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
