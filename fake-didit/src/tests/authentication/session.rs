//! The session endpoint.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::json;

use super::{didit, is_active, post, refresh_grant, rejection, session, signed_in, tokens};
use crate::{
    Endpoint,
    tests::{keys::part, send, send_json},
};

#[tokio::test]
async fn the_session_has_a_single_amr() {
    let didit = didit();
    let tokens = signed_in(&didit).await;
    let (status, body) = send_json(&didit, session(Method::GET, &tokens)).await;
    assert_eq!(status, StatusCode::OK);
    let id = part(tokens["id_token"].as_str().unwrap(), 1);
    for name in ["sub", "sid", "verified", "vendor_data", "org", "act"] {
        assert_eq!(body[name], id[name], "{name}");
    }
    assert_eq!(body["amr"], "passkey");
    assert_eq!(didit.count(Endpoint::Session), 1);
}

#[tokio::test]
async fn the_session_check_fails_at_once_after_revocation_and_expiry() {
    let didit = didit();
    let tokens = signed_in(&didit).await;
    didit.clock().advance(Duration::from_secs(299));
    assert!(is_active(&didit, &tokens).await);
    didit.clock().advance(Duration::from_secs(1));
    assert!(!is_active(&didit, &tokens).await);

    let tokens = signed_in(&didit).await;
    didit.revoke_all();
    assert!(!is_active(&didit, &tokens).await);
    assert!(!is_active(&didit, &json!({"access_token": "unknown"})).await);
}

#[tokio::test]
async fn only_the_current_access_token_ends_a_session() {
    let didit = didit();
    let first = signed_in(&didit).await;
    let other = signed_in(&didit).await;
    let second = tokens(&didit, &refresh_grant(&first)).await;

    let response = send(&didit, session(Method::DELETE, &first)).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(is_active(&didit, &second).await);

    let response = send(&didit, session(Method::DELETE, &second)).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert!(response.body().is_empty());
    assert!(!is_active(&didit, &second).await && is_active(&didit, &other).await);
    let refresh = post(&refresh_grant(&second));
    assert_eq!(rejection(&didit, refresh).await, "invalid_grant");
    let again = send(&didit, session(Method::DELETE, &second)).await;
    assert_eq!(again.status(), StatusCode::UNAUTHORIZED);
    let post = send(&didit, session(Method::POST, &other)).await;
    assert_eq!(post.headers()["allow"], "GET, DELETE");
}

#[tokio::test]
async fn reuse_of_a_refresh_token_ends_the_session() {
    let didit = didit();
    let first = signed_in(&didit).await;
    let second = tokens(&didit, &refresh_grant(&first)).await;
    for tokens in [&first, &second] {
        let request = post(&refresh_grant(tokens));
        assert_eq!(rejection(&didit, request).await, "invalid_grant");
    }
    assert!(!is_active(&didit, &second).await);
}

#[tokio::test]
async fn thirty_checks_a_minute_and_three_hundred_an_hour_are_answered() {
    let didit = didit();
    let tokens = signed_in(&didit).await;
    let mut answered = 0;
    for second in 0..60 {
        for _ in 0..10 {
            let response = send(&didit, session(Method::GET, &tokens)).await;
            match response.status() {
                StatusCode::OK => answered += 1,
                status => {
                    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{second}");
                    assert_eq!(response.headers()["retry-after"], "60");
                }
            }
        }
        didit.clock().advance(Duration::from_secs(1));
    }
    assert_eq!(answered, 30);
    assert!(is_active(&didit, &tokens).await);
    // A sign-out is no check.
    let response = send(&didit, session(Method::DELETE, &tokens)).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);

    didit.clock().advance(Duration::from_secs(3600));
    let mut answered = 0;
    for _minute in 0..60 {
        for _ in 0..30 {
            let status = send(&didit, session(Method::GET, &tokens)).await.status();
            answered += usize::from(status != StatusCode::TOO_MANY_REQUESTS);
        }
        didit.clock().advance(Duration::from_secs(60));
    }
    assert_eq!(answered, 300);
}
