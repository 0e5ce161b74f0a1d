use http::{Method, Request, StatusCode};
use serde_json::Value;

use super::{
    Bytes, didit, refresh_form, rejection, send, send_json, signed_in, token_request, tokens,
    user_info,
};
use crate::{Endpoint, FakeDidit};

fn revocation(form: String) -> Request<Bytes> {
    let mut request = token_request(form);
    *request.uri_mut() = "https://apx.didit.me/auth/v2/revoke".parse().unwrap();
    request
}

/// Revokes a token, which always succeeds (RFC 7009 §2.2).
async fn revoke(didit: &FakeDidit, token: &Value, more: &str) {
    let form = format!("token={}{more}", token.as_str().unwrap());
    let response = send(didit, revocation(form)).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.body().is_empty());
}

#[tokio::test]
async fn the_endpoint_does_not_exist_by_default() {
    let response = send(&didit(), revocation("token=x".to_owned())).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn revoking_a_refresh_token_revokes_its_grant_only() {
    let didit = didit().with_revocation_endpoint();
    let (own, other) = (signed_in(&didit).await, signed_in(&didit).await);
    revoke(
        &didit,
        &own["refresh_token"],
        "&token_type_hint=refresh_token",
    )
    .await;
    assert_eq!(didit.count(Endpoint::Revocation), 1);

    let (status, _) = user_info(&didit, &own["access_token"]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let refresh = refresh_form(own["refresh_token"].as_str().unwrap());
    assert_eq!(rejection(&didit, refresh).await, "invalid_grant");
    let (status, _) = user_info(&didit, &other["access_token"]).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn revoking_a_replaced_refresh_token_revokes_its_grant() {
    let didit = didit()
        .with_revocation_endpoint()
        .with_rotating_refresh_tokens();
    let old = signed_in(&didit).await;
    let new = tokens(&didit, refresh_form(old["refresh_token"].as_str().unwrap())).await;
    revoke(&didit, &old["refresh_token"], "").await;
    let (status, _) = user_info(&didit, &new["access_token"]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn revoking_an_access_token_revokes_only_that_token() {
    let didit = didit().with_revocation_endpoint();
    let own = signed_in(&didit).await;
    // A wrong hint is ignored (RFC 7009 §2.1).
    revoke(
        &didit,
        &own["access_token"],
        "&token_type_hint=refresh_token",
    )
    .await;
    let (status, _) = user_info(&didit, &own["access_token"]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    tokens(&didit, refresh_form(own["refresh_token"].as_str().unwrap())).await;
}

#[tokio::test]
async fn revoking_an_unknown_token_succeeds() {
    let didit = didit().with_revocation_endpoint();
    revoke(&didit, &"unknown".into(), "&token_type_hint=unknown").await;
}

#[tokio::test]
async fn an_invalid_request_gets_the_errors_of_the_token_endpoint() {
    let didit = didit().with_revocation_endpoint();
    let good = || revocation("token=x".to_owned());
    let mut get = good();
    *get.method_mut() = Method::GET;
    let mut query = good();
    *query.uri_mut() = "https://apx.didit.me/auth/v2/revoke?token=x"
        .parse()
        .unwrap();
    let mut json = good();
    let kind = "application/json".parse().unwrap();
    json.headers_mut().insert("content-type", kind);
    let mut stranger = good();
    stranger.headers_mut().remove("authorization");
    for (request, status, error) in [
        (get, 405, "method_not_allowed"),
        (query, 400, "invalid_request"),
        (json, 400, "invalid_request"),
        (stranger, 401, "invalid_client"),
        (revocation(String::new()), 400, "invalid_request"),
        (revocation("token=".to_owned()), 400, "invalid_request"),
        (
            revocation("token=x&token=y".to_owned()),
            400,
            "invalid_request",
        ),
        (
            revocation("token=x&client_id=other".to_owned()),
            400,
            "invalid_request",
        ),
    ] {
        let (found, body) = send_json(&didit, request).await;
        assert_eq!(
            (found.as_u16(), body["error"].as_str()),
            (status, Some(error))
        );
    }
}

#[tokio::test]
async fn a_client_authenticates_as_at_the_token_endpoint() {
    let post = didit().with_client_secret_post().with_revocation_endpoint();
    let public = FakeDidit::new_public("app").with_revocation_endpoint();
    for (didit, good, bad) in [
        (
            post,
            "&client_id=app&client_secret=secret",
            "&client_id=app",
        ),
        (
            public,
            "&client_id=app",
            "&client_id=app&client_secret=secret",
        ),
    ] {
        for (credentials, status) in [(good, StatusCode::OK), (bad, StatusCode::UNAUTHORIZED)] {
            let mut request = revocation(format!("token=x{credentials}"));
            request.headers_mut().remove("authorization");
            assert_eq!(send(&didit, request).await.status(), status);
        }
    }
}

#[test]
#[should_panic(expected = "with Didit Authentication, /session/ ends a session")]
fn with_didit_authentication_the_setting_panics() {
    let _ = FakeDidit::authentication("app").with_revocation_endpoint();
}
