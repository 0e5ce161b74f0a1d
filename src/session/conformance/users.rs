//! The sessions of a user.

use futures_util::future::{join, join_all};

use super::view::{View, new_key, new_user};
use crate::session::{
    store::{SessionKey, UserKey},
    user_sessions::{Generation, UserSessions},
};

pub(super) async fn the_sessions_of_a_user_are_listed(here: View<'_>, there: View<'_>) {
    let (user, other) = (new_user(), new_user());
    assert_eq!(here.list(user).await, [], "the user has no session");
    let mut keys = [new_key(), new_key(), new_key()];
    keys.sort();
    for key in keys {
        assert!(here.create_for(user, key).await, "there was no such entry");
    }
    let (foreign, without_owner) = (new_key(), new_key());
    there.create_for(other, foreign).await;
    there.create(without_owner, b"value").await;
    for view in [here, there] {
        assert_eq!(view.list(user).await, keys, "all sessions of the user");
        assert_eq!(view.list(other).await, [foreign], "those of another user");
    }

    let [replaced, deleted, _] = keys;
    let is_replaced = there.replace(replaced, 1, b"new").await;
    assert!(is_replaced, "replaced by its version");
    there.delete(deleted).await;
    for view in [here, there] {
        let there_by_now = living(view, user).await;
        let expected: Vec<_> = keys.into_iter().filter(|key| *key != deleted).collect();
        assert_eq!(there_by_now, expected, "all that were not deleted");
    }
    assert!(here.create_for(user, deleted).await, "it was deleted");
    assert_eq!(living(there, user).await, keys, "one was created again");
    for key in keys.into_iter().chain([foreign, without_owner]) {
        here.delete(key).await;
    }
}

/// A sign-in and the end of all sessions of its user may come at the same time.
pub(super) async fn no_session_outlives_the_end_of_all(here: View<'_>, there: View<'_>) {
    let user = new_user();
    here.create_for(user, new_key()).await;
    for _ in 0..5 {
        let sign_ins = [here, there].into_iter().cycle().take(10);
        let sign_ins = join_all(sign_ins.map(|view| sign_in(view, user)));
        let end = async { end_all(there, user).await };
        let (begun, ()) = join(sign_ins, end).await;
        let last = generation(here, user).await;
        for (key, first) in begun.into_iter().flatten() {
            let lives = here.load(key).await.is_some();
            assert!(first == last || !lives, "it began before the end of all");
            let is_listed = there.list(user).await.contains(&key);
            assert!(is_listed || !lives, "it is there and not listed");
        }
    }
    end_all(here, user).await;
    assert_eq!(living(there, user).await, [], "all were ended");
}

/// Begins a session as the layer does. Gives its key and the generation that was read first, if the browser gets
/// it.
async fn sign_in(view: View<'_>, user: UserKey) -> Option<(SessionKey, Generation)> {
    let (key, first) = (new_key(), generation(view, user).await);
    assert!(view.create_for(user, key).await, "there was no such entry");
    if generation(view, user).await == first {
        return Some((key, first));
    }
    view.delete(key).await;
    None
}

async fn generation(view: View<'_>, user: UserKey) -> Generation {
    let sessions = UserSessions::new(view.0, user);
    sessions.generation().await.expect("`load`")
}

async fn end_all(view: View<'_>, user: UserKey) {
    let sessions = UserSessions::new(view.0, user);
    sessions.end_all().await.expect("the store answers");
}

/// The listed sessions that have not ended.
async fn living(view: View<'_>, user: UserKey) -> Vec<SessionKey> {
    let mut living = Vec::new();
    for key in view.list(user).await {
        if view.load(key).await.is_some() {
            living.push(key);
        }
    }
    living
}
