//! The changes that handlers make to the session of their request.

use super::RequestSession;
use crate::{
    cookie::CookieHeaders,
    error::{Error, ErrorKind, WiringError},
    session::{DataChange, Lookup, Outcome, Session, SessionData, lifecycle::PageAfterSignOut},
    tokens::DiditTokens,
};

/// The changes that handlers have made to the session.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) change: Option<Change>,
    /// The data after the last change of this request. Empty if this request has changed none.
    pub(super) data: SessionData,
    /// Whether the response headers are ready.
    pub(super) is_closed: bool,
}

impl Changes {
    pub(super) fn is_empty(&self) -> bool {
        self.change.is_none() && self.data.is_empty()
    }
}

/// What handlers have done to the session: refreshed its tokens, or ended it.
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
        let change = &mut self.changes().change;
        if !matches!(change, Some(Change::Ended)) {
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
        let before = self.changes().change.replace(Change::Ended);
        let has_ended = matches!(before, Some(Change::Ended));
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

    /// Ends all sessions of the user. Returns the provider's end-session page, if there is one.
    pub(crate) async fn sign_out_everywhere(&self) -> Result<Option<PageAfterSignOut>, Error> {
        self.lifecycle.require_store()?;
        let session = self.current().await?;
        self.changes().change = Some(Change::Ended);
        let user = session.tokens().claims().clone();
        let own = match self.key.get() {
            Some(key) => Lookup::Key(*key),
            None => Lookup::Session(session),
        };
        self.lifecycle.sign_out_everywhere(own, &user).await
    }

    /// Ends the session of the user with this public id. Returns whether there was one.
    pub(crate) async fn sign_out_session(&self, public_id: &str) -> Result<bool, Error> {
        let session = self.current().await?;
        let claims = session.tokens().claims();
        let found = self.lifecycle.find_public(claims, public_id).await?;
        for (found, entry) in &found {
            if found.id() == session.id() {
                self.changes().change = Some(Change::Ended);
            }
            self.lifecycle.sign_out(Lookup::Key(entry.key)).await?;
        }
        Ok(!found.is_empty())
    }

    /// Ready when the session has ended. `None` if nobody is signed in, or if the session has not begun.
    pub(crate) async fn end(&self) -> Option<impl Future<Output = ()> + Send + Unpin + use<>> {
        let session = self.current().await.ok()?;
        let is_stored = self.lifecycle.sessions.stored().is_some();
        let key = self.key.get().copied();
        (!self.is_new && key.is_some() == is_stored).then(|| self.lifecycle.end_of(session, key))
    }

    /// The application's data, with the changes of this request.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotSignedIn`], [`ErrorKind::SessionEnded`] or those of the lookup.
    pub(crate) async fn data(&self) -> Result<SessionData, Error> {
        let session = self.current().await?;
        let data = session.data().clone();
        Ok(match self.lifecycle.newer_data(&session) {
            Some(newer) => data.or_newer(&newer),
            None => data,
        })
    }

    /// Changes the application's data: in the store, or for the response's cookies.
    pub(crate) async fn change_data(&self, change: &DataChange<'_>) -> Result<(), Error> {
        let (session, lifecycle) = (self.current().await?, &self.lifecycle);
        if let Some(&key) = self.key.get() {
            let data = lifecycle.change_stored_data(key, session.id(), change);
            let data = data.await?;
            let own = &mut self.changes().data;
            *own = own.clone().or_newer(&data);
            return Ok(());
        }
        let mut changes = self.changes();
        if changes.is_closed {
            return Err(Error::new(WiringError::AskedTooLate));
        }
        let data = if self.is_new {
            let data = session.data().clone().or_newer(&changes.data);
            let data = data.changed(change)?;
            lifecycle.check_size(&session.with_data(data.clone()))?;
            data
        } else {
            lifecycle.change_data_in_cookies(&session, change)?
        };
        changes.data = data;
        Ok(())
    }

    /// The session with the changes so far, unless it has ended.
    pub(crate) async fn current(&self) -> Result<Session, Error> {
        let session = self.latest().await?;
        let session = session.ok_or_else(|| Error::new(ErrorKind::NotSignedIn))?;
        self.check_not_ended()?;
        Ok(session)
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
