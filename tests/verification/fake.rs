//! The fake's webhooks at this crate's layer: what the fake calls forged reaches no handler, everything else does.

use std::sync::{Arc, Mutex};

use axum::{Router, routing::post};
use serde_json::{Value, json};
use tower::ServiceExt;
use tower_didit::{
    fake::{FakeDidit, FakeVerification, Person, WebhookFault},
    verification::{Decision, DiditWebhooks, Reason, Requirements, Verdict, WebhookEvent},
};

/// A site that keeps the events which reach its handler.
fn site(didit: &FakeDidit) -> (FakeVerification, Arc<Mutex<Vec<WebhookEvent>>>) {
    let verification = didit.verification();
    let events = Arc::<Mutex<Vec<WebhookEvent>>>::default();
    let kept = Arc::clone(&events);
    let webhooks = DiditWebhooks::new([verification.webhook_secret()])
        .unwrap()
        .accept_sandbox()
        .accept_canonical_signature()
        .with_clock(didit.clock());
    let handler = post(move |event: WebhookEvent| async move { kept.lock().unwrap().push(event) });
    let app = Router::new().route("/didit", handler.layer(webhooks));
    verification.send_webhooks_to_service("https://app.example/didit", app);
    (verification, events)
}

// Behaviour 127.
#[tokio::test]
async fn no_forged_webhook_of_the_fake_reaches_a_handler() {
    for fault in WebhookFault::all().filter(WebhookFault::is_forgery) {
        let (verification, events) = site(&FakeDidit::new("app", "secret"));
        verification.on_every_webhook(fault);
        verification.complete(&verification.create("user-42"), "approve");
        let sent = verification.deliver().await;
        assert_eq!(sent.len(), 3, "{fault:?}");
        let answers: Vec<_> = sent.iter().map(|sent| sent.status().unwrap()).collect();
        assert_eq!(answers, [401; 3], "{fault:?}");
        assert!(events.lock().unwrap().is_empty(), "{fault:?}");
    }
}

#[tokio::test]
async fn each_authentic_webhook_of_the_fake_reaches_the_handler() {
    for fault in WebhookFault::all().filter(|fault| !fault.is_forgery()) {
        let (verification, events) = site(&FakeDidit::new("app", "secret"));
        let page = verification.create("user-42");
        verification.deliver().await;
        events.lock().unwrap().clear();
        verification.on_every_webhook(fault);
        verification.complete(&page, "approve");
        let sent = verification.deliver().await;
        let mut answers = sent.iter().map(|sent| sent.status().unwrap());
        assert!(answers.all(|status| status == 200), "{fault:?}");
        let unsent = [
            WebhookFault::NEVER,
            WebhookFault::LATE,
            WebhookFault::REORDERED,
        ];
        let expected = if unsent.contains(&fault) { 0 } else { 2 };
        assert_eq!(events.lock().unwrap().len(), expected, "{fault:?}");
    }
}

// Behaviour 127.
#[tokio::test]
async fn webhooks_of_the_fake_are_authentic_in_ascii_too() {
    let didit =
        FakeDidit::new("app", "secret").add_person(Person::new("u-1").with_names("José", "日本"));
    let (verification, events) = site(&didit);
    let verification = verification.with_ascii_webhooks();
    verification.complete(&verification.create("u-1"), "approve");
    verification.deliver().await;
    let events = events.lock().unwrap();
    let decision: Value = events[2].decision().unwrap().extra().unwrap();
    assert_eq!(decision["id_verifications"][0]["full_name"], "José 日本");
}

#[tokio::test]
async fn an_approved_business_verifies_nobody() {
    let (verification, events) = site(&FakeDidit::new("app", "secret"));
    let checks = json!([{"node_id": "any", "status": "Approved", "age": 40}]);
    let page = verification.create_business("user-42");
    let session = verification.last_session_id().unwrap();
    // Even with the checks of a person.
    verification.edit_decision(&session, move |decision| {
        for name in ["id_verifications", "liveness_checks", "face_matches"] {
            decision.insert(name.to_owned(), checks.clone());
        }
    });
    verification.complete(&page, "approve");
    verification.deliver().await;
    let requirements = Requirements::identity()
        .with_session(session)
        .with_vendor_data("user-42")
        .with_workflow(verification.business_workflow_id());
    let events = events.lock().unwrap();
    let decision = events[2].decision().unwrap();
    assert_eq!(
        decision.judge(&requirements),
        Verdict::Refused(vec![Reason::Kind])
    );
}

// Behaviour 127.
#[tokio::test]
async fn the_request_of_an_event_is_a_webhook() {
    let didit = FakeDidit::new("app", "secret");
    let verification = didit.verification();
    let webhooks = DiditWebhooks::new([verification.webhook_secret()]).unwrap();
    let handler =
        post(async |event: WebhookEvent| event.vendor_data().unwrap_or_default().to_owned());
    let app = Router::new().route("/didit", handler.layer(webhooks.with_clock(didit.clock())));
    let ask = async || {
        let event = json!({"webhook_type": "status.updated", "vendor_data": "user-42"});
        let response = app
            .clone()
            .oneshot(verification.request("/didit", event))
            .await;
        response.unwrap().status()
    };
    assert_eq!(ask().await, 200);
    for fault in WebhookFault::all().filter(WebhookFault::is_forgery) {
        verification.on_next_webhook(fault);
        assert_eq!(ask().await, 401, "{fault:?}");
    }
}

#[tokio::test]
async fn no_fault_of_the_fake_verifies_another_person() {
    for fault in WebhookFault::all() {
        let (verification, events) = site(&FakeDidit::new("app", "secret"));
        let page = verification.create("user-42");
        let session = verification.last_session_id().unwrap();
        verification.on_every_webhook(fault);
        verification.complete(&page, "approve");
        verification.deliver().await;
        let requirements = Requirements::identity()
            .with_face_match()
            .with_session(session)
            .with_vendor_data("user-42")
            .with_workflow(verification.workflow_id());
        let decisions: Vec<_> = {
            let events = events.lock().unwrap();
            events.iter().filter_map(WebhookEvent::decision).collect()
        };
        let is_verified = |decision: &Decision| decision.judge(&requirements) == Verdict::Verified;
        let harmless = [
            WebhookFault::DUPLICATE,
            WebhookFault::REENCODED,
            WebhookFault::LONG_NUMBER,
        ];
        let expected = harmless.contains(&fault);
        assert_eq!(decisions.iter().any(is_verified), expected, "{fault:?}");
    }
}
