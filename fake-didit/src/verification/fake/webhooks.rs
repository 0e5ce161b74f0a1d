//! The webhooks of a fake.

use std::fmt;

use axum_core::body::Body as RequestBody;
use http::{Request, Response, Uri};
use http_body::Body;
use serde_json::{Map, Value};
use tower_service::Service;
use url::Url;

use super::FakeVerification;
use crate::{
    browser::site::Site,
    log::RecordedRequest,
    verification::{
        destinations::EVENTS,
        webhook::{
            delivery,
            fault::WebhookFault,
            outbox::{Destination, Version},
            request::request,
        },
    },
};

/// # Webhooks
///
/// [Example](FakeVerification#webhooks).
impl FakeVerification {
    /// Adds a destination for all events, with the [secret](Self::webhook_secret) of the fake. Earlier events are not sent
    /// to it.
    ///
    /// ```
    /// use fake_didit::FakeDidit;
    ///
    /// let verification = FakeDidit::new("app", "secret").verification();
    /// verification.send_webhooks_to("http://127.0.0.1:3000/webhook");
    /// ```
    ///
    /// # Panics
    ///
    /// If `url` is not an `http` URL: the fake cannot send HTTPS.
    pub fn send_webhooks_to(&self, url: &str) {
        let is_http = Url::parse(url).is_ok_and(|url| url.scheme() == "http");
        assert!(is_http, "not an http URL: {url:?}");
        self.add_destination(url);
    }

    /// Adds a destination in this process, such as an axum `Router`, for all events. [Example](Self#webhooks).
    ///
    /// # Panics
    ///
    /// If `url` is not a URL.
    pub fn send_webhooks_to_service<S, R>(&self, url: &str, service: S)
    where
        S: Service<Request<RequestBody>, Response = Response<R>> + Clone + Send + 'static,
        S::Error: fmt::Debug,
        S::Future: Send,
        R: Body + Send + 'static,
        R::Data: Send,
        R::Error: fmt::Debug,
    {
        let parsed = Url::parse(url).unwrap_or_else(|_| panic!("not a URL: {url:?}"));
        let origin = parsed.origin().ascii_serialization();
        let site = Site::new(service);
        self.0.lock().verification.outbox.sites.insert(origin, site);
        self.add_destination(url);
    }

    /// Sends the webhooks that are due by the fake's clock, one after the other, and returns the attempts. The status of
    /// each is that of the receiver's response. [Example](Self#webhooks).
    ///
    /// After 404, 5xx, no response within 5 s (in tokio's time) or no connection, the webhook is due again a minute
    /// later, then four minutes later, as it was signed first.
    pub async fn deliver(&self) -> Vec<RecordedRequest> {
        delivery::deliver(&self.0).await
    }

    /// Delivers webhooks as soon as they are due, in a spawned task, until the runtime shuts down. Retries come `speed`
    /// times faster.
    ///
    /// ```
    /// use fake_didit::FakeDidit;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let verification = FakeDidit::new("app", "secret").with_system_clock().verification();
    /// verification.send_webhooks_to("http://127.0.0.1:3000/webhook");
    /// verification.deliver_in_background(60); // a minute takes a second
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If `speed` is 0, or outside of a tokio runtime.
    pub fn deliver_in_background(&self, speed: u32) {
        assert!(speed > 0, "the speed is at least 1");
        self.0.lock().verification.outbox.speed = speed.into();
        tokio::spawn(delivery::deliver_forever(self.0.clone()));
    }

    /// Sends the latest webhook once more, signed now, as the console can. `None` if none was sent.
    ///
    /// ```
    /// use fake_didit::FakeDidit;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let verification = FakeDidit::new("app", "secret").verification();
    /// assert!(verification.resend().await.is_none());
    /// # }
    /// ```
    pub async fn resend(&self) -> Option<RecordedRequest> {
        delivery::resend(&self.0).await
    }

    /// The attempts so far, oldest first: at most the latest 10,000.
    ///
    /// ```
    /// use fake_didit::FakeDidit;
    ///
    /// let verification = FakeDidit::new("app", "secret").verification();
    /// assert!(verification.webhooks().is_empty());
    /// ```
    pub fn webhooks(&self) -> Vec<RecordedRequest> {
        let state = self.0.lock();
        let sent = state.verification.outbox.sent();
        sent.map(|attempt| attempt.request.clone()).collect()
    }

    /// A signed webhook as a request to this path of an application, to test a handler without a destination and without
    /// HTTP. Its time is now, its secret that of [`webhook_secret`](Self::webhook_secret).
    ///
    /// The event is a JSON object. Missing members of the envelope, such as `event_id`, are added. If its `session_id` is
    /// that of a session of the fake, and its `webhook_type` is `status.updated` or missing, the status and the decision of
    /// this session are added too. A [queued fault](Self::on_next_webhook) applies, unless it is about the time of sending.
    ///
    /// ```
    /// use axum::{Router, http::StatusCode, routing::post};
    /// use fake_didit::FakeDidit;
    /// use serde_json::json;
    /// use tower_service::Service;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// // This application verifies no signature: tower-didit's `DiditWebhooks` does.
    /// let mut app = Router::new().route("/didit", post(|body: String| async { body }));
    ///
    /// let verification = FakeDidit::new("app", "secret").verification();
    /// verification.complete(&verification.create("user-42"), "approve");
    /// let session = verification.last_session_id().unwrap();
    /// let response = app.call(verification.request("/didit", json!({"session_id": session})));
    /// assert_eq!(response.await.unwrap().status(), StatusCode::OK);
    ///
    /// // Any other event.
    /// let event = json!({"webhook_type": "transaction.created", "transaction_id": "t-1"});
    /// let request = verification.request("/didit", event);
    /// assert!(request.headers().contains_key("x-signature"));
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If `event` is not a JSON object, or `path` is not a path or a URL.
    pub fn request(&self, path: &str, event: Value) -> Request<RequestBody> {
        assert!(
            path.parse::<Uri>().is_ok(),
            "neither a path nor a URL: {path:?}"
        );
        let Value::Object(members) = event else {
            panic!("an event is a JSON object: {event}");
        };
        let mut state = self.0.lock();
        state.settle_verifications();
        let now = state.now();
        let mut event = state.status_event_of(&members).unwrap_or_default();
        event.extend(members);
        state.verification.add_envelope(&mut event, now);
        let outbox = &mut state.verification.outbox;
        let fault = outbox.next_fault();
        let request = request(event, &outbox.secret, outbox.is_ascii, fault, path, now);
        request.map(RequestBody::from)
    }

    /// Queues any event. Members of the envelope that it leaves out, such as `event_id`, are added.
    ///
    /// ```
    /// use fake_didit::FakeDidit;
    /// use serde_json::{Map, json};
    ///
    /// let verification = FakeDidit::new("app", "secret").verification();
    /// let members = [("webhook_type", json!("transaction.created")), ("transaction_id", json!("t-1"))];
    /// verification.queue_webhook(Map::from_iter(members.map(|(name, value)| (name.to_owned(), value))));
    /// ```
    pub fn queue_webhook(&self, event: Map<String, Value>) {
        let mut state = self.0.lock();
        let now = state.now();
        state.verification.emit(event, now);
    }

    /// Injects a fault into the next event. Further faults are queued, one for each event. [Example](Self#webhooks).
    pub fn on_next_webhook(&self, fault: WebhookFault) {
        self.0.lock().verification.outbox.on_next.push_back(fault);
    }

    /// Injects a fault into every event for which none is queued. Replaces the previous one.
    /// [`FakeDidit::clear_faults`](crate::FakeDidit::clear_faults) removes all.
    ///
    /// ```
    /// use fake_didit::{FakeDidit, WebhookFault};
    ///
    /// let didit = FakeDidit::new("app", "secret");
    /// didit.verification().on_every_webhook(WebhookFault::NEVER);
    /// didit.clear_faults();
    /// ```
    pub fn on_every_webhook(&self, fault: WebhookFault) {
        self.0.lock().verification.outbox.on_every = Some(fault);
    }

    fn add_destination(&self, url: &str) {
        let mut state = self.0.lock();
        let (now, verification) = (state.now(), &mut state.verification);
        let destination = Destination {
            id: verification.ids.uuid(),
            label: "Test".to_owned(),
            url: url.to_owned(),
            is_enabled: true,
            version: Version::V3,
            events: EVENTS.to_vec(),
            secret: verification.outbox.secret.clone(),
            created_at: now,
        };
        verification.outbox.destinations.push(destination);
    }
}
