//! The kinds of answer that the fake gives.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::Value;

/// The response to a request.
pub(crate) type Answer = Response<Bytes>;

/// What was wrong with a request; travels with its answer to the record, and no further.
#[derive(Clone)]
struct Problem(String);

/// The answer to a request with which something was wrong.
pub(crate) fn because(mut answer: Answer, problem: impl Into<String>) -> Answer {
    answer.extensions_mut().insert(Problem(problem.into()));
    answer
}

/// Takes what was wrong from the answer to a request.
pub(crate) fn take_problem(answer: &mut Answer) -> Option<String> {
    let problem = answer.extensions_mut().remove::<Problem>();
    problem.map(|Problem(problem)| problem)
}

/// A JSON document that must not be stored (RFC 6749 §5.1).
pub(crate) fn json(status: StatusCode, value: &Value) -> Answer {
    let mut answer = Response::new(Bytes::from(value.to_string()));
    *answer.status_mut() = status;
    let fixed = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
        (header::PRAGMA, "no-cache"),
    ];
    with_headers(answer, fixed)
}

/// A JSON document that caches may keep for `max_age` seconds.
pub(crate) fn document(value: &Value, max_age: u64) -> Answer {
    let mut answer = Response::new(Bytes::from(value.to_string()));
    let kept = HeaderValue::from_str(&format!("public, max-age={max_age}"))
        .expect("words and a number are a header value");
    answer.headers_mut().insert(header::CACHE_CONTROL, kept);
    with_headers(answer, [(header::CONTENT_TYPE, "application/json")])
}

/// A page for a person.
pub(crate) fn page(status: StatusCode, html: String) -> Answer {
    let mut answer = Response::new(Bytes::from(html));
    *answer.status_mut() = status;
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        // No `form-action`: some browsers apply it to the redirect back to the client as well. The image is
        // the icon.
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
             frame-ancestors 'none'",
        ),
    ];
    with_headers(answer, fixed)
}

/// A 303, so that the browser goes on with a GET.
pub(crate) fn redirect(to: &str) -> Answer {
    let mut answer = Response::new(Bytes::new());
    *answer.status_mut() = StatusCode::SEE_OTHER;
    let location = HeaderValue::from_str(to)
        .expect("a redirect URI was parsed when registered, the rest is encoded");
    answer.headers_mut().insert(header::LOCATION, location);
    with_headers(
        answer,
        [
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
        ],
    )
}

/// 405 with what would have been right.
pub(crate) fn method_not_allowed(allow: &'static str) -> Answer {
    let answer = json(
        StatusCode::METHOD_NOT_ALLOWED,
        &serde_json::json!({"error": "method_not_allowed"}),
    );
    let answer = with_headers(answer, [(header::ALLOW, allow)]);
    because(answer, format!("the method must be {allow}"))
}

/// 413, for a body that was not kept.
pub(crate) fn too_large() -> Answer {
    let answer = json(
        StatusCode::PAYLOAD_TOO_LARGE,
        &serde_json::json!({"detail": "The body is too large."}),
    );
    because(answer, "the body has more than 64 KB")
}

/// The answer with these headers set.
pub(crate) fn with_headers<const N: usize>(
    mut answer: Answer,
    headers: [(HeaderName, &'static str); N],
) -> Answer {
    for (name, value) in headers {
        answer
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    answer
}
