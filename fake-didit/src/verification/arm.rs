//! Scenarios of the sandbox.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::{
    provider::{response, state::State},
    verification::{
        create::object,
        ids::is_uuid,
        routes::{bad_request, method_not_allowed, not_found, not_found_page},
        scenario::Scenario,
        status::Status,
    },
};

/// Arms a session of the sandbox. The session's token authenticates, not the API key.
pub(crate) fn respond(state: &mut State, request: &Request<Bytes>, id: &str) -> Response<Bytes> {
    if !is_uuid(id) {
        return not_found_page();
    }
    if request.method() != Method::POST {
        return method_not_allowed(request.method(), &Method::POST);
    }
    state.settle_verifications();
    let is_sandbox = state.verification.is_sandbox;
    let token = request.headers().get("session-token");
    let session = state.verification.session_mut(&id.to_ascii_lowercase());
    let session = session.filter(|session| {
        is_sandbox && token.is_some_and(|token| token.as_bytes() == session.token.as_bytes())
    });
    let Some(session) = session else {
        return not_found("no session of the sandbox has this id and this token");
    };
    let members = match object(request) {
        Ok(members) => members,
        Err(rejection) => return *rejection,
    };
    let Some(slug) = members.get("scenario").and_then(Value::as_str) else {
        return bad_request(&json!({"scenario": ["This field is required."]}));
    };
    let Some(scenario) = Scenario::of_sandbox(slug) else {
        return bad_request(&json!({"scenario": [format!("Unknown sandbox scenario: '{slug}'.")]}));
    };
    if session.status != Status::NotStarted {
        return bad_request(&json!([
            "Scenario can only be armed before the verification starts."
        ]));
    }
    session.armed = Some(scenario);
    let body = json!({
        "session_id": session.id, "scenario": slug, "status": session.status.as_str(),
    });
    response::json(StatusCode::OK, &body)
}
