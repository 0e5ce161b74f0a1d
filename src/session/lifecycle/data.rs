//! Changes of the application's data in a session.

use std::sync::Arc;

use super::SessionLifecycle;
use crate::{
    error::{Error, ErrorKind},
    session::{Backend, DataChange, Session, SessionData, SessionId, store::SessionKey},
};

impl SessionLifecycle {
    /// Changes the data of a session in the store, after the changes of other requests and processes. Waits for a refresh of
    /// the session, because both write the whole session.
    pub(crate) async fn change_stored_data(
        self: &Arc<Self>,
        key: SessionKey,
        id: SessionId,
        change: &DataChange<'_>,
    ) -> Result<SessionData, Error> {
        let Some(stored) = self.sessions.stored() else {
            return Err(Error::new(ErrorKind::SessionEnded));
        };
        let load = || async {
            let found = self.load(key).await?;
            Ok(found.filter(|(session, _)| session.id() == id && !self.has_ended(id)))
        };
        let changed = stored.change_data(load, change, self.refresh_timeout);
        changed.await
    }

    /// Changes the data of a session in cookies, which the response will write.
    pub(crate) fn change_data_in_cookies(
        &self,
        session: &Session,
        change: &DataChange<'_>,
    ) -> Result<SessionData, Error> {
        let check = |data: &SessionData| self.check_size(&session.clone().with_data(data.clone()));
        self.recent_data.change(session, change, self.now(), check)
    }

    /// Checks that a session with its data fits the cookies or the store.
    pub(crate) fn check_size(&self, session: &Session) -> Result<(), Error> {
        match &self.sessions.backend {
            Backend::Cookies(sealed) => sealed.check(session),
            Backend::Store(stored) => stored.check(session),
        }
    }

    /// Data of a session in cookies that is newer than the session's own, if another request has just written some.
    #[inline]
    pub(crate) fn newer_data(&self, session: &Session) -> Option<SessionData> {
        self.recent_data.newer(session, || self.now())
    }
}
