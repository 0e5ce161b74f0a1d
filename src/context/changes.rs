//! The changes that handlers make to the session of their request.

use super::RequestSession;
use crate::{
    cookie::CookieHeaders,
    error::{Error, ErrorKind},
    session::{Lookup, Outcome, Session, lifecycle::PageAfterSignOut},
    tokens::DiditTokens,
};

/// The change that handlers have made to the session.
#[derive(Debug)]
pub(super) enum Change {
    Refreshed(DiditTokens),
    Ended,
}

impl RequestSession {
    /// Refreshes `tokens`: those of this request's session, or any others.
    pub(crate) async fn refresh(&self, tokens: &DiditTokens) -> Outcome {
        let lifecycle = &self.lifecycle;
        let refreshed = match (self.latest().await?, self.key.get()) {
            (Some(_), _) if self.has_ended() => {
                return Err(Error::new(ErrorKind::SessionEnded));
            }
            (Some(session), Some(&key)) => {
                let has_had = |session: &Session| session.carries(tokens);
                let is_own = has_had(&session) || self.known_session().is_some_and(has_had);
                lifecycle.refresh_stored(key, is_own, tokens).await?
            }
            (Some(session), None) if session.tokens().same_as(tokens) => {
                let refresh = lifecycle.refresh(&session, None, lifecycle.now());
                let refreshed = lifecycle.outcome(refresh, lifecycle.refresh_timeout);
                Some(refreshed.await?)
            }
            _ => None,
        };
        let Some(refreshed) = refreshed else {
            return lifecycle.refresh_tokens(tokens).await;
        };
        let mut change = self.change();
        if !matches!(*change, Some(Change::Ended)) {
            *change = Some(Change::Refreshed(refreshed.clone()));
        }
        Ok(refreshed)
    }

    /// Ends the session of this request. Returns the provider's end-session page, if there is one.
    pub(crate) async fn sign_out(
        &self,
        cookies: &CookieHeaders,
    ) -> Result<Option<PageAfterSignOut>, Error> {
        let session = self.latest().await;
        // The session's cookies are removed in any case.
        let has_ended = matches!(self.change().replace(Change::Ended), Some(Change::Ended));
        let lookup = match (session, self.key.get()) {
            _ if has_ended => Lookup::Nothing,
            (_, Some(key)) => Lookup::Key(*key),
            (Ok(Some(session)), None) => Lookup::Session(session),
            // A session that is unavailable or expired can still be ended.
            (Ok(None) | Err(_), None) => {
                let sessions = &self.lifecycle.sessions;
                sessions.find(cookies.iter(), || self.lifecycle.now()).0
            }
        };
        self.lifecycle.sign_out(lookup).await
    }

    /// The session with the changes of the handlers so far.
    async fn latest(&self) -> Result<Option<Session>, Error> {
        let Some(session) = self.signed_in().await? else {
            return Ok(None);
        };
        if self.was_signed_out() {
            return Err(Error::new(ErrorKind::SessionEnded));
        }
        let latest = self.final_state().session;
        Ok(Some(latest.unwrap_or_else(|| session.clone())))
    }
}
