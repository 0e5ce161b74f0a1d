//! Changes the application's data of a session in a store that several processes share.
//!
//! A change loads the session, changes the data, and replaces the session by a compare-and-set on its version. If another
//! change came first, it starts again: changes of different keys are all kept, and of one key the last one.
//!
//! Replacing a session removes a refresh attempt, which must stay while the refresh token may be in flight. So a change
//! waits for the refresh. The process that refreshes the session takes over data that was changed after its attempt has
//! lapsed.

use std::{future::Future, time::Duration};

use super::{
    DataChange, Loaded, SessionData, StoreEntry, StoredSessions,
    retry::{Backoff, FOR_2S, FOR_10S, retry_until_known},
    store::{StoreError, StoredSession},
};
use crate::error::{Error, ErrorKind};

impl StoredSessions {
    /// Changes the data of the session that `load` loads. Waits at most `timeout` for a refresh, and for other changes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SessionEnded`] if there is no session.
    pub(crate) async fn change_data<F>(
        &self,
        load: impl Fn() -> F,
        change: &DataChange<'_>,
        timeout: Duration,
    ) -> Result<SessionData, Error>
    where
        F: Future<Output = Result<Option<Loaded>, Error>>,
    {
        let mut wait = Backoff::new(timeout);
        loop {
            let loaded = load().await?;
            let loaded = loaded.ok_or_else(|| Error::new(ErrorKind::SessionEnded))?;
            if let Some(data) = self.try_to_change_data(loaded, change).await? {
                return Ok(data);
            }
            if !wait.pause().await {
                return Err(StoreError::new("other processes keep changing the session").into());
            }
        }
    }

    /// `None` if the session has to be loaded again: another process has changed the session, or is refreshing it.
    async fn try_to_change_data(
        &self,
        (session, entry): Loaded,
        change: &DataChange<'_>,
    ) -> Result<Option<SessionData>, Error> {
        let data = session.data().changed(change)?;
        let Some(session) = self.writable(session, entry, FOR_10S) else {
            return Ok(None);
        };
        let session = session.with_data(data.clone());
        let session = session.touched(self.rules.limits, self.now());
        self.check(&session)?;
        let StoreEntry { key, version, .. } = entry;
        let sealed = self.seal(key, &session);
        let lifetime = session.0.idle_end.since(self.now());
        let replace = || self.store.replace(key, version, sealed.clone(), lifetime);
        let is_done = |stored: &StoredSession| *stored.value() == sealed;
        let is_written = retry_until_known(&*self.store, key, FOR_2S, replace, is_done).await?;
        Ok(is_written.then_some(data))
    }
}
