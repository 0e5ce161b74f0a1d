//! What only Didit Authentication has: JSON in, tokens that are all JWTs, a session.

use http::StatusCode;
use serde_json::json;

use crate::provider::answer::{self, Answer};

mod jwt;
mod members;
pub(crate) mod session;
pub(crate) mod token;

/// An error as Didit Authentication tells it: a code and nothing else. The record tells more.
fn refused(status: StatusCode, code: &str, why: &str) -> Answer {
    answer::because(answer::json(status, &json!({"error": code})), why)
}
