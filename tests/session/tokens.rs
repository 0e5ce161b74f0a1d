//! The tokens of a user, as the callback and later requests see them.

use std::time::Duration;

use axum::{Router, body::Body, routing::get};
use http::{Request, Response, StatusCode, header};
use tower::ServiceExt;
use tower_didit::{
    DiditTokens,
    fake::{Endpoint, FakeDidit, FakeDiditExt, Fault},
};

use crate::support::{
    requests::{callback, cookie},
    site::{CALLBACK, auth, didit},
};

/// The tokens of the callback and of a later request.
async fn tokens_of(didit: &FakeDidit) -> [DiditTokens; 2] {
    let keep = |tokens: DiditTokens| async move { axum::Extension(tokens) };
    let config = didit
        .config(CALLBACK)
        .with_scopes(["openid", "email", "offline"]);
    let app = Router::new()
        .route("/callback", get(keep))
        .route("/", get(keep))
        .layer(auth(config));
    let ask = async |request: http::request::Builder| {
        let request = request.body(Body::empty()).unwrap();
        app.clone().oneshot(request).await.unwrap()
    };
    let tokens = |response: &Response<Body>| {
        assert_eq!(response.status(), StatusCode::OK);
        response.extensions().get::<DiditTokens>().unwrap().clone()
    };
    let started = ask(Request::get("/login")).await;
    let signed_in = ask(callback(&started, didit)).await;
    let session = cookie(&signed_in, "__Host-didit=");
    let later = ask(Request::get("/").header(header::COOKIE, session)).await;
    [tokens(&signed_in), tokens(&later)]
}

#[tokio::test]
async fn the_tokens_have_what_the_token_response_has() {
    let didit = didit();
    let [callback, later] = tokens_of(&didit).await;
    for tokens in [&callback, &later] {
        assert!(
            tokens.access_token().secret().starts_with("at_"),
            "of the fake"
        );
        assert!(tokens.refresh_token().unwrap().secret().starts_with("rt_"));
        assert_eq!(tokens.token_type(), "Bearer");
        assert_eq!(tokens.scopes().to_string(), "openid email offline");
        assert!(tokens.scopes().contains("email") && !tokens.scopes().contains("mail"));
        let hour = Duration::from_secs(3600);
        assert_eq!(tokens.expires_at(), Some(didit.clock().now() + hour));
    }
    // Didit has no end-session endpoint, so the session does not keep the ID token.
    assert_eq!(callback.id_token().unwrap().secret().split('.').count(), 3);
    assert!(later.id_token().is_none());
    assert_eq!(
        callback.access_token().secret(),
        later.access_token().secret()
    );
}

#[tokio::test]
async fn members_missing_from_the_token_response_are_none() {
    let didit = didit();
    let terse = |answer: &mut serde_json::Map<_, _>| {
        for name in ["expires_in", "scope", "refresh_token", "token_type"] {
            answer.remove(name);
        }
    };
    didit.on_next(Endpoint::Token, Fault::edit(terse));
    for tokens in tokens_of(&didit).await {
        assert_eq!(tokens.expires_at(), None);
        assert!(tokens.refresh_token().is_none());
        assert_eq!(tokens.token_type(), "Bearer");
        // RFC 6749 §5.1: the requested scope.
        assert_eq!(tokens.scopes().to_string(), "openid email offline");
    }
}

#[tokio::test]
async fn a_clone_of_the_tokens_copies_no_secret() {
    let [tokens, _] = tokens_of(&didit()).await;
    let clone = tokens.clone();
    assert!(std::ptr::eq(tokens.access_token(), clone.access_token()));
    assert!(std::ptr::eq(
        tokens.refresh_token().unwrap(),
        clone.refresh_token().unwrap()
    ));
}
