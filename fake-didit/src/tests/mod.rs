//! Tests through the public API.

mod authentication;
mod authorize;
mod browser;
mod client_credentials;
mod connection;
mod cookies;
mod discovery;
mod end_session;
mod faults;
mod forgery;
mod introspect;
mod keys;
mod listen;
mod page;
mod people;
mod refresh;
mod request_headers;
mod requests;
mod revocation;
mod token;
mod user_info;
mod verification;

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::Value;
use tower_service::Service;
use url::{Url, form_urlencoded};

use crate::{FakeDidit, Person};

const REDIRECT_URI: &str = "https://app.example/callback?kept=1";

/// The example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn didit() -> FakeDidit {
    FakeDidit::new("app", "secret").with_redirect_uri(REDIRECT_URI)
}

/// A valid authorization request with some parameters replaced; an empty value removes one.
fn authorize_url(changes: &[(&str, &str)]) -> String {
    let mut parameters = vec![
        ("client_id", "app"),
        ("redirect_uri", REDIRECT_URI),
        ("response_type", "code"),
        ("scope", "openid offline email"),
        ("state", "the state"),
        ("nonce", "the-nonce"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for change in changes {
        parameters.retain(|(name, _)| *name != change.0);
        parameters.push(*change);
    }
    parameters.retain(|(_, value)| !value.is_empty());
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    format!("https://auth.didit.me/?{query}")
}

/// The code of an approved sign-in.
fn code(didit: &FakeDidit) -> String {
    query(
        &didit.approve(&authorize_url(&[]), &Person::alejandra()),
        "code",
    )
    .unwrap()
}

/// A valid token request for a code with some parameters replaced, as above.
fn code_form(code: &str, changes: &[(&str, &str)]) -> String {
    let mut parameters = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    for change in changes {
        parameters.retain(|(name, _)| *name != change.0);
        parameters.push(*change);
    }
    parameters.retain(|(_, value)| !value.is_empty());
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish()
}

fn refresh_form(refresh_token: &str) -> String {
    format!("grant_type=refresh_token&refresh_token={refresh_token}")
}

fn token_request(form: String) -> Request<Bytes> {
    Request::post("https://apx.didit.me/auth/v2/token")
        .header(
            "authorization",
            format!("Basic {}", BASE64_STANDARD.encode("app:secret")),
        )
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.into())
        .unwrap()
}

async fn send(didit: &FakeDidit, request: Request<Bytes>) -> Response<Bytes> {
    didit.clone().call(request).await.unwrap()
}

async fn send_json(didit: &FakeDidit, request: Request<Bytes>) -> (StatusCode, Value) {
    let response = send(didit, request).await;
    (
        response.status(),
        serde_json::from_slice(response.body()).unwrap(),
    )
}

/// The tokens for a form that must be accepted.
async fn tokens(didit: &FakeDidit, form: String) -> Value {
    let (status, tokens) = send_json(didit, token_request(form)).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    tokens
}

/// The tokens of a new sign-in.
async fn signed_in(didit: &FakeDidit) -> Value {
    let code = code(didit);
    tokens(didit, code_form(&code, &[])).await
}

/// The error code for a form that must be rejected with 400.
async fn rejection(didit: &FakeDidit, form: String) -> String {
    let (status, error) = send_json(didit, token_request(form)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{error}");
    error["error"].as_str().unwrap().to_owned()
}

async fn user_info(didit: &FakeDidit, access_token: &Value) -> (StatusCode, Value) {
    let request = Request::get("https://apx.didit.me/auth/v2/users/retrieve").header(
        "authorization",
        format!("Bearer {}", access_token.as_str().unwrap()),
    );
    send_json(didit, request.body(Bytes::new()).unwrap()).await
}

fn get(uri: &str) -> Request<Bytes> {
    request(Method::GET, uri)
}

fn request(method: Method, uri: &str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(uri)
        .body(Bytes::new())
        .unwrap()
}

fn query(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    url.query_pairs()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}
