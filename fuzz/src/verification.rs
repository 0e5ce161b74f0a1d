//! Verification sessions, as another program judges them.

use aws_lc_rs::hmac;
use serde_json::Value;
use tower_didit::verification::Requirements;

pub const SESSION: &str = "11111111-2222-3333-4444-555555555555";
pub const WORKFLOW: &str = "99999999-8888-4777-8666-555555555555";
pub const USER: &str = "user-42";
pub const SECRET: &str = "secret";

/// Everything that can be required.
pub fn requirements() -> Requirements {
    Requirements::identity()
        .with_liveness()
        .with_face_match()
        .with_aml()
        .with_minimum_age(18)
        .with_workflow(WORKFLOW)
        .with_session(SESSION)
        .with_vendor_data(USER)
}

/// Whether a decision verifies the user, but for the facts that a webhook around it may say.
pub fn has_checks(decision: &Value) -> bool {
    let documents = decision["id_verifications"].as_array();
    let arrays = [
        "id_verifications",
        "liveness_checks",
        "face_matches",
        "aml_screenings",
    ];
    let is_approved = |name: &str| {
        let results = decision[name].as_array();
        results.is_some_and(|results| {
            !results.is_empty() && results.iter().all(|result| result["status"] == "Approved")
        })
    };
    let is_adult = |document: &Value| document["age"].as_u64().is_some_and(|age| age >= 18);
    arrays.into_iter().all(is_approved)
        && documents.is_some_and(|documents| documents.iter().all(is_adult))
}

/// The facts that must hold.
pub const FACTS: [(&str, &str); 6] = [
    ("session_id", SESSION),
    ("session_kind", "user"),
    ("workflow_id", WORKFLOW),
    ("vendor_data", USER),
    ("environment", "live"),
    ("status", "Approved"),
];

/// Lower-case hex digits of the HMAC-SHA256.
pub fn sign(message: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = hmac::sign(&key, message);
    let digits = tag.as_ref().iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}
