//! Sessions that the store fails to delete at their end, and a store that heals. Two processes share it.

use std::time::Duration;

use http::StatusCode;
use tower_didit::fake::{Browser, FakeDidit, Person};

use super::{
    application::{assert_incomplete, browser, config},
    failing_store::{FailingStore, Method},
};
use crate::support::{
    cookies::{SESSION, copy_cookies},
    sign_in::{sign_in, sign_in_as},
    site::{NOBODY, didit, memory},
};

/// A signed-in browser at one process, and a thief with a copy of its cookies at this process and at another one.
async fn user_and_thieves(didit: &FakeDidit, store: &FailingStore) -> (Browser, [Browser; 2]) {
    let browser = at_a_process(didit, store);
    let signed_in = sign_in(&browser, didit).await;
    assert_eq!(signed_in.status(), StatusCode::OK);
    let elsewhere = at_a_process(didit, store);
    copy_cookies(&browser, &elsewhere);
    let here = browser.clone();
    (browser, [here, elsewhere])
}

fn at_a_process(didit: &FakeDidit, store: &FailingStore) -> Browser {
    browser(config(didit, store))
}

async fn seconds_later(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

/// The old cookie signs nobody in. The other process is asked first: this one would delete the entry, as it knows of the
/// end.
async fn assert_dead(here: &Browser, elsewhere: &Browser) {
    assert_eq!(user_of(elsewhere).await, NOBODY);
    assert_eq!(user_of(here).await, NOBODY);
}

async fn user_of(browser: &Browser) -> String {
    browser.get("/user").await.text().to_owned()
}

// Behaviour 113. Until the store is back, a copy of the cookie works in other processes: they do not know of the end.
#[tokio::test(start_paused = true)]
async fn after_a_sign_out_the_old_id_is_dead_everywhere_once_the_store_is_back() {
    let didit = didit();
    let store = FailingStore::shared(memory(&didit));
    let (browser, [here, elsewhere]) = user_and_thieves(&didit, &store).await;
    store.fail(&[Method::Delete]);
    assert_incomplete(&browser.post_form("/logout", &[]).await);
    seconds_later(30).await;
    assert_ne!(user_of(&here).await, Person::alejandra().subject());
    assert_eq!(user_of(&elsewhere).await, Person::alejandra().subject());

    store.work();
    seconds_later(1).await;
    assert_dead(&here, &elsewhere).await;
}

// Behaviour 113. The new session begins although the old one cannot be deleted.
#[tokio::test(start_paused = true)]
async fn after_another_sign_in_the_old_id_is_dead_everywhere_once_the_store_is_back() {
    let john = Person::john();
    for failing in [
        &[Method::Delete][..],
        &[Method::Delete, Method::BeginRefresh],
    ] {
        let didit = didit();
        let store = FailingStore::shared(memory(&didit));
        let (browser, [here, elsewhere]) = user_and_thieves(&didit, &store).await;
        store.fail(failing);
        let signed_in = sign_in_as(&john, &browser, &didit).await;
        assert_eq!(signed_in.status(), StatusCode::OK);
        assert_eq!(user_of(&browser).await, john.subject());
        assert_ne!(user_of(&here).await, Person::alejandra().subject());
        assert_eq!(user_of(&elsewhere).await, Person::alejandra().subject());

        store.work();
        seconds_later(2).await;
        assert_dead(&here, &elsewhere).await;
        assert_eq!(user_of(&browser).await, john.subject());
        // The thief's response does not remove the cookies of the new session.
        assert!(browser.cookie(SESSION).is_some());
    }
}

// Behaviour 113. A store whose answers are lost has deleted the entry.
#[tokio::test(start_paused = true)]
async fn a_deletion_whose_answer_was_lost_counts() {
    let didit = didit();
    let store = FailingStore::shared(memory(&didit));
    let (browser, [_, elsewhere]) = user_and_thieves(&didit, &store).await;
    store.lose_answers();
    store.fail(&[Method::Delete]);
    assert_incomplete(&browser.post_form("/logout", &[]).await);
    assert_eq!(user_of(&elsewhere).await, NOBODY);
}

// Behaviour 113.
#[tokio::test(start_paused = true)]
async fn many_sign_outs_during_an_outage_are_all_retried() {
    let didit = didit();
    let store = FailingStore::shared(memory(&didit));
    let first = at_a_process(&didit, &store);
    let elsewhere = at_a_process(&didit, &store);
    let mut users = Vec::new();
    for _ in 0..100 {
        let (user, copy) = (first.new_browser(), elsewhere.new_browser());
        sign_in(&user, &didit).await;
        copy_cookies(&user, &copy);
        users.push((user, copy));
    }
    store.fail(&[Method::Delete]);
    for (user, _) in &users {
        assert_incomplete(&user.post_form("/logout", &[]).await);
    }
    store.work();
    seconds_later(2).await;
    for (_, copy) in &users {
        assert_eq!(user_of(copy).await, NOBODY);
    }
}

// Behaviours 82 and 113. Strangers who use up all permits do not keep a session from ending in other processes.
#[tokio::test(start_paused = true)]
async fn a_sign_out_without_a_permit_is_retried() {
    let didit = didit();
    let store = FailingStore::shared(memory(&didit));
    let (browser, [here, elsewhere]) = user_and_thieves(&didit, &store).await;
    let stranger = browser.new_browser();
    store.fall_silent();
    for number in 0..256 {
        stranger.set_cookie(SESSION, &format!("{number:A<43}"));
        let mut sign_out = Box::pin(stranger.post_form("/logout", &[]));
        let _ = futures_util::poll!(&mut sign_out);
    }
    let start = tokio::time::Instant::now();
    assert_incomplete(&browser.post_form("/logout", &[]).await);
    assert_eq!(
        start.elapsed(),
        Duration::ZERO,
        "permits that are gone are no queue"
    );
    store.work();
    // The deletion that was under way fails after 5 s.
    seconds_later(7).await;
    assert_dead(&here, &elsewhere).await;
}
