//! What the fake was asked.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri, header};
use serde_json::Value;

use crate::provider::{endpoint::Endpoint, form::Form};

/// The latest requests, and a count of all.
#[derive(Debug, Default)]
pub(crate) struct Log {
    requests: VecDeque<RecordedRequest>,
    counts: HashMap<Endpoint, usize>,
}

/// A request as it arrived at [`FakeDidit`](crate::FakeDidit).
///
/// Its `Debug` shows no secret: neither query, nor body, nor the values of `Authorization` and `Cookie`.
#[derive(Clone)]
pub struct RecordedRequest {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
    endpoint: Option<Endpoint>,
}

impl Log {
    pub(crate) fn record(&mut self, request: &Request<Bytes>, endpoint: Option<Endpoint>) {
        if self.requests.len() == CAPACITY {
            self.requests.pop_front();
        }
        self.requests.push_back(RecordedRequest {
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
            body: request.body().clone(),
            endpoint,
        });
        if let Some(endpoint) = endpoint {
            *self.counts.entry(endpoint).or_default() += 1;
        }
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.requests.iter().cloned().collect()
    }

    pub(crate) fn count(&self, endpoint: Endpoint) -> usize {
        self.counts.get(&endpoint).copied().unwrap_or_default()
    }

    pub(crate) fn last(&self, endpoint: Endpoint) -> Option<RecordedRequest> {
        self.requests
            .iter()
            .rev()
            .find(|request| request.endpoint == Some(endpoint))
            .cloned()
    }
}

impl RecordedRequest {
    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The URI: absolute when asked in the process, path and query when asked over a socket.
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

    /// The first value of a header, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// A parameter of the form body, decoded. `None` also when the body is not a form.
    pub fn form_value(&self, name: &str) -> Option<String> {
        let form = Form::parse(std::str::from_utf8(&self.body).ok()?).ok()?;
        form.get(name).map(str::to_owned)
    }

    /// The body as JSON. `None` when it is not JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// A parameter of the query, decoded. `None` also when the query is malformed.
    pub fn query_value(&self, name: &str) -> Option<String> {
        Form::parse(self.uri.query()?)
            .ok()?
            .get(name)
            .map(str::to_owned)
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut headers = self.headers.clone();
        for (name, value) in &mut headers {
            value.set_sensitive(name == header::AUTHORIZATION || name == header::COOKIE);
        }
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.uri.path())
            .field("endpoint", &self.endpoint)
            .field("headers", &headers)
            .field("body", &"[redacted]")
            .finish()
    }
}

/// Enough for any test; the counts go on past it.
const CAPACITY: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request<Bytes> {
        Request::post("https://apx.didit.me/auth/v2/token?q=query%20value")
            .header("authorization", "Basic c2VjcmV0")
            .header("x-kind", "plain")
            .body(Bytes::from_static(b"code=the+code"))
            .unwrap()
    }

    #[test]
    fn a_request_is_kept_as_it_came() {
        let mut log = Log::default();
        log.record(&request(), Some(Endpoint::Token));
        let kept = log.last(Endpoint::Token).unwrap();
        assert_eq!(kept.method(), Method::POST);
        assert_eq!(kept.path_and_query(), "/auth/v2/token?q=query%20value");
        assert_eq!(kept.header("Authorization"), Some("Basic c2VjcmV0"));
        assert_eq!(kept.body(), "code=the+code");
        assert_eq!(kept.form_value("code").as_deref(), Some("the code"));
        assert_eq!(kept.query_value("q").as_deref(), Some("query value"));
        assert!(log.last(Endpoint::Jwks).is_none());
    }

    #[test]
    fn a_body_is_read_as_json_where_it_is_json() {
        let mut log = Log::default();
        let json = request().map(|_| Bytes::from_static(br#"{"code":"the code"}"#));
        for request in [json, request()] {
            log.record(&request, Some(Endpoint::Token));
        }
        let read: Vec<_> = log.requests().iter().map(RecordedRequest::json).collect();
        assert_eq!(read, [Some(serde_json::json!({"code": "the code"})), None]);
    }

    #[test]
    fn debug_shows_no_secret() {
        let mut log = Log::default();
        log.record(&request(), Some(Endpoint::Token));
        let shown = format!("{log:?}");
        for secret in ["c2VjcmV0", "the+code", "query%20value"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("plain"), "{shown}");
    }

    #[test]
    fn the_count_goes_on_when_the_oldest_are_forgotten() {
        let mut log = Log::default();
        for _ in 0..=CAPACITY {
            log.record(&request(), Some(Endpoint::Token));
        }
        assert_eq!(log.requests().len(), CAPACITY);
        assert_eq!(log.count(Endpoint::Token), CAPACITY + 1);
    }
}
