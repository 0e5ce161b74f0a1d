//! Ways to get verified without being: none works. Here at the layer and the verdict, in `app` at a whole application.

mod app;

use http::StatusCode;
use serde_json::{Value, json};
use tower_didit::verification::{Check, DiditWebhooks, Reason, Status, Verdict};

use crate::{
    delivery::{Delivery, NOW, SECRET, Site, USER, approved, sign, with},
    judge::everything,
};

/// The verdicts that a handler reaches which judges every decision.
fn verdicts(site: &Site) -> Vec<Option<Verdict>> {
    let judge = |decision: tower_didit::verification::Decision| decision.judge(&everything());
    let received = site.received().into_iter();
    received
        .map(|(event, _)| event.decision().map(judge))
        .collect()
}

/// The verdict on an event that is authentic.
async fn verdict(event: Value) -> Option<Verdict> {
    let site = Site::new();
    assert_eq!(site.answer(Delivery::of(&event)).await, StatusCode::OK);
    verdicts(&site).remove(0)
}

fn refused(reason: Reason) -> Verdict {
    Verdict::Refused(vec![reason])
}

// Behaviour 128.
#[tokio::test]
async fn a_verified_webhook_verifies() {
    assert_eq!(verdict(approved()).await, Some(Verdict::Verified));
    // What only the webhook around the decision says counts as well.
    let shared = [
        "session_id",
        "session_kind",
        "workflow_id",
        "vendor_data",
        "environment",
        "status",
    ];
    let bare = shared.iter().fold(approved(), |event, name| {
        with(event, &format!("/decision/{name}"), Value::Null)
    });
    assert_eq!(verdict(bare).await, Some(Verdict::Verified));
}

// Behaviours 127 and 128.
#[tokio::test]
async fn a_forged_webhook_reaches_no_handler() {
    let declined = with(approved(), "/status", "Declined".into());
    let declined = with(declined, "/decision/status", "Declined".into());
    let signature = Delivery::of(&declined).headers["x-signature"].clone();
    let body = approved().to_string();
    let decoded = String::from_utf8_lossy(SECRET.as_bytes()).to_lowercase();
    let site = Site::new();
    for forged in [
        Delivery::of(&approved()).with("x-signature", signature),
        Delivery::of(&approved()).with("x-signature", sign("", body.as_bytes())),
        Delivery::of(&approved()).with("x-signature", sign(&decoded, body.as_bytes())),
        Delivery::of(&approved()).without("x-signature"),
        Delivery::of(&approved())
            .without("x-signature")
            .with("x-didit-test-webhook", "true"),
        Delivery::of(&approved())
            .without("x-signature")
            .with("x-signature-v2", sign(SECRET, body.as_bytes())),
        Delivery::of(&approved()).without("x-signature").with(
            "x-signature-simple",
            sign(SECRET, format!("{NOW}::Approved:").as_bytes()),
        ),
    ] {
        assert_eq!(site.answer(forged).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(site.count(), 0);
}

// Behaviours 127 and 130.
#[tokio::test]
async fn a_replay_reaches_no_handler() {
    let site = Site::new();
    let captured = Delivery::of(&approved());
    assert_eq!(site.answer(captured.clone()).await, StatusCode::OK);
    for _ in 0..3 {
        assert_eq!(site.answer(captured.clone()).await, StatusCode::OK);
    }
    site.clock.advance(std::time::Duration::from_secs(301));
    assert_eq!(
        site.answer(captured.clone()).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(site.count(), 1);

    let restamped = captured.with("x-timestamp", (NOW + 301).to_string());
    assert_eq!(site.answer(restamped).await, StatusCode::UNAUTHORIZED);
    assert_eq!(site.count(), 1);
}

// Behaviour 128.
#[tokio::test]
async fn a_sandbox_or_a_test_verifies_nobody() {
    let sandbox = with(approved(), "/environment", "sandbox".into());
    let sandbox = with(sandbox, "/decision/environment", "sandbox".into());
    let test = Delivery::of(&with(
        approved(),
        "/metadata",
        json!({"test_webhook": true}),
    ));
    for delivery in [
        Delivery::of(&sandbox),
        Delivery::of(&with(approved(), "/environment", "sandbox".into())),
        test.clone(),
        test.with("x-didit-test-webhook", "true"),
        Delivery::of(&approved()).with("x-didit-test-webhook", "true"),
        Delivery::of(&approved()).with("x-didit-test-webhook", "false"),
    ] {
        let site = Site::new();
        assert_eq!(site.answer(delivery.clone()).await, StatusCode::OK);
        assert_eq!(site.count(), 0);

        // Where the handler gets them, the verdict needs a permission of its own.
        let site = Site::of(DiditWebhooks::new([SECRET]).unwrap().accept_sandbox());
        assert_eq!(site.answer(delivery).await, StatusCode::OK);
        let (event, _) = site.received().remove(0);
        assert!(event.is_test() || event.is_sandbox());
        let verdict = event.decision().unwrap().judge(&everything());
        let Verdict::Refused(reasons) = verdict else {
            panic!("{verdict:?}");
        };
        let own = [Reason::Environment, Reason::Contradiction];
        assert!(own.iter().any(|reason| reasons.contains(reason)));
    }
    let site = Site::of(DiditWebhooks::new([SECRET]).unwrap().accept_sandbox());
    assert_eq!(site.answer(Delivery::of(&sandbox)).await, StatusCode::OK);
    let decision = site.received()[0].0.decision().unwrap();
    let verdict = decision.judge(&everything().accept_sandbox());
    assert_eq!(verdict, Verdict::Verified);
}

// Behaviour 128.
#[tokio::test]
async fn an_approved_session_with_a_declined_or_missing_check_verifies_nobody() {
    let declined = json!([{"status": "Declined"}]);
    let declined = with(approved(), "/decision/face_matches", declined);
    let reason = Reason::NotApproved(Check::FaceMatch);
    assert_eq!(verdict(declined).await, Some(refused(reason)));
    let missing = with(approved(), "/decision/face_matches", Value::Null);
    let reason = Reason::Missing(Check::FaceMatch);
    assert_eq!(verdict(missing).await, Some(refused(reason)));
    let without = with(approved(), "/decision", Value::Null);
    assert_eq!(verdict(without).await, None);
}

// Behaviour 128.
#[tokio::test]
async fn an_unknown_or_contradicting_status_verifies_nobody() {
    let unknown = with(approved(), "/status", "Super Approved".into());
    let unknown = with(unknown, "/decision/status", "Super Approved".into());
    assert_eq!(
        verdict(unknown).await,
        Some(refused(Reason::Status(Status::Other)))
    );
    for status in ["Declined", "In Review", "approved"] {
        let outer = with(approved(), "/status", status.into());
        assert_eq!(verdict(outer).await, Some(refused(Reason::Contradiction)));
        let inner = with(approved(), "/decision/status", status.into());
        let verdict = verdict(inner).await.unwrap();
        assert!(!verdict.is_verified() && verdict != Verdict::Pending);
    }
}

// Behaviour 128.
#[tokio::test]
async fn a_payload_of_version_2_verifies_nobody() {
    let single = json!({"status": "Approved", "age": 34});
    let decision = json!({
        "session_id": crate::delivery::SESSION,
        "status": "Approved",
        "id_verification": single,
        "liveness": single,
        "face_match": single,
        "aml": single,
    });
    let verdict = verdict(with(approved(), "/decision", decision)).await;
    let checks = [
        Check::Document,
        Check::Liveness,
        Check::FaceMatch,
        Check::Aml,
    ];
    let mut reasons: Vec<_> = checks.map(Reason::Missing).into();
    reasons.push(Reason::AgeUnknown);
    assert_eq!(verdict, Some(Verdict::Refused(reasons)));
}

// Behaviour 129.
#[tokio::test]
async fn the_session_of_another_user_verifies_nobody() {
    let of_another = |path: &str, value: &str| {
        let event = with(approved(), path, value.into());
        with(event, &format!("/decision{path}"), value.into())
    };
    for (path, reason) in [
        ("/session_id", Reason::Session),
        ("/vendor_data", Reason::VendorData),
        ("/workflow_id", Reason::Workflow),
    ] {
        assert_eq!(
            verdict(of_another(path, "another")).await,
            Some(refused(reason))
        );
        // A decision about this user in a webhook about another.
        let event = with(approved(), path, "another".into());
        assert_eq!(verdict(event).await, Some(refused(Reason::Contradiction)));
    }
    let business = with(approved(), "/business_session_id", "1".into());
    let business = with(business, "/decision/session_kind", Value::Null);
    assert_eq!(verdict(business).await, Some(refused(Reason::Kind)));
}

// Behaviour 128.
#[tokio::test]
async fn the_approval_of_something_else_verifies_nobody() {
    for kind in [
        "transaction.status.updated",
        "business.status.updated",
        "user.status.updated",
        "x",
    ] {
        let event = with(approved(), "/webhook_type", kind.into());
        assert_eq!(verdict(event).await, None, "{kind}");
    }
    assert_eq!(USER, approved()["vendor_data"]);
}
