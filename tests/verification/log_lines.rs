//! What the layer logs: nothing of the body.

use std::future::ready;

use http::{Response, StatusCode};
use serde_json::json;

use tower_didit::{
    fake::{FakeDidit, Person},
    store::MemoryStore,
};

use crate::{
    delivery::{Delivery, NOW, SECRET, Site, approved, sign, with},
    guard::Site as GuardedSite,
    support::logs::{capture, logs},
};

// Behaviour 95.
#[tokio::test]
async fn nothing_of_the_body_is_logged() {
    capture();
    let event = with(approved(), "/metadata", json!({"name": "hunter2"}));
    let event = with(event, "/vendor_data", "hunter2".into());
    let event = with(event, "/session_id", "hunter2".into());
    let good = Delivery::of(&event);
    let site = Site::new();
    site.respond(good.clone(), |_| {
        ready(Response::builder().status(500).body(String::new()).unwrap())
    })
    .await;
    site.answer(good.clone()).await;
    site.answer(good.clone()).await;
    for forged in [
        good.clone().with("x-signature", "0".repeat(64)),
        good.clone().with("x-signature", "hunter2"),
        good.clone().with("x-timestamp", "hunter2"),
        Delivery::signed("{\"hunter2\":", &NOW.to_string()),
        good.clone().with("x-didit-test-webhook", "hunter2"),
    ] {
        site.answer(forged).await;
    }
    let logs = logs();
    assert!(!logs.contains("hunter2"), "{logs}");
    for secret in [SECRET, &sign(SECRET, &good.body)] {
        assert!(!logs.contains(secret), "{logs}");
    }
    for line in [
        "WARN tower_didit::verification::webhooks::service: webhook handler failed status=500",
        "DEBUG tower_didit::verification::webhooks: webhook was handled before",
        "DEBUG tower_didit::verification::webhooks: webhook refused wrong=\"signature\"",
        "DEBUG tower_didit::verification::webhooks: webhook refused wrong=\"timestamp\"",
        "DEBUG tower_didit::verification::webhooks: webhook refused wrong=\"body\"",
        "WARN tower_didit::verification::webhooks: test or sandbox webhook not passed on",
    ] {
        assert!(logs.contains(line), "{line} is not in\n{logs}");
    }
}

#[tokio::test]
async fn an_unknown_signature_is_a_warning_once() {
    capture();
    let site = Site::new();
    for _ in 0..100 {
        let forged = Delivery::of(&approved()).with("x-signature", "0".repeat(64));
        assert_eq!(site.answer(forged).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(logs().matches("WARN").count(), 1);
    assert_eq!(logs().matches("webhook refused").count(), 100);
}

#[tokio::test]
async fn a_sandbox_that_is_not_accepted_is_a_warning() {
    capture();
    let didit = FakeDidit::new("client", "secret");
    let _ = didit.verification().with_sandbox();
    let site = GuardedSite::beside(didit, MemoryStore::new()).await;
    site.through("approve").await;
    let logs = logs();
    for line in [
        "WARN tower_didit::verification::flow: decision of a sandbox not accepted: see Requirements::accept_sandbox",
        "DEBUG tower_didit::verification::flow: approved session does not meet the requirements reasons=[Environment]",
    ] {
        assert!(logs.contains(line), "{line} is not in\n{logs}");
    }
}

// Behaviour 95.
#[tokio::test]
async fn the_check_that_an_approved_session_lacks_is_logged() {
    capture();
    let site = GuardedSite::new().await;
    let hosted = site.browser.visit("https://app.example/account").await;
    site.fake.edit_decision(&site.session(), |decision| {
        decision.insert("face_matches".into(), json!([{"status": "Declined"}]));
    });
    site.browser.click(&hosted, "approve").await;
    let logs = logs();
    let line = "approved session does not meet the requirements reasons=[NotApproved(FaceMatch)]";
    assert!(logs.contains(line), "{line} is not in\n{logs}");
    for of_the_person in [Person::alejandra().subject(), &*site.session()] {
        assert!(!logs.contains(of_the_person), "{logs}");
    }
}
