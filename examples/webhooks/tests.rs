//! A webhook is a signed request, which the fake Didit makes.

use http::StatusCode;
use serde_json::json;
use tower::ServiceExt;
use tower_didit::{
    fake::{FakeDidit, WebhookFault},
    verification::DiditWebhooks,
};

#[tokio::test]
async fn a_signed_webhook_is_received_and_a_forged_one_is_not() {
    let verification = FakeDidit::new("app", "secret")
        .with_system_clock()
        .verification();
    let app = super::app(DiditWebhooks::new([verification.webhook_secret()]).unwrap());
    verification.complete(&verification.create("user-42"), "approve");
    let webhook = || {
        verification.request(
            "/didit",
            json!({"session_id": verification.last_session_id()}),
        )
    };
    let received = app.clone().oneshot(webhook()).await.unwrap();
    assert_eq!(received.status(), StatusCode::NO_CONTENT);

    verification.on_next_webhook(WebhookFault::WRONG_SECRET);
    let refused = app.oneshot(webhook()).await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
}
