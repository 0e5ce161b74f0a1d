//! The members of an event.

use serde_json::{Map, Value, json};

use crate::verification::{
    create::WORKFLOW_VERSION,
    features,
    session::{Session, SessionKind},
};

/// The event about the status of a session.
pub(crate) fn of_status(session: &Session, decision: Option<Value>) -> Map<String, Value> {
    let mut members = object(json!({
        "webhook_type": "status.updated",
        "session_id": session.id,
        "status": session.status.as_str(),
        "created_at": session.created_at,
        "workflow_id": session.workflow_id,
        "workflow_version": WORKFLOW_VERSION,
        "vendor_data": session.vendor_data,
        "metadata": session.metadata,
    }));
    if session.kind == SessionKind::Business {
        members.extend(object(json!({
            "session_kind": session.kind.as_str(),
            "business_session_id": session.id,
            "vendor_business_id": session.vendor_data,
        })));
    }
    if let Some(decision) = decision {
        members.insert("decision".to_owned(), decision);
    }
    if let Some(resubmit) = &session.resubmit {
        members.insert("resubmit_info".to_owned(), resubmit.clone());
    }
    members
}

/// The event about the status of a user.
pub(crate) fn of_user(vendor_data: &str, status: &str, previous: &str) -> Map<String, Value> {
    object(json!({
        "webhook_type": "user.status.updated",
        "vendor_data": vendor_data,
        "status": status,
        "previous_status": previous,
    }))
}

/// The event as a destination of version 2 gets it: one object for each check instead of arrays.
pub(crate) fn into_v2(event: &mut Map<String, Value>) {
    let Some(Value::Object(decision)) = event.get_mut("decision") else {
        return;
    };
    for (name, singular) in V2 {
        if let Some(mut results) = decision.remove(name) {
            let first = results.get_mut(0).map(Value::take);
            decision.insert(singular.to_owned(), first.unwrap_or_default());
        }
    }
    for feature in features::ALL {
        decision.remove(feature.member);
    }
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// The arrays of version 3, and the objects of version 2.
const V2: [(&str, &str); 8] = [
    ("id_verifications", "id_verification"),
    ("nfc_verifications", "nfc"),
    ("liveness_checks", "liveness"),
    ("face_matches", "face_match"),
    ("aml_screenings", "aml"),
    ("phone_verifications", "phone"),
    ("email_verifications", "email"),
    ("poa_verifications", "poa"),
];
