//! The sessions of identity verification, as JSON.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    call::{Call, CallResult},
    problem::Problem,
};
use crate::{
    provider::state::State,
    verification::{Session, Status, callback},
};

/// The sessions, newest first, at most a page of them.
pub(super) fn list(call: &Call<'_>) -> CallResult {
    let mut state = call.didit.lock();
    state.settle_verifications();
    let sessions = state.verification.sessions().iter().rev().take(PAGE);
    let sessions: Value = sessions.map(|session| view(&state, session)).collect();
    Ok(json!({"sessions": sessions}))
}

fn view(state: &State, session: &Session) -> Value {
    json!({
        "session_id": session.id,
        "session_kind": session.kind.as_str(),
        "status": session.status.as_str(),
        "vendor_data": session.vendor_data,
        "workflow_id": session.workflow_id,
        "url": state.verification_url(session),
        "callback_url": callback::url(session),
        "created_at": session.created_at,
        "expires_at": session.expires_at,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    session_id: String,
    decision: Option<Map<String, Value>>,
    scenario: Option<String>,
    status: Option<String>,
    nodes_to_resubmit: Option<Vec<Value>>,
}

/// Edits the decisions about a session, ends it as a person on its page does, and changes its status as in the console.
pub(super) fn change(call: &Call<'_>) -> CallResult {
    let change: Change = call.body(
        r#"{"session_id": "…", "status": "Kyc Expired"}, or "scenario": "approve", or "decision": {…}"#,
    )?;
    if change.decision.is_none() && change.scenario.is_none() && change.status.is_none() {
        return Err(Problem::invalid("Send a status, a scenario or a decision."));
    }
    let status = change.status.as_deref().map(|status| {
        Status::parse(status)
            .ok_or_else(|| Problem::invalid("Send a status of Didit, such as Kyc Expired."))
    });
    let status = status.transpose()?;
    if change.nodes_to_resubmit.is_some() && status != Some(Status::Resubmitted) {
        return Err(Problem::invalid(
            "Send nodes_to_resubmit with the status Resubmitted.",
        ));
    }
    {
        let mut state = call.didit.lock();
        state.settle_verifications();
        let id = &change.session_id;
        let session = state.verification.session_mut(id);
        let session = session.ok_or_else(|| Problem::invalid(UNKNOWN))?;
        if let Some(members) = change.decision {
            session.edit = Some(Arc::new(move |decision| edit(decision, &members)));
        }
        if let Some(scenario) = &change.scenario {
            let finished = state.complete_verification(id, scenario);
            finished.map_err(|why| Problem::invalid(format!("Send another scenario: {why}.")))?;
        }
        if let Some(status) = status {
            let nodes = change.nodes_to_resubmit.map(Value::from);
            state.review(id, status, nodes, &Value::Null);
        }
    }
    list(call)
}

/// Replaces members; null removes one.
fn edit(decision: &mut Map<String, Value>, members: &Map<String, Value>) {
    for (name, value) in members {
        if value.is_null() {
            decision.remove(name);
        } else {
            decision.insert(name.clone(), value.clone());
        }
    }
}

/// Deletes a session.
pub(super) fn delete(call: &Call<'_>) -> CallResult {
    let id = call.query("session_id")?;
    let id = id.ok_or_else(|| Problem::malformed("Send the `session_id` in the query."))?;
    let deleted = call.didit.lock().verification.remove(&id);
    deleted.ok_or_else(|| Problem::not_found(UNKNOWN))?;
    list(call)
}

const UNKNOWN: &str =
    "No session has this id; GET /fake/api/verifications lists the latest sessions.";

/// How many entries a response has.
pub(super) const PAGE: usize = 200;
