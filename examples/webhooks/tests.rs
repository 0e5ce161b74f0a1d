//! A webhook is a signed request.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use axum::body::Body;
use http::{Request, StatusCode};
use tower::ServiceExt;
use tower_didit::verification::DiditWebhooks;

#[tokio::test]
async fn a_signed_webhook_is_received_and_a_forged_one_is_not() {
    let app = super::app(DiditWebhooks::new(["secret"]).unwrap());
    for (secret, answer) in [
        ("secret", StatusCode::NO_CONTENT),
        ("guessed", StatusCode::UNAUTHORIZED),
    ] {
        let received = app.clone().oneshot(signed_by(secret)).await.unwrap();
        assert_eq!(received.status(), answer);
    }
}

fn signed_by(secret: &str) -> Request<Body> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let body =
        format!(r#"{{"webhook_type":"status.updated","timestamp":{now},"status":"Approved"}}"#);
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = hmac::sign(&key, body.as_bytes());
    let signature = signature.as_ref().iter().map(|byte| format!("{byte:02x}"));
    Request::post("/didit")
        .header("X-Timestamp", now)
        .header("X-Signature", signature.collect::<String>())
        .body(body.into())
        .unwrap()
}
