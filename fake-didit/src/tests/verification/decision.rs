use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{about, created, decision, didit, text};
use crate::Person;

/// The decision about a session of this user that ended so.
async fn after(scenario: &str, user: &str) -> Value {
    let didit = didit();
    let session = created(&didit, json!({ "vendor_data": user })).await;
    didit
        .verification()
        .complete(text(&session, "url"), scenario);
    decision(&didit, text(&session, "session_id")).await
}

#[tokio::test]
async fn an_approved_session_has_the_document_of_the_person() {
    let decision = after("approve", Person::alejandra().subject()).await;
    assert_eq!(decision["status"], "Approved");
    assert_eq!(decision["session_kind"], "user");
    assert_eq!(decision["environment"], "live");
    let document = &decision["id_verifications"][0];
    assert_eq!(document["full_name"], "Alejandra Rosas");
    assert_eq!(
        (&document["date_of_birth"], &document["age"]),
        (&json!("1990-04-12"), &json!(35))
    );
    for check in [
        "id_verifications",
        "liveness_checks",
        "face_matches",
        "aml_screenings",
    ] {
        assert_eq!(decision[check][0]["status"], "Approved", "{check}");
        assert_eq!(decision[check][0]["warnings"], json!([]), "{check}");
    }
    assert_eq!(
        decision["poa_verifications"],
        Value::Null,
        "the workflow has no such check"
    );
}

#[tokio::test]
async fn a_user_who_is_nobody_of_the_sign_in_page_has_an_invented_document() {
    let decision = after("approve", "user-42").await;
    assert_eq!(
        decision["id_verifications"][0]["full_name"],
        "Maria Musterfrau"
    );
}

#[tokio::test]
async fn every_scenario_fails_the_check_of_its_name() {
    for (scenario, status, check) in [
        ("decline", "Declined", "face_matches"),
        ("review", "In Review", "face_matches"),
        ("decline_aml_hit", "Declined", "aml_screenings"),
        ("decline_document_expired", "Declined", "id_verifications"),
        ("decline_liveness_attack", "Declined", "liveness_checks"),
        (
            "decline_poa_address_mismatch",
            "Declined",
            "poa_verifications",
        ),
        ("review_aml_possible_match", "In Review", "aml_screenings"),
    ] {
        let decision = after(scenario, "user-42").await;
        assert_eq!(decision["status"], status, "{scenario}");
        assert_eq!(decision[check][0]["status"], status, "{scenario}");
        assert_ne!(decision[check][0]["warnings"], json!([]), "{scenario}");
    }
}

#[tokio::test]
async fn checks_are_null_until_they_have_run() {
    let didit = didit();
    let session = created(&didit, json!({})).await;
    let unfinished = decision(&didit, text(&session, "session_id")).await;
    assert_eq!(unfinished["status"], "Not Started");
    for check in [
        "id_verifications",
        "liveness_checks",
        "face_matches",
        "aml_screenings",
    ] {
        assert_eq!(unfinished[check], Value::Null, "{check}");
    }
    assert_eq!(
        after("abandon", "user-42").await["id_verifications"],
        Value::Null
    );
}

#[tokio::test]
async fn the_form_with_events_has_no_kind() {
    let didit = didit();
    let session = created(&didit, json!({})).await;
    let path = "decision/?include=events";
    let id = text(&session, "session_id");
    let path = format!("/v3/session/{id}/{path}");
    let request = super::call(&didit.verification(), Method::GET, &path, &Value::Null);
    let (status, decision) = crate::tests::send_json(&didit, request).await;
    assert_eq!(status, StatusCode::OK);
    assert!(decision.get("session_kind").is_none(), "{decision}");
}

#[tokio::test]
async fn a_test_can_edit_the_decisions_about_a_session() {
    let didit = didit();
    let session = created(&didit, json!({})).await;
    let id = text(&session, "session_id");
    didit.verification().edit_decision(id, |decision| {
        decision.remove("face_matches");
    });
    didit
        .verification()
        .complete(text(&session, "url"), "approve");
    let edited = decision(&didit, id).await;
    assert_eq!(edited["status"], "Approved");
    assert!(edited.get("face_matches").is_none());
}

#[tokio::test]
async fn a_status_of_the_console_leaves_the_checks_as_they_are() {
    let didit = didit();
    let session = created(&didit, json!({})).await;
    let id = text(&session, "session_id");
    didit
        .verification()
        .complete(text(&session, "url"), "approve");
    didit.verification().set_status(id, "Kyc Expired");
    let expired = decision(&didit, id).await;
    assert_eq!(expired["status"], "Kyc Expired");
    assert_eq!(expired["id_verifications"][0]["status"], "Approved");
    let body = json!({"new_status": "Declined"});
    assert_eq!(
        about(&didit, Method::PATCH, id, "update-status", body)
            .await
            .0,
        StatusCode::OK
    );
}

/// The business of the fake's second workflow, after it has ended so.
async fn business(scenario: &str) -> (Value, Vec<Value>) {
    let didit = didit();
    let verification = didit.verification();
    let app = axum::Router::new().fallback(|| async {});
    verification.send_webhooks_to_service("https://app.example/", app);
    let workflow = verification.business_workflow_id();
    let session = created(&didit, json!({"workflow_id": workflow})).await;
    verification.complete(text(&session, "url"), scenario);
    let sent = verification.deliver().await;
    let events = sent.iter().map(|sent| sent.json().unwrap()).collect();
    (decision(&didit, text(&session, "session_id")).await, events)
}

#[tokio::test]
async fn a_business_has_checks_of_its_own() {
    let (decision, events) = business("approve").await;
    assert_eq!(decision["session_kind"], "business");
    assert_eq!(
        decision["features"],
        json!(["KYB_REGISTRY", "KYB_DOCUMENTS", "KYB_KEY_PEOPLE"])
    );
    for name in [
        "registry_checks",
        "document_verifications",
        "key_people_checks",
    ] {
        assert_eq!(decision[name][0]["status"], "Approved", "{name}");
    }
    for name in ["id_verifications", "liveness_checks", "face_matches"] {
        assert_eq!(decision.get(name), None, "{name}");
    }
    for event in &events {
        assert_eq!(event["session_kind"], "business");
        assert_eq!(event["business_session_id"], event["session_id"]);
        assert_eq!(event["vendor_business_id"], event["vendor_data"]);
    }
    assert_eq!(events[2]["decision"]["session_kind"], "business");
}

#[tokio::test]
async fn a_business_is_declined_by_the_register() {
    for (scenario, status) in [("decline", "Declined"), ("review", "In Review")] {
        let (decision, _) = business(scenario).await;
        assert_eq!(decision["status"], status);
        assert_eq!(decision["registry_checks"][0]["status"], status);
        assert_eq!(decision.get("face_matches"), None);
    }
}
