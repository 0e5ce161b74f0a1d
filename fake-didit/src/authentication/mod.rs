//! What only Didit Authentication has: JSON in, tokens that are all JWTs, a session.

use http::StatusCode;
use serde_json::json;

use crate::provider::answer::{self, Answer};

mod jwt;
mod members;
pub(crate) mod session;
pub(crate) mod token;

/// An error of Didit Authentication: a code alone. The reason goes into the record.
fn refused(status: StatusCode, code: &str, why: &str) -> Answer {
    answer::because(answer::json(status, &json!({"error": code})), why)
}
