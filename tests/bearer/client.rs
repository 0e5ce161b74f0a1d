//! The live check of a session at Didit Authentication.

use std::time::Duration;

use axum::{Router, routing::get};
use http::Response;
use serde_json::json;
use tower_didit::{
    DiditAuth, DiditClient, DiditTokens, Error, ErrorKind,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Person},
    tokens::Claim,
};

use crate::support::{
    faults::with,
    site::{CALLBACK, HOME, auth},
};

fn authentication() -> (FakeDidit, DiditClient) {
    let didit = FakeDidit::authentication("client");
    let config = didit.config(CALLBACK).with_cookie_keys([[7; 32]]);
    let client = auth(config).client();
    (didit, client)
}

#[tokio::test]
async fn the_live_check_has_the_claims_of_now_and_fails_at_once_after_revocation() {
    let (didit, client) = authentication();
    let john = Person::john().with_claim("org", json!({"id": "org-1"}));
    let tokens = didit.tokens(&john, ["openid"]);
    let session = client.session(&tokens).await.unwrap();
    assert_eq!(session.subject(), john.subject());
    assert_eq!(session.issuer(), "https://app.auth.didit.me");
    assert_eq!(session.expires_at(), tokens.expires_at());
    // A single value here, an array in tokens.
    assert!(session.claim("amr").and_then(Claim::as_str).is_some());
    let organization = session.claim("org").and_then(|org| org.get("id"));
    assert_eq!(organization.and_then(Claim::as_str), Some("org-1"));
    let asked = didit.last(Endpoint::Session).unwrap();
    assert_eq!(
        (asked.method(), asked.path_and_query()),
        (&http::Method::GET, "/session/")
    );

    didit.revoke_all();
    let error = client.session(&tokens).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AccessTokenRefused);
}

#[tokio::test]
async fn further_checks_are_refused_at_once_and_say_when_to_try_again() {
    let (didit, client) = authentication();
    let tokens = didit.tokens(&Person::john(), ["openid"]);
    let mut checked = 0;
    for _ in 0..100 {
        match client.session(&tokens).await {
            Ok(_) => checked += 1,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::TooManySessionChecks);
                assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
            }
        }
    }
    assert_eq!((checked, didit.count(Endpoint::Session)), (30, 30));
    didit.clock().advance(Duration::from_secs(45));
    let error = client.session(&tokens).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(15)));
    didit.clock().advance(Duration::from_secs(15));
    assert!(client.session(&tokens).await.is_ok());

    // Another process of this address has used up the limit.
    let limited = Response::builder()
        .status(429)
        .header("retry-after", "7")
        .body("");
    didit.on_next(Endpoint::Session, Fault::answer(limited.unwrap()));
    let error = client.session(&tokens).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn a_response_says_when_to_try_again() {
    let (didit, client) = authentication();
    let tokens = didit.tokens(&Person::john(), ["openid"]);
    let check = move || async move { client.session(&tokens).await.map(|_| "checked") };
    let config = didit.config(CALLBACK).with_cookie_keys([[7; 32]]);
    let app = Router::new().route("/", get(check)).layer(auth(config));
    let browser = Browser::new(HOME, app);
    for _ in 0..30 {
        assert_eq!(browser.get("/").await.text(), "checked");
    }
    for page in [
        browser.fetch(http::Method::GET, "/").await,
        browser.get("/").await,
    ] {
        assert_eq!(page.status(), 503);
        assert_eq!(page.header("retry-after"), Some("60"));
        assert!(page.text().contains("too-many-session-checks"));
    }
}

#[tokio::test]
async fn an_answer_about_another_session_is_not_used() {
    let (didit, client) = authentication();
    let tokens = didit.tokens(&Person::john(), ["openid"]);
    let html = Fault::answer(Response::new("<h1>Welcome</h1>"));
    for (fault, code) in [
        (with("sub", "other"), "user-info-mismatch"),
        (with("sub", 7), "user-info-mismatch"),
        (with("sid", "other"), "user-info-mismatch"),
        (html, "invalid-response"),
        (Fault::error("x").with_status(500), "invalid-response"),
    ] {
        didit.on_next(Endpoint::Session, fault);
        let error = client.session(&tokens).await.unwrap_err();
        assert_eq!(error.kind().code(), code);
    }
}

#[tokio::test]
async fn the_sign_in_api_has_no_live_check() {
    let didit = FakeDidit::new("client", "secret");
    let client = DiditAuth::new(didit.config(CALLBACK).build().unwrap()).client();
    let tokens: DiditTokens = didit.tokens(&Person::john(), ["openid"]);
    let error: Error = client.session(&tokens).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotOffered);
    assert!(didit.requests().is_empty());
}
