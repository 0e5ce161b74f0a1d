//! The client against Didit's own OpenAPI document, which `./test.sh openapi` fetches from a package on PyPI.

mod calls;
mod checked_fake;
mod document;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use self::{
    calls::{CALLS, answering},
    document::{Document, Example},
};
use crate::delivery::SESSION;

#[tokio::test]
async fn each_request_of_the_client_is_as_documented() {
    let document = Document::read();
    let mut sent = BTreeSet::new();
    for call in CALLS {
        let (status, body, id) = success(&document, call.operation);
        let didit = answering(status, body, None);
        (call.make)(didit.client(), id).await.unwrap();
        let requests = didit.requests.lock().unwrap();
        let [request] = requests.as_slice() else {
            panic!("{} sends {} requests", call.operation, requests.len());
        };
        let faults = document.faults_of_request(call.operation, request);
        assert!(faults.is_empty(), "{}: {faults:#?}", call.operation);
        if let Ok(Value::Object(members)) = serde_json::from_slice(request.body()) {
            let members = members.keys();
            sent.extend(members.map(|member| format!("{} {member}", call.operation)));
        }
    }
    // What Didit documents and the client does not send.
    let members = operations().into_iter().flat_map(|operation| {
        let members = document.body_members(operation).into_iter();
        members.map(move |member| format!("{operation} {member}"))
    });
    let unsent: Vec<_> = members.filter(|member| !sent.contains(member)).collect();
    assert_eq!(unsent, UNSENT);
}

fn operations() -> BTreeSet<&'static str> {
    CALLS.iter().map(|call| call.operation).collect()
}

/// A response with which each of these operations succeeds.
fn success(document: &Document, operation: &str) -> (u16, Vec<u8>, String) {
    let examples = document.examples(operation);
    let example = examples.iter().find(|example| example.status.is_success());
    match (operation, example) {
        // The sessions of the examples do not pass every filter.
        ("get /v3/sessions/", _) => {
            let none = json!({"count": 0, "next": null, "previous": null, "results": []});
            (200, none.to_string().into_bytes(), SESSION.to_owned())
        }
        (_, Some(example)) => {
            let body = example.body.to_string().into_bytes();
            (example.status.as_u16(), body, id_of(&example.body))
        }
        ("get /v3/session/{sessionId}/generate-pdf/", None) => {
            (200, b"%PDF-1.7".to_vec(), SESSION.to_owned())
        }
        (_, None) => (204, Vec::new(), SESSION.to_owned()),
    }
}

/// The id in a response, or any.
fn id_of(body: &Value) -> String {
    let id = body.get("session_id").or(body.get("uuid"));
    id.and_then(Value::as_str).unwrap_or(SESSION).to_owned()
}

/// Examples of what Didit answers, and what the client makes of each.
#[tokio::test]
async fn each_documented_response_is_understood() {
    let document = Document::read();
    let mut outcomes = Vec::new();
    for operation in operations() {
        for example in document.examples(operation) {
            let outcome = outcome(operation, &example).await;
            let Example { status, name, .. } = example;
            outcomes.push(format!("{operation} {} {name}: {outcome}", status.as_u16()));
        }
    }
    let expected: Vec<_> = OUTCOMES.lines().collect();
    let outcomes_now = outcomes.join("\n");
    assert!(
        outcomes == expected,
        "tests/verification/openapi/outcomes.txt would be\n{outcomes_now}"
    );
}

async fn outcome(operation: &str, example: &Example) -> String {
    // The call without optional filters, which a response to another request may not match.
    let call = CALLS.iter().rfind(|call| call.operation == operation);
    let (status, body) = (example.status.as_u16(), example.body.to_string());
    let didit = answering(status, body.into_bytes(), example.retry_after);
    match (call.unwrap().make)(didit.client(), id_of(&example.body)).await {
        Ok(read) => {
            assert_part_of(&read, &example.body, operation);
            "read".to_owned()
        }
        Err(error) => {
            let code = error.kind().code();
            let member = error.provider_code();
            let member = member.map_or(String::new(), |member| format!(", {member}"));
            let wait = error.retry_after();
            let wait = wait.map_or(String::new(), |wait| format!(", {} s", wait.as_secs()));
            format!("{code}{member}{wait}")
        }
    }
}

/// What was read is what the response has.
fn assert_part_of(read: &Value, body: &Value, context: &str) {
    match (read, body) {
        (Value::Object(read), Value::Object(body)) => {
            for (name, value) in read {
                let actual = body.get(name).unwrap_or(&Value::Null);
                assert_part_of(value, actual, &format!("{context} {name}"));
            }
        }
        (Value::Array(read), Value::Array(body)) => {
            assert_eq!(read.len(), body.len(), "{context}");
            for (read, body) in read.iter().zip(body) {
                assert_part_of(read, body, context);
            }
        }
        _ => assert_eq!(read, body, "{context}"),
    }
}

#[test]
fn the_client_has_a_call_for_each_operation_of_its_part() {
    let document = Document::read();
    let called = |name: &String| CALLS.iter().any(|call| call.operation == name);
    let is_wanted = |path: &str| {
        path.starts_with("/v3/session") || path.starts_with("/v3/webhook/destinations/")
    };
    let names = document.names(is_wanted);
    let uncalled: Vec<_> = names.iter().filter(|name| !called(name)).collect();
    assert_eq!(uncalled, UNCALLED);
    assert_eq!(names.iter().filter(|name| called(name)).count(), 11);
}

/// Members of requests that the client does not have.
const UNSENT: [&str; 8] = [
    "delete /v3/session/{sessionId}/delete/ deletion_instruction",
    "delete /v3/session/{sessionId}/delete/ face_retention_days",
    "delete /v3/session/{sessionId}/delete/ face_retention_deadline",
    "delete /v3/session/{sessionId}/delete/ instruction_id",
    "delete /v3/session/{sessionId}/delete/ retain_face_embeddings",
    "patch /v3/session/{sessionId}/update-status/ email_address",
    "patch /v3/session/{sessionId}/update-status/ email_language",
    "patch /v3/session/{sessionId}/update-status/ send_email",
];
/// Operations that the client does not have.
const UNCALLED: [&str; 17] = [
    "post /v3/session/import-shared/",
    "post /v3/session/imports/",
    "get /v3/session/imports/template/",
    "get /v3/session/imports/{importId}/",
    "get /v3/session/imports/{importId}/errors/",
    "patch /v3/session/{sessionId}/bulk-update-aml-hit-status/",
    "patch /v3/session/{sessionId}/features/{nodeId}/update-status/",
    "patch /v3/session/{sessionId}/kyb/parties/{partyUuid}/",
    "patch /v3/session/{sessionId}/kyb/{companyUuid}/update-data/",
    "post /v3/session/{sessionId}/sandbox/arm/",
    "post /v3/session/{sessionId}/share/",
    "patch /v3/session/{sessionId}/update-aml-hit-status/",
    "patch /v3/session/{sessionId}/update-data/",
    "patch /v3/session/{sessionId}/update-poa-data/",
    "post /v3/sessions/delete/",
    "get /v3/sessions/{session_id}/reviews/",
    "post /v3/sessions/{session_id}/reviews/",
];
/// What the client makes of each documented response.
const OUTCOMES: &str = include_str!("openapi/outcomes.txt");
