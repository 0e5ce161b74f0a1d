//! The responses of the fake.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json as object};

/// Why a request is rejected. Travels in the response's extensions to the request log, and no further.
#[derive(Clone)]
struct Problem(String);

/// The response to a rejected request, with the reason for the request log.
pub(crate) fn with_problem(
    mut response: Response<Bytes>,
    problem: impl Into<String>,
) -> Response<Bytes> {
    response.extensions_mut().insert(Problem(problem.into()));
    response
}

/// Removes the reason from the response to a rejected request.
pub(crate) fn take_problem(response: &mut Response<Bytes>) -> Option<String> {
    let problem = response.extensions_mut().remove::<Problem>();
    problem.map(|Problem(problem)| problem)
}

/// A JSON response that must not be stored (RFC 6749 §5.1).
pub(crate) fn json(status: StatusCode, value: &Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(value.to_string()));
    *response.status_mut() = status;
    with_headers(
        response,
        [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-store"),
            (header::PRAGMA, "no-cache"),
        ],
    )
}

/// A JSON document that caches may store for `max_age` seconds.
pub(crate) fn document(value: &Value, max_age: u64) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(value.to_string()));
    let cache_control = HeaderValue::from_str(&format!("public, max-age={max_age}"))
        .expect("the value is visible ASCII");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, cache_control);
    with_headers(response, [(header::CONTENT_TYPE, "application/json")])
}

/// An HTML page.
pub(crate) fn page(status: StatusCode, html: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(html));
    *response.status_mut() = status;
    with_headers(
        response,
        [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
            // No `form-action`: some browsers apply it to the redirect back to the client, too. `img-src` is
            // for the icon.
            (
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
                 frame-ancestors 'none'",
            ),
        ],
    )
}

/// A 303, after which the browser sends a GET.
pub(crate) fn redirect(to: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let location = HeaderValue::from_str(to)
        .expect("the redirect URI was validated, and its parameters are encoded");
    response.headers_mut().insert(header::LOCATION, location);
    with_headers(
        response,
        [
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
        ],
    )
}

/// A 405 that names the allowed methods.
pub(crate) fn method_not_allowed(allow: &'static str) -> Response<Bytes> {
    let response = json(
        StatusCode::METHOD_NOT_ALLOWED,
        &object!({"error": "method_not_allowed"}),
    );
    let response = with_headers(response, [(header::ALLOW, allow)]);
    with_problem(response, format!("the method must be {allow}"))
}

/// A 413, for a body above the limit.
pub(crate) fn too_large() -> Response<Bytes> {
    let response = json(
        StatusCode::PAYLOAD_TOO_LARGE,
        &object!({"detail": "The body is too large."}),
    );
    with_problem(response, "the body has more than 64 KB")
}

/// The response with these headers set.
pub(crate) fn with_headers<const N: usize>(
    mut response: Response<Bytes>,
    headers: [(HeaderName, &'static str); N],
) -> Response<Bytes> {
    for (name, value) in headers {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
