//! Sessions whose access token has expired.

use std::time::Duration;

use axum::{Router, routing::get};
use http::{Method, StatusCode};
use serde_json::Value;
use tower_didit::{
    ConfigBuilder, DiditTokens, IdClaims, RequireSignIn, ReturnTo,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Page, Person},
};

use crate::support::{
    faults::{with, without},
    sign_in::sign_in,
    site::{CALLBACK, HOME, auth, didit},
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

fn visit(didit: &FakeDidit, config: ConfigBuilder) -> Browser {
    let app = Router::new()
        .route("/guarded", get(|| async { "for members" }))
        .route_layer(RequireSignIn::new())
        .route(
            "/user",
            get(|user: IdClaims| async move { user.subject().to_owned() }),
        )
        .route("/tokens", get(|_: DiditTokens| async { "living" }))
        .route(
            "/maybe",
            get(|tokens: Option<DiditTokens>| async move { tokens.is_some().to_string() }),
        )
        .route(
            "/callback",
            get(|_: DiditTokens, back: ReturnTo| async { back }),
        )
        .layer(auth(config));
    Browser::new(HOME, app).add_didit(didit)
}

fn visitor() -> (FakeDidit, Browser) {
    let didit = didit();
    let browser = visit(&didit, didit.config(CALLBACK));
    (didit, browser)
}

fn is_refused(page: &Page, code: &str) -> bool {
    let challenge = page.header("www-authenticate");
    page.status() == StatusCode::UNAUTHORIZED
        && challenge == Some(r#"Didit realm="sign-in""#)
        && page.json().get("code").and_then(Value::as_str) == Some(code)
}

#[tokio::test]
async fn the_user_stays_signed_in_without_tokens() {
    let (didit, browser) = visitor();
    sign_in(&browser, &didit).await;
    didit.clock().advance(Duration::from_secs(3599));
    assert_eq!(browser.get("/tokens").await.text(), "living");

    didit.clock().advance(Duration::from_secs(1));
    assert_eq!(
        browser.get("/user").await.text(),
        Person::alejandra().subject()
    );
    assert_eq!(browser.get("/guarded").await.text(), "for members");
    assert_eq!(browser.get("/maybe").await.text(), "false");
    let refused = browser.fetch(Method::GET, "/tokens").await;
    assert!(is_refused(&refused, "tokens-expired"), "{refused:?}");
    assert_eq!(refused.header("vary"), Some("Cookie"));

    // A navigation is redirected to Didit for new tokens.
    let page = browser.visit("/tokens").await;
    assert!(page.url().starts_with("https://auth.didit.me/"));
    let tokens = browser.click(&page, "approve-alejandra").await;
    assert_eq!(tokens.url(), "https://app.example/tokens");
    assert_eq!(tokens.text(), "living");
}

// RFC 6749 §5.1; behaviour 39.
#[tokio::test]
async fn tokens_without_an_expiry_do_not_expire() {
    let (didit, browser) = visitor();
    didit.on_next(Endpoint::Token, without("expires_in"));
    sign_in(&browser, &didit).await;
    didit.clock().advance(20 * HOUR);
    assert_eq!(browser.get("/tokens").await.text(), "living");
}

#[tokio::test]
async fn tokens_that_expire_at_once_cause_no_redirect_loop() {
    let (didit, browser) = visitor();
    didit.on_every(Endpoint::Token, with("expires_in", 0));
    sign_in(&browser, &didit).await;
    let page = browser.visit("/tokens").await;
    assert_eq!(page.url(), "https://app.example/tokens");
    assert_eq!(page.status(), StatusCode::UNAUTHORIZED);
    assert!(page.text().contains("<code>tokens-expired</code>"));
    let link = r#"<a id="sign-in" href="/login?return_to=%2Ftokens">"#;
    assert!(page.text().contains(link), "{}", page.text());
    let refused = browser.fetch(Method::GET, "/tokens").await;
    assert!(is_refused(&refused, "tokens-expired"), "{refused:?}");
    // After a minute they are.
    didit.clock().advance(MINUTE);
    let page = browser.visit("/tokens").await;
    assert!(page.url().starts_with("https://auth.didit.me/"));
}

#[tokio::test]
async fn with_didit_authentication_the_session_ends_with_its_access_token() {
    let didit = FakeDidit::authentication("client");
    let config = didit.config(CALLBACK).with_cookie_keys([[7; 32]]);
    let browser = visit(&didit, config);
    sign_in(&browser, &didit).await;
    didit.clock().advance(Duration::from_secs(299));
    assert_eq!(
        browser.get("/user").await.text(),
        Person::alejandra().subject()
    );
    assert_eq!(browser.get("/tokens").await.text(), "living");

    didit.clock().advance(Duration::from_secs(1));
    for path in ["/user", "/guarded", "/tokens"] {
        let refused = browser.fetch(Method::GET, path).await;
        assert!(is_refused(&refused, "not-signed-in"), "{path}");
    }
    assert_eq!(browser.get("/maybe").await.text(), "false");
}
