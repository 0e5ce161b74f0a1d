//! The change of a session's status.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::{
    provider::{response, state::State},
    verification::{
        create::object,
        routes::{bad_request, not_found},
        status::Status,
        time,
        webhook::event,
    },
};

pub(crate) fn respond(state: &mut State, request: &Request<Bytes>, id: &str) -> Response<Bytes> {
    let members = match object(request) {
        Ok(members) => members,
        Err(rejection) => return *rejection,
    };
    let id = id.to_ascii_lowercase();
    let Some(current) = state
        .verification
        .session(&id)
        .map(|session| session.status)
    else {
        return not_found("no session has this id");
    };
    match new_status(&members, current) {
        Err(errors) => bad_request(&errors),
        Ok(status) => {
            let steps = members.get("nodes_to_resubmit").cloned();
            let comment = members.get("comment").cloned().unwrap_or_default();
            state.review(&id, status, steps, &comment);
            response::json(StatusCode::OK, &json!({ "session_id": id }))
        }
    }
}

/// The new status, or the body of the 400.
fn new_status(members: &Map<String, Value>, current: Status) -> Result<Status, Value> {
    let name = members.get("new_status").and_then(Value::as_str);
    let Some(name) = name else {
        return Err(json!({"new_status": ["This field is required."]}));
    };
    let Some(status) = Status::parse(name) else {
        return Err(json!({"new_status": [format!("\"{name}\" is not a valid choice.")]}));
    };
    if ![Status::Approved, Status::Declined, Status::Resubmitted].contains(&status) {
        return Err(json!({"new_status": [
            "You can only update the status to 'Approved', 'Declined', or 'Resubmitted'."
        ]}));
    }
    if !matches!(
        members.get("nodes_to_resubmit"),
        None | Some(Value::Null | Value::Array(_))
    ) {
        return Err(json!({"nodes_to_resubmit": ["Expected a list of items."]}));
    }
    if status == current {
        return Err(json!(["The new status is the same as the current status."]));
    }
    if !current.is_changeable() {
        return Err(json!({"detail": format!(
            "Only sessions with status Approved, Declined, In Review, Kyc Expired, Abandoned, Resubmitted can be \
             updated. Current status: {current}"
        )}));
    }
    Ok(status)
}

impl State {
    /// Blocks or unblocks a user as a person in the console does, and queues the webhook. Nothing happens if the user
    /// is that already.
    pub(crate) fn set_blocked(&mut self, vendor_data: &str, is_blocked: bool) {
        let (now, verification) = (self.now(), &mut self.verification);
        let blocked = &mut verification.blocked;
        let (is_changed, status, previous) = if is_blocked {
            (blocked.insert(vendor_data.to_owned()), "BLOCKED", "ACTIVE")
        } else {
            (blocked.remove(vendor_data), "ACTIVE", "BLOCKED")
        };
        if is_changed {
            verification.emit(event::of_user(vendor_data, status, previous), now);
        }
    }

    /// Changes the status of a session as a person in the console does, and queues the webhook. The results of
    /// the checks stay as they are.
    pub(crate) fn review(
        &mut self,
        id: &str,
        status: Status,
        steps: Option<Value>,
        comment: &Value,
    ) {
        let (now, verification) = (self.now(), &mut self.verification);
        let lifetime = verification.session_lifetime;
        let Some(session) = verification.session_mut(id) else {
            return;
        };
        session.reviews.push(json!({
            "user": "reviewer@example.com",
            "new_status": status.as_str(),
            "comment": comment.as_str().unwrap_or_default(),
            "created_at": time::iso(now),
        }));
        session.resubmit = None;
        if status == Status::Resubmitted {
            session.expires_at = now.saturating_add(lifetime);
            let steps =
                steps.unwrap_or_else(|| json!([{"node_id": "feature_ocr", "feature": "OCR"}]));
            let nodes = steps.as_array().into_iter().flatten();
            let nodes = nodes.filter_map(|step| step["node_id"].as_str());
            let reasons: Map<_, _> = nodes
                .map(|node| (node.to_owned(), "The image is blurred.".into()))
                .collect();
            session.resubmit = Some(json!({"nodes_to_resubmit": steps, "reasons": reasons}));
        }
        self.set_verification_status(id, status);
    }
}
