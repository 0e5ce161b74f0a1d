//! Deletion and reports.

use bytes::Bytes;
use http::{Response, StatusCode, header};
use serde_json::json;

use crate::{
    provider::{response, state::State},
    verification::routes::not_found,
};

/// Deletes a session. What is queued is still sent.
pub(crate) fn delete(state: &mut State, id: &str) -> Response<Bytes> {
    let Some(session) = state.verification.remove(&id.to_ascii_lowercase()) else {
        return not_found("no session has this id");
    };
    let body = json!({
        "session_id": session.id,
        "session_number": session.number,
        "face_retention_outcome": "deleted",
        "biometric_template_uuid": null,
    });
    response::json(StatusCode::OK, &body)
}

/// The report of a finished session.
pub(crate) fn report(state: &State, id: &str) -> Response<Bytes> {
    let Some(session) = state.verification.session(&id.to_ascii_lowercase()) else {
        return not_found("no session has this id");
    };
    if !session.status.has_report() {
        let detail =
            "You can only generate a PDF for sessions in review, declined, approved or kyc expired";
        let response = response::json(StatusCode::FORBIDDEN, &json!({ "detail": detail }));
        return response::with_problem(response, format!("the session is {}", session.status));
    }
    let report = format!("%PDF-1.4\n% fake report of session {}\n%%EOF\n", session.id);
    let response = Response::new(Bytes::from(report));
    response::with_headers(response, [(header::CONTENT_TYPE, "application/pdf")])
}
