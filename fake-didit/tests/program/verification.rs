//! Identity verification with the program.

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use crate::{
    process::{CONFIDENTIAL, Program},
    receiver::WebhookReceiver,
    responses::Response,
};

/// A program that sends webhooks to a receiver.
fn start(receiver: &WebhookReceiver, arguments: &[&str]) -> Program {
    let webhooks = ["--webhook", &receiver.url];
    Program::start(&[&CONFIDENTIAL[..], &webhooks, arguments].concat())
}

/// The response to a request for a session of the workflow that the state names so.
fn create(program: &Program, workflow: &str, members: Value) -> Response {
    let mut new = members;
    new["workflow_id"] =
        program.api("GET", "state", &Value::Null)["verification"][workflow].clone();
    let head = "POST /v3/session/\nContent-Type: application/json\nx-api-key: fake-api-key";
    program.send(head, &new.to_string())
}

/// A session of `u-1`, with a callback.
fn session(program: &Program) -> Value {
    let members = json!({"vendor_data": "u-1", "callback": "http://localhost:3000/verified"});
    create(program, "workflow_id", members).json()
}

fn decision(program: &Program, id: &Value) -> Response {
    let id = id.as_str().unwrap();
    let head = format!("GET /v3/session/{id}/decision/\nx-api-key: fake-api-key");
    program.send(&head, "")
}

#[test]
fn a_session_is_created_finished_and_reported_by_a_webhook() {
    let receiver = WebhookReceiver::start(&[204]);
    let program = start(&receiver, &["--sandbox"]);
    let members = json!({"vendor_data": "u-1", "sandbox_scenario": "approve"});
    let session = create(&program, "workflow_id", members).json();
    let page = session["url"].as_str().unwrap();
    let webhook = receiver.next();
    assert_eq!(webhook.json()["environment"], "sandbox");
    assert_eq!(webhook.json()["session_id"], session["session_id"]);

    let path = page.strip_prefix(&program.origin()).unwrap();
    assert!(program.get(path).body.contains("id=\"continue\""));
    let id = &session["session_id"];
    let sessions = program.api("GET", "verifications", &Value::Null)["sessions"].clone();
    assert_eq!(sessions.as_array().unwrap().len(), 1);
    for (name, value) in [
        ("session_id", id),
        ("session_kind", &json!("user")),
        ("status", &json!("In Progress")),
        ("vendor_data", &json!("u-1")),
        ("url", &session["url"]),
        ("callback_url", &Value::Null),
    ] {
        assert_eq!(&sessions[0][name], value, "{name}");
    }
    let change = json!({"session_id": id, "status": "Declined"});
    let sessions = program.api("POST", "verifications", &change);
    assert_eq!(sessions["sessions"][0]["status"], "Declined");
}

#[test]
fn webhooks_are_signed_with_the_secret_of_the_command_line() {
    let receiver = WebhookReceiver::start(&[204]);
    let program = start(&receiver, &["--webhook-secret", "the-secret"]);
    session(&program);
    let webhook = receiver.next();
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"the-secret");
    let tag = hmac::sign(&key, webhook.body.as_bytes());
    let hex = tag.as_ref().iter().map(|byte| format!("{byte:02x}"));
    assert_eq!(webhook.header("x-signature"), hex.collect::<String>());
}

#[test]
fn a_test_suite_ends_a_session_with_a_decision_of_its_own() {
    let program = Program::start(&CONFIDENTIAL);
    let session = session(&program);
    let id = &session["session_id"];
    let declined = json!([{"node_id": "feature_face_match", "status": "Declined"}]);
    let change = json!({
        "session_id": id, "scenario": "approve",
        "decision": {"face_matches": declined, "aml_screenings": null},
    });
    let sessions = program.api("POST", "verifications", &change);
    let back = format!(
        "http://localhost:3000/verified?verificationSessionId={}&status=Approved",
        id.as_str().unwrap()
    );
    assert_eq!(sessions["sessions"][0]["callback_url"], back);
    let decision = decision(&program, id).json();
    assert_eq!(decision["status"], "Approved");
    assert_eq!(decision["face_matches"], declined);
    assert_eq!(decision.get("aml_screenings"), None);
}

#[test]
fn steps_are_repeated_and_sessions_are_deleted() {
    let receiver = WebhookReceiver::start(&[204; 4]);
    let program = start(&receiver, &[]);
    let session = session(&program);
    let id = &session["session_id"];
    let change = json!({"session_id": id, "scenario": "decline"});
    program.api("POST", "verifications", &change);
    let nodes = json!([{"node_id": "feature_face_match", "feature": "FACE_MATCH"}]);
    let change = json!({"session_id": id, "status": "Resubmitted", "nodes_to_resubmit": nodes});
    program.api("POST", "verifications", &change);
    let statuses = ["Not Started", "In Progress", "Declined"];
    for status in statuses {
        assert_eq!(receiver.next().json()["status"], status);
    }
    let event = receiver.next().json();
    assert_eq!(event["resubmit_info"]["nodes_to_resubmit"], nodes);

    let id = id.as_str().unwrap();
    let path = format!("verifications?session_id={id}");
    assert_eq!(
        program.api("DELETE", &path, &Value::Null)["sessions"],
        json!([])
    );
    assert_eq!(decision(&program, &session["session_id"]).status, 404);
    assert_eq!(program.call("DELETE", &path, &Value::Null).status, 404);
}

#[test]
fn a_blocked_user_gets_no_session() {
    let receiver = WebhookReceiver::start(&[204; 2]);
    let program = start(&receiver, &[]);
    let status = |status| json!({"vendor_data": "u-1", "status": status});
    let users = program.api("POST", "users", &status("BLOCKED"));
    assert_eq!(users["blocked"], json!(["u-1"]));
    let new = || create(&program, "workflow_id", json!({"vendor_data": "u-1"})).status;
    assert_eq!(new(), 400);
    let event = receiver.next().json();
    assert_eq!(event["webhook_type"], "user.status.updated");
    assert_eq!(event["status"], "BLOCKED");

    let users = program.api("POST", "users", &status("ACTIVE"));
    assert_eq!(users["blocked"], json!([]));
    assert_eq!(receiver.next().json()["status"], "ACTIVE");
    assert_eq!(new(), 201);
    assert_eq!(
        program.call("POST", "users", &status("FLAGGED")).status,
        400
    );
}

#[test]
fn a_business_is_verified_by_a_workflow_of_its_own() {
    let program = Program::start(&CONFIDENTIAL);
    let members = json!({"vendor_data": "company-1"});
    let session = create(&program, "business_workflow_id", members).json();
    let change = json!({"session_id": session["session_id"], "scenario": "approve"});
    let sessions = program.api("POST", "verifications", &change);
    assert_eq!(sessions["sessions"][0]["session_kind"], "business");
    let decision = decision(&program, &session["session_id"]).json();
    assert_eq!(decision["session_kind"], "business");
    assert_eq!(decision["registry_checks"][0]["status"], "Approved");
    assert_eq!(decision.get("id_verifications"), None);
}

#[test]
fn a_test_suite_decides_when_webhooks_are_sent() {
    let receiver = WebhookReceiver::start(&[503, 200, 200]);
    let program = start(&receiver, &["--webhook-speed", "1"]);
    let paused = program.api("POST", "webhooks", &json!({"paused": true}));
    assert_eq!(paused["paused"], true);
    session(&program);
    let webhooks = program.api("GET", "webhooks", &Value::Null);
    assert_eq!(
        (&webhooks["waiting"], &webhooks["attempts"]),
        (&json!(1), &json!([]))
    );
    let state = program.api("GET", "state", &Value::Null)["verification"].clone();
    assert_eq!(state["destinations"], json!([receiver.url]));

    // It is sent again a minute later, as it was.
    let deliver = || program.api("POST", "webhooks/deliver", &json!({}))["attempts"].clone();
    let attempts = deliver();
    assert_eq!(attempts[0]["response"], 503);
    assert_eq!(attempts[0]["webhook_type"], "status.updated");
    assert_eq!(deliver(), json!([]));
    program.api("POST", "clock", &json!({"advance": "1m"}));
    assert_eq!(deliver()[0]["response"], 200);
    let (first, second) = (receiver.next(), receiver.next());
    assert_eq!(first.header("x-signature"), second.header("x-signature"));

    // By hand it is signed anew.
    let resent = program.api("POST", "webhooks/resend", &json!({}));
    assert_eq!(resent["attempts"][0]["number"], 3);
    assert_ne!(
        receiver.next().header("x-timestamp"),
        second.header("x-timestamp")
    );
    let webhooks = program.api("GET", "webhooks", &Value::Null);
    let shown = &webhooks["attempts"][0];
    assert_eq!(shown["body"].as_str().map(str::is_empty), Some(false));
    assert!(shown["headers"].to_string().contains("x-signature"));
    assert_eq!(
        program.call("GET", "webhooks/deliver", &Value::Null).status,
        405
    );
    let calls = program.api("GET", "", &Value::Null)["calls"].clone();
    assert!(calls.to_string().contains("POST /fake/api/webhooks/resend"));
}

#[test]
fn a_test_suite_sends_any_event() {
    let receiver = WebhookReceiver::start(&[204]);
    let program = start(&receiver, &[]);
    let event = json!({"webhook_type": "transaction.created", "transaction_id": "t-1"});
    program.api("POST", "webhooks", &json!({"event": event}));
    let event = receiver.next().json();
    assert_eq!(event["transaction_id"], "t-1");
    assert_eq!(event["environment"], "live");
}

#[test]
fn faults_of_webhooks_are_injected_by_name() {
    let receiver = WebhookReceiver::start(&[204; 2]);
    let program = start(&receiver, &[]);
    program.api("POST", "webhooks", &json!({"paused": true}));
    program.api("POST", "webhooks", &json!({"fault": "DUPLICATE"}));
    let fault = json!({"fault": "TAMPERED", "every": true});
    let webhooks = program.api("POST", "webhooks", &fault);
    assert_eq!(webhooks["attempts"], json!([]));
    assert_eq!(webhooks["next"], json!(["DUPLICATE"]));
    assert_eq!(webhooks["every"], "TAMPERED");
    let faults = webhooks["faults"].as_array().unwrap();
    assert!(faults.contains(&json!("REORDERED")));

    session(&program);
    program.api("POST", "webhooks/deliver", &json!({}));
    let (first, second) = (receiver.next(), receiver.next());
    assert_eq!(first.json()["event_id"], second.json()["event_id"]);
    let webhooks = program.api("DELETE", "webhooks", &Value::Null);
    assert_eq!(webhooks["attempts"][0]["fault"], "DUPLICATE");
    assert_eq!(webhooks["every"], Value::Null);
}

#[test]
fn problems_tell_what_to_send() {
    let program = Program::start(&CONFIDENTIAL);
    let id = &session(&program)["session_id"];
    let unknown = "No session has this id; GET /fake/api/verifications lists the latest sessions.";
    for (path, body, detail) in [
        (
            "webhooks",
            json!({"fault": "TAMPER"}),
            "No fault has this name; GET /fake/api/webhooks lists all faults.",
        ),
        ("webhooks", json!({}), "Send a fault, an event or paused."),
        (
            "verifications",
            json!({"session_id": "1", "status": "Approved"}),
            unknown,
        ),
        (
            "verifications",
            json!({"session_id": id}),
            "Send a status, a scenario or a decision.",
        ),
        (
            "verifications",
            json!({"session_id": id, "status": "approved"}),
            "Send a status of Didit, such as Kyc Expired.",
        ),
        (
            "verifications",
            json!({"session_id": id, "status": "Approved", "nodes_to_resubmit": []}),
            "Send nodes_to_resubmit with the status Resubmitted.",
        ),
        (
            "verifications",
            json!({"session_id": id, "scenario": "approved"}),
            "Send another scenario: no outcome has this name.",
        ),
    ] {
        let problem = program.call("POST", path, &body).problem();
        assert_eq!(problem, (422, detail.to_owned()), "{body}");
    }
}
