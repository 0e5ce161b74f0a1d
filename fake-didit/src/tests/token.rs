use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{Method, StatusCode};
use serde_json::Value;

use super::{
    REDIRECT_URI, VERIFIER, authorize_url, code, code_form, didit, query, refresh_form, rejection,
    send, send_json, signed_in, token_request, tokens, user_info,
};
use crate::{FakeDidit, Person};

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[tokio::test]
async fn a_code_is_exchanged_for_tokens() {
    let didit = didit();
    let code = code(&didit);
    let response = send(&didit, token_request(code_form(&code, &[]))).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let tokens: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 3600);
    assert_eq!(tokens["scope"], "openid offline email");
    for name in ["access_token", "refresh_token", "id_token"] {
        assert!(tokens[name].is_string(), "{name}");
    }
}

#[tokio::test]
async fn only_the_scope_offline_gives_a_refresh_token() {
    let didit = didit();
    let callback = didit.approve(
        &authorize_url(&[("scope", "openid email")]),
        &Person::john(),
    );
    let tokens = tokens(&didit, code_form(&query(&callback, "code").unwrap(), &[])).await;
    assert!(tokens.get("refresh_token").is_none());
}

#[tokio::test]
async fn the_second_use_of_a_code_is_rejected_and_revokes_its_tokens() {
    let didit = didit();
    let code = code(&didit);
    let tokens = tokens(&didit, code_form(&code, &[])).await;
    assert_eq!(
        user_info(&didit, &tokens["access_token"]).await.0,
        StatusCode::OK
    );
    assert_eq!(
        rejection(&didit, code_form(&code, &[])).await,
        "invalid_grant"
    );
    assert_eq!(
        user_info(&didit, &tokens["access_token"]).await.0,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        rejection(&didit, refresh_form(text(&tokens["refresh_token"]))).await,
        "invalid_grant"
    );
}

#[tokio::test]
async fn a_code_expires_after_a_minute() {
    let didit = didit();
    let (early, late) = (code(&didit), code(&didit));
    didit.clock().advance(Duration::from_secs(59));
    tokens(&didit, code_form(&early, &[])).await;
    didit.clock().advance(Duration::from_secs(1));
    assert_eq!(
        rejection(&didit, code_form(&late, &[])).await,
        "invalid_grant"
    );
}

#[tokio::test]
async fn the_lifetime_of_a_code_can_be_set() {
    let didit = didit().with_code_lifetime(Duration::from_secs(5));
    let code = code(&didit);
    didit.clock().advance(Duration::from_secs(5));
    assert_eq!(
        rejection(&didit, code_form(&code, &[])).await,
        "invalid_grant"
    );
}

#[tokio::test]
async fn an_unknown_code_is_rejected() {
    assert_eq!(
        rejection(&didit(), code_form("code_unknown", &[])).await,
        "invalid_grant"
    );
}

#[tokio::test]
async fn redirect_uri_is_compared_byte_for_byte() {
    let didit = didit();
    let code = code(&didit);
    for uri in [
        "https://app.example/callback",
        "https://app.example/callback?kept=1&",
        "https://app.example:443/callback?kept=1",
    ] {
        assert_eq!(
            rejection(&didit, code_form(&code, &[("redirect_uri", uri)])).await,
            "invalid_grant"
        );
    }
    // The rejected requests did not redeem the code.
    tokens(&didit, code_form(&code, &[])).await;
}

#[tokio::test]
async fn a_missing_parameter_is_an_invalid_request() {
    let didit = didit();
    let code = code(&didit);
    for name in ["grant_type", "code", "redirect_uri"] {
        assert_eq!(
            rejection(&didit, code_form(&code, &[(name, "")])).await,
            "invalid_request",
            "{name}"
        );
    }
    assert_eq!(
        rejection(&didit, "grant_type=refresh_token".to_owned()).await,
        "invalid_request"
    );
}

#[tokio::test]
async fn a_missing_or_wrong_verifier_is_rejected() {
    let didit = didit();
    let code = code(&didit);
    for verifier in [
        "",
        &VERIFIER.replace('d', "e"),
        "short",
        &"é".repeat(43),
        &VERIFIER.repeat(3),
    ] {
        let form = code_form(&code, &[("code_verifier", verifier)]);
        assert_eq!(rejection(&didit, form).await, "invalid_grant", "{verifier}");
    }
    tokens(&didit, code_form(&code, &[])).await;
}

#[tokio::test]
async fn a_verifier_without_a_challenge_is_rejected() {
    let didit = didit();
    let url = authorize_url(&[("code_challenge", ""), ("code_challenge_method", "")]);
    let code = query(&didit.approve(&url, &Person::john()), "code").unwrap();
    assert_eq!(
        rejection(&didit, code_form(&code, &[])).await,
        "invalid_grant"
    );
    tokens(&didit, code_form(&code, &[("code_verifier", "")])).await;
}

#[tokio::test]
async fn a_repeated_parameter_is_rejected() {
    let didit = didit();
    let form = format!("{}&code=x", code_form(&code(&didit), &[]));
    assert_eq!(rejection(&didit, form).await, "invalid_request");
}

#[tokio::test]
async fn other_grants_are_unsupported() {
    for grant in ["password", "urn:ietf:params:oauth:grant-type:device_code"] {
        assert_eq!(
            rejection(&didit(), format!("grant_type={grant}")).await,
            "unsupported_grant_type"
        );
    }
}

#[tokio::test]
async fn only_a_form_is_accepted() {
    let didit = didit();
    let mut request = token_request(code_form(&code(&didit), &[]));
    request
        .headers_mut()
        .insert("content-type", "application/json".parse().unwrap());
    let (status, error) = send_json(&didit, request.clone()).await;
    assert_eq!(
        (status, &error["error"]),
        (StatusCode::BAD_REQUEST, &"invalid_request".into())
    );
    request.headers_mut().remove("content-type");
    assert_eq!(
        send(&didit, request.clone()).await.status(),
        StatusCode::BAD_REQUEST
    );
    let form = "Application/x-www-form-urlencoded; charset=utf-8"
        .parse()
        .unwrap();
    request.headers_mut().insert("content-type", form);
    assert_eq!(send(&didit, request).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn only_post_without_a_query_is_accepted() {
    let didit = didit();
    let mut request = token_request(code_form(&code(&didit), &[]));
    *request.method_mut() = Method::GET;
    let response = send(&didit, request.clone()).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()["allow"], "POST");
    *request.method_mut() = Method::POST;
    *request.uri_mut() = "https://apx.didit.me/auth/v2/token?client_secret=secret"
        .parse()
        .unwrap();
    assert_eq!(
        send(&didit, request).await.status(),
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn a_failed_client_authentication_is_a_401_that_names_the_scheme() {
    let didit = didit();
    let mut request = token_request(code_form(&code(&didit), &[]));
    request.headers_mut().remove("authorization");
    let response = send(&didit, request).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        response.headers()["www-authenticate"],
        "Basic realm=\"Didit\""
    );
    let error: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(error["error"], "invalid_client");
}

#[tokio::test]
async fn a_public_client_sends_its_id_in_the_body() {
    let didit = FakeDidit::new_public("app").with_redirect_uri(REDIRECT_URI);
    let mut request = token_request(code_form(&code(&didit), &[("client_id", "app")]));
    assert_eq!(
        send(&didit, request.clone()).await.status(),
        StatusCode::UNAUTHORIZED
    );
    request.headers_mut().remove("authorization");
    assert_eq!(send(&didit, request).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn client_secret_post_sends_the_secret_in_the_body() {
    let didit = didit().with_client_secret_post();
    let form = code_form(
        &code(&didit),
        &[("client_id", "app"), ("client_secret", "secret")],
    );
    let mut request = token_request(form);
    request.headers_mut().remove("authorization");
    assert_eq!(send(&didit, request).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn two_runs_give_the_same_tokens() {
    assert_eq!(
        signed_in(&didit()).await["access_token"],
        signed_in(&didit()).await["access_token"]
    );
}

#[tokio::test]
async fn a_matching_but_malformed_verifier_is_rejected() {
    let didit = didit();
    let (short, long, foreign) = ("a".repeat(42), "a".repeat(129), "a b".repeat(15));
    for verifier in [&short, &long, &foreign] {
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        let url = authorize_url(&[("code_challenge", &challenge)]);
        let code = query(&didit.approve(&url, &Person::john()), "code").unwrap();
        let form = code_form(&code, &[("code_verifier", verifier)]);
        assert_eq!(rejection(&didit, form).await, "invalid_grant", "{verifier}");
    }
}
