use std::time::Duration;

use http::StatusCode;

use super::{authorize_url, code, code_form, didit, get, request, send, signed_in, token_request};
use crate::{Endpoint, FakeDidit, Fault, Forgery, Person, RecordedRequest};

/// The status and the problem of the last recorded request.
fn recorded(didit: &FakeDidit) -> (u16, Option<String>) {
    let request = didit.requests().pop().unwrap();
    let status = request.status().unwrap().as_u16();
    (status, request.problem().map(str::to_owned))
}

#[tokio::test]
async fn a_valid_request_is_recorded_without_a_problem() {
    let didit = didit();
    signed_in(&didit).await;
    let outcomes: Vec<_> = didit
        .requests()
        .iter()
        .map(|request| {
            (
                request.endpoint(),
                request.status(),
                request.problem().is_some(),
            )
        })
        .collect();
    assert_eq!(
        outcomes,
        [
            (Some(Endpoint::Authorize), Some(StatusCode::OK), false),
            (Some(Endpoint::Token), Some(StatusCode::OK), false),
        ]
    );
}

#[tokio::test]
async fn a_rejected_request_is_recorded_with_the_reason() {
    let didit = didit();
    for (uri, status, why) in [
        (
            authorize_url(&[("redirect_uri", "https://evil.example/")]),
            400,
            "redirect_uri is missing or not registered",
        ),
        (
            authorize_url(&[("scope", "email")]),
            303,
            "scope openid is missing",
        ),
        (
            "https://apx.didit.me/auth/v2/token".to_owned(),
            405,
            "the method must be POST",
        ),
        (
            "https://apx.didit.me/auth/v2/users/retrieve".to_owned(),
            401,
            "the Authorization header has no access token",
        ),
        (
            "https://apx.didit.me/unknown".to_owned(),
            404,
            "no endpoint has this path",
        ),
    ] {
        send(&didit, get(&uri)).await;
        assert_eq!(recorded(&didit), (status, Some(why.to_owned())), "{uri}");
    }
    send(&didit, token_request(code_form("made-up", &[]))).await;
    assert_eq!(
        recorded(&didit),
        (400, Some("the code is unknown".to_owned()))
    );
    didit.switch_off();
    send(&didit, get("https://apx.didit.me/auth/jwks")).await;
    assert_eq!(
        recorded(&didit),
        (404, Some("the product is switched off".to_owned()))
    );
}

#[tokio::test]
async fn the_request_log_has_the_reason_that_didit_authentication_omits() {
    let didit = FakeDidit::authentication("app").with_redirect_uri("https://app.example/callback");
    let token = |body: &str, media_type: &str| {
        let mut request = request(http::Method::POST, "https://app.auth.didit.me/token/");
        request
            .headers_mut()
            .insert("content-type", media_type.parse().unwrap());
        request.map(|_| body.to_owned().into())
    };
    let json = "application/json";
    for (request, why) in [
        (
            token("a=b", "text/plain"),
            "Content-Type must be application/json",
        ),
        (
            token("[]", json),
            "the body is not a JSON object of strings with unique names",
        ),
        (token("{}", json), "grant_type is missing"),
        (
            token(r#"{"grant_type":"password"}"#, json),
            "grant_type must be authorization_code or refresh_token",
        ),
        (
            token(
                r#"{"grant_type":"authorization_code","code_verifier":"short","code":"c"}"#,
                json,
            ),
            "code_verifier is malformed",
        ),
        (
            token(r#"{"grant_type":"refresh_token","scope":"openid"}"#, json),
            "scope is not documented for this grant_type",
        ),
        (
            token(
                r#"{"grant_type":"refresh_token","refresh_token":"x"}"#,
                json,
            ),
            "the refresh token is unknown",
        ),
    ] {
        let response = send(&didit, request).await;
        assert!(!String::from_utf8_lossy(response.body()).contains(why));
        assert_eq!(recorded(&didit), (400, Some(why.to_owned())));
    }
}

#[tokio::test]
async fn a_fault_is_recorded_and_is_not_a_problem() {
    let didit = didit();
    didit.on_next(Endpoint::Token, Fault::error("busy").with_status(503));
    send(&didit, token_request(String::new())).await;
    assert_eq!(recorded(&didit), (503, None));
    let request = didit.last(Endpoint::Token).unwrap();
    assert_eq!(
        request.fault().unwrap().to_string(),
        "answers 503 with the error busy"
    );

    didit.on_next(Endpoint::Authorize, Fault::error("access_denied"));
    didit.approve(&authorize_url(&[]), &Person::john());
    let request = didit.last(Endpoint::Authorize).unwrap();
    assert!(request.fault().is_some() && request.problem().is_none());
}

#[tokio::test]
async fn a_request_without_a_response_has_no_status() {
    let didit = didit();
    didit.on_next(Endpoint::Jwks, Fault::hang());
    let mut service = didit.clone();
    drop(tower_service::Service::call(
        &mut service,
        get("https://apx.didit.me/auth/jwks"),
    ));
    assert_eq!(didit.last(Endpoint::Jwks).unwrap().status(), None);
}

#[tokio::test]
async fn clearing_requests_keeps_counts_and_numbers() {
    let didit = didit();
    signed_in(&didit).await;
    didit.clear_requests();
    assert!(didit.requests().is_empty());
    assert_eq!(didit.count(Endpoint::Token), 1);
    didit.clock().advance(Duration::from_secs(60));
    send(&didit, get("https://apx.didit.me/auth/jwks")).await;
    let numbers: Vec<_> = didit
        .requests()
        .iter()
        .map(RecordedRequest::number)
        .collect();
    assert_eq!(numbers, [3]);
    assert_eq!(didit.requests()[0].received_at(), didit.clock().now());
}

#[tokio::test]
async fn a_truncated_response_follows_a_processed_request() {
    let didit = didit();
    let code = code(&didit);
    didit.on_next(Endpoint::Token, Fault::truncate());
    let response = send(&didit, token_request(code_form(&code, &[]))).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.body().starts_with(b"{") && !response.body().ends_with(b"}"));
    send(&didit, token_request(code_form(&code, &[]))).await;
    assert_eq!(recorded(&didit).1.unwrap(), "the code was used before");
}

#[tokio::test]
async fn only_configured_scopes_are_accepted() {
    let didit = didit().with_scopes(["openid", "profile"]);
    send(&didit, get(&authorize_url(&[("scope", "openid profile")]))).await;
    assert_eq!(recorded(&didit), (200, None));
    send(&didit, get(&authorize_url(&[("scope", "openid email")]))).await;
    assert_eq!(
        recorded(&didit),
        (303, Some("scope email is unknown".to_owned()))
    );
    let metadata = send(
        &didit,
        get("https://apx.didit.me/.well-known/openid-configuration"),
    )
    .await;
    let metadata: serde_json::Value = serde_json::from_slice(metadata.body()).unwrap();
    assert_eq!(
        metadata["scopes_supported"],
        serde_json::json!(["openid", "profile"])
    );
}

#[test]
fn display_of_a_fault_tells_what_it_does() {
    for (fault, words) in [
        (Fault::error("busy"), "answers 400 with the error busy"),
        (
            Fault::answer(http::Response::new("")),
            "answers 200 without processing the request",
        ),
        (Fault::hang(), "never answers"),
        (
            Fault::delay(Duration::from_millis(1500)),
            "delays the response by 1.5s",
        ),
        (
            Fault::truncate(),
            "truncates the response to its first half",
        ),
        (Fault::edit(|_| {}), "edits members of the response"),
        (
            Fault::edit_id_token(|_, _| {}),
            "edits the ID token and signs it again",
        ),
        (
            Fault::forge(Forgery::ALGORITHM_NONE),
            "forges the ID token: ALGORITHM_NONE",
        ),
        (
            Fault::replace_id_token(str::to_uppercase),
            "replaces the ID token",
        ),
    ] {
        assert_eq!(fault.to_string(), words);
    }
}
