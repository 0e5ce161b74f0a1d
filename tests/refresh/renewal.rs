//! Refreshes of sessions in cookies.

mod failures;
mod under_way;

use std::time::Duration;

use axum::{Router, routing::get};
use http::StatusCode;
use serde_json::json;
use tower_didit::{
    DiditTokens, IdClaims, ReturnTo,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Person},
};

use crate::support::{
    cookies::{SESSION, session, sets_session},
    faults::with,
    sign_in::{sign_in, sign_in_as},
    site::{CALLBACK, HOME, NOBODY, auth, didit},
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// The lifetime of an access token.
const LIFE: Duration = Duration::from_secs(3600);
const BEFORE_THE_LAST_HALF_MINUTE: Duration = Duration::from_secs(3569);
const BEFORE_THE_END: Duration = Duration::from_secs(3599);

/// Pages that show the access token or its absence, the scopes, and the user.
fn app(didit: &FakeDidit) -> Router {
    let config = didit
        .config(CALLBACK)
        .with_scopes(["openid", "email", "offline"]);
    Router::new()
        .route("/", get(token))
        .route(
            "/token-if-any",
            get(|tokens: Option<DiditTokens>| async {
                match tokens {
                    Some(tokens) => token(tokens).await,
                    None => "none".to_owned(),
                }
            }),
        )
        .route(
            "/scopes",
            get(|tokens: DiditTokens| async move { tokens.scopes().to_string() }),
        )
        .route(
            "/user",
            get(|user: Option<IdClaims>| async move {
                user.map_or(NOBODY.to_owned(), |user| user.subject().to_owned())
            }),
        )
        .route(
            "/callback",
            get(|tokens: DiditTokens, _: ReturnTo| token(tokens)),
        )
        .layer(auth(config))
}

async fn token(tokens: DiditTokens) -> String {
    tokens.access_token().secret().to_owned()
}

/// A signed-in browser and its first access token.
async fn signed_in(didit: &FakeDidit) -> (Browser, String) {
    let browser = Browser::new(HOME, app(didit));
    let page = sign_in(&browser, didit).await;
    assert_eq!(page.status(), StatusCode::OK);
    (browser, page.text().to_owned())
}

fn refreshes(didit: &FakeDidit) -> usize {
    didit.count(Endpoint::Token) - 1
}

// Behaviour 84.
#[tokio::test]
async fn a_refresh_starts_in_the_last_half_minute_before_the_handler_runs() {
    let didit = didit();
    let (browser, first) = signed_in(&didit).await;
    didit.clock().advance(BEFORE_THE_LAST_HALF_MINUTE);
    assert_eq!(browser.get("/").await.text(), first);
    assert_eq!(refreshes(&didit), 0);

    // Each token is due at a time of its own, within fifteen seconds.
    didit.clock().advance(17 * SECOND);
    let page = browser.get("/").await;
    assert_ne!(page.text(), first);
    assert!(sets_session(&page));
    assert_eq!(page.header("cache-control"), Some("private, no-store"));
    assert_eq!(refreshes(&didit), 1);

    let request = didit.last(Endpoint::Token).expect("it was asked");
    assert_eq!(
        request.form_value("grant_type").as_deref(),
        Some("refresh_token")
    );
    assert!(request.form_value("refresh_token").is_some());
    assert_eq!(request.form_value("scope"), None);
    assert!(request.header("authorization").is_some());

    // The new token has the same lifetime.
    let second = browser.get("/").await.text().to_owned();
    assert_eq!(second, page.text());
    didit.clock().advance(BEFORE_THE_LAST_HALF_MINUTE);
    assert_eq!(browser.get("/").await.text(), second);
    assert_eq!(refreshes(&didit), 1);
    didit.clock().advance(31 * SECOND);
    assert_ne!(browser.get("/").await.text(), second);
    assert_eq!(
        browser.get("/user").await.text(),
        Person::alejandra().subject()
    );
}

// Behaviour 84.
#[tokio::test(start_paused = true)]
async fn concurrent_requests_cause_one_refresh() {
    let didit = didit();
    for (passed, waiting) in [(BEFORE_THE_END, 1), (LIFE, 50)] {
        let (browser, first) = signed_in(&didit).await;
        didit.clock().advance(passed);
        let before = didit.count(Endpoint::Token);
        didit.on_next(Endpoint::Token, Fault::delay(SECOND));
        let old = session(&browser);
        let all = (0..50).map(|_| browser.get("/"));
        let pages = futures_util::future::join_all(all).await;
        assert_eq!(didit.count(Endpoint::Token), before + 1);
        let mut new: Vec<_> = pages
            .iter()
            .map(|page| {
                assert_eq!(page.status(), StatusCode::OK);
                page.text()
            })
            .filter(|token| *token != first)
            .collect();
        // While the old token is valid, only the request that started the refresh waits.
        assert_eq!(new.len(), waiting);
        new.dedup();
        assert_eq!(new.len(), 1);

        // A late request with the old cookie.
        browser.set_cookie(SESSION, &old);
        let late = browser.get("/").await;
        assert_eq!(late.text(), new[0]);
        assert!(sets_session(&late));
        assert_eq!(didit.count(Endpoint::Token), before + 1);
    }
}

// RFC 6749 §6; behaviour 85.
#[tokio::test]
async fn the_old_refresh_token_stays_unless_a_new_one_is_issued() {
    let keeping = didit();
    let rotating = didit().with_rotating_refresh_tokens();
    for (didit, kinds) in [(keeping, 1), (rotating, 3)] {
        let (browser, _) = signed_in(&didit).await;
        let mut used = Vec::new();
        for _ in 0..3 {
            didit.clock().advance(LIFE);
            assert_eq!(browser.get("/").await.status(), StatusCode::OK);
            let request = didit.last(Endpoint::Token).expect("it was asked");
            used.push(request.form_value("refresh_token"));
        }
        assert_eq!(refreshes(&didit), 3);
        used.sort();
        used.dedup();
        assert_eq!(used.len(), kinds);
    }
}

// RFC 6749 §6; behaviour 85.
#[tokio::test]
async fn a_refresh_adds_no_scopes() {
    let didit = didit();
    let (browser, _) = signed_in(&didit).await;
    for (scope, expected) in [
        (json!("openid email offline admin"), "openid email offline"),
        (json!("openid offline"), "openid offline"),
        (json!(null), "openid offline"),
        (json!("openid email offline"), "openid offline"),
    ] {
        didit.clock().advance(LIFE);
        didit.on_next(Endpoint::Token, with("scope", scope));
        assert_eq!(browser.get("/scopes").await.text(), expected);
    }
}

// Behaviour 88.
#[tokio::test]
async fn each_session_gets_its_own_tokens() {
    let didit = didit();
    let app = app(&didit);
    let mut browsers = Vec::new();
    for person in [Person::alejandra(), Person::john()] {
        let browser = Browser::new(HOME, app.clone());
        let page = sign_in_as(&person, &browser, &didit).await;
        let first = page.text().to_owned();
        browsers.push((browser, person, first));
    }
    didit.clock().advance(LIFE);
    let before = didit.count(Endpoint::Token);
    let all = browsers.iter().map(|(browser, person, first)| async move {
        let token = browser.get("/").await.text().to_owned();
        assert_ne!(token, *first);
        assert_eq!(browser.get("/user").await.text(), person.subject());
        token
    });
    let tokens = futures_util::future::join_all(all).await;
    assert_ne!(tokens[0], tokens[1]);
    assert_eq!(didit.count(Endpoint::Token), before + 2);
}

// Behaviour 80.
#[tokio::test]
async fn a_refresh_does_not_prolong_the_absolute_limit() {
    let didit = didit();
    let (browser, _) = signed_in(&didit).await;
    for _ in 0..7 * 24 {
        assert_eq!(browser.get("/").await.status(), StatusCode::OK);
        didit.clock().advance(LIFE);
    }
    assert_eq!(browser.get("/user").await.text(), NOBODY);
}
