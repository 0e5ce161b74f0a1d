//! Which webhooks Didit is asked about.

use serde_json::{Map, Value, json};
use tower_didit::fake::{Endpoint, Person, WebhookFault};

use crate::{
    app::{App, PAGE, is_verified, through},
    guard::broken,
};

// Behaviour 130.
#[tokio::test]
async fn a_person_costs_one_creation_and_one_decision() {
    for button in ["approve", "decline", "review"] {
        for comes_back_first in [true, false] {
            let app = App::new();
            let browser = app.sign_in(&Person::alejandra()).await;
            let hosted = browser.visit(PAGE).await;
            app.fake.deliver().await;
            if comes_back_first {
                browser.click(&hosted, button).await;
                app.fake.deliver().await;
            } else {
                let back = app.fake.complete(hosted.url(), button).unwrap();
                app.fake.deliver().await;
                browser.visit(&back).await;
            }
            app.fake.resend().await.unwrap();
            assert_eq!(app.asked(), 1, "{button} {comes_back_first}");
            assert_eq!(app.didit.count(Endpoint::CreateVerification), 1);
        }
    }
}

/// An event about the last session.
fn event(app: &App, kind: &str, status: &str, decision: &Value) -> Map<String, Value> {
    let members = [
        ("webhook_type", json!(kind)),
        ("session_id", app.session().into()),
        ("vendor_data", Person::alejandra().subject().into()),
        ("workflow_id", app.fake.workflow_id().into()),
        ("status", status.into()),
        ("decision", decision.clone()),
    ];
    Map::from_iter(members.map(|(name, value)| (name.to_owned(), value)))
}

// Behaviours 128 and 130.
#[tokio::test]
async fn an_event_that_contradicts_the_record_is_never_ignored() {
    let app = App::new();
    let browser = app.sign_in(&Person::alejandra()).await;
    through(&browser, "approve").await;
    app.fake.deliver().await;
    let decision = app.fake_decision().await;
    let declined = json!([{"status": "Declined"}]);
    let mut flawed = decision.clone();
    flawed["face_matches"] = declined.clone();
    let mut asked = app.asked();
    for (kind, status, decision, is_asked) in [
        ("status.updated", "Approved", &decision, false),
        ("data.updated", "Approved", &decision, false),
        ("data.updated", "Approved", &flawed, true),
        ("status.updated", "Approved", &Value::Null, true),
        ("status.updated", "Not Started", &Value::Null, true),
        ("status.updated", "In Progress", &Value::Null, true),
        ("status.updated", "In Review", &decision, true),
        ("status.updated", "Kyc Expired", &Value::Null, true),
        ("status.updated", "Verified", &decision, true),
    ] {
        app.advance(1);
        app.fake.queue_webhook(event(&app, kind, status, decision));
        app.fake.deliver().await;
        asked += usize::from(is_asked);
        assert_eq!(app.asked(), asked, "{kind} {status}");
        // Didit's answer counts.
        assert!(is_verified(&browser).await, "{kind} {status}");
    }
    app.fake.edit_decision(&app.session(), move |decision| {
        decision.insert("face_matches".to_owned(), declined.clone());
    });
    let update = event(&app, "data.updated", "Approved", &flawed);
    app.fake.queue_webhook(update);
    app.fake.deliver().await;
    assert!(!is_verified(&browser).await);
}

// Behaviour 130.
#[tokio::test]
async fn an_approval_with_a_declined_check_counts_also_while_didit_is_down() {
    let app = App::new();
    let browser = app.sign_in(&Person::alejandra()).await;
    through(&browser, "approve").await;
    app.fake.deliver().await;
    let mut flawed = app.fake_decision().await;
    flawed["face_matches"] = json!([{"status": "Declined"}]);
    app.didit
        .on_every(Endpoint::VerificationDecision, broken(503));
    app.fake
        .queue_webhook(event(&app, "data.updated", "Approved", &flawed));
    app.fake.deliver().await;
    assert!(!is_verified(&browser).await);
}

// Behaviour 130.
#[tokio::test]
async fn an_event_from_before_the_approval_leaves_it() {
    let app = App::new();
    let browser = app.sign_in(&Person::alejandra()).await;
    app.fake.on_every_webhook(WebhookFault::LATE);
    through(&browser, "approve").await;
    assert!(is_verified(&browser).await);
    app.advance(3600);
    assert_eq!(app.fake.deliver().await.len(), 3);
    assert!(is_verified(&browser).await);
}
