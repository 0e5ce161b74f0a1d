//! The tokens with which the provider's session is ended.

use std::time::Duration;

use http::StatusCode;
use tower_didit::fake::{Browser, Endpoint, FakeDiditExt, Fault, Person};

use super::application::{
    LATER, PLACES, app, assert_signed_out, deleted_with, didit, in_cookies, in_memory, lives_there,
    sign_out, user,
};
use crate::support::{
    cookies::copy_cookies,
    handlers,
    site::{HOME, NOBODY, memory},
    tasks::yield_until,
};

// Behaviour 89.
#[tokio::test]
async fn a_sign_out_ends_the_provider_session_with_the_current_access_token() {
    for config in PLACES {
        let didit = didit();
        let browser = user(&didit, config(&didit)).await;
        let token = browser.get("/").await.text().to_owned();
        assert!(lives_there(&didit, &token).await);
        let page = sign_out(&browser).await;
        assert_signed_out(&browser, &page);
        assert!(!lives_there(&didit, &token).await);
        assert_eq!(deleted_with(&didit), [token]);
        assert_eq!(browser.get("/").await.text(), NOBODY);
    }

    let didit = didit();
    let browser = user(&didit, in_memory(&didit)).await;
    let first = browser.get("/").await.text().to_owned();
    didit.clock().advance(LATER);
    let second = browser.get("/").await.text().to_owned();
    assert_ne!(first, second);
    sign_out(&browser).await;
    assert_eq!(deleted_with(&didit), [second]);
}

// Behaviour 89.
#[tokio::test]
async fn an_expired_access_token_is_refreshed_first() {
    let didit = didit();
    let browser = user(&didit, in_memory(&didit)).await;
    let first = browser.get("/").await.text().to_owned();
    didit.clock().advance(LATER);
    let page = sign_out(&browser).await;
    assert_signed_out(&browser, &page);
    assert_eq!(didit.count(Endpoint::Token), 2);
    let tokens = deleted_with(&didit);
    assert_eq!(tokens.len(), 2);
    assert_eq!(tokens[0], first);
    assert_ne!(tokens[1], first);
    assert!(!lives_there(&didit, &tokens[1]).await);
}

// Behaviour 89. Other refreshes have taken all 256 permits.
#[tokio::test(start_paused = true)]
async fn a_refresh_without_a_permit_is_retried() {
    let didit = didit();
    let app = handlers::app(handlers::once(&didit));
    let (browser, _) = handlers::user_of(&didit, &app.router).await;
    didit.clock().advance(LATER);
    didit.on_every(Endpoint::Token, Fault::delay(Duration::from_secs(3)));
    for _ in 0..256 {
        let tokens = didit.tokens(&Person::john(), ["openid", "offline_access"]);
        let client = app.auth.client();
        tokio::spawn(async move { client.refresh(&tokens).await });
    }
    yield_until(|| didit.count(Endpoint::Token) == 1 + 256).await;
    let page = browser.post_form("/logout", &[]).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert_eq!(deleted_with(&didit).len(), 1);

    // 3 s until there is a permit, and 3 s for the refresh.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let tokens = deleted_with(&didit);
    assert_eq!(tokens.len(), 2);
    assert!(!lives_there(&didit, &tokens[1]).await);
}

// RFC 9700 §4.14.2; behaviours 87 and 89.
#[tokio::test]
async fn a_sign_out_sends_no_refresh_token_that_may_have_been_sent() {
    for leaves_elsewhere in [false, true] {
        let didit = didit();
        let store = memory(&didit);
        let config = || in_memory(&didit).with_session_store(store.clone());
        let browser = user(&didit, config()).await;
        didit.clock().advance(Duration::from_secs(290));
        let broken = Fault::error("server_error").with_status(500);
        didit.on_next(Endpoint::Token, broken);
        browser.get("/").await;
        assert_eq!(didit.count(Endpoint::Token), 2);
        didit.clock().advance(LATER);
        let leaving = if leaves_elsewhere {
            let other = Browser::new(HOME, app(config()));
            copy_cookies(&browser, &other);
            other
        } else {
            browser
        };
        let page = sign_out(&leaving).await;
        assert_signed_out(&leaving, &page);
        assert_eq!(didit.count(Endpoint::Token), 2);
        assert_eq!(deleted_with(&didit).len(), 1);
    }
}

// Behaviour 89.
#[tokio::test]
async fn without_a_refresh_token_the_session_endpoint_is_called_once() {
    let didit = didit();
    let browser = user(&didit, in_cookies(&didit)).await;
    didit.clock().advance(LATER);
    let page = sign_out(&browser).await;
    assert_signed_out(&browser, &page);
    assert_eq!(deleted_with(&didit).len(), 1);
    assert_eq!(didit.count(Endpoint::Token), 1);
}
