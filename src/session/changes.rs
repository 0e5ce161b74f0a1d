//! Changes of sessions in a store, of which it is known in the end what became of them.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    Session, SessionId, StoreEntry, StoredSessions,
    store::{Claim, SessionKey, StoreError, StoreFuture, StoredSession},
};
use crate::error::Error;

impl StoredSessions {
    /// Records that this process is about to use the refresh token. `None` if the session was changed
    /// meanwhile.
    pub(super) async fn claim(
        &self,
        kept: &StoreEntry,
        claim: Claim,
    ) -> Result<Option<StoreEntry>, Error> {
        let StoreEntry { key, version, .. } = kept;
        let attempt = || self.store.claim(key, *version, claim);
        let is_ours = |stored: &StoredSession| stored.claim == Some(claim);
        let is_claimed = self.settle(key, SHORT, attempt, is_ours).await?;
        Ok(is_claimed.then(|| kept.changed(Some(claim))))
    }

    /// Adds an entry. False if there was one already.
    pub(super) async fn add(
        &self,
        key: &SessionKey,
        value: &[u8],
        lifetime: Duration,
    ) -> Result<bool, Error> {
        let attempt = || self.store.create(key, value, lifetime);
        let is_ours = |stored: &StoredSession| stored.value == value;
        self.settle(key, BRIEF, attempt, is_ours).await
    }

    /// Takes a session that is about to be deleted away from everybody else: gives it as it is by now, if it
    /// can be read, and whether its refresh token is the caller's to use.
    pub(crate) async fn seize(
        &self,
        key: SessionKey,
        horizon: Duration,
    ) -> Result<Option<(Session, bool)>, Error> {
        let mut is_marked = false;
        for _ in 0..CHANGES_AT_ONCE {
            let Some((session, kept)) = self.find(key).await? else {
                return Ok(None);
            };
            let is_claimed = kept.claim.is_some_and(|claim| claim.is_fresh(self.now()));
            // Without a refresh token its tokens do not change.
            if session.tokens.refresh_token().is_none() || (is_claimed && is_marked) {
                return Ok(Some((session, false)));
            }
            if is_claimed {
                // Whoever is renewing it has to learn that nobody wants the new tokens.
                is_marked = self.mark_signed_out(session.id).await;
                continue;
            }
            let claim = Claim::new(self.now().plus(horizon));
            match bounded(self.store.claim(&key, kept.version, claim)).await {
                Ok(true) => return Ok(Some((session, kept.claim.is_none()))),
                Ok(false) => {}
                // The provider can be told all the same.
                Err(_) => return Ok(Some((session, false))),
            }
        }
        Ok(self.find(key).await?.map(|(session, _)| (session, false)))
    }

    async fn mark_signed_out(&self, session: SessionId) -> bool {
        let mark = SessionKey::of_end(session);
        bounded(self.store.create(&mark, &[], 2 * LATE))
            .await
            .is_ok()
    }

    /// Whether somebody has signed out of a session while it was renewed.
    pub(super) async fn was_signed_out(&self, session: SessionId) -> bool {
        let mark = SessionKey::of_end(session);
        let found = bounded(self.store.load(&mark)).await;
        found.is_ok_and(|mark| mark.is_some())
    }

    /// Takes the claim back.
    pub(super) async fn release(&self, held: &StoreEntry) -> Result<(), Error> {
        let attempt = || self.store.release(&held.key, held.version);
        let is_released = |stored: &StoredSession| stored.claim != held.claim;
        self.settle(&held.key, SHORT, attempt, is_released).await?;
        Ok(())
    }

    /// Keeps what a session has become. False if it was ended meanwhile, or the claim was taken over.
    pub(super) async fn save(&self, held: &StoreEntry, session: &Session) -> Result<bool, Error> {
        let sealed = self.seal(&held.key, session);
        let lifetime = session.idle_rest(self.now());
        let StoreEntry { key, version, .. } = held;
        let attempt = || self.store.replace(key, *version, &sealed, lifetime);
        let is_saved = |stored: &StoredSession| stored.value == sealed;
        self.settle(key, LATE, attempt, is_saved).await
    }

    /// Ends a session for all processes.
    pub(crate) async fn delete(&self, key: &SessionKey) -> Result<(), Error> {
        Ok(bounded(self.store.delete(key)).await?)
    }

    /// Likewise, in a store that has just failed: until it works, or for a while.
    pub(crate) async fn delete_in_time(&self, key: &SessionKey) -> Result<(), Error> {
        let attempt = || -> StoreFuture<'_, bool> {
            Box::pin(async { self.store.delete(key).await.map(|()| true) })
        };
        self.settle(key, LATE, attempt, |_| false).await?;
        Ok(())
    }

    /// Tries a change until it is known what became of it: an attempt that failed may have been made
    /// all the same, which `is_done` can tell.
    async fn settle<'a>(
        &self,
        key: &SessionKey,
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

/// Time between attempts, which grows; until a deadline.
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

    /// Waits; false if it is too late for another attempt.
    pub(super) async fn take(&mut self) -> bool {
        if self.start.elapsed() >= self.patience {
            return false;
        }
        tokio::time::sleep(self.next).await;
        self.next = (2 * self.next).min(LAST_PAUSE);
        true
    }
}

/// Whatever a store does, nobody waits for ever.
pub(super) async fn bounded<T>(call: StoreFuture<'_, T>) -> Result<T, StoreError> {
    let late = |_| Err(StoreError::new("no answer in time"));
    tokio::time::timeout(LIMIT, call).await.unwrap_or_else(late)
}

/// How long a store may take for one call.
const LIMIT: Duration = Duration::from_secs(5);
/// How long a change is tried that somebody waits for.
const BRIEF: Duration = Duration::from_secs(2);
/// How long a change is tried of which nothing hangs that cannot be had again.
const SHORT: Duration = Duration::from_secs(10);
/// How long new tokens are tried to be kept: the old ones may not work any more.
pub(super) const LATE: Duration = Duration::from_secs(60);
/// How often others may change a session that is about to be changed: more than they do.
pub(super) const CHANGES_AT_ONCE: usize = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(1);
