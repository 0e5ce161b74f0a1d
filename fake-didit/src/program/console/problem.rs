//! An error of the JSON API (RFC 9457).

use bytes::Bytes;
use http::{Response, StatusCode, header};
use serde_json::json;

use crate::provider::response;

/// A status, and a sentence that tells what to send instead.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: String,
    allow: Option<&'static str>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            allow: None,
        }
    }

    /// The body cannot be parsed.
    pub(super) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// The body has an invalid value.
    pub(super) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(super) fn method_not_allowed(allow: &'static str) -> Self {
        Self {
            allow: Some(allow),
            ..Self::new(StatusCode::METHOD_NOT_ALLOWED, format!("Use {allow} here."))
        }
    }

    pub(super) fn into_response(self) -> Response<Bytes> {
        let body = json!({
            "title": self.status.canonical_reason(),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let response = response::with_headers(
            response::json(self.status, &body),
            [(header::CONTENT_TYPE, "application/problem+json")],
        );
        match self.allow {
            Some(allow) => response::with_headers(response, [(header::ALLOW, allow)]),
            None => response,
        }
    }
}
