//! The response to a program: problem details (RFC 9457).

use axum_core::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use super::Error;

/// Marks a response that a layer has rendered. The mark is in the extensions beside the error; an outer layer leaves
/// the response unchanged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rendered;

#[derive(Serialize)]
struct Problem<'a> {
    status: u16,
    code: &'static str,
    title: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.into_http().map(Body::from)
    }
}

impl Error {
    /// The response, for services that are not axum's.
    pub(crate) fn into_http(self) -> http::Response<Bytes> {
        self.log("request failed");
        let mut response = self.problem();
        response.extensions_mut().insert(self);
        response
    }

    /// The problem details alone.
    pub(crate) fn problem(&self) -> http::Response<Bytes> {
        let row = self.kind().row();
        let problem = Problem {
            status: row.status.as_u16(),
            code: row.code,
            title: row.summary,
            detail: self.public_context(),
        };
        let json = serde_json::to_vec(&problem).expect("strings and a number are JSON");
        let mut response = http::Response::new(Bytes::from(json));
        *response.status_mut() = row.status;
        let content_type = HeaderValue::from_static("application/problem+json");
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, content_type);
        if let Some(challenge) = self.challenge() {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        self.add_required_headers(&mut response);
        response
    }

    /// The challenge of a step-up.
    fn challenge(&self) -> Option<HeaderValue> {
        let required = self.required_authentication();
        (!required.is_any()).then(|| required.challenge(CHALLENGE))?
    }

    /// Adds the headers that the status requires, unless they are there: the challenge of a 401 (RFC 9110 §15.5.2) and
    /// the `Retry-After` of a 503 (§15.6.4). The challenge's scheme is this crate's own, because browsers open a dialog
    /// for schemes that they know.
    pub(crate) fn add_required_headers(&self, response: &mut http::Response<Bytes>) {
        let (name, value) = match response.status() {
            StatusCode::UNAUTHORIZED => (
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static(CHALLENGE),
            ),
            StatusCode::SERVICE_UNAVAILABLE => {
                let seconds = self.retry_after().map_or(1, |wait| wait.as_secs());
                (header::RETRY_AFTER, seconds.into())
            }
            _ => return,
        };
        response.headers_mut().entry(name).or_insert(value);
    }
}

const CHALLENGE: &str = r#"Didit realm="sign-in""#;
