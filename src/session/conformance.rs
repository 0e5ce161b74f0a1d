//! Whether a [`SessionStore`](crate::store::SessionStore) does what it owes.
//!
//! ```
//! use tower_didit::store::{MemoryStore, conformance};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! // In a test of your own store: two views of one, as two processes have them.
//! let store = MemoryStore::new();
//! conformance::check(&store, &store.clone()).await;
//! # }
//! ```

use std::{future::poll_fn, task::Poll, time::Duration};

use aws_lc_rs::rand;

use super::store::{Claim, SessionKey, SessionStore, StoredSession};
use crate::clock::Timestamp;

/// Checks a store through two views of it, as two processes have them: versions, claims, atomicity,
/// expiry, values of all bytes and sizes. It takes about two seconds, makes a few dozen entries under random
/// keys, and deletes most of them.
///
/// Not checked is what takes a crash: that what was acknowledged stays.
///
/// # Panics
///
/// Where the store does something else than it owes, with a sentence that says what.
pub async fn check(first: &dyn SessionStore, second: &dyn SessionStore) {
    for (here, there) in [(first, second), (second, first)] {
        what_was_created_is_there_until_it_is_deleted(here, there).await;
        an_entry_that_is_there_is_not_created(here, there).await;
        each_change_has_a_version(here, there).await;
        a_change_of_another_version_changes_nothing(here, there).await;
        what_is_not_there_is_not_changed(here, there).await;
        entries_have_nothing_to_do_with_each_other(here, there).await;
        any_value_comes_back_as_it_was(here, there).await;
    }
    of_many_at_once_one_succeeds(first, second).await;
    after_its_lifetime_nothing_is_there(first, second).await;
}

async fn what_was_created_is_there_until_it_is_deleted(
    here: &dyn SessionStore,
    there: &dyn SessionStore,
) {
    let key = new_key();
    assert_eq!(load(here, &key).await, None, "nothing was created");
    create(here, &key, b"value").await;
    let created = Some(StoredSession::new(&b"value"[..], 1, None));
    for store in [here, there] {
        assert_eq!(load(store, &key).await, created, "created with version 1");
    }
    delete(there, &key).await;
    for store in [here, there] {
        assert_eq!(load(store, &key).await, None, "it was deleted");
    }
    delete(here, &key).await;
    create(there, &key, b"again").await;
    let again = Some(StoredSession::new(&b"again"[..], 1, None));
    assert_eq!(load(here, &key).await, again, "created after a deletion");
    delete(here, &key).await;
}

async fn an_entry_that_is_there_is_not_created(here: &dyn SessionStore, there: &dyn SessionStore) {
    let key = new_key();
    create(here, &key, b"first").await;
    for store in [here, there] {
        let created = store.create(&key, b"second", LONG).await;
        assert!(!created.expect("`create`"), "there is an entry already");
    }
    let first = Some(StoredSession::new(&b"first"[..], 1, None));
    assert_eq!(load(there, &key).await, first, "it stays as it is");
    delete(here, &key).await;
}

async fn each_change_has_a_version(here: &dyn SessionStore, there: &dyn SessionStore) {
    let key = new_key();
    let (claim, later) = (new_claim(1), new_claim(u64::MAX));
    create(here, &key, b"one").await;

    let claimed = here.claim(&key, 1, claim).await;
    assert!(claimed.expect("`claim`"), "claimed by its version");
    let expected = Some(StoredSession::new(&b"one"[..], 2, Some(claim)));
    assert_eq!(load(there, &key).await, expected, "a claim, and version 2");

    let claimed = there.claim(&key, 2, later).await;
    assert!(claimed.expect("`claim`"), "claimed again by its version");
    let expected = Some(StoredSession::new(&b"one"[..], 3, Some(later)));
    assert_eq!(load(here, &key).await, expected, "the later claim counts");

    let released = here.release(&key, 3).await;
    assert!(released.expect("`release`"), "released by its version");
    let expected = Some(StoredSession::new(&b"one"[..], 4, None));
    assert_eq!(load(there, &key).await, expected, "no claim, and version 4");

    assert!(here.claim(&key, 4, claim).await.expect("`claim`"));
    let replaced = there.replace(&key, 5, b"two", LONG).await;
    assert!(replaced.expect("`replace`"), "replaced by its version");
    let expected = Some(StoredSession::new(&b"two"[..], 6, None));
    assert_eq!(load(here, &key).await, expected, "a new value has no claim");
    delete(here, &key).await;
}

async fn a_change_of_another_version_changes_nothing(
    here: &dyn SessionStore,
    there: &dyn SessionStore,
) {
    let key = new_key();
    let claim = new_claim(7);
    create(here, &key, b"value").await;
    assert!(here.claim(&key, 1, claim).await.expect("`claim`"));
    let before = load(here, &key).await;
    for store in [here, there] {
        for version in [0, 1, 3, u64::from(u32::MAX), u64::MAX >> 1] {
            let replaced = store.replace(&key, version, b"other", LONG).await;
            assert!(!replaced.expect("`replace`"), "not with version {version}");
            let claimed = store.claim(&key, version, new_claim(8)).await;
            assert!(!claimed.expect("`claim`"), "not with version {version}");
            let released = store.release(&key, version).await;
            assert!(!released.expect("`release`"), "not with version {version}");
        }
    }
    assert_eq!(load(there, &key).await, before, "nothing was changed");
    delete(here, &key).await;
}

async fn what_is_not_there_is_not_changed(here: &dyn SessionStore, there: &dyn SessionStore) {
    let key = new_key();
    create(here, &key, b"value").await;
    delete(here, &key).await;
    for version in [0, 1, 2] {
        let replaced = there.replace(&key, version, b"other", LONG).await;
        assert!(!replaced.expect("`replace`"), "it was deleted");
        let claimed = here.claim(&key, version, new_claim(1)).await;
        assert!(!claimed.expect("`claim`"), "it was deleted");
        let released = there.release(&key, version).await;
        assert!(!released.expect("`release`"), "it was deleted");
    }
    assert_eq!(load(here, &key).await, None, "it stays deleted");
}

async fn entries_have_nothing_to_do_with_each_other(
    here: &dyn SessionStore,
    there: &dyn SessionStore,
) {
    let keys: Vec<_> = (0..10_u8).map(|number| (new_key(), number)).collect();
    for (key, number) in &keys {
        create(here, key, &[*number]).await;
    }
    let [(changed, _), (deleted, _), rest @ ..] = keys.as_slice() else {
        unreachable!("there are ten");
    };
    assert!(
        there
            .replace(changed, 1, b"new", LONG)
            .await
            .expect("`replace`")
    );
    delete(there, deleted).await;
    for (key, number) in rest {
        let expected = Some(StoredSession::new(vec![*number], 1, None));
        assert_eq!(load(here, key).await, expected, "another one was changed");
    }
    for (key, _) in &keys {
        delete(here, key).await;
    }
}

async fn any_value_comes_back_as_it_was(here: &dyn SessionStore, there: &dyn SessionStore) {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let values = [
        Vec::new(),
        vec![0],
        vec![0; 100],
        all.clone(),
        b"'; drop table sessions; --\r\n".to_vec(),
        all.iter().copied().cycle().take(64 * 1024).collect(),
    ];
    for value in values {
        let key = new_key();
        let length = value.len();
        create(here, &key, &value).await;
        let expected = Some(StoredSession::new(value.clone(), 1, None));
        assert_eq!(load(there, &key).await, expected, "{length} bytes, created");
        let replaced = there.replace(&key, 1, &value, LONG).await;
        assert!(replaced.expect("`replace`"));
        let expected = Some(StoredSession::new(value, 2, None));
        assert_eq!(load(here, &key).await, expected, "{length} bytes, replaced");
        delete(here, &key).await;
    }
}

async fn of_many_at_once_one_succeeds(first: &dyn SessionStore, second: &dyn SessionStore) {
    for _ in 0..10 {
        let key = new_key();
        let stores = || [first, second].into_iter().cycle().take(20);
        let all = stores().map(|store| async move {
            store.create(&key, b"value", LONG).await.expect("`create`")
        });
        assert_eq!(successes(all).await, 1, "created once");
        let all = stores().map(|store| async move {
            let claim = new_claim(9);
            store.claim(&key, 1, claim).await.expect("`claim`")
        });
        assert_eq!(successes(all).await, 1, "claimed once");
        let all = stores().map(|store| async move {
            let replaced = store.replace(&key, 2, b"other", LONG).await;
            replaced.expect("`replace`")
        });
        assert_eq!(successes(all).await, 1, "replaced once");
        let last = load(first, &key).await.map(|stored| stored.version());
        assert_eq!(last, Some(3), "each success has a version");
        delete(first, &key).await;
    }
}

/// How many of these succeed, all of them at once.
async fn successes(attempts: impl Iterator<Item: Future<Output = bool>>) -> usize {
    let mut pending: Vec<_> = attempts.map(Box::pin).collect();
    let mut succeeded = 0;
    poll_fn(|context| {
        pending.retain_mut(|attempt| match attempt.as_mut().poll(context) {
            Poll::Ready(success) => {
                succeeded += usize::from(success);
                false
            }
            Poll::Pending => true,
        });
        if pending.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    succeeded
}

async fn after_its_lifetime_nothing_is_there(first: &dyn SessionStore, second: &dyn SessionStore) {
    let [short, prolonged, claimed, shortened] = [new_key(), new_key(), new_key(), new_key()];
    let start = tokio::time::Instant::now();
    for key in [&short, &prolonged, &claimed] {
        let created = first.create(key, b"value", SHORT).await;
        assert!(created.expect("`create`"));
    }
    create(first, &shortened, b"value").await;
    assert!(
        second
            .replace(&prolonged, 1, b"value", LONG)
            .await
            .expect("`replace`")
    );
    assert!(
        second
            .replace(&shortened, 1, b"value", SHORT)
            .await
            .expect("`replace`")
    );
    assert!(
        second
            .claim(&claimed, 1, new_claim(1))
            .await
            .expect("`claim`")
    );

    let ends = [&short, &claimed, &shortened];
    for key in ends {
        let deadline = start + PATIENCE;
        while load(second, key).await.is_some() {
            let now = tokio::time::Instant::now();
            assert!(now < deadline, "a lifetime of two seconds is over");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    assert!(start.elapsed() >= SHORT / 2, "a lifetime lasts");
    for key in ends {
        for version in [1, 2] {
            assert!(
                !first
                    .replace(key, version, b"late", LONG)
                    .await
                    .expect("`replace`"),
                "it has ended"
            );
            assert!(
                !first
                    .claim(key, version, new_claim(1))
                    .await
                    .expect("`claim`"),
                "it has ended"
            );
            assert!(
                !first.release(key, version).await.expect("`release`"),
                "it has ended"
            );
        }
        let created = second.create(key, b"value", LONG).await;
        assert!(created.expect("`create`"), "it has ended");
        delete(first, key).await;
    }
    assert!(load(first, &prolonged).await.is_some(), "it was prolonged");
    delete(first, &prolonged).await;
}

async fn load(store: &dyn SessionStore, key: &SessionKey) -> Option<StoredSession> {
    store.load(key).await.expect("`load`")
}

async fn create(store: &dyn SessionStore, key: &SessionKey, value: &[u8]) {
    let created = store.create(key, value, LONG).await;
    assert!(created.expect("`create`"), "there was no such entry");
}

async fn delete(store: &dyn SessionStore, key: &SessionKey) {
    store.delete(key).await.expect("`delete`");
}

fn new_key() -> SessionKey {
    let mut id = [0; 32];
    rand::fill(&mut id).expect("the system's random source works");
    SessionKey::of_id(&id)
}

fn new_claim(until: u64) -> Claim {
    Claim::new(Timestamp::from_unix(until))
}

const LONG: Duration = Duration::from_secs(3600);
/// Clocks tick in whole seconds in some stores: up to one of them may be missing.
const SHORT: Duration = Duration::from_secs(2);
/// How late the end may be.
const PATIENCE: Duration = Duration::from_secs(10);
