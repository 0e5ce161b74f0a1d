use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::json;

use super::{didit, get, request, send, signed_in, user_info};
use crate::Person;

const URL: &str = "https://apx.didit.me/auth/v2/users/retrieve";

#[tokio::test]
async fn members_follow_the_granted_scopes() {
    let didit = didit();
    let tokens = signed_in(&didit).await;
    let (status, body) = user_info(&didit, &tokens["access_token"]).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        body,
        json!({
            "sub": Person::alejandra().subject(),
            "email": {"email": "alejandra.rosas@example.com", "is_verified": true, "is_primary": true}
        })
    );
}

#[tokio::test]
async fn an_unknown_expired_or_revoked_token_is_a_401() {
    let didit = didit().with_access_token_lifetime(Duration::from_secs(10));
    let token = signed_in(&didit).await["access_token"].clone();
    assert_eq!(
        user_info(&didit, &json!("unknown")).await.0,
        StatusCode::UNAUTHORIZED
    );
    didit.clock().advance(Duration::from_secs(9));
    assert_eq!(user_info(&didit, &token).await.0, StatusCode::OK);
    didit.clock().advance(Duration::from_secs(1));
    assert_eq!(user_info(&didit, &token).await.0, StatusCode::UNAUTHORIZED);

    let token = signed_in(&didit).await["access_token"].clone();
    didit.revoke_all();
    assert_eq!(user_info(&didit, &token).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_in_the_query_is_ignored() {
    let didit = didit();
    let token = signed_in(&didit).await["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let response = send(&didit, get(&format!("{URL}?access_token={token}"))).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        response.headers()["www-authenticate"],
        "Bearer realm=\"Didit\""
    );
}

#[tokio::test]
async fn only_get_is_allowed() {
    assert_eq!(
        send(&didit(), request(Method::POST, URL)).await.status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
}
