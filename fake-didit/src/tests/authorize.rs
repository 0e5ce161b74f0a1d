use std::panic::catch_unwind;

use http::{Method, StatusCode};

use super::{authorize_url, code_form, didit, get, query, rejection, request, send, tokens};
use crate::{Endpoint, FakeDidit, Fault, Person};

/// The error code in the redirect for a request with these changes.
async fn error_for(changes: &[(&str, &str)]) -> String {
    let response = send(&didit(), get(&authorize_url(changes))).await;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let location = response.headers()["location"].to_str().unwrap();
    assert!(
        location.starts_with("https://app.example/callback?kept=1&error="),
        "{location}"
    );
    assert_eq!(query(location, "state").as_deref(), Some("the state"));
    assert!(query(location, "code").is_none());
    query(location, "error").unwrap()
}

/// Checks that the response is an error page without a redirect.
async fn assert_error_page(url: &str) {
    let response = send(&didit(), get(url)).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(!response.headers().contains_key("location"));
    assert!(
        response.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
}

#[tokio::test]
async fn a_valid_request_gets_the_sign_in_page_on_both_paths() {
    let url = authorize_url(&[]);
    let other = url.replace("auth.didit.me/", "apx.didit.me/auth/v2/authorize");
    for url in [url, other] {
        let response = send(&didit(), get(&url)).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn an_unknown_client_gets_an_error_page() {
    assert_error_page(&authorize_url(&[("client_id", "other")])).await;
    assert_error_page(&authorize_url(&[("client_id", "")])).await;
}

#[tokio::test]
async fn an_unregistered_redirect_uri_gets_an_error_page() {
    for uri in [
        "",
        "https://app.example/callback",
        "https://app.example/callback?kept=1&",
        "https://app.example:443/callback?kept=1",
        "https://APP.example/callback?kept=1",
        "https://evil.example/callback?kept=1",
    ] {
        assert_error_page(&authorize_url(&[("redirect_uri", uri)])).await;
    }
}

#[tokio::test]
async fn a_repeated_client_id_redirect_uri_or_state_gets_an_error_page() {
    for name in ["client_id", "redirect_uri", "state"] {
        assert_error_page(&format!("{}&{name}=x", authorize_url(&[]))).await;
    }
}

#[tokio::test]
async fn another_repeated_parameter_redirects_with_an_error() {
    let response = send(
        &didit(),
        get(&format!("{}&scope=openid", authorize_url(&[]))),
    )
    .await;
    let location = response.headers()["location"].to_str().unwrap();
    assert_eq!(query(location, "error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn response_type_must_be_code() {
    assert_eq!(error_for(&[("response_type", "")]).await, "invalid_request");
    assert_eq!(
        error_for(&[("response_type", "token")]).await,
        "unsupported_response_type"
    );
}

#[tokio::test]
async fn scope_must_contain_openid() {
    assert_eq!(error_for(&[("scope", "")]).await, "invalid_scope");
    assert_eq!(error_for(&[("scope", "email")]).await, "invalid_scope");
}

#[tokio::test]
async fn an_unknown_scope_is_rejected() {
    assert_eq!(
        error_for(&[("scope", "openid offline_access")]).await,
        "invalid_scope"
    );
}

#[tokio::test]
async fn a_challenge_must_be_s256() {
    assert_eq!(
        error_for(&[("code_challenge_method", "")]).await,
        "invalid_request"
    );
    assert_eq!(
        error_for(&[("code_challenge_method", "plain")]).await,
        "invalid_request"
    );
    assert_eq!(
        error_for(&[("code_challenge", "")]).await,
        "invalid_request"
    );
}

#[tokio::test]
async fn a_challenge_must_look_like_a_hash() {
    for challenge in [
        &"a".repeat(42),
        &"a".repeat(44),
        &format!("{}=", "a".repeat(42)),
    ] {
        assert_eq!(
            error_for(&[("code_challenge", challenge)]).await,
            "invalid_request",
            "{challenge}"
        );
    }
}

#[tokio::test]
async fn pkce_is_optional_for_a_confidential_client_and_mandatory_for_a_public_one() {
    let without = authorize_url(&[("code_challenge", ""), ("code_challenge_method", "")]);
    assert_eq!(send(&didit(), get(&without)).await.status(), StatusCode::OK);

    let public = FakeDidit::new_public("app").with_redirect_uri(super::REDIRECT_URI);
    let response = send(&public, get(&without)).await;
    let location = response.headers()["location"].to_str().unwrap();
    assert_eq!(query(location, "error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn only_get_is_allowed() {
    let response = send(&didit(), request(Method::POST, &authorize_url(&[]))).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[test]
fn approving_keeps_the_query_and_the_state() {
    let callback = didit().approve(&authorize_url(&[]), &Person::alejandra());
    assert!(
        callback.starts_with("https://app.example/callback?kept=1&code=code_"),
        "{callback}"
    );
    assert!(callback.ends_with("&state=the+state"), "{callback}");
}

#[test]
fn without_a_state_the_callback_has_none() {
    let callback = didit().approve(&authorize_url(&[("state", "")]), &Person::alejandra());
    assert!(query(&callback, "state").is_none());
}

#[test]
fn declining_is_access_denied() {
    let callback = didit().decline(&authorize_url(&[]));
    assert_eq!(
        callback,
        "https://app.example/callback?kept=1&error=access_denied&error_description=the+user+declined&state=the+state"
    );
}

#[test]
fn approving_an_invalid_request_panics_with_the_reason() {
    for (change, reason) in [
        (("redirect_uri", "https://evil.example/"), "not registered"),
        (("scope", "email"), "scope openid is missing"),
    ] {
        let panic = catch_unwind(|| didit().approve(&authorize_url(&[change]), &Person::john()))
            .unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(message.contains(reason), "{message}");
    }
}

#[test]
fn a_redirect_uri_with_a_fragment_cannot_be_registered() {
    for uri in [
        "/callback",
        "https://app.example/#x",
        "https://app.example/ä",
    ] {
        assert!(
            catch_unwind(|| didit().with_redirect_uri(uri)).is_err(),
            "{uri}"
        );
    }
}

#[test]
fn approving_without_a_browser_is_recorded_as_a_request() {
    let didit = didit();
    let url = authorize_url(&[]);
    didit.approve(&url, &Person::john());
    assert_eq!(didit.count(Endpoint::Authorize), 1);
    assert_eq!(
        didit.last(Endpoint::Authorize).unwrap().uri().to_string(),
        url
    );
}

#[tokio::test]
async fn an_injected_error_redirects_to_the_client() {
    let didit = didit();
    didit.on_every(
        Endpoint::Authorize,
        Fault::error("temporarily_unavailable").with_description("at noon"),
    );
    let callback = didit.approve(&authorize_url(&[]), &Person::john());
    assert_eq!(
        query(&callback, "error").as_deref(),
        Some("temporarily_unavailable")
    );
    assert_eq!(
        query(&callback, "error_description").as_deref(),
        Some("at noon")
    );
    assert_eq!(
        send(&didit, get(&authorize_url(&[]))).await.headers()["location"],
        callback.as_str()
    );
}

#[tokio::test]
async fn the_token_endpoint_requires_the_redirect_uri_of_the_authorization_request() {
    let other = "https://app.example/other";
    let didit = didit().with_redirect_uri(other);
    let callback = didit.approve(&authorize_url(&[("redirect_uri", other)]), &Person::john());
    assert!(
        callback.starts_with("https://app.example/other?code="),
        "{callback}"
    );
    let code = query(&callback, "code").unwrap();
    assert_eq!(
        rejection(&didit, code_form(&code, &[])).await,
        "invalid_grant"
    );
    tokens(&didit, code_form(&code, &[("redirect_uri", other)])).await;
}

#[tokio::test]
async fn an_injected_error_does_not_hide_an_invalid_request() {
    let didit = didit();
    didit.on_every(Endpoint::Authorize, Fault::error("server_error"));
    let bad = authorize_url(&[("redirect_uri", "https://evil.example/")]);
    assert_eq!(
        send(&didit, get(&bad)).await.status(),
        StatusCode::BAD_REQUEST
    );
    assert!(catch_unwind(|| didit.approve(&bad, &Person::john())).is_err());
}

#[tokio::test]
async fn prompt_none_is_rejected() {
    assert_eq!(error_for(&[("prompt", "none")]).await, "login_required");
    let others = [
        ("prompt", "login"),
        ("max_age", "0"),
        ("login_hint", "x"),
        ("ui_locales", "es"),
        ("acr_values", "x"),
    ];
    let response = send(&didit(), get(&authorize_url(&others))).await;
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn authorization_responses_can_have_the_issuer() {
    let didit = didit().with_iss_parameter();
    let url = authorize_url(&[]);
    let rejected = send(&didit, get(&authorize_url(&[("scope", "email")]))).await;
    let rejected = rejected.headers()["location"].to_str().unwrap();
    for callback in [
        rejected,
        &didit.approve(&url, &Person::john()),
        &didit.decline(&url),
    ] {
        assert_eq!(
            query(callback, "iss").as_deref(),
            Some("https://apx.didit.me")
        );
    }
}
