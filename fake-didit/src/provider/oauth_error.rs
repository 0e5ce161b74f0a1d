//! The error answer of RFC 6749 §5.2.

use http::{StatusCode, header};
use serde_json::json;

use crate::provider::answer::{self, Answer};

/// An error of the token endpoint: a code for the client's code, a description for its author.
#[derive(Clone, Debug)]
pub(crate) struct OAuthError {
    pub(crate) code: String,
    pub(crate) description: Option<String>,
    pub(crate) status: StatusCode,
}

impl OAuthError {
    /// An error with the status that belongs to its code: 401 for `invalid_client`, else 400.
    pub(crate) fn new(code: impl Into<String>) -> Self {
        let code = code.into();
        let status = if code == "invalid_client" {
            StatusCode::UNAUTHORIZED
        } else {
            StatusCode::BAD_REQUEST
        };
        Self {
            code,
            description: None,
            status,
        }
    }

    pub(crate) fn because(self, description: impl Into<String>) -> Self {
        Self {
            description: Some(description.into()),
            ..self
        }
    }

    pub(crate) fn invalid_request(description: impl Into<String>) -> Self {
        Self::new("invalid_request").because(description)
    }

    pub(crate) fn invalid_client(description: impl Into<String>) -> Self {
        Self::new("invalid_client").because(description)
    }

    pub(crate) fn invalid_grant(description: impl Into<String>) -> Self {
        Self::new("invalid_grant").because(description)
    }

    /// The answer to a bad request, with the reason for the record.
    pub(crate) fn refusal(&self) -> Answer {
        let problem = self.description.as_ref().unwrap_or(&self.code);
        answer::because(self.answer(), problem)
    }

    /// The answer; a 401 names the scheme to use (RFC 6749 §5.2).
    pub(crate) fn answer(&self) -> Answer {
        let body = match &self.description {
            Some(description) => json!({"error": self.code, "error_description": description}),
            None => json!({"error": self.code}),
        };
        let answer = answer::json(self.status, &body);
        if self.status == StatusCode::UNAUTHORIZED {
            return answer::with_headers(
                answer,
                [(header::WWW_AUTHENTICATE, "Basic realm=\"Didit\"")],
            );
        }
        answer
    }
}
