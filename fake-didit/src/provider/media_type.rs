//! The media type of a body.

use http::{HeaderMap, header};

/// Whether `Content-Type` is this media type, with any parameters.
pub(crate) fn is(headers: &HeaderMap, media_type: &str) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = content_type
        .and_then(|value| value.split(';').next())
        .map(str::trim);
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case(media_type))
}
