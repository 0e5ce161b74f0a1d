//! The decision about a session.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::{
    person::accounts::Accounts,
    provider::{response, state::State},
    verification::{
        features,
        session::{Session, SessionKind},
        state::Verification,
        time,
    },
};

pub(crate) fn respond(state: &State, request: &Request<Bytes>, id: &str) -> Response<Bytes> {
    let Some(mut decision) = state.decision(id) else {
        return super::routes::not_found("no session has this id");
    };
    if request
        .uri()
        .query()
        .is_some_and(|query| query.contains("include=events"))
    {
        decision.remove("session_kind");
        decision.insert("events".to_owned(), json!([]));
    }
    response::json(StatusCode::OK, &Value::Object(decision))
}

/// The decision about a session, in the shape of API version 3, before a test's edit. One about a business has other
/// checks than one about a user.
pub(crate) fn document(
    verification: &Verification,
    session: &Session,
    accounts: &Accounts,
    url: &str,
    now: u64,
) -> Map<String, Value> {
    let runs = verification.features_of(session.kind);
    let Value::Object(mut decision) = json!({
        "session_id": session.id,
        "session_kind": session.kind.as_str(),
        "session_number": session.number,
        "session_url": url,
        "status": session.status.as_str(),
        "environment": verification.environment(),
        "workflow_id": session.workflow_id,
        "features": runs.iter().map(|feature| feature.name).collect::<Vec<_>>(),
        "vendor_data": session.vendor_data,
        "metadata": session.metadata,
        "expected_details": session.expected_details,
        "contact_details": session.contact_details,
        "callback": session.callback,
        "nfc_skip_reason": null,
        "reviews": session.reviews,
        "created_at": time::iso(session.created_at),
        "expires_at": time::iso(session.expires_at),
    }) else {
        return Map::new();
    };
    let person = session.vendor_data.as_deref();
    let person = person.and_then(|subject| accounts.by_subject(subject));
    let failed = session.ended.and_then(|scenario| scenario.failure);
    let all = match session.kind {
        SessionKind::User => features::ALL,
        SessionKind::Business => features::BUSINESS,
    };
    for feature in all {
        let runs = runs.iter().any(|run| run.name == feature.name)
            || failed.is_some_and(|(name, _)| name == feature.name);
        let results = if runs && session.status.has_results() {
            json!([features::result(feature, person, session.ended, now)])
        } else {
            Value::Null
        };
        decision.insert(feature.member.to_owned(), results);
    }
    let others: &[&str] = match session.kind {
        SessionKind::User => &["document_ai_documents"],
        SessionKind::Business => &[
            "aml_screenings",
            "phone_verifications",
            "email_verifications",
            "ip_analyses",
            "questionnaire_responses",
        ],
    };
    for name in others {
        decision.insert((*name).to_owned(), Value::Null);
    }
    decision
}

impl State {
    /// The decision about a session.
    pub(crate) fn decision(&self, id: &str) -> Option<Map<String, Value>> {
        let verification = &self.verification;
        let session = verification.session(&id.to_ascii_lowercase())?;
        let url = self.verification_url(session);
        let mut decision = document(verification, session, &self.accounts, &url, self.now());
        if let Some(edit) = &session.edit {
            edit(&mut decision);
        }
        Some(decision)
    }
}
