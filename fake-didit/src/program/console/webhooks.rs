//! The webhooks as JSON.

use std::pin::Pin;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    call::{Call, CallResult},
    problem::Problem,
    verifications::PAGE,
};
use crate::{
    FakeDidit, WebhookFault,
    clock::unix_seconds,
    log::RecordedRequest,
    verification::webhook::outbox::{Attempt, Outbox},
};

/// The attempts to send webhooks, newest first, at most a page of them; the faults that wait, and those that exist.
pub(super) fn list(call: &Call<'_>) -> CallResult {
    let state = call.didit.lock();
    Ok(view(&state.verification.outbox))
}

fn view(outbox: &Outbox) -> Value {
    let attempts = outbox.sent().rev().take(PAGE);
    let name = |fault: &WebhookFault| fault.name();
    json!({
        "attempts": attempts.map(attempt).collect::<Value>(),
        "waiting": outbox.waiting(),
        "paused": outbox.is_paused,
        "next": outbox.on_next.iter().map(name).collect::<Vec<_>>(),
        "every": outbox.on_every.as_ref().map(name),
        "faults": WebhookFault::all().map(|fault| fault.name()).collect::<Vec<_>>(),
    })
}

/// A webhook with the response to it.
fn attempt(Attempt { request, fault }: &Attempt) -> Value {
    let event = request.json().unwrap_or_default();
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| json!([name.as_str(), value.to_str().ok()]));
    json!({
        "number": request.number(),
        "at": unix_seconds(request.received_at()),
        "url": request.uri().to_string(),
        "response": request.status().map(|status| status.as_u16()),
        "problem": request.problem(),
        "fault": fault.map(|fault| fault.name()),
        "webhook_type": event.get("webhook_type"),
        "session_id": event.get("session_id"),
        "status": event.get("status"),
        "headers": headers.collect::<Value>(),
        "body": String::from_utf8_lossy(request.body()),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    fault: Option<String>,
    #[serde(default)]
    every: bool,
    event: Option<Map<String, Value>>,
    paused: Option<bool>,
}

/// Injects a fault into the next event or into every event, queues an event, and pauses the delivery.
pub(super) fn change(call: &Call<'_>) -> CallResult {
    let change: Change =
        call.body(r#"{"fault": "DUPLICATE", "every": false}, or "event": {…}, or "paused": true"#)?;
    if change.fault.is_none() && change.event.is_none() && change.paused.is_none() {
        return Err(Problem::invalid("Send a fault, an event or paused."));
    }
    let fault = change.fault.map(|name| {
        let fault = WebhookFault::all().find(|fault| fault.name() == name);
        fault.ok_or_else(|| {
            Problem::invalid("No fault has this name; GET /fake/api/webhooks lists all faults.")
        })
    });
    let fault = fault.transpose()?;
    let mut state = call.didit.lock();
    let now = state.now();
    let outbox = &mut state.verification.outbox;
    if let Some(paused) = change.paused {
        outbox.is_paused = paused;
        outbox.added.notify_one();
    }
    match fault {
        Some(fault) if change.every => outbox.on_every = Some(fault),
        Some(fault) if outbox.on_next.len() < MAX_FAULTS => outbox.on_next.push_back(fault),
        Some(_) => {
            return Err(Problem::invalid(format!(
                "The limit is {MAX_FAULTS} faults; DELETE /fake/api/webhooks removes them."
            )));
        }
        None => {}
    }
    if let Some(event) = change.event {
        state.verification.emit(event, now);
    }
    Ok(view(&state.verification.outbox))
}

/// Removes the faults of webhooks.
pub(super) fn clear_faults(call: &Call<'_>) -> CallResult {
    let mut state = call.didit.lock();
    state.verification.outbox.clear_faults();
    Ok(view(&state.verification.outbox))
}

/// The body of a response that waits for the receivers of webhooks.
pub(super) type Sending = Pin<Box<dyn Future<Output = Value> + Send>>;

/// Sends the webhooks that are due.
pub(super) fn deliver(didit: &FakeDidit) -> Sending {
    let didit = didit.clone();
    Box::pin(async move {
        let sent = didit.verification().deliver().await;
        attempts(&didit, &sent)
    })
}

/// Sends the latest webhook once more.
pub(super) fn resend(didit: &FakeDidit) -> Sending {
    let didit = didit.clone();
    Box::pin(async move {
        let sent = didit.verification().resend().await;
        attempts(&didit, sent.as_slice())
    })
}

fn attempts(didit: &FakeDidit, sent: &[RecordedRequest]) -> Value {
    let numbers: Vec<_> = sent.iter().map(RecordedRequest::number).collect();
    let state = didit.lock();
    let all = state.verification.outbox.sent();
    let sent = all.filter(|attempt| numbers.contains(&attempt.request.number()));
    json!({"attempts": sent.map(attempt).collect::<Value>()})
}

/// How many faults wait at most.
const MAX_FAULTS: usize = 1000;
