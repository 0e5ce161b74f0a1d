//! The sign-in page.

use http::StatusCode;

use super::{ISSUER, didit, sign_in_url};
use crate::{
    Browser,
    tests::{REDIRECT_URI, get, query, send},
};

#[tokio::test]
async fn the_documented_parameters_suffice_for_the_sign_in_page() {
    let response = send(&didit(), get(&sign_in_url(&[]))).await;
    assert_eq!(response.status(), StatusCode::OK);
    let common = sign_in_url(&[
        ("client_id", "app"),
        ("response_type", "code"),
        ("scope", "email phone profile"),
        ("nonce", "ignored"),
    ]);
    assert_eq!(send(&didit(), get(&common)).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn an_invalid_sign_in_request_redirects_with_an_error() {
    for (change, error) in [
        (("state", ""), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", "offline"), "invalid_scope"),
        (("prompt", "login"), "invalid_request"),
    ] {
        let response = send(&didit(), get(&sign_in_url(&[change]))).await;
        let location = response.headers()["location"].to_str().unwrap();
        assert!(location.starts_with(REDIRECT_URI), "{location}");
        assert_eq!(query(location, "error").as_deref(), Some(error));
    }
}

#[tokio::test]
async fn an_unregistered_redirect_uri_or_an_unknown_client_gets_an_error_page() {
    for change in [
        ("redirect_uri", ""),
        ("redirect_uri", "https://evil.example/"),
        ("client_id", "other"),
    ] {
        let response = send(&didit(), get(&sign_in_url(&[change]))).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert!(!response.headers().contains_key("location"));
    }
}

#[tokio::test]
async fn the_sign_in_page_works_below_the_path_of_the_issuer() {
    let didit = didit().with_issuer("https://x.example/tenant");
    let app = axum::Router::new().route("/callback", axum::routing::get(|| async { "back" }));
    let browser = Browser::new("https://app.example", app).add_didit(&didit);
    let url = sign_in_url(&[]).replace(ISSUER, "https://x.example/tenant");
    let page = browser.visit(&url).await;
    let callback = browser.click(&page, "approve-alejandra").await;
    assert!(
        callback.url().starts_with(REDIRECT_URI),
        "{}",
        callback.url()
    );
}
