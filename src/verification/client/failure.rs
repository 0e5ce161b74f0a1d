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

/// The error of a response that is not a success. `call` names the call.
pub(super) fn of(call: &str, response: &Response<Bytes>) -> Error {
    match response.status() {
        StatusCode::BAD_REQUEST => refusal(response.body()),
        // Didit answers 403 to a wrong key; 401 is documented for some calls.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Error::with_context(VerificationError::KeyRefused, call.to_owned())
        }
        // A 404 that is no JSON is a gateway's.
        StatusCode::NOT_FOUND
            if call != super::CREATION && json::object(response.body()).is_some() =>
        {
            Error::with_context(VerificationError::UnknownSession, call.to_owned())
        }
        StatusCode::TOO_MANY_REQUESTS => {
            let error = Error::with_context(VerificationError::RateLimited, call.to_owned());
            let wait = response.headers().get(header::RETRY_AFTER);
            let wait = wait.and_then(|wait| wait.to_str().ok()?.parse().ok());
            match wait.map(Duration::from_secs) {
                Some(wait) => error.with_retry_after(wait),
                None => error,
            }
        }
        status => unexpected_status(call, status),
    }
}

/// A 400: an object with a text, or a list of texts, for a member of the request or for `detail`; or a list of texts.
fn refusal(body: &[u8]) -> Error {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let first = json.as_object().and_then(|members| members.iter().next());
    let (name, value) = first.map_or((DETAIL, &json), |(name, value)| (name.as_str(), value));
    // The name is repeated in logs.
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
const MEMBERS: [&str; 14] = [
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
    DETAIL,
];
