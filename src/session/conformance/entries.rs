//! Entries, one call after another.

use super::view::{View, new_attempt, new_key};
use crate::session::store::{RefreshAttempt, StoredSession};

pub(super) async fn what_was_created_is_there_until_it_is_deleted(here: View<'_>, there: View<'_>) {
    let key = new_key();
    assert_eq!(here.load(key).await, None, "nothing was created");
    assert!(here.create(key, b"value").await, "there was no such entry");
    for view in [here, there] {
        let created = Some(entry(b"value", 1, None));
        assert_eq!(view.load(key).await, created, "created with version 1");
    }
    there.delete(key).await;
    for view in [here, there] {
        assert_eq!(view.load(key).await, None, "it was deleted");
    }
    here.delete(key).await;
    assert!(there.create(key, b"again").await, "it was deleted");
    let again = Some(entry(b"again", 1, None));
    assert_eq!(here.load(key).await, again, "created after a deletion");
    here.delete(key).await;
}

pub(super) async fn an_entry_that_is_there_is_not_created(here: View<'_>, there: View<'_>) {
    let key = new_key();
    here.create(key, b"first").await;
    for view in [here, there] {
        let created = view.create(key, b"second").await;
        assert!(!created, "there is an entry already");
    }
    let first = Some(entry(b"first", 1, None));
    assert_eq!(there.load(key).await, first, "it stays as it is");
    here.delete(key).await;
}

pub(super) async fn each_change_has_a_version(here: View<'_>, there: View<'_>) {
    let key = new_key();
    let (attempt, later) = (new_attempt(1), new_attempt(u64::MAX));
    here.create(key, b"one").await;

    let has_begun = here.begin_refresh(key, 1, attempt).await;
    assert!(has_begun, "begun by its version");
    let expected = Some(entry(b"one", 2, Some(attempt)));
    assert_eq!(there.load(key).await, expected, "an attempt, and version 2");

    let has_begun = there.begin_refresh(key, 2, later).await;
    assert!(has_begun, "begun again by its version");
    let expected = Some(entry(b"one", 3, Some(later)));
    assert_eq!(here.load(key).await, expected, "the later attempt counts");

    let is_abandoned = here.abandon_refresh(key, 3).await;
    assert!(is_abandoned, "abandoned by its version");
    let expected = Some(entry(b"one", 4, None));
    assert_eq!(there.load(key).await, expected, "no attempt, and version 4");

    let has_begun = here.begin_refresh(key, 4, attempt).await;
    assert!(has_begun, "begun by its version");
    let is_replaced = there.replace(key, 5, b"two").await;
    assert!(is_replaced, "replaced by its version");
    let expected = Some(entry(b"two", 6, None));
    assert_eq!(here.load(key).await, expected, "a new value has no attempt");
    here.delete(key).await;
}

pub(super) async fn a_change_of_another_version_changes_nothing(here: View<'_>, there: View<'_>) {
    let key = new_key();
    here.create(key, b"value").await;
    let has_begun = here.begin_refresh(key, 1, new_attempt(7)).await;
    assert!(has_begun, "begun by its version");
    let before = here.load(key).await;
    for view in [here, there] {
        for version in [0, 1, 3, u64::from(u32::MAX), u64::MAX >> 1] {
            let is_replaced = view.replace(key, version, b"other").await;
            assert!(!is_replaced, "replaced with version {version}");
            let has_begun = view.begin_refresh(key, version, new_attempt(8)).await;
            assert!(!has_begun, "begun with version {version}");
            let is_abandoned = view.abandon_refresh(key, version).await;
            assert!(!is_abandoned, "abandoned with version {version}");
        }
    }
    assert_eq!(there.load(key).await, before, "nothing was changed");
    here.delete(key).await;
}

pub(super) async fn what_is_not_there_is_not_changed(here: View<'_>, there: View<'_>) {
    let key = new_key();
    here.create(key, b"value").await;
    here.delete(key).await;
    for version in [0, 1, 2] {
        let is_replaced = there.replace(key, version, b"other").await;
        assert!(!is_replaced, "replaced after it was deleted");
        let has_begun = here.begin_refresh(key, version, new_attempt(1)).await;
        assert!(!has_begun, "begun after it was deleted");
        let is_abandoned = there.abandon_refresh(key, version).await;
        assert!(!is_abandoned, "abandoned after it was deleted");
    }
    assert_eq!(here.load(key).await, None, "it stays deleted");
}

pub(super) async fn entries_have_nothing_to_do_with_each_other(here: View<'_>, there: View<'_>) {
    let keys: Vec<_> = (0..10_u8).map(|number| (new_key(), number)).collect();
    for (key, number) in &keys {
        here.create(*key, &[*number]).await;
    }
    let [(changed, _), (deleted, _), rest @ ..] = keys.as_slice() else {
        unreachable!("there are ten");
    };
    assert!(there.replace(*changed, 1, b"new").await, "it is there");
    there.delete(*deleted).await;
    for (key, number) in rest {
        let expected = Some(entry(&[*number], 1, None));
        assert_eq!(here.load(*key).await, expected, "another one was changed");
    }
    for (key, _) in &keys {
        here.delete(*key).await;
    }
}

pub(super) async fn any_value_comes_back_as_it_was(here: View<'_>, there: View<'_>) {
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
        here.create(key, &value).await;
        let expected = Some(entry(&value, 1, None));
        assert_eq!(there.load(key).await, expected, "{length} bytes, created");
        let is_replaced = there.replace(key, 1, &value).await;
        assert!(is_replaced, "replaced by its version");
        let expected = Some(entry(&value, 2, None));
        assert_eq!(here.load(key).await, expected, "{length} bytes, replaced");
        here.delete(key).await;
    }
}

fn entry(value: &[u8], version: u64, attempt: Option<RefreshAttempt>) -> StoredSession {
    StoredSession::new(value.to_vec(), version, attempt)
}
