//! Tokens of the client itself (RFC 6749 §4.4).

use http::StatusCode;
use serde_json::json;

use super::{didit, rejection, send_json, token_request, user_info};
use crate::FakeDidit;

#[tokio::test]
async fn the_response_has_didits_members() {
    let didit = didit();
    let form = "grant_type=client_credentials&scope=openid+email";
    let (status, body) = send_json(&didit, token_request(form.to_owned())).await;
    assert_eq!(status, StatusCode::OK);
    let token = body["access_token"].clone();
    assert_eq!(
        body,
        json!({
            "iss": "https://apx.didit.me",
            "iat": 1_767_225_600,
            "sub": "app",
            "client_id": "app",
            "organization_id": "f4c0a9d2-7b1e-4c53-9a86-2d0e5b7f1c33",
            "expires_in": 3600,
            "exp": 1_767_229_200,
            "access_token": token,
        })
    );
    assert_eq!(user_info(&didit, &token).await.1["sub"], "app");
}

#[tokio::test]
async fn each_request_gets_a_token_of_its_own_and_the_scope_is_optional() {
    let didit = didit();
    let form = || token_request("grant_type=client_credentials".to_owned());
    let (first, second) = (
        send_json(&didit, form()).await,
        send_json(&didit, form()).await,
    );
    assert_eq!((first.0, second.0), (StatusCode::OK, StatusCode::OK));
    assert_ne!(first.1["access_token"], second.1["access_token"]);
    assert_eq!(first.1.get("refresh_token"), None);
}

#[tokio::test]
async fn an_unknown_scope_and_a_client_without_a_secret_are_rejected() {
    let form = "grant_type=client_credentials&scope=admin";
    assert_eq!(rejection(&didit(), form.to_owned()).await, "invalid_scope");

    let mut request = token_request("grant_type=client_credentials".to_owned());
    request.headers_mut().remove("authorization");
    let (status, body) = send_json(&didit(), request).await;
    assert_eq!(
        (status.as_u16(), &body["error"]),
        (401, &json!("invalid_client"))
    );

    let public = FakeDidit::new_public("app");
    let mut request = token_request("grant_type=client_credentials&client_id=app".to_owned());
    request.headers_mut().remove("authorization");
    let (status, body) = send_json(&public, request).await;
    assert_eq!(
        (status.as_u16(), &body["error"]),
        (400, &json!("unauthorized_client"))
    );
}
