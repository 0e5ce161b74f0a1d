//! Refreshes that fail, and when they are tried again.

use std::time::Duration;

use axum::{Router, routing::get};
use http::{Method, StatusCode};
use tokio::time::Instant;
use tower_didit::{
    ConfigError, IdClaims, Provider,
    fake::{Browser, Endpoint, FakeDiditExt, Fault, Person},
};

use super::{BEFORE_THE_END, LIFE, MINUTE, SECOND, refreshes, signed_in};
use crate::support::{
    cookies::{copy_cookies, flow_cookies},
    faults::with,
    outage::{assert_unavailable, pass},
    sign_in::sign_in,
    site::{CALLBACK, HOME, NOBODY, auth, didit},
};

// Behaviour 87.
#[tokio::test]
async fn only_an_invalid_grant_ends_the_session() {
    let didit = didit();
    let (browser, _) = signed_in(&didit).await;
    didit.clock().advance(LIFE);
    didit.revoke_all();
    let page = browser.get("/token-if-any").await;
    assert_eq!(page.text(), "none");
    assert_eq!(refreshes(&didit), 1);
    assert!(browser.cookies().is_empty(), "the session is over");
    assert_eq!(browser.get("/user").await.text(), NOBODY);

    let (browser, _) = signed_in(&didit).await;
    didit.clock().advance(LIFE);
    didit.revoke_all();
    let page = browser.get("/").await;
    assert!(page.location().starts_with("https://auth.didit.me/"));
    assert_eq!(browser.cookies(), flow_cookies(&browser));
}

// Behaviour 87.
#[tokio::test]
async fn while_didit_fails_the_session_stays_and_a_refresh_is_tried_every_ten_seconds() {
    let didit = didit();
    let (browser, first) = signed_in(&didit).await;
    didit.clock().advance(BEFORE_THE_END);
    didit.on_every(
        Endpoint::Token,
        Fault::error("server_error").with_status(500),
    );
    for _ in 0..10 {
        assert_eq!(browser.get("/").await.text(), first);
    }
    assert_eq!(refreshes(&didit), 1);

    // The access token expires; the identity stays.
    didit.clock().advance(SECOND);
    for _ in 0..10 {
        assert_eq!(
            browser.get("/user").await.text(),
            Person::alejandra().subject()
        );
        assert_unavailable(&browser.fetch(Method::GET, "/").await, "tokens-unavailable");
    }
    assert_eq!(refreshes(&didit), 1);
    didit.clock().advance(10 * SECOND);
    assert_eq!(
        browser.get("/user").await.text(),
        Person::alejandra().subject()
    );
    assert_eq!(refreshes(&didit), 1, "the claims need no refresh");
    assert_unavailable(&browser.fetch(Method::GET, "/").await, "tokens-unavailable");
    assert_eq!(refreshes(&didit), 2);

    didit.clear_faults();
    didit.clock().advance(MINUTE);
    let page = browser.get("/").await;
    assert_eq!(page.status(), StatusCode::OK);
    assert_ne!(page.text(), first);
}

// Behaviour 87.
#[tokio::test(start_paused = true)]
async fn a_timed_out_refresh_is_not_retried_at_once() {
    let didit = didit();
    let (browser, _) = signed_in(&didit).await;
    didit.clock().advance(LIFE);
    didit.on_every(Endpoint::Token, Fault::hang());
    for asked in 0..20 {
        let start = Instant::now();
        assert_unavailable(&browser.fetch(Method::GET, "/").await, "tokens-unavailable");
        let waited = if asked == 0 {
            5 * SECOND
        } else {
            Duration::ZERO
        };
        assert_eq!(start.elapsed().as_secs(), waited.as_secs());
        assert_eq!(
            browser.get("/user").await.text(),
            Person::alejandra().subject()
        );
    }
    assert_eq!(refreshes(&didit), 1);
    // The refresh fails with the HTTP timeout after 10 s; the next one starts 10 s later.
    pass(&didit, 20 * SECOND).await;
    assert_unavailable(&browser.fetch(Method::GET, "/").await, "tokens-unavailable");
    assert_eq!(refreshes(&didit), 2);
}

// RFC 6749 §5.1; behaviours 39 and 87.
#[tokio::test]
async fn tokens_that_are_expired_on_arrival_are_not_refreshed_with_every_request() {
    let didit = didit();
    didit.on_every(Endpoint::Token, with("expires_in", 0));
    let (browser, _) = signed_in(&didit).await;
    for refreshed in 0..3 {
        for _ in 0..20 {
            browser.get("/token-if-any").await;
            let page = browser.get("/user").await;
            assert_eq!(page.text(), Person::alejandra().subject());
        }
        assert_eq!(refreshes(&didit), refreshed);
        didit.clock().advance(10 * SECOND);
    }
}

// RFC 9700 §4.14.2; behaviour 87.
#[tokio::test]
async fn a_single_use_refresh_token_is_not_kept_in_a_cookie() {
    let didit = didit();
    let keys = [[7; 32]];
    let config = didit
        .config(CALLBACK)
        .with_cookie_keys(keys)
        .with_scopes(["openid", "offline"]);
    let once = Provider::didit().with_single_use_refresh_tokens();
    let refused = didit
        .config(CALLBACK)
        .with_provider(once.clone())
        .with_scopes(["openid", "offline"])
        .with_sessions_in_cookies()
        .build();
    assert!(matches!(refused, Err(ConfigError::SingleUseRefreshTokens)));

    // The cookie was written before the provider had single-use tokens.
    let routes = || {
        Router::new()
            .route("/", get(|_: IdClaims| async { "members" }))
            .route("/callback", get(|_: IdClaims| async {}))
    };
    let before = routes().layer(auth(config));
    let known = didit
        .config(CALLBACK)
        .with_cookie_keys(keys)
        .with_provider(once);
    let after = routes().layer(auth(known));
    let old = Browser::new(HOME, before);
    sign_in(&old, &didit).await;
    let browser = Browser::new(HOME, after);
    copy_cookies(&old, &browser);
    didit.clock().advance(LIFE);
    assert_eq!(browser.get("/").await.text(), "members");
    assert_eq!(refreshes(&didit), 0);
}
