//! Problem documents: what a program is told.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use serde::Serialize;

/// A problem document (RFC 9457), with the challenge that a 401 owes (RFC 9110 §15.5.2) and the moment to
/// wait after a 503 (§15.6.4).
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Problem {
    #[serde(serialize_with = "status_number")]
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<&'static str>,
}

impl Problem {
    pub(crate) fn into_response(self) -> Response<Bytes> {
        let json = serde_json::to_string(&self).expect("strings and a number are JSON");
        let mut response = Response::new(Bytes::from(json));
        *response.status_mut() = self.status;
        let content_type = HeaderValue::from_static("application/problem+json");
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, content_type);
        challenge(&mut response);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, SOON);
        }
        response
    }
}

/// Adds the challenge to a 401 that lacks it. The scheme is our own: to those that they know,
/// browsers answer with a dialog.
pub(crate) fn challenge(response: &mut Response<Bytes>) {
    if response.status() == StatusCode::UNAUTHORIZED {
        response
            .headers_mut()
            .entry(header::WWW_AUTHENTICATE)
            .or_insert(HeaderValue::from_static(r#"Didit realm="sign-in""#));
    }
}

/// The `Retry-After` of what is over in a moment, in seconds.
pub(crate) const SOON: HeaderValue = HeaderValue::from_static("1");

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn status_number<S: serde::Serializer>(
    status: &StatusCode,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}
