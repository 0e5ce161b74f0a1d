//! Didit Authentication, where it differs from the Sign in API: JSON requests, JWTs as access tokens,
//! sessions.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::json;

use crate::provider::response;

mod jwt;
mod members;
pub(crate) mod session;
pub(crate) mod token;

/// An error response of Didit Authentication: only a code. The reason goes to the request log.
fn error(status: StatusCode, code: &str, why: &str) -> Response<Bytes> {
    response::with_problem(response::json(status, &json!({"error": code})), why)
}
