//! Entries, many calls at once.

use std::future::Future;

use futures_util::future::join_all;

use super::view::{View, new_attempt, new_key};

pub(super) async fn of_many_at_once_one_succeeds(first: View<'_>, second: View<'_>) {
    let views = || [first, second].into_iter().cycle().take(20);
    for _ in 0..10 {
        let key = new_key();
        let all = views().map(|view| view.create(key, b"value"));
        assert_eq!(successes(all).await, 1, "created once");
        let all = views().map(|view| view.begin_refresh(key, 1, new_attempt(9)));
        assert_eq!(successes(all).await, 1, "begun once");
        let all = views().map(|view| view.replace(key, 2, b"other"));
        assert_eq!(successes(all).await, 1, "replaced once");
        let last = first.load(key).await.map(|stored| stored.version());
        assert_eq!(last, Some(3), "each success has a version");
        first.delete(key).await;
    }
}

/// How many of these succeed, all of them at once.
async fn successes(attempts: impl Iterator<Item: Future<Output = bool>>) -> usize {
    let outcomes = join_all(attempts).await;
    outcomes.into_iter().filter(|succeeded| *succeeded).count()
}
