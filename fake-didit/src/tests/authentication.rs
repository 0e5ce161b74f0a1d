//! Didit Authentication.

mod session;
mod sign_in;
mod token;

use std::{panic::catch_unwind, time::Duration};

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::{REDIRECT_URI, VERIFIER, get, query, request, send, send_json};
use crate::{Endpoint, FakeDidit, Fault, Person};

const ISSUER: &str = "https://app.auth.didit.me";

fn didit() -> FakeDidit {
    FakeDidit::authentication("app").with_redirect_uri(REDIRECT_URI)
}

/// A valid authorization request with some parameters replaced; an empty value removes one.
fn sign_in_url(changes: &[(&str, &str)]) -> String {
    let url = super::authorize_url(
        &[
            &[
                ("client_id", ""),
                ("response_type", ""),
                ("nonce", ""),
                ("scope", ""),
            ],
            changes,
        ]
        .concat(),
    );
    url.replace("https://auth.didit.me/", &format!("{ISSUER}/sign-in"))
}

fn post(body: &Value) -> Request<Bytes> {
    Request::post(format!("{ISSUER}/token/"))
        .header("content-type", "application/json")
        .body(body.to_string().into())
        .unwrap()
}

fn code_grant(code: &str) -> Value {
    json!({
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": VERIFIER,
        "redirect_uri": REDIRECT_URI,
    })
}

/// A valid code grant with one member replaced; null removes it.
fn changed(code: &str, name: &str, value: Value) -> Value {
    let mut body = code_grant(code);
    match value {
        Value::Null => body.as_object_mut().unwrap().remove(name),
        value => body.as_object_mut().unwrap().insert(name.to_owned(), value),
    };
    body
}

fn refresh_grant(tokens: &Value) -> Value {
    json!({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
}

fn code(didit: &FakeDidit, scope: &str, person: &Person) -> String {
    query(
        &didit.approve(&sign_in_url(&[("scope", scope)]), person),
        "code",
    )
    .unwrap()
}

async fn tokens(didit: &FakeDidit, body: &Value) -> Value {
    let (status, tokens) = send_json(didit, post(body)).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    tokens
}

async fn signed_in(didit: &FakeDidit) -> Value {
    let code = code(didit, "openid offline_access", &Person::alejandra());
    tokens(didit, &code_grant(&code)).await
}

/// The error code of a request that must be rejected with 400 and a code only.
async fn rejection(didit: &FakeDidit, request: Request<Bytes>) -> String {
    let (status, error) = send_json(didit, request).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{error}");
    let error = error.as_object().unwrap();
    assert_eq!(error.len(), 1);
    error["error"].as_str().unwrap().to_owned()
}

fn session(method: Method, tokens: &Value) -> Request<Bytes> {
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let mut request = request(method, &format!("{ISSUER}/session/"));
    request
        .headers_mut()
        .insert("authorization", bearer.parse().unwrap());
    request
}

/// Whether the session endpoint accepts the access token.
async fn is_active(didit: &FakeDidit, tokens: &Value) -> bool {
    let (status, body) = send_json(didit, session(Method::GET, tokens)).await;
    if status == StatusCode::UNAUTHORIZED {
        assert_eq!(body, json!({"error": "invalid_credentials"}));
    }
    status == StatusCode::OK
}

#[tokio::test]
async fn every_endpoint_responds_with_404_while_the_product_is_switched_off() {
    let didit = didit();
    let tokens = signed_in(&didit).await;
    didit.switch_off();
    didit.on_next(Endpoint::Session, Fault::error("injected"));
    for request in [
        get(&sign_in_url(&[])),
        post(&refresh_grant(&tokens)),
        session(Method::GET, &tokens),
        get(&format!("{ISSUER}/.well-known/openid-configuration")),
        get(&format!("{ISSUER}/.well-known/jwks.json")),
    ] {
        assert_eq!(send(&didit, request).await.status(), StatusCode::NOT_FOUND);
    }
    assert_eq!(didit.count(Endpoint::Token), 2);
    didit.switch_on();
    // The fault was not used up by requests to the switched-off product.
    let rejected = rejection(&didit, session(Method::GET, &tokens)).await;
    assert_eq!(rejected, "injected");
    assert!(is_active(&didit, &tokens).await);
}

#[test]
#[should_panic(expected = "the product is switched off")]
fn approve_panics_while_the_product_is_switched_off() {
    let didit = didit();
    didit.switch_off();
    didit.approve(&sign_in_url(&[]), &Person::john());
}

#[tokio::test]
async fn the_endpoints_of_the_sign_in_api_do_not_exist() {
    for path in [
        "/",
        "/sign-in/",
        "/token",
        "/session",
        "/auth/v2/token",
        "/auth/v2/users/retrieve",
        "/auth/v2/introspect",
        "/auth/config/jwks",
        "/.well-known/jwks.json/",
    ] {
        let response = send(&didit(), get(&format!("{ISSUER}{path}"))).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[test]
fn settings_that_the_product_does_not_support_panic() {
    assert!(catch_unwind(|| didit().with_rs256()).is_err());
    assert!(catch_unwind(|| didit().with_issuer("https://x.example/")).is_err());
    let six_minutes = Duration::from_secs(360);
    assert!(catch_unwind(|| didit().with_access_token_lifetime(six_minutes)).is_err());
}
