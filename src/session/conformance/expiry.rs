//! The ends of entries.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    LONG,
    view::{View, new_attempt, new_key, new_user},
};
use crate::session::store::SessionOwner;

pub(super) async fn after_its_lifetime_nothing_is_there(first: View<'_>, second: View<'_>) {
    let [short, prolonged, attempted, shortened] = [new_key(), new_key(), new_key(), new_key()];
    let user = new_user();
    let owner = Some(SessionOwner::new(user, LONG));
    let start = Instant::now();
    for key in [short, prolonged, attempted] {
        let is_created = first.create_with(key, b"value", SHORT, owner).await;
        assert!(is_created, "there was no such entry");
    }
    first.create(shortened, b"value").await;
    let is_replaced = second.replace_for(LONG, prolonged, 1, b"value").await;
    assert!(is_replaced, "replaced by its version");
    let is_replaced = second.replace_for(SHORT, shortened, 1, b"value").await;
    assert!(is_replaced, "replaced by its version");
    let has_begun = second.begin_refresh(attempted, 1, new_attempt(1)).await;
    assert!(has_begun, "begun by its version");

    let ends = [short, attempted, shortened];
    for key in ends {
        let deadline = start + PATIENCE;
        while second.load(key).await.is_some() {
            let now = Instant::now();
            assert!(now < deadline, "a lifetime of two seconds is over");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    assert!(start.elapsed() >= SHORT / 2, "a lifetime lasts");
    for key in ends {
        for version in [1, 2] {
            let is_replaced = first.replace(key, version, b"late").await;
            assert!(!is_replaced, "replaced after its end");
            let has_begun = first.begin_refresh(key, version, new_attempt(1)).await;
            assert!(!has_begun, "begun after its end");
            let is_abandoned = first.abandon_refresh(key, version).await;
            assert!(!is_abandoned, "abandoned after its end");
        }
        let is_created = second.create(key, b"value").await;
        assert!(is_created, "not created after its end");
        first.delete(key).await;
    }
    let stays = first.load(prolonged).await;
    assert!(stays.is_some(), "it was prolonged");
    let is_listed = first.list(user).await.contains(&prolonged);
    assert!(is_listed, "a session that was prolonged is not listed");
    first.delete(prolonged).await;
}

/// Clocks tick in whole seconds in some stores: up to one of them may be missing.
const SHORT: Duration = Duration::from_secs(2);
/// How late the end may be.
const PATIENCE: Duration = Duration::from_secs(10);
