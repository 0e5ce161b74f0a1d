//! What only Didit Authentication has: JSON in, tokens that are all JWTs, a session.

use http::StatusCode;
use serde_json::json;

use super::answer::{self, Answer};

mod jwt;
mod members;
pub(super) mod session;
pub(super) mod token;

/// An error as Didit Authentication tells it: a code and nothing else.
fn refused(status: StatusCode, code: &str) -> Answer {
    answer::json(status, &json!({"error": code}))
}
