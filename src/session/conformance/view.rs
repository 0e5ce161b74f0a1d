//! A store that is expected to answer.

use std::time::Duration;

use aws_lc_rs::rand;

use super::LONG;
use crate::{
    clock::Timestamp,
    session::store::{
        RefreshAttempt, SessionKey, SessionOwner, SessionStore, StoredSession, UserKey,
    },
};

/// One process's view of a store. Its calls panic if the store fails.
#[derive(Clone, Copy)]
pub(super) struct View<'a>(pub(super) &'a dyn SessionStore);

impl View<'_> {
    pub(super) async fn load(self, key: SessionKey) -> Option<StoredSession> {
        self.0.load(key).await.expect("`load`")
    }

    /// Adds an entry without an owner.
    pub(super) async fn create(self, key: SessionKey, value: &[u8]) -> bool {
        self.create_with(key, value, LONG, None).await
    }

    /// Adds a session of a user.
    pub(super) async fn create_for(self, user: UserKey, key: SessionKey) -> bool {
        let owner = SessionOwner::new(user, LONG);
        self.create_with(key, b"value", LONG, Some(owner)).await
    }

    pub(super) async fn create_with(
        self,
        key: SessionKey,
        value: &[u8],
        lifetime: Duration,
        owner: Option<SessionOwner>,
    ) -> bool {
        let created = self.0.create(key, value.to_vec(), lifetime, owner).await;
        created.expect("`create`")
    }

    pub(super) async fn replace(self, key: SessionKey, version: u64, value: &[u8]) -> bool {
        self.replace_for(LONG, key, version, value).await
    }

    pub(super) async fn replace_for(
        self,
        lifetime: Duration,
        key: SessionKey,
        version: u64,
        value: &[u8],
    ) -> bool {
        let replaced = self.0.replace(key, version, value.to_vec(), lifetime).await;
        replaced.expect("`replace`")
    }

    pub(super) async fn begin_refresh(
        self,
        key: SessionKey,
        version: u64,
        attempt: RefreshAttempt,
    ) -> bool {
        let has_begun = self.0.begin_refresh(key, version, attempt).await;
        has_begun.expect("`begin_refresh`")
    }

    pub(super) async fn abandon_refresh(self, key: SessionKey, version: u64) -> bool {
        let is_abandoned = self.0.abandon_refresh(key, version).await;
        is_abandoned.expect("`abandon_refresh`")
    }

    pub(super) async fn delete(self, key: SessionKey) {
        self.0.delete(key).await.expect("`delete`");
    }

    /// Sorted: a store may list in any order.
    pub(super) async fn list(self, user: UserKey) -> Vec<SessionKey> {
        let mut keys = self.0.list(user).await.expect("`list`");
        keys.sort();
        keys
    }
}

pub(super) fn new_key() -> SessionKey {
    SessionKey::from_bytes(random())
}

pub(super) fn new_user() -> UserKey {
    UserKey::new(random())
}

pub(super) fn new_attempt(deadline: u64) -> RefreshAttempt {
    RefreshAttempt::new(Timestamp::from_unix(deadline))
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).expect("the system's random source works");
    bytes
}
