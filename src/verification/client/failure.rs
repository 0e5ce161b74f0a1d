//! Why Didit refuses a call.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode, header};
use serde_json::Value;

use crate::{
    error::{Error, VerificationError},
    json,
    transport::unexpected_status,
};

/// The error of a response that is not a success. `unknown` is the error of a 404.
pub(super) fn of(
    call: &str,
    unknown: Option<VerificationError>,
    response: &Response<Bytes>,
) -> Error {
    match (response.status(), unknown) {
        (StatusCode::BAD_REQUEST, _) => refusal(response.body()),
        (StatusCode::FORBIDDEN, _)
            if call == super::report::REPORT && is_about_status(response.body()) =>
        {
            Error::new(VerificationError::NoReport)
        }
        // Didit answers 403 to a wrong key; 401 is documented for some calls.
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
            Error::with_context(VerificationError::KeyRefused, call.to_owned())
        }
        // A gateway's 404 is not JSON.
        (StatusCode::NOT_FOUND, Some(unknown)) if json::object(response.body()).is_some() => {
            Error::with_context(unknown, call.to_owned())
        }
        (StatusCode::TOO_MANY_REQUESTS, _) => {
            let error = Error::with_context(VerificationError::RateLimited, call.to_owned());
            let wait = response.headers().get(header::RETRY_AFTER);
            let wait = wait.and_then(|wait| wait.to_str().ok()?.parse().ok());
            match wait.map(Duration::from_secs) {
                Some(wait) => error.with_retry_after(wait),
                None => error,
            }
        }
        (status, _) => unexpected_status(call, status),
    }
}

/// The error of a 400. Its body has a text, or a list of texts, for `detail` or for a member of the request; or it is a
/// list of texts.
fn refusal(body: &[u8]) -> Error {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let first = json.as_object().and_then(|members| members.iter().next());
    let (name, value) = first.map_or((DETAIL, &json), |(name, value)| (name.as_str(), value));
    // Logs repeat the name, so it must be a known one.
    let name = MEMBERS.into_iter().find(|known| *known == name);
    let name = name.unwrap_or(DETAIL);
    let text = text(value).unwrap_or_default();
    let reason = match name {
        "vendor_data" if text.contains("blocked") => VerificationError::UserBlocked,
        DETAIL if text.contains("enough credits") => VerificationError::NoCredits,
        _ => VerificationError::InvalidRequest,
    };
    Error::from_provider(reason.into(), name, Some(text))
}

/// Whether a 403 is about the session's status. Didit answers 403 to a refused key as well.
fn is_about_status(body: &[u8]) -> bool {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let detail = json.get(DETAIL).and_then(Value::as_str);
    detail.is_some_and(|detail| detail.contains("generate a PDF"))
}

/// The first text in it.
fn text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Array(values) => values.iter().find_map(text),
        Value::Object(members) => members.values().find_map(text),
        _ => None,
    }
}

const DETAIL: &str = "detail";
/// The members of requests.
const MEMBERS: [&str; 19] = [
    "workflow_id",
    "vendor_data",
    "callback",
    "callback_method",
    "metadata",
    "language",
    "contact_details",
    "expected_details",
    "portrait_image",
    "sandbox_scenario",
    "new_status",
    "comment",
    "nodes_to_resubmit",
    "label",
    "url",
    "enabled",
    "webhook_version",
    "subscribed_events",
    DETAIL,
];
