//! A signed webhook.

use aws_lc_rs::hmac;
use bytes::Bytes;
use http::{HeaderValue, Request, header};
use serde_json::{Map, Value};

use crate::verification::{
    ids::hex,
    webhook::{
        body,
        fault::{Kind, WebhookFault},
    },
};

/// A webhook with its signatures, before it becomes a request.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) event: Map<String, Value>,
    pub(crate) body: String,
    /// `X-Timestamp`.
    pub(crate) timestamp: String,
    /// `X-Signature`.
    pub(crate) raw: Option<String>,
    /// `X-Signature-V2`.
    pub(crate) canonical: Option<String>,
    /// `X-Signature-Simple`.
    pub(crate) simple: Option<String>,
    pub(crate) is_test: bool,
    /// Seconds since 1970.
    pub(crate) now: u64,
    secret: String,
    is_ascii: bool,
}

/// The request of a webhook that is sent now.
pub(crate) fn request(
    mut event: Map<String, Value>,
    secret: &str,
    is_ascii: bool,
    fault: Option<WebhookFault>,
    url: &str,
    now: u64,
) -> Request<Bytes> {
    let kind = fault.map(|fault| fault.kind);
    let age = if let Some(Kind::Old(_, age)) = kind {
        age
    } else {
        0
    };
    event.insert("timestamp".to_owned(), now.saturating_sub(age).into());
    if let Some(Kind::Event(edit)) = kind {
        edit(&mut event);
    }
    let mut signed = Signed {
        body: String::new(),
        timestamp: now.saturating_sub(age).to_string(),
        raw: None,
        canonical: None,
        simple: None,
        is_test: false,
        now,
        secret: secret.to_owned(),
        is_ascii,
        event: event.clone(),
    };
    signed.write(&event);
    signed.sign_again();
    if let Some(Kind::Old(change, _) | Kind::Forgery(change) | Kind::Request(change)) = kind {
        change(&mut signed);
    }
    signed.into_request(url)
}

impl Signed {
    /// Replaces the event and the body. Signatures stay as they are.
    pub(crate) fn write(&mut self, event: &Map<String, Value>) {
        self.event.clone_from(event);
        self.body = body::canonical(event);
        if self.is_ascii {
            self.body = body::ascii(&self.body);
        }
    }

    pub(crate) fn sign_again(&mut self) {
        let secret = self.secret.clone();
        self.sign(&secret);
    }

    /// Signs the event and the body.
    pub(crate) fn sign(&mut self, secret: &str) {
        let member = |name| match self.event.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let simple = ["timestamp", "session_id", "status", "webhook_type"]
            .map(member)
            .join(":");
        self.raw = Some(hmac_sha256(secret, &self.body));
        self.canonical = Some(hmac_sha256(secret, &body::canonical(&self.event)));
        self.simple = Some(hmac_sha256(secret, &simple));
    }

    pub(crate) fn remove_signatures(&mut self) {
        self.raw = None;
        self.canonical = None;
        self.simple = None;
    }

    fn into_request(self, url: &str) -> Request<Bytes> {
        let mut request = Request::new(Bytes::from(self.body));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = url.parse().unwrap_or_default();
        let headers = request.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        headers.insert(
            header::USER_AGENT,
            HeaderValue::from_static("DiditWebhook/2.0 +https://didit.me"),
        );
        for (name, value) in [
            ("x-timestamp", Some(self.timestamp)),
            ("x-signature", self.raw),
            ("x-signature-v2", self.canonical),
            ("x-signature-simple", self.simple),
            (
                "x-didit-test-webhook",
                self.is_test.then(|| "true".to_owned()),
            ),
        ] {
            if let Some(value) = value {
                let value = HeaderValue::from_str(&value).expect("digits and letters");
                headers.insert(name, value);
            }
        }
        request
    }
}

/// Lower-case hex digits. The secret's text is the key, not what base64 decodes it to.
fn hmac_sha256(secret: &str, message: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, message.as_bytes());
    hex(tag.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Signatures of another implementation, in Python.
    #[test]
    fn signatures_are_those_of_didit() {
        let body = concat!(
            r#"{"application_id":"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee","created_at":1774969994,"decision"#,
            r#"":{"id_verifications":[{"node_id":"feature_ocr","status":"Approved"}],"session_id":"111111"#,
            r#"11-2222-3333-4444-555555555555","status":"Approved"},"environment":"sandbox","event_id":"5"#,
            r#"f3c0e4e-3b1f-4a57-9d0c-0c0f5a0d7b11","metadata":{"plan":"gold"},"session_id":"11111111-222"#,
            r#"2-3333-4444-555555555555","status":"Approved","timestamp":1774970000,"vendor_data":"user-4"#,
            r#"2","webhook_type":"status.updated","workflow_id":"99999999-8888-4777-8666-555555555555","w"#,
            r#"orkflow_version":4}"#,
        );
        let mut event: Map<String, Value> = serde_json::from_str(body).unwrap();
        event.remove("timestamp");
        let request = request(
            event,
            "self-made-test-secret_0123456789-ABCDEFGHIJ",
            false,
            None,
            "https://app.example/",
            1_774_970_000,
        );
        assert_eq!(request.body(), body);
        for (name, value) in [
            ("x-timestamp", "1774970000"),
            (
                "x-signature",
                "c1a3001ac92fdd4ead77e01c31ca9471827aa09cfdf617b079303f428b4e8a15",
            ),
            (
                "x-signature-v2",
                "c1a3001ac92fdd4ead77e01c31ca9471827aa09cfdf617b079303f428b4e8a15",
            ),
            (
                "x-signature-simple",
                "f291dbe3178f29e29fb2d23cee38a97d3b7013bf879b778a46bddeb9e9886a7c",
            ),
        ] {
            assert_eq!(request.headers()[name], value, "{name}");
        }
    }
}
