//! Answers of the layer's own.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

/// 303 See Other: whatever the method was, the browser comes with `GET`, and repeats no body
/// (RFC 9700 §4.12).
pub(super) fn see_other(
    location: HeaderValue,
    cookies: impl IntoIterator<Item = HeaderValue>,
) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    keep_private(headers);
    append_cookies(headers, cookies);
    response
}

/// The answer to a prefetch of a page that works once: the browser asks again when the person goes there. It
/// says no more, and touches no cookie.
pub(super) fn not_ahead_of_time() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    keep_private(response.headers_mut());
    response
}

/// What every answer of the flow carries: it is nobody else's, and the address of this page, which
/// may hold a code, goes nowhere (RFC 6749 §10.5, RFC 9700 §4.2.4).
pub(super) fn keep_private(headers: &mut HeaderMap) {
    forbid_storing(headers);
    let no_referrer = HeaderValue::from_static("no-referrer");
    headers.insert(header::REFERRER_POLICY, no_referrer);
}

/// For an answer that sets a cookie: it must reach one browser, once.
pub(super) fn forbid_storing(headers: &mut HeaderMap) {
    let private = HeaderValue::from_static("private, no-store");
    headers.insert(header::CACHE_CONTROL, private);
}

pub(crate) fn append_cookies(
    headers: &mut HeaderMap,
    cookies: impl IntoIterator<Item = HeaderValue>,
) {
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie);
    }
}
