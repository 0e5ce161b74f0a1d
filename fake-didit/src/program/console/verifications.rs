//! Identity verification as JSON.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    call::{Call, CallResult},
    problem::Problem,
};
use crate::{WebhookFault, clock::unix_seconds, log::RecordedRequest, verification::Status};

/// The sessions, newest first, at most a page of them.
pub(super) fn list(call: &Call<'_>) -> CallResult {
    let mut state = call.didit.lock();
    state.settle_verifications();
    let sessions = state.verification.sessions().iter().rev().take(PAGE);
    let sessions = sessions.map(|session| {
        json!({
            "session_id": session.id,
            "status": session.status.as_str(),
            "vendor_data": session.vendor_data,
        })
    });
    Ok(json!({"sessions": sessions.collect::<Value>()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    session_id: String,
    status: String,
}

/// Changes the status of a session.
pub(super) fn change(call: &Call<'_>) -> CallResult {
    let change: Change = call.body(r#"{"session_id": "…", "status": "Kyc Expired"}"#)?;
    let status = Status::parse(&change.status)
        .ok_or_else(|| Problem::invalid("Send a status of Didit, such as Kyc Expired."))?;
    {
        let mut state = call.didit.lock();
        if state.verification.session(&change.session_id).is_none() {
            return Err(Problem::invalid(
                "No session has this id; GET /fake/api/verifications lists all sessions.",
            ));
        }
        state.review(&change.session_id, status, None, &Value::Null);
    }
    list(call)
}

/// The attempts to send webhooks, newest first, at most a page of them.
pub(super) fn webhooks(call: &Call<'_>) -> CallResult {
    let sent = call.didit.verification().webhooks();
    let attempts: Value = sent.iter().rev().take(PAGE).map(attempt).collect();
    let names = WebhookFault::all().map(|fault| fault.name());
    Ok(json!({"attempts": attempts, "faults": names.collect::<Vec<_>>()}))
}

fn attempt(webhook: &RecordedRequest) -> Value {
    let event = webhook.json().unwrap_or_default();
    json!({
        "number": webhook.number(),
        "at": unix_seconds(webhook.received_at()),
        "url": webhook.uri().to_string(),
        "response": webhook.status().map(|status| status.as_u16()),
        "problem": webhook.problem(),
        "webhook_type": event.get("webhook_type"),
        "session_id": event.get("session_id"),
        "status": event.get("status"),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Injection {
    fault: String,
    #[serde(default)]
    every: bool,
}

/// Injects a fault into the next event, or into every event.
pub(super) fn add_fault(call: &Call<'_>) -> CallResult {
    let injection: Injection = call.body(r#"{"fault": "DUPLICATE", "every": false}"#)?;
    let fault = WebhookFault::all().find(|fault| fault.name() == injection.fault);
    let fault = fault.ok_or_else(|| {
        Problem::invalid("No fault has this name; GET /fake/api/webhooks lists all faults.")
    })?;
    let verification = call.didit.verification();
    if injection.every {
        verification.on_every_webhook(fault);
    } else {
        verification.on_next_webhook(fault);
    }
    webhooks(call)
}

/// Removes the faults of webhooks.
pub(super) fn clear_faults(call: &Call<'_>) -> CallResult {
    call.didit.lock().verification.outbox.clear_faults();
    webhooks(call)
}

/// How many entries a response has.
const PAGE: usize = 200;
