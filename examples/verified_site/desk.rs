//! A page in place of Didit's console, in which an employee decides about the last verification. With the fake only.

use axum::{
    Form, Router,
    extract::State,
    response::{Html, Redirect},
    routing::get,
};
use serde::Deserialize;
use serde_json::Value;
use tower_didit::fake::FakeVerification;

use crate::pages;

pub(crate) fn routes(fake: FakeVerification) -> Router {
    Router::new()
        .route("/desk", get(show).post(decide))
        .with_state(fake)
}

async fn show(State(fake): State<FakeVerification>) -> Html<String> {
    let status = fake.last_session_id().and_then(|id| fake.status(&id));
    pages::desk(status.as_deref())
}

#[derive(Deserialize)]
struct Decision {
    status: String,
}

/// Changes the status. A webhook tells the site.
async fn decide(State(fake): State<FakeVerification>, Form(decision): Form<Decision>) -> Redirect {
    let session = fake.last_session_id();
    let known = pages::DECISIONS
        .iter()
        .any(|(_, status, _)| *status == decision.status);
    if let Some(id) = session.filter(|_| known) {
        let approves = decision.status == "Approved";
        fake.edit_decision(&id, move |decision| {
            // An employee approves the checks too: an approved session alone verifies nobody.
            let checks = decision
                .values_mut()
                .filter_map(Value::as_array_mut)
                .flatten();
            for check in checks.filter(|check| approves && check["status"].is_string()) {
                check["status"] = "Approved".into();
            }
        });
        fake.set_status(&id, &decision.status);
    }
    Redirect::to("/desk")
}
