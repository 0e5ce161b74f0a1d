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

mod concurrency;
mod entries;
mod expiry;
mod users;
mod view;

use std::time::Duration;

use super::store::SessionStore;
use view::View;

/// Tests a store through two views of it, as two processes have them: versions, refresh attempts, atomicity,
/// expiry, the sessions of a user, values of all bytes and sizes. It takes about two seconds, adds a few hundred
/// entries under random keys, and deletes most of them.
///
/// It does not test durability, which takes a crash.
///
/// # Panics
///
/// The store broke the protocol; the message says how.
pub async fn check(first: &dyn SessionStore, second: &dyn SessionStore) {
    let (first, second) = (View(first), View(second));
    for (here, there) in [(first, second), (second, first)] {
        entries::what_was_created_is_there_until_it_is_deleted(here, there).await;
        entries::an_entry_that_is_there_is_not_created(here, there).await;
        entries::each_change_has_a_version(here, there).await;
        entries::a_change_of_another_version_changes_nothing(here, there).await;
        entries::what_is_not_there_is_not_changed(here, there).await;
        entries::entries_have_nothing_to_do_with_each_other(here, there).await;
        entries::any_value_comes_back_as_it_was(here, there).await;
        users::the_sessions_of_a_user_are_listed(here, there).await;
        users::no_session_outlives_the_end_of_all(here, there).await;
    }
    concurrency::of_many_at_once_one_succeeds(first, second).await;
    expiry::after_its_lifetime_nothing_is_there(first, second).await;
}

const LONG: Duration = Duration::from_secs(3600);
