//! Tests that a [`SessionStore`](crate::store::SessionStore) keeps to its protocol.
//!
//! ```
//! use tower_didit::store::{MemoryStore, conformance};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // In a test of your own store: two views of one store, as two processes have them.
//! let store = MemoryStore::new();
//! conformance::check(&store, &store.clone()).await;
//! # }
//! ```

mod users;

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::store::{
    RefreshAttempt, SessionKey, SessionOwner, SessionStore, StoredSession, UserKey,
};
use crate::{clock::Timestamp, seal::random};

/// Tests a store through two views of it, as two processes have them: versions, refresh attempts, atomicity,
/// expiry, the sessions of a user, values of all bytes and sizes. It takes about two seconds, adds a few hundred
/// entries under random keys, and deletes most of them.
///
/// It does not test durability, which takes a crash.
/// [Example](self).
///
/// # Panics
///
/// The store broke the protocol; the message says how.
pub async fn check(first: &dyn SessionStore, second: &dyn SessionStore) {
    let [first, second] = [first, second].map(View::new);
    for views in [[first, second], [second, first]] {
        each_change_needs_the_current_version(views).await;
        entries_are_independent(views).await;
        values_are_kept_unchanged(views).await;
        users::the_sessions_of_a_user_are_listed(views).await;
        users::no_session_outlives_the_end_of_all(views).await;
    }
    one_of_concurrent_changes_succeeds([first, second]).await;
    entries_expire([first, second]).await;
}

async fn each_change_needs_the_current_version([here, there]: [View<'_>; 2]) {
    let views = [here, there];
    let key = new_key();
    let entry =
        |value: &[u8], version, attempt| Some(StoredSession::new(value.to_vec(), version, attempt));
    entry_is(views, key, None).await;
    assert!(here.create(key, b"one").await, "not created");
    entry_is(views, key, entry(b"one", 1, None)).await;
    for view in views {
        assert!(!view.create(key, b"two").await, "created twice");
    }
    entry_is(views, key, entry(b"one", 1, None)).await;

    let [attempt, later] = [1, u64::MAX].map(new_attempt);
    assert!(here.begin_refresh(key, 1, attempt).await, "not begun");
    entry_is(views, key, entry(b"one", 2, Some(attempt))).await;
    assert!(there.begin_refresh(key, 2, later).await, "not begun again");
    entry_is(views, key, entry(b"one", 3, Some(later))).await;
    assert!(here.abandon_refresh(key, 3).await, "not abandoned");
    entry_is(views, key, entry(b"one", 4, None)).await;
    assert!(here.begin_refresh(key, 4, attempt).await, "not begun");
    assert!(there.replace(key, 5, b"two").await, "not replaced");
    entry_is(views, key, entry(b"two", 6, None)).await;

    there.delete(key).await;
    entry_is(views, key, None).await;
    here.delete(key).await;
    assert!(there.create(key, b"again").await, "not created again");
    entry_is(views, key, entry(b"again", 1, None)).await;
    here.delete(key).await;
}

/// Tests that this entry is under `key`, and that no change of another version succeeds.
async fn entry_is(views: [View<'_>; 2], key: SessionKey, expected: Option<StoredSession>) {
    let current = expected.as_ref().map_or(u64::MAX, StoredSession::version);
    for view in views {
        for version in [0, 1, 2, 3, 5, 7, u32::MAX.into(), u64::MAX >> 1] {
            if version != current {
                view.refuses(key, version).await;
            }
        }
        assert_eq!(view.load(key).await, expected, "another entry is loaded");
    }
}

async fn entries_are_independent([here, there]: [View<'_>; 2]) {
    let keys: [_; 10] = std::array::from_fn(|_| new_key());
    for (key, number) in keys.into_iter().zip(0_u8..) {
        here.create(key, &[number]).await;
    }
    let [changed, deleted, ..] = keys;
    assert!(there.replace(changed, 1, b"new").await, "not replaced");
    there.delete(deleted).await;
    for (key, number) in keys.into_iter().zip(0_u8..).skip(2) {
        let expected = Some(StoredSession::new(vec![number], 1, None));
        assert_eq!(here.load(key).await, expected, "another entry was changed");
    }
    for key in keys {
        here.delete(key).await;
    }
}

async fn values_are_kept_unchanged([here, there]: [View<'_>; 2]) {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    for value in [
        Vec::new(),
        vec![0],
        vec![0; 100],
        all.clone(),
        b"'; drop table sessions; --\r\n".to_vec(),
        all.repeat(256),
    ] {
        let key = new_key();
        let length = value.len();
        here.create(key, &value).await;
        let mut expected = Some(StoredSession::new(value.clone(), 1, None));
        assert_eq!(there.load(key).await, expected, "{length} bytes, created");
        assert!(there.replace(key, 1, &value).await, "not replaced");
        expected = Some(StoredSession::new(value, 2, None));
        assert_eq!(here.load(key).await, expected, "{length} bytes, replaced");
        here.delete(key).await;
    }
}

async fn one_of_concurrent_changes_succeeds(views: [View<'_>; 2]) {
    let [first, _] = views;
    let many = || views.into_iter().cycle().take(20);
    for _ in 0..10 {
        let key = new_key();
        let created = join_all(many().map(|view| view.create(key, b"value")));
        let begun = join_all(many().map(|view| view.begin_refresh(key, 1, new_attempt(9))));
        let replaced = join_all(many().map(|view| view.replace(key, 2, b"other")));
        for (change, outcomes) in [
            ("created", created.await),
            ("begun", begun.await),
            ("replaced", replaced.await),
        ] {
            let successes = outcomes.into_iter().filter(|succeeded| *succeeded);
            assert_eq!(successes.count(), 1, "{change} once");
        }
        let last = first.load(key).await.map(|stored| stored.version());
        assert_eq!(last, Some(3), "each success adds 1 to the version");
        first.delete(key).await;
    }
}

async fn entries_expire([first, second]: [View<'_>; 2]) {
    let [expiring, prolonged, attempted, shortened] = std::array::from_fn(|_| new_key());
    let user = new_user();
    let brief = |view| View {
        lifetime: SHORT,
        ..view
    };
    let start = Instant::now();
    for key in [expiring, prolonged, attempted] {
        let created = brief(first.of(user)).create(key, b"value").await;
        assert!(created, "not created");
    }
    first.create(shortened, b"value").await;
    assert!(second.replace(prolonged, 1, b"value").await, "not replaced");
    let is_shortened = brief(second).replace(shortened, 1, b"value").await;
    assert!(is_shortened, "not replaced");
    let has_begun = second.begin_refresh(attempted, 1, new_attempt(1)).await;
    assert!(has_begun, "not begun");

    let ends = [expiring, attempted, shortened];
    for key in ends {
        while second.load(key).await.is_some() {
            assert!(start.elapsed() < LATEST_EXPIRY, "an entry expires late");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    assert!(start.elapsed() >= SHORT / 2, "an entry expires early");
    for key in ends {
        first.refuses(key, 1).await;
        first.refuses(key, 2).await;
        assert!(second.create(key, b"value").await, "not created again");
        first.delete(key).await;
    }
    let is_kept = first.load(prolonged).await.is_some();
    assert!(is_kept, "a prolonged entry expires early");
    let is_listed = first.list(user).await.contains(&prolonged);
    assert!(is_listed, "a prolonged session is not listed");
    first.delete(prolonged).await;
}

/// One process's view of a store. Its calls panic if the store fails.
#[derive(Clone, Copy)]
struct View<'a> {
    store: &'a dyn SessionStore,
    /// The lifetime of what this view creates and replaces.
    lifetime: Duration,
    /// The owner of what this view creates.
    user: Option<UserKey>,
}

impl<'a> View<'a> {
    fn new(store: &'a dyn SessionStore) -> Self {
        Self {
            store,
            lifetime: HOUR,
            user: None,
        }
    }

    /// A view that creates sessions of this user.
    fn of(self, user: UserKey) -> Self {
        Self {
            user: Some(user),
            ..self
        }
    }

    async fn load(self, key: SessionKey) -> Option<StoredSession> {
        self.store.load(key).await.expect("`load`")
    }

    async fn create(self, key: SessionKey, value: &[u8]) -> bool {
        let owner = self.user.map(|user| SessionOwner::new(user, HOUR));
        let created = self.store.create(key, value.to_vec(), self.lifetime, owner);
        created.await.expect("`create`")
    }

    async fn replace(self, key: SessionKey, version: u64, value: &[u8]) -> bool {
        let value = value.to_vec();
        let replaced = self.store.replace(key, version, value, self.lifetime);
        replaced.await.expect("`replace`")
    }

    async fn begin_refresh(self, key: SessionKey, version: u64, at: RefreshAttempt) -> bool {
        let begun = self.store.begin_refresh(key, version, at);
        begun.await.expect("`begin_refresh`")
    }

    async fn abandon_refresh(self, key: SessionKey, version: u64) -> bool {
        let abandoned = self.store.abandon_refresh(key, version);
        abandoned.await.expect("`abandon_refresh`")
    }

    /// Tests that no change of this version succeeds.
    async fn refuses(self, key: SessionKey, version: u64) {
        let is_replaced = self.replace(key, version, b"other").await;
        assert!(!is_replaced, "replaced with version {version}");
        let has_begun = self.begin_refresh(key, version, new_attempt(8)).await;
        assert!(!has_begun, "begun with version {version}");
        let is_abandoned = self.abandon_refresh(key, version).await;
        assert!(!is_abandoned, "abandoned with version {version}");
    }

    async fn delete(self, key: SessionKey) {
        self.store.delete(key).await.expect("`delete`");
    }

    /// Sorted: a store may list in any order.
    async fn list(self, user: UserKey) -> Vec<SessionKey> {
        let mut keys = self.store.list(user).await.expect("`list`");
        keys.sort();
        keys
    }
}

fn new_key() -> SessionKey {
    SessionKey::from_bytes(random())
}

fn new_user() -> UserKey {
    UserKey::new(random())
}

fn new_attempt(deadline: u64) -> RefreshAttempt {
    RefreshAttempt::new(Timestamp::from_unix(deadline))
}

/// The lifetime of an entry that does not expire during the tests.
const HOUR: Duration = Duration::from_secs(3600);
/// Some stores expire entries by whole seconds: an entry may live up to one second less.
const SHORT: Duration = Duration::from_secs(2);
const LATEST_EXPIRY: Duration = Duration::from_secs(10);
