//! The error response of RFC 6749 §5.2.

use bytes::Bytes;
use http::{Response, StatusCode, header};
use serde_json::json;

use crate::provider::response;

/// An error of the token endpoint.
#[derive(Clone, Debug)]
pub(crate) struct OAuthError {
    pub(crate) code: String,
    pub(crate) description: Option<String>,
    pub(crate) status: StatusCode,
}

impl OAuthError {
    /// An error with the status of its code: 401 for `invalid_client`, else 400.
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

    pub(crate) fn with_description(self, description: impl Into<String>) -> Self {
        Self {
            description: Some(description.into()),
            ..self
        }
    }

    pub(crate) fn invalid_request(description: impl Into<String>) -> Self {
        Self::new("invalid_request").with_description(description)
    }

    pub(crate) fn invalid_client(description: impl Into<String>) -> Self {
        Self::new("invalid_client").with_description(description)
    }

    pub(crate) fn invalid_grant(description: impl Into<String>) -> Self {
        Self::new("invalid_grant").with_description(description)
    }

    /// The response, with the description as the problem for the request log.
    pub(crate) fn response_with_problem(&self) -> Response<Bytes> {
        let problem = self.description.as_ref().unwrap_or(&self.code);
        response::with_problem(self.response(), problem)
    }

    /// The response; a 401 names the authentication scheme (RFC 6749 §5.2).
    pub(crate) fn response(&self) -> Response<Bytes> {
        let body = match &self.description {
            Some(description) => json!({"error": self.code, "error_description": description}),
            None => json!({"error": self.code}),
        };
        let response = response::json(self.status, &body);
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = "Basic realm=\"Didit\"";
            return response::with_headers(response, [(header::WWW_AUTHENTICATE, challenge)]);
        }
        response
    }
}
