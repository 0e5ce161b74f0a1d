//! A request that the API refuses (RFC 9457).

use http::{HeaderName, StatusCode, header};
use serde_json::json;

use crate::provider::answer::{self, Answer};

/// The status, and a sentence that says what to do.
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

    /// The body cannot be read.
    pub(super) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// The body can be read, and what it asks for cannot be done.
    pub(super) fn impossible(detail: impl Into<String>) -> Self {
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

    pub(super) fn answer(self) -> Answer {
        let body = json!({
            "title": self.status.canonical_reason(),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let answer = answer::json(self.status, &body);
        let allow = self.allow.map(|allow| (header::ALLOW, allow));
        let headers: [(HeaderName, &'static str); 1] =
            [(header::CONTENT_TYPE, "application/problem+json")];
        let answer = answer::with_headers(answer, headers);
        match allow {
            Some(allow) => answer::with_headers(answer, [allow]),
            None => answer,
        }
    }
}
