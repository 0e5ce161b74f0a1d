//! The list of sessions.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::{
    provider::{form::Form, response, state::State},
    verification::{routes::bad_request, session::Session, status::Status, time},
};

pub(crate) fn respond(state: &State, request: &Request<Bytes>) -> Response<Bytes> {
    let Ok(query) = Form::parse(request.uri().query().unwrap_or_default()) else {
        return bad_request(&json!({"detail": "The query is malformed or repeats a parameter."}));
    };
    let number = |name, default| query.get(name).map_or(Ok(default), str::parse::<usize>);
    let (Ok(limit), Ok(offset)) = (number("limit", 50), number("offset", 0)) else {
        return bad_request(&json!({"detail": "limit and offset must be numbers."}));
    };
    let statuses: Option<Vec<_>> = query.get("status").map(|list| list.split(',').collect());
    let unknown = statuses
        .iter()
        .flatten()
        .find(|name| Status::parse(name).is_none());
    if let Some(unknown) = unknown {
        return bad_request(&json!({"status": [format!("\"{unknown}\" is not a valid choice.")]}));
    }
    let is = |name, actual: Option<&str>| query.get(name).is_none_or(|value| actual == Some(value));
    let kind = query.get("session_kind").unwrap_or("user");
    let matching: Vec<_> = state
        .verification
        .sessions()
        .iter()
        .rev()
        .filter(|session| {
            let status = session.status.as_str();
            (kind == "all" || kind == session.kind.as_str())
                && statuses.as_ref().is_none_or(|list| list.contains(&status))
                && is("vendor_data", session.vendor_data.as_deref())
                && is("workflow_id", Some(&session.workflow_id))
        })
        .collect();
    let page = matching.iter().skip(offset).take(limit);
    let rows: Vec<_> = page.map(|session| row(state, session)).collect();
    let link = |offset: usize| {
        let path = request.uri().path();
        format!("https://verification.didit.me{path}?limit={limit}&offset={offset}")
    };
    let next = offset.saturating_add(limit);
    let body = json!({
        "count": matching.len(),
        "next": (next < matching.len()).then(|| link(next)),
        "previous": (offset > 0).then(|| link(offset.saturating_sub(limit))),
        "results": rows,
    });
    response::json(StatusCode::OK, &body)
}

fn row(state: &State, session: &Session) -> Value {
    let decision = state.decision(&session.id).unwrap_or_default();
    let features = state.verification.features_of(session.kind);
    let features: Vec<_> = features
        .iter()
        .filter_map(|feature| {
            let results = decision.get(feature.member)?;
            let status = results
                .get(0)
                .map_or("Not Finished".into(), |first| first["status"].clone());
            Some(json!({"feature": feature.name, "status": status}))
        })
        .collect();
    let documents = decision.get("id_verifications");
    let document = documents.and_then(|documents| documents.get(0));
    let of_document = |name| document.and_then(|document| document.get(name));
    json!({
        "session_id": session.id,
        "session_kind": session.kind.as_str(),
        "session_number": session.number,
        "session_url": state.verification_url(session),
        "status": session.status.as_str(),
        "vendor_data": session.vendor_data,
        "full_name": of_document("full_name"),
        "country": of_document("issuing_state"),
        "document_type": of_document("document_type"),
        "features": features,
        "portrait_image": of_document("portrait_image"),
        "didit_internal_id": null,
        "phone_number": null,
        "email_address": null,
        "additional_details": null,
        "created_at": time::iso(session.created_at),
    })
}
