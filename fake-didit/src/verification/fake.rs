//! The controls of identity verification.

mod sessions;
mod webhooks;

use std::{fmt, time::Duration};

use crate::{
    FakeDidit,
    verification::{features, ids},
};

/// The identity verification of a [`FakeDidit`]: settings and controls. Clones, and all handles of one fake, share
/// one state.
///
/// The fake itself answers the requests: Didit's API (`/v3/session/` and so on) and the hosted page
/// (`/session/{token}`), on which a [`Browser`](crate::Browser) clicks `approve`, `decline`, `review`, `abandon` or
/// `expire`. Without a browser, [`complete`](Self::complete) does it.
///
/// # A verification
///
/// The user of the application is its `vendor_data`. If it is the subject of a [`Person`](crate::Person) of the
/// sign-in page, the document is that person's.
///
/// ```
/// use bytes::Bytes;
/// use fake_didit::{Endpoint, FakeDidit, Person};
/// use http::Request;
/// use serde_json::{Value, json};
/// use tower_service::Service;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut didit = FakeDidit::new("app", "secret");
/// let verification = didit.verification();
/// let new = json!({
///     "workflow_id": verification.workflow_id(),
///     "vendor_data": Person::alejandra().subject(),
///     "callback": "https://app.example/verified",
/// });
/// let request = Request::post("https://verification.didit.me/v3/session/")
///     .header("x-api-key", verification.api_key())
///     .header("content-type", "application/json")
///     .body(Bytes::from(new.to_string()))
///     .unwrap();
/// let response = didit.call(request).await.unwrap();
/// assert_eq!(response.status(), 201);
///
/// let session: Value = serde_json::from_slice(response.body()).unwrap();
/// let back = verification.complete(session["url"].as_str().unwrap(), "approve").unwrap();
/// assert!(back.starts_with("https://app.example/verified?verificationSessionId="));
/// assert!(back.ends_with("&status=Approved"));
///
/// let id = verification.last_session_id().unwrap();
/// assert_eq!(verification.status(&id).as_deref(), Some("Approved"));
/// assert_eq!(didit.count(Endpoint::CreateVerification), 1);
/// # }
/// ```
///
/// # Webhooks
///
/// Each change of a status is an event. It waits until [`deliver`](Self::deliver) sends it, so that a test decides
/// whether the webhook comes before the browser or after it.
///
/// ```
/// use std::time::Duration;
/// use axum::{Router, http::StatusCode, routing::post};
/// use fake_didit::{FakeDidit, WebhookFault};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // This application is out of order.
/// let app = Router::new().route("/webhook", post(|| async { StatusCode::SERVICE_UNAVAILABLE }));
/// let didit = FakeDidit::new("app", "secret");
/// let verification = didit.verification();
/// verification.send_webhooks_to_service("https://app.example/webhook", app);
///
/// verification.on_next_webhook(WebhookFault::DUPLICATE);
/// verification.block_user("user-42");
/// let sent = verification.deliver().await;
/// assert_eq!(sent.len(), 2);
/// assert_eq!(sent[0].json().unwrap()["status"], "BLOCKED");
/// assert!(sent[0].header("x-signature").is_some());
///
/// didit.clock().advance(Duration::from_secs(60)); // both are sent again
/// assert_eq!(verification.deliver().await.len(), 2);
/// # }
/// ```
///
/// # Settings
///
/// ```
/// use std::time::Duration;
/// use fake_didit::FakeDidit;
///
/// let verification = FakeDidit::new("app", "secret")
///     .verification()
///     .with_api_key("the key")
///     .with_sandbox()
///     .with_features(["ID_VERIFICATION", "LIVENESS"])
///     .with_callback("https://app.example/verified")
///     .with_page_origin("http://127.0.0.1:4000")
///     .with_session_lifetime(Duration::from_secs(3600))
///     .with_rate_limit(10)
///     .with_webhook_secret("the secret of the destinations")
///     .with_ascii_webhooks()
///     .add_workflow("11111111-2222-4333-8444-555555555555");
/// assert_eq!(verification.api_key(), "the key");
/// assert_eq!(verification.webhook_secret(), "the secret of the destinations");
/// ```
#[derive(Clone)]
pub struct FakeVerification(FakeDidit);

impl FakeDidit {
    /// The settings and controls of identity verification. [Example](FakeVerification#a-verification).
    pub fn verification(&self) -> FakeVerification {
        FakeVerification(self.clone())
    }
}

/// # Settings
///
/// A setting applies to all clones, from the next request on.
impl FakeVerification {
    /// The key that requests must have in `x-api-key`. Default: `fake-api-key`. [Example](Self#settings).
    #[must_use]
    pub fn with_api_key(self, key: impl Into<String>) -> Self {
        self.set(|didit| didit.lock().verification.api_key = key.into())
    }

    /// Makes the application one in sandbox mode: sessions and webhooks have the environment `sandbox`, and requests may
    /// have a `sandbox_scenario`. Default: `live`. [Example](Self#settings).
    #[must_use]
    pub fn with_sandbox(self) -> Self {
        self.set(|didit| didit.lock().verification.is_sandbox = true)
    }

    /// Adds a published workflow. [Example](Self#settings).
    ///
    /// # Panics
    ///
    /// If the id is not a UUID.
    #[must_use]
    pub fn add_workflow(self, id: impl Into<String>) -> Self {
        let id = id.into().to_ascii_lowercase();
        assert!(ids::is_uuid(&id), "the id of a workflow is a UUID: {id:?}");
        self.set(|didit| didit.lock().verification.workflows.push(id))
    }

    /// Replaces the checks of all workflows, by Didit's names. Default: `ID_VERIFICATION`, `LIVENESS`, `FACE_MATCH`,
    /// `AML`. [Example](Self#settings).
    ///
    /// # Panics
    ///
    /// If a name is not that of a check of Didit's.
    #[must_use]
    pub fn with_features<I>(self, names: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        for name in &names {
            assert!(
                features::by_name(name).is_some(),
                "Didit has no check {name:?}"
            );
        }
        self.set(|didit| didit.lock().verification.features = names)
    }

    /// The callback of sessions that are created without one. Default: none. [Example](Self#settings).
    #[must_use]
    pub fn with_callback(self, url: impl Into<String>) -> Self {
        self.set(|didit| didit.lock().verification.callback = Some(url.into()))
    }

    /// The origin of the hosted pages: for a fake on a socket, its address. Default: `https://verify.didit.me`, or the origin
    /// of an issuer that is not Didit's. [Example](Self#settings).
    #[must_use]
    pub fn with_page_origin(self, origin: impl Into<String>) -> Self {
        self.set(|didit| didit.lock().verification.page_origin = Some(origin.into()))
    }

    /// How long a session can be finished, in whole seconds. Default: 7 days. [Example](Self#settings).
    #[must_use]
    pub fn with_session_lifetime(self, lifetime: Duration) -> Self {
        self.set(|didit| didit.lock().verification.session_lifetime = lifetime.as_secs())
    }

    /// The requests of each kind that are answered in a minute of the fake's clock; 0 rejects all of them with 429.
    /// Default: Didit's limits, 600 creations, 600 reads, 300 changes and 50 reports. [Example](Self#settings).
    #[must_use]
    pub fn with_rate_limit(self, per_minute: u32) -> Self {
        self.set(|didit| didit.lock().verification.limits.limit = Some(per_minute))
    }

    /// The secret of the destinations that [`send_webhooks_to`](Self::send_webhooks_to) adds and has added. Default: one of
    /// 43 characters. [Example](Self#settings).
    #[must_use]
    pub fn with_webhook_secret(self, secret: impl Into<String>) -> Self {
        let secret = secret.into();
        self.set(|didit| {
            let outbox = &mut didit.lock().verification.outbox;
            let old = std::mem::replace(&mut outbox.secret, secret.clone());
            let destinations = outbox.destinations.iter_mut();
            for destination in destinations.filter(|destination| destination.secret == old) {
                destination.secret.clone_from(&secret);
            }
        })
    }

    /// Escapes all non-ASCII characters in the bodies of webhooks, so that `X-Signature` and `X-Signature-V2` differ.
    /// Default: they are UTF-8. [Example](Self#settings).
    #[must_use]
    pub fn with_ascii_webhooks(self) -> Self {
        self.set(|didit| didit.lock().verification.outbox.is_ascii = true)
    }

    /// The API key. [Example](Self#settings).
    pub fn api_key(&self) -> String {
        self.0.lock().verification.api_key.clone()
    }

    /// The id of the first workflow. [Example](Self#a-verification).
    pub fn workflow_id(&self) -> String {
        let workflows = &self.0.lock().verification.workflows;
        workflows.first().cloned().unwrap_or_default()
    }

    /// The id of the workflow that verifies businesses, for requests to the API.
    /// [`create_business`](Self::create_business) uses it.
    ///
    /// ```
    /// use fake_didit::FakeDidit;
    ///
    /// let verification = FakeDidit::new("app", "secret").verification();
    /// assert_ne!(verification.business_workflow_id(), verification.workflow_id());
    /// ```
    pub fn business_workflow_id(&self) -> String {
        self.0.lock().verification.business_workflow.clone()
    }

    /// The secret of the destinations that [`send_webhooks_to`](Self::send_webhooks_to) adds.
    /// [Example](Self#settings).
    pub fn webhook_secret(&self) -> String {
        self.0.lock().verification.outbox.secret.clone()
    }

    fn set(self, change: impl FnOnce(&FakeDidit)) -> Self {
        change(&self.0);
        self
    }
}

impl fmt::Debug for FakeVerification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeVerification").finish_non_exhaustive()
    }
}
