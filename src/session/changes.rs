//! Store writes, retried until their outcome is known.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    Session, SessionId, StoreEntry, StoredSessions,
    store::{RefreshAttempt, SessionKey, StoreError, StoreFuture, StoredSession},
};
use crate::error::Error;

impl StoredSessions {
    /// Records that this process is about to send the refresh token. `None` if the session was changed
    /// meanwhile.
    pub(super) async fn begin_refresh(
        &self,
        entry: &StoreEntry,
        attempt: RefreshAttempt,
    ) -> Result<Option<StoreEntry>, Error> {
        let StoreEntry { key, version, .. } = *entry;
        let begin = || self.store.begin_refresh(key, version, attempt);
        let is_ours = |stored: &StoredSession| stored.refresh_attempt() == Some(attempt);
        let has_begun = self.settle(key, SHORT, begin, is_ours).await?;
        Ok(has_begun.then(|| entry.changed(Some(attempt))))
    }

    /// Adds an entry that is not a session. `false` if there was one already.
    pub(super) async fn add(
        &self,
        key: SessionKey,
        value: &[u8],
        lifetime: Duration,
    ) -> Result<bool, Error> {
        let create = || self.store.create(key, value.to_vec(), lifetime, None);
        let is_ours = |stored: &StoredSession| stored.value() == value;
        self.settle(key, BRIEF, create, is_ours).await
    }

    /// Keeps other processes from refreshing a session that is about to be deleted. Gives the session as it is
    /// by now, if it can be read, and whether its refresh token is the caller's to use.
    pub(crate) async fn seize(
        &self,
        key: SessionKey,
        horizon: Duration,
    ) -> Result<Option<(Session, bool)>, Error> {
        let mut is_marked = false;
        for _ in 0..CHANGES_AT_ONCE {
            let Some((session, entry)) = self.find(key).await? else {
                return Ok(None);
            };
            let attempt = entry.refresh_attempt;
            let is_pending = attempt.is_some_and(|attempt| attempt.is_pending(self.now()));
            // Without a refresh token its tokens do not change.
            if session.tokens().refresh_token().is_none() || (is_pending && is_marked) {
                return Ok(Some((session, false)));
            }
            if is_pending {
                // Tells the process that refreshes it to end the new tokens at the provider.
                is_marked = self.mark_signed_out(session.id()).await;
                continue;
            }
            let own = RefreshAttempt::new(self.now().plus(horizon));
            match bounded(self.store.begin_refresh(key, entry.version, own)).await {
                Ok(true) => return Ok(Some((session, attempt.is_none()))),
                Ok(false) => {}
                // The provider can be told all the same.
                Err(_) => return Ok(Some((session, false))),
            }
        }
        Ok(self.find(key).await?.map(|(session, _)| (session, false)))
    }

    async fn mark_signed_out(&self, session: SessionId) -> bool {
        let mark = SessionKey::of_end(session);
        let create = self.store.create(mark, Vec::new(), 2 * LATE, None);
        bounded(create).await.is_ok()
    }

    /// Whether a session was signed out of while it was being refreshed.
    pub(super) async fn was_signed_out(&self, session: SessionId) -> bool {
        let mark = SessionKey::of_end(session);
        let found = bounded(self.store.load(mark)).await;
        found.is_ok_and(|mark| mark.is_some())
    }

    /// Removes the refresh attempt: the refresh token was not sent.
    pub(super) async fn abandon_refresh(&self, held: &StoreEntry) -> Result<(), Error> {
        let abandon = || self.store.abandon_refresh(held.key, held.version);
        let is_gone = |stored: &StoredSession| stored.refresh_attempt() != held.refresh_attempt;
        self.settle(held.key, SHORT, abandon, is_gone).await?;
        Ok(())
    }

    /// Saves a refreshed session. `false` if it was ended meanwhile, or another refresh has begun.
    pub(super) async fn save(&self, held: &StoreEntry, session: &Session) -> Result<bool, Error> {
        let StoreEntry { key, version, .. } = *held;
        let sealed = self.seal(key, session);
        let lifetime = session.idle_rest(self.now());
        let replace = || self.store.replace(key, version, sealed.clone(), lifetime);
        let is_saved = |stored: &StoredSession| stored.value() == &sealed;
        self.settle(key, LATE, replace, is_saved).await
    }

    /// Ends a session for all processes.
    pub(crate) async fn delete(&self, key: SessionKey) -> Result<(), Error> {
        Ok(bounded(self.store.delete(key)).await?)
    }

    /// Likewise, in a store that has just failed.
    pub(crate) async fn delete_in_time(&self, key: SessionKey) -> Result<(), Error> {
        retried(LATE, || self.store.delete(key)).await
    }

    /// Tries a change until its outcome is known. An attempt that failed may have been made all the same, which
    /// `is_done` tells from the entry.
    async fn settle<'a>(
        &self,
        key: SessionKey,
        patience: Duration,
        attempt: impl Fn() -> StoreFuture<'a, bool>,
        is_done: impl Fn(&StoredSession) -> bool,
    ) -> Result<bool, Error> {
        let mut pause = Pause::new(patience);
        let mut was_tried = false;
        loop {
            let failure = match bounded(attempt()).await {
                Ok(false) if was_tried => match bounded(self.store.load(key)).await {
                    Ok(stored) => return Ok(stored.as_ref().is_some_and(&is_done)),
                    Err(failure) => failure,
                },
                Ok(is_done) => return Ok(is_done),
                Err(failure) => failure,
            };
            was_tried = true;
            if !pause.take().await {
                return Err(failure.into());
            }
        }
    }
}

/// Tries an idempotent call until it succeeds.
pub(super) async fn retried<'a, T>(
    patience: Duration,
    call: impl Fn() -> StoreFuture<'a, T>,
) -> Result<T, Error> {
    let mut pause = Pause::new(patience);
    loop {
        match bounded(call()).await {
            Ok(answer) => return Ok(answer),
            Err(failure) if !pause.take().await => return Err(failure.into()),
            Err(_) => {}
        }
    }
}

/// The time between attempts, which grows, up to a deadline.
pub(super) struct Pause {
    start: Instant,
    patience: Duration,
    next: Duration,
}

impl Pause {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            start: Instant::now(),
            patience,
            next: FIRST_PAUSE,
        }
    }

    /// Waits. `false` if it is too late for another attempt.
    pub(super) async fn take(&mut self) -> bool {
        if self.start.elapsed() >= self.patience {
            return false;
        }
        tokio::time::sleep(self.next).await;
        self.next = (2 * self.next).min(LAST_PAUSE);
        true
    }
}

/// Bounds a call of a store that may never answer.
pub(super) async fn bounded<T>(call: StoreFuture<'_, T>) -> Result<T, StoreError> {
    let late = |_| Err(StoreError::new("no answer in time"));
    tokio::time::timeout(LIMIT, call).await.unwrap_or_else(late)
}

/// Time limit of one call.
const LIMIT: Duration = Duration::from_secs(5);
/// Retry limit for calls that a sign-in waits for.
pub(super) const BRIEF: Duration = Duration::from_secs(2);
/// Retry limit for writes that are safe to lose.
pub(super) const SHORT: Duration = Duration::from_secs(10);
/// Retry limit for new tokens and ended sessions: the old tokens may be invalid by now.
pub(super) const LATE: Duration = Duration::from_secs(60);
/// How many concurrent changes of one session are expected at most.
pub(super) const CHANGES_AT_ONCE: usize = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(1);
