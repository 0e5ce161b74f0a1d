//! A recorded request.

use std::{
    borrow::Cow,
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use serde_json::Value;

use super::Outcome;
use crate::{
    fault::Fault,
    provider::{endpoint::Endpoint, form::Form},
};

/// A request that [`FakeDidit`](crate::FakeDidit) received, or a webhook that it sent, with its outcome.
///
/// `Debug` omits secrets: the query, the body, the token in the URL of a verification, and the values of
/// `Authorization`, `Cookie`, `X-Api-Key` and `Session-Token`.
///
/// ```
/// use fake_didit::{Endpoint, FakeDidit, Person};
///
/// let didit = FakeDidit::new("app", "secret").with_redirect_uri("https://app.example/callback");
/// didit.approve(
///     "https://auth.didit.me/?client_id=app&response_type=code&scope=openid&state=s\
///      &redirect_uri=https://app.example/callback",
///     &Person::john(),
/// );
///
/// let request = didit.last(Endpoint::Authorize).unwrap();
/// assert_eq!(request.query_value("scope").as_deref(), Some("openid"));
/// assert_eq!(request.problem(), None);
/// ```
#[derive(Clone)]
pub struct RecordedRequest {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
    outcome: Outcome,
}

impl RecordedRequest {
    pub(crate) fn new(request: &Request<Bytes>, outcome: Outcome) -> Self {
        Self {
            method: request.method().clone(),
            uri: copy_uri(request.uri()),
            headers: copy_headers(request.headers()),
            body: Bytes::copy_from_slice(request.body()),
            outcome,
        }
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The URI: absolute for a request in the process; path and query for a request over a socket.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Path and query as sent.
    pub fn path_and_query(&self) -> &str {
        self.uri.path_and_query().map_or("", |path| path.as_str())
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The first value of a header, if it is ASCII text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// A decoded parameter of the form in the body; `None` also if the body is not a form.
    pub fn form_value(&self, name: &str) -> Option<String> {
        let form = Form::parse(std::str::from_utf8(&self.body).ok()?).ok()?;
        form.get(name).map(str::to_owned)
    }

    /// The body as JSON; `None` if it is not JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// A decoded parameter of the query; `None` also if the query is malformed.
    pub fn query_value(&self, name: &str) -> Option<String> {
        Form::parse(self.uri.query()?)
            .ok()?
            .get(name)
            .map(str::to_owned)
    }

    /// The number of the request, starting at 1.
    pub fn number(&self) -> u64 {
        self.outcome.number
    }

    /// The time at which it was received, by the fake's [clock](crate::FakeDidit::clock).
    pub fn received_at(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.outcome.at)
    }

    /// The endpoint; `None` if no endpoint has this path.
    pub fn endpoint(&self) -> Option<Endpoint> {
        self.outcome.endpoint
    }

    /// The status of the response; `None` without a response ([`Fault::hang`]).
    pub fn status(&self) -> Option<StatusCode> {
        self.outcome.status
    }

    /// Why the request was rejected; `None` for a valid request, and for one that a [fault](Self::fault)
    /// answered.
    ///
    /// Often more than the response says, which is as terse as Didit's:
    ///
    /// ```
    /// use bytes::Bytes;
    /// use fake_didit::{Endpoint, FakeDidit};
    /// use http::Request;
    /// use tower_service::Service;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mut didit = FakeDidit::new("app", "secret");
    /// let request = Request::get("https://apx.didit.me/auth/v2/users/retrieve")
    ///     .header("authorization", "Bearer made-up")
    ///     .body(Bytes::new())
    ///     .unwrap();
    /// didit.call(request).await.unwrap();
    ///
    /// let request = didit.last(Endpoint::UserInfo).unwrap();
    /// assert_eq!(request.status().unwrap(), 401);
    /// assert_eq!(request.problem(), Some("the access token is unknown"));
    /// # }
    /// ```
    pub fn problem(&self) -> Option<&str> {
        self.outcome.problem.as_deref()
    }

    /// The fault that was injected.
    pub fn fault(&self) -> Option<&Fault> {
        self.outcome.fault.as_ref()
    }

    /// The path without the token of a verification session.
    pub(crate) fn shown_path(&self) -> Cow<'_, str> {
        let path = self.uri.path();
        match path.rsplit_once('/') {
            Some((before, _)) if self.endpoint() == Some(Endpoint::VerificationPage) => {
                format!("{before}/…").into()
            }
            _ => path.into(),
        }
    }

    /// The approximate size in memory, in bytes.
    pub(super) fn size(&self) -> usize {
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| name.as_str().len() + value.len() + PER_HEADER);
        let problem = self.problem().map_or(0, str::len);
        self.path_and_query().len() + self.body.len() + headers.sum::<usize>() + problem
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut headers = self.headers.clone();
        for (name, value) in &mut headers {
            value.set_sensitive(SECRET_HEADERS.contains(&name.as_str()));
        }
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.shown_path())
            .field("endpoint", &self.endpoint())
            .field("status", &self.status())
            .field("problem", &self.problem())
            .field("headers", &headers)
            .finish_non_exhaustive()
    }
}

/// A copy that does not share the buffer of the connection, which it would keep alive.
fn copy_uri(uri: &Uri) -> Uri {
    uri.to_string().parse().unwrap_or_else(|_| uri.clone())
}

/// A copy that does not share the buffer of the connection.
fn copy_headers(headers: &HeaderMap) -> HeaderMap {
    let copies = headers.iter().map(|(name, value)| {
        let bytes = HeaderValue::from_bytes(value.as_bytes());
        let copy = bytes.unwrap_or_else(|_| value.clone());
        (name.clone(), copy)
    });
    copies.collect()
}

/// The headers whose values `Debug` omits.
const SECRET_HEADERS: [&str; 4] = ["authorization", "cookie", "x-api-key", "session-token"];
/// The overhead of a header, in bytes.
const PER_HEADER: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request<Bytes> {
        Request::post("https://apx.didit.me/auth/v2/token?q=query%20value")
            .header("authorization", "Basic c2VjcmV0")
            .header("x-kind", "plain")
            .header("x-api-key", "the-api-key")
            .body(Bytes::from_static(b"code=the+code"))
            .unwrap()
    }

    fn recorded(request: &Request<Bytes>) -> RecordedRequest {
        RecordedRequest::new(request, Outcome::default())
    }

    #[test]
    fn a_request_is_recorded_unchanged() {
        let kept = recorded(&request());
        assert_eq!(kept.method(), Method::POST);
        assert_eq!(kept.path_and_query(), "/auth/v2/token?q=query%20value");
        assert_eq!(kept.header("Authorization"), Some("Basic c2VjcmV0"));
        assert_eq!(kept.body(), "code=the+code");
        assert_eq!(kept.form_value("code").as_deref(), Some("the code"));
        assert_eq!(kept.query_value("q").as_deref(), Some("query value"));
    }

    #[test]
    fn json_parses_a_json_body() {
        let json = request().map(|_| Bytes::from_static(br#"{"code":"the code"}"#));
        let read = [json, request()].map(|request| recorded(&request).json());
        assert_eq!(read, [Some(serde_json::json!({"code": "the code"})), None]);
    }

    #[test]
    fn debug_omits_secrets() {
        let shown = format!("{:?}", recorded(&request()));
        for secret in ["c2VjcmV0", "the+code", "query%20value", "the-api-key"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("plain"), "{shown}");
    }

    #[test]
    fn debug_omits_the_token_of_a_verification() {
        let page = Request::get("/es/session/3FaJ9wLqX2Mz")
            .body(Bytes::new())
            .unwrap();
        let endpoint = Some(Endpoint::VerificationPage);
        let kept = RecordedRequest::new(
            &page,
            Outcome {
                endpoint,
                ..Outcome::default()
            },
        );
        let shown = format!("{kept:?}");
        assert!(
            shown.contains("/es/session/…") && !shown.contains("3FaJ9wLqX2Mz"),
            "{shown}"
        );
    }

    #[test]
    fn a_recorded_request_does_not_share_memory_with_the_received_one() {
        let read = Bytes::from_static(b"/read x-value the-body").slice(..);
        let value = HeaderValue::from_maybe_shared(read.slice(6..13)).unwrap();
        let mut request = request().map(|_| read.slice(14..));
        *request.uri_mut() = Uri::from_maybe_shared(read.slice(..5)).unwrap();
        request.headers_mut().insert("x-shared", value);
        let kept = recorded(&request);
        assert_eq!(kept.path_and_query(), "/read");
        assert_eq!(kept.header("x-shared"), Some("x-value"));
        assert_eq!(kept.body(), "the-body");
        let memory = read.as_ptr_range();
        for kept in [
            kept.path_and_query().as_bytes(),
            kept.headers["x-shared"].as_bytes(),
            kept.body(),
        ] {
            assert!(!memory.contains(&kept.as_ptr()));
        }
    }
}
