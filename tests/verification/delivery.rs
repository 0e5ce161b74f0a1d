//! A webhook as Didit sends it, and a site that receives it.

use std::{
    convert::Infallible,
    future::Future,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::hmac;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::{Layer, ServiceExt, service_fn};
use tower_didit::{
    fake::FakeClock,
    verification::{DiditWebhooks, WebhookEvent},
};

pub(crate) const SECRET: &str = "invented-secret_0123456789-ABCDEFGHIJKLMNOP";
/// In seconds since 1970.
pub(crate) const NOW: u64 = 1_774_970_000;
pub(crate) const SESSION: &str = "11111111-2222-3333-4444-555555555555";
pub(crate) const WORKFLOW: &str = "99999999-8888-4777-8666-555555555555";
pub(crate) const USER: &str = "user-42";

#[derive(Clone)]
pub(crate) struct Delivery {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Delivery {
    /// Signed as Didit does it, at the time in the body.
    pub(crate) fn of(event: &Value) -> Self {
        Self::signed(event.to_string(), &event["timestamp"].to_string())
    }

    /// A body with its signature, and this `X-Timestamp`.
    pub(crate) fn signed(body: impl Into<Vec<u8>>, timestamp: &str) -> Self {
        let body = body.into();
        let signature = sign(SECRET, &body);
        Self {
            headers: HeaderMap::new(),
            body,
        }
        .with("x-timestamp", timestamp)
        .with("x-signature", &signature)
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        let value = HeaderValue::from_bytes(value.as_ref()).unwrap();
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.remove(name).unwrap();
        self
    }

    pub(crate) fn request(self) -> Request<Body> {
        let mut request = Request::post("/didit").body(self.body.into()).unwrap();
        *request.headers_mut() = self.headers;
        request
    }
}

/// Lower-case hex digits of the HMAC-SHA256.
pub(crate) fn sign(secret: &str, message: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, message);
    let digits = tag.as_ref().iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}

/// A webhook about an approved session, with every member that Didit documents.
pub(crate) fn approved() -> Value {
    json!({
        "event_id": "5f3c0e4e-3b1f-4a57-9d0c-0c0f5a0d7b11",
        "webhook_type": "status.updated",
        "timestamp": NOW,
        "created_at": NOW - 60,
        "application_id": "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
        "environment": "live",
        "session_id": SESSION,
        "status": "Approved",
        "workflow_id": WORKFLOW,
        "workflow_version": 4,
        "vendor_data": USER,
        "metadata": {"plan": "gold"},
        "decision": decision(),
    })
}

/// The decision about an approved session.
pub(crate) fn decision() -> Value {
    json!({
        "session_id": SESSION,
        "session_kind": "user",
        "workflow_id": WORKFLOW,
        "vendor_data": USER,
        "environment": "live",
        "status": "Approved",
        "id_verifications": [{"node_id": "feature_ocr", "status": "Approved", "age": 34}],
        "liveness_checks": [{"node_id": "feature_liveness", "status": "Approved", "score": 97.5}],
        "face_matches": [{"node_id": "feature_face_match", "status": "Approved", "score": 92.0}],
        "aml_screenings": [{"node_id": "feature_aml", "status": "Approved", "total_hits": 0}],
    })
}

/// `value` with one member replaced, or removed by null. `path` is that of a JSON pointer.
pub(crate) fn with(mut value: Value, path: &str, member: Value) -> Value {
    let (parent, name) = path.rsplit_once('/').unwrap();
    let parent = value.pointer_mut(parent).unwrap();
    match (parent, member) {
        (Value::Object(members), Value::Null) => drop(members.remove(name).unwrap()),
        (Value::Object(members), member) => drop(members.insert(name.to_owned(), member)),
        (Value::Array(items), member) => items[name.parse::<usize>().unwrap()] = member,
        _ => panic!("{path} is nowhere"),
    }
    value
}

/// A route that counts what reaches its handler.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) webhooks: DiditWebhooks,
    pub(crate) clock: FakeClock,
    received: Arc<Mutex<Vec<(WebhookEvent, Bytes)>>>,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::of(DiditWebhooks::new([SECRET]).unwrap())
    }

    /// A site at the time of the webhooks.
    pub(crate) fn of(webhooks: DiditWebhooks) -> Self {
        Self::at(FakeClock::at(time(NOW)), webhooks)
    }

    pub(crate) fn at(clock: FakeClock, webhooks: DiditWebhooks) -> Self {
        Self {
            webhooks: webhooks.with_clock(clock.clone()),
            clock,
            received: Arc::default(),
        }
    }

    /// What a delivery is answered, by a handler that succeeds.
    pub(crate) async fn answer(&self, delivery: Delivery) -> StatusCode {
        let answer = self.respond(delivery, |_| async { Response::default() });
        answer.await.status()
    }

    /// The response to a delivery, by this handler.
    pub(crate) async fn respond<F>(
        &self,
        delivery: Delivery,
        handler: impl Fn(WebhookEvent) -> F + Clone + Send + 'static,
    ) -> Response<Body>
    where
        F: Future<Output = Response<String>> + Send,
    {
        self.respond_to(delivery.request(), handler).await
    }

    pub(crate) async fn respond_to<F>(
        &self,
        request: Request<Body>,
        handler: impl Fn(WebhookEvent) -> F + Clone + Send + 'static,
    ) -> Response<Body>
    where
        F: Future<Output = Response<String>> + Send,
    {
        let received = Arc::clone(&self.received);
        let service = service_fn(move |request: Request<Body>| {
            let (received, handler) = (Arc::clone(&received), handler.clone());
            async move {
                let (head, body) = request.into_parts();
                let event = head.extensions.get::<WebhookEvent>().unwrap().clone();
                let body = body.collect().await.unwrap().to_bytes();
                received.lock().unwrap().push((event.clone(), body));
                Ok::<_, Infallible>(handler(event).await)
            }
        });
        let Ok(response) = self.webhooks.layer(service).oneshot(request).await;
        response.map(Body::new)
    }

    /// The events and bodies that have reached the handler.
    pub(crate) fn received(&self) -> Vec<(WebhookEvent, Bytes)> {
        self.received.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.received.lock().unwrap().len()
    }
}

pub(crate) fn time(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// The event of a delivery that is accepted.
pub(crate) async fn event_of(event: &Value) -> WebhookEvent {
    let site = Site::of(DiditWebhooks::new([SECRET]).unwrap().accept_sandbox());
    assert_eq!(site.answer(Delivery::of(event)).await, StatusCode::OK);
    site.received().remove(0).0
}
