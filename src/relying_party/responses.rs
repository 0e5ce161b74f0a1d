//! The layer's own responses.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde::Serialize;

/// 303 See Other: the browser follows with `GET`, and repeats no body (RFC 9700 §4.12).
pub(crate) fn see_other(
    location: HeaderValue,
    cookies: impl IntoIterator<Item = HeaderValue>,
) -> Response<Bytes> {
    let mut response = private_response(StatusCode::SEE_OTHER);
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    append_cookies(headers, cookies);
    response
}

/// 200 with JSON for a script.
pub(super) fn json(value: &impl Serialize) -> Response<Bytes> {
    let json = serde_json::to_vec(value).expect("strings are JSON");
    let mut response = private_response(StatusCode::OK).map(|_| Bytes::from(json));
    let content_type = HeaderValue::from_static("application/json");
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, content_type);
    response
}

pub(super) fn private_response(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    keep_private(response.headers_mut());
    response
}

/// Headers of every response of the flow: it is not stored, and its address, which may contain a code, is not sent
/// as a referrer (RFC 6749 §10.5, RFC 9700 §4.2.4).
pub(super) fn keep_private(headers: &mut HeaderMap) {
    forbid_storing(headers);
    let no_referrer = HeaderValue::from_static("no-referrer");
    headers.insert(header::REFERRER_POLICY, no_referrer);
}

/// For a response that sets a cookie, which is for one browser. Headers that take precedence over `Cache-Control` in
/// shared caches are removed (RFC 9213 §2.2).
pub(super) fn forbid_storing(headers: &mut HeaderMap) {
    let is_targeted = |name: &HeaderName| {
        let name = name.as_str();
        name.ends_with("cdn-cache-control")
            || ["surrogate-control", "x-accel-expires"].contains(&name)
    };
    while let Some(name) = headers.keys().find(|name| is_targeted(name)).cloned() {
        headers.remove(name);
    }
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
