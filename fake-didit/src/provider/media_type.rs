//! The media type of a body.

use http::{HeaderMap, header};

/// Whether `Content-Type` is this media type; its parameters do not matter.
pub(crate) fn is(headers: &HeaderMap, media_type: &str) -> bool {
    let announced = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = announced
        .and_then(|value| value.split(';').next())
        .map(str::trim);
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case(media_type))
}
