//! Identity verification.

mod api;
mod decision;
mod destinations;
mod faults;
mod page;
mod webhooks;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use super::send_json;
use crate::{FakeDidit, FakeVerification, Person};

const CALLBACK: &str = "https://app.example/verified";

fn didit() -> FakeDidit {
    FakeDidit::new("app", "secret")
}

/// A request of the API, with the key.
fn call(
    verification: &FakeVerification,
    method: Method,
    path: &str,
    body: &Value,
) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(format!("https://verification.didit.me{path}"))
        .header("x-api-key", verification.api_key())
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_string()))
        .unwrap()
}

/// The request for a session, with some members replaced; null removes one.
fn new_session(verification: &FakeVerification, changes: &Value) -> Value {
    let mut new = json!({
        "workflow_id": verification.workflow_id(),
        "vendor_data": Person::alejandra().subject(),
        "callback": CALLBACK,
    });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            new.as_object_mut().unwrap().remove(name);
        } else {
            new[name] = value.clone();
        }
    }
    new
}

/// The response to the request for a session.
async fn create(didit: &FakeDidit, changes: Value) -> (StatusCode, Value) {
    let verification = didit.verification();
    let new = new_session(&verification, &changes);
    send_json(
        didit,
        call(&verification, Method::POST, "/v3/session/", &new),
    )
    .await
}

/// A new session.
async fn created(didit: &FakeDidit, changes: Value) -> Value {
    let (status, session) = create(didit, changes).await;
    assert_eq!(status, StatusCode::CREATED, "{session}");
    session
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap()
}

/// A request about a session.
async fn about(
    didit: &FakeDidit,
    method: Method,
    id: &str,
    path: &str,
    body: Value,
) -> (StatusCode, Value) {
    let path = format!("/v3/session/{id}/{path}/");
    send_json(didit, call(&didit.verification(), method, &path, &body)).await
}

async fn decision(didit: &FakeDidit, id: &str) -> Value {
    let (status, decision) = about(didit, Method::GET, id, "decision", Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{decision}");
    decision
}
