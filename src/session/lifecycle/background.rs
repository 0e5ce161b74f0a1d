//! Tasks that continue when nobody waits for them.

use std::sync::Arc;

use super::SessionLifecycle;
use crate::{error::Error, flight::Flight, session::store::SessionKey};

impl SessionLifecycle {
    /// Starts a task that completes even if nobody waits for it. [`shutdown`](Self::shutdown) waits for all tasks.
    pub(crate) fn start<T: Clone + Send + Sync + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Flight<T> {
        Flight::start(&self.tasks, task)
    }

    /// Deletes the session under `key` from the store. After a failure the deletion is retried for a minute, and
    /// whenever a copy of the cookie reaches this process, which remembers that it has ended the session.
    pub(crate) async fn forget(self: &Arc<Self>, key: SessionKey) -> Result<(), Error> {
        let Some(stored) = self.sessions.stored() else {
            return Ok(());
        };
        let deleted = stored.delete(key).await;
        if deleted.is_err() {
            self.delete_later(key);
        }
        deleted
    }

    /// Deletes the session under `key` in the background, unless too many keys wait for their deletion.
    pub(super) fn delete_later(self: &Arc<Self>, key: SessionKey) {
        let Some(stored) = self.sessions.stored() else {
            return;
        };
        match self.deletions.add(key) {
            Some(true) => {
                let (lifecycle, store) = (Arc::clone(self), Arc::clone(&stored.store));
                self.start(async move { lifecycle.deletions.retry(store).await });
            }
            Some(false) => {}
            None => self.log_queue_full(),
        }
    }

    /// Starts a background task that ends a session, unless too many are running.
    pub(super) fn end_in_background(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Ok(permit) = Arc::clone(&self.ending_permits).try_acquire_owned() {
            self.start(async move {
                task.await;
                drop(permit);
            });
        } else {
            self.log_queue_full();
        }
    }

    /// Logs once, because strangers can fill the queue of deletions while a store fails.
    fn log_queue_full(&self) {
        self.queue_full_logged.call_once(|| {
            tracing::warn!("background queue full: ended sessions not deleted or not revoked");
        });
    }
}
