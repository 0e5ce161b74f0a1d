//! Sign-outs while the store fails.

use std::time::Duration;

use http::{Request, StatusCode, header};
use tower_didit::fake::{Browser, Endpoint, FakeDidit, FakeDiditExt};

use super::{
    application::{assert_incomplete, browser, signed_in},
    failing_store::{FailingStore, Method},
};
use crate::support::{
    cookies::{SESSION, header_of},
    sign_in::sign_in,
    site::{CALLBACK, NOBODY, didit, memory},
    tasks::run_background,
};

/// A session at Didit Authentication.
async fn user(didit: &FakeDidit, store: &FailingStore) -> Browser {
    let config = didit
        .config(CALLBACK)
        .with_cookie_keys([[7; 32]])
        .with_session_store(store.clone());
    let browser = browser(config);
    assert_eq!(sign_in(&browser, didit).await.status(), StatusCode::OK);
    browser
}

/// Lets background tasks run for longer than the pause between two attempts.
async fn a_moment_later() {
    for _ in 0..10 {
        tokio::time::advance(Duration::from_millis(500)).await;
        tokio::task::yield_now().await;
    }
}

// Behaviours 82 and 89.
#[tokio::test(start_paused = true)]
async fn the_browser_forgets_its_session_and_the_store_will() {
    let didit = FakeDidit::authentication("app");
    let all: &[_] = &[Method::Load, Method::BeginRefresh, Method::Delete];
    for (failing, is_told) in [(all, false), (&[Method::Delete], true)] {
        for path in ["/logout", "/sign-out"] {
            let store = FailingStore::new(memory(&didit));
            let browser = user(&didit, &store).await;
            let copy = browser.clone();
            let before = didit.count(Endpoint::Session);
            store.fail(failing);
            let page = browser.post_form(path, &[]).await;
            assert_incomplete(&page);
            assert_eq!(page.header("cache-control"), Some("private, no-store"));
            // A `GET` of the requested path would be a 405.
            assert!(page.text().contains(r#"<a id="go-on" href="/">"#));
            assert!(browser.cookies().is_empty());
            assert_eq!(browser.get("/user").await.text(), NOBODY);
            a_moment_later().await;
            let told = didit.count(Endpoint::Session) - before;
            assert_eq!(told, usize::from(is_told));

            store.work();
            a_moment_later().await;
            assert_eq!(copy.get("/user").await.text(), NOBODY);
        }
    }
}

// Behaviours 82 and 89.
#[tokio::test(start_paused = true)]
async fn a_session_beside_a_planted_cookie_ends_too() {
    let didit = didit();
    for path in ["/logout", "/sign-out"] {
        let store = FailingStore::new(memory(&didit));
        let browser = signed_in(&didit, &store).await;
        store.fail(&[Method::Load]);
        let cookies = format!("{}; {SESSION}={}", header_of(&browser), "A".repeat(43));
        let request = Request::post(path).header(header::COOKIE, cookies);
        let request = request.body("").expect("a URL");
        let page = browser.new_browser().send(request).await;
        assert_eq!(page.status(), StatusCode::SEE_OTHER, "{path}");
        store.work();
        a_moment_later().await;
        assert_eq!(browser.get("/user").await.text(), NOBODY, "{path}");
    }
}

// Behaviour 82. The deletion is retried for a minute.
#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_come_back_is_not_asked_for_ever() {
    let didit = didit();
    let store = FailingStore::new(memory(&didit));
    let browser = signed_in(&didit, &store).await;
    store.fail(&[Method::Delete]);
    assert_incomplete(&browser.post_form("/logout", &[]).await);
    for _ in 0..20 {
        a_moment_later().await;
    }
    let attempts = store.count(Method::Delete);
    assert!((10..100).contains(&attempts), "{attempts}");
    for _ in 0..20 {
        a_moment_later().await;
    }
    assert_eq!(store.count(Method::Delete), attempts);
}

// Behaviours 82, 89 and 103. In this process the session has ended, however long the store was away.
#[tokio::test(start_paused = true)]
async fn a_store_that_recovers_late_signs_nobody_in_where_the_user_signed_out() {
    let didit = didit();
    let fall_silent: fn(&FailingStore) = FailingStore::fall_silent;
    let fail_all: fn(&FailingStore) = FailingStore::fail_all;
    let fail_to_delete = |store: &FailingStore| store.fail(&[Method::Delete]);
    for go_away in [fall_silent, fail_all, fail_to_delete] {
        let store = FailingStore::new(memory(&didit));
        let browser = signed_in(&didit, &store).await;
        let copy = browser.clone();
        go_away(&store);
        assert_incomplete(&browser.post_form("/logout", &[]).await);
        for _ in 0..20 {
            a_moment_later().await;
        }
        store.work();
        let attempts = store.count(Method::Delete);
        assert_eq!(copy.get("/user").await.text(), NOBODY);
        // Other processes learn of it too.
        assert_eq!(store.count(Method::Delete), attempts + 1);
    }
}

// Behaviour 82. Anybody can send a made-up cookie id.
#[tokio::test(start_paused = true)]
async fn sign_outs_with_made_up_cookie_ids_cause_few_deletions() {
    let didit = didit();
    let store = FailingStore::new(memory(&didit));
    let stranger = signed_in(&didit, &store).await.new_browser();
    store.fail_all();
    for number in 0..1000 {
        stranger.set_cookie(SESSION, &format!("{number:A<43}"));
        assert_incomplete(&stranger.post_form("/logout", &[]).await);
    }
    let before = store.count(Method::Delete);
    for _ in 0..5 {
        tokio::time::advance(Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
    }
    let attempts = store.count(Method::Delete) - before;
    assert!((5..500).contains(&attempts), "{attempts}");
}

// Behaviour 82. Likewise, and goes away before the store answers.
#[tokio::test(start_paused = true)]
async fn abandoned_sign_outs_are_bounded() {
    let didit = didit();
    let store = FailingStore::new(memory(&didit));
    let stranger = signed_in(&didit, &store).await.new_browser();
    let before = store.count(Method::Load);
    store.fall_silent();
    for number in 0..1000 {
        stranger.set_cookie(SESSION, &format!("{number:A<43}"));
        let mut sign_out = Box::pin(stranger.post_form("/logout", &[]));
        let _ = futures_util::poll!(&mut sign_out);
    }
    run_background().await;
    assert_eq!(store.count(Method::Load) - before, 256);
}

// Behaviours 82 and 89.
#[tokio::test(start_paused = true)]
async fn strangers_who_sign_out_do_not_keep_a_session_from_ending() {
    let didit = didit();
    let store = FailingStore::new(memory(&didit));
    let browser = signed_in(&didit, &store).await;
    let (copy, stranger) = (browser.clone(), browser.new_browser());
    store.fall_silent();
    for number in 0..256 {
        stranger.set_cookie(SESSION, &format!("{number:A<43}"));
        let mut sign_out = Box::pin(stranger.post_form("/logout", &[]));
        let _ = futures_util::poll!(&mut sign_out);
    }
    assert_incomplete(&browser.post_form("/logout", &[]).await);
    store.work();
    for _ in 0..20 {
        a_moment_later().await;
    }
    assert_eq!(copy.get("/user").await.text(), NOBODY);
}
