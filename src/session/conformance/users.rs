//! The sessions of a user.

use futures_util::future::{join, join_all};

use super::{View, new_key, new_user};
use crate::session::{
    store::{SessionKey, UserKey},
    user_sessions::{self, Generation},
};

pub(super) async fn the_sessions_of_a_user_are_listed([here, there]: [View<'_>; 2]) {
    let (user, other) = (new_user(), new_user());
    assert_eq!(here.list(user).await, [], "the user has no session");
    let mut keys = [new_key(), new_key(), new_key()];
    keys.sort();
    for key in keys {
        assert!(here.of(user).create(key, b"value").await, "not created");
    }
    let (foreign, without_owner) = (new_key(), new_key());
    there.of(other).create(foreign, b"value").await;
    there.create(without_owner, b"value").await;
    for view in [here, there] {
        assert_eq!(view.list(user).await, keys, "all sessions of the user");
        assert_eq!(view.list(other).await, [foreign], "those of another user");
    }

    let [replaced, deleted, kept] = keys;
    assert!(there.replace(replaced, 1, b"new").await, "not replaced");
    there.delete(deleted).await;
    for view in [here, there] {
        let left = existing(view, user).await;
        assert_eq!(left, [replaced, kept], "all that were not deleted");
    }
    assert!(here.of(user).create(deleted, b"value").await, "not created");
    assert_eq!(existing(there, user).await, keys, "one was created again");
    for key in keys.into_iter().chain([foreign, without_owner]) {
        here.delete(key).await;
    }
}

/// Some sign-ins and the end of all sessions of their user, at the same time.
pub(super) async fn no_session_outlives_the_end_of_all([here, there]: [View<'_>; 2]) {
    let user = new_user();
    here.of(user).create(new_key(), b"value").await;
    for _ in 0..5 {
        let sign_ins = [here, there].into_iter().cycle().take(10);
        let sign_ins = join_all(sign_ins.map(|view| sign_in(view, user)));
        let (begun, ()) = join(sign_ins, end_all(there, user)).await;
        let last = generation(here, user).await;
        for (key, first) in begun.into_iter().flatten() {
            let exists = here.load(key).await.is_some();
            assert!(
                first == last || !exists,
                "it began before the end of all sessions"
            );
            let is_listed = there.list(user).await.contains(&key);
            assert!(is_listed || !exists, "a session is not listed");
        }
    }
    end_all(here, user).await;
    assert_eq!(existing(there, user).await, [], "all were ended");
}

/// Begins a session as the layer does. Returns its key and the generation that was read first, unless the layer
/// would delete the session again.
async fn sign_in(view: View<'_>, user: UserKey) -> Option<(SessionKey, Generation)> {
    let (key, first) = (new_key(), generation(view, user).await);
    assert!(view.of(user).create(key, b"value").await, "not created");
    if generation(view, user).await == first {
        return Some((key, first));
    }
    view.delete(key).await;
    None
}

async fn generation(view: View<'_>, user: UserKey) -> Generation {
    let generation = user_sessions::generation(view.store, user).await;
    generation.expect("`load`")
}

async fn end_all(view: View<'_>, user: UserKey) {
    let ended = user_sessions::end_all(view.store, user).await;
    ended.expect("the store answers");
}

/// The listed sessions that exist.
async fn existing(view: View<'_>, user: UserKey) -> Vec<SessionKey> {
    let mut existing = Vec::new();
    for key in view.list(user).await {
        if view.load(key).await.is_some() {
            existing.push(key);
        }
    }
    existing
}
