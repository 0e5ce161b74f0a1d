//! The layer for the route of webhooks.

mod body;
mod canonical;
mod deliveries;
mod service;
mod signature;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

use aws_lc_rs::hmac;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body::Body;
use tower_layer::Layer;

pub use self::service::DiditWebhooksService;
use self::{
    deliveries::{Attempt, Deliveries, DeliveryKey, Repeat},
    signature::{Presented, Secrets},
};
use super::WebhookEvent;
use crate::{
    clock::{Clock, Timestamp},
    config::ConfigError,
    json::{self, Object},
    session::store::SessionStore,
};

/// A layer for one route: only webhooks that Didit has signed reach its handler.
///
/// ```
/// use axum::{Router, http::StatusCode, routing::post};
/// use tower_didit::verification::{DiditWebhooks, WebhookEvent};
///
/// # fn main() -> Result<(), tower_didit::ConfigError> {
/// let webhooks = DiditWebhooks::new(["the secret of the destination"])?;
/// let app: Router = Router::new().route("/didit", post(webhook).layer(webhooks));
///
/// async fn webhook(event: WebhookEvent) -> StatusCode {
///     println!("{:?} is {:?}", event.session_id(), event.status());
///     StatusCode::NO_CONTENT
/// }
/// # let _ = app;
/// # Ok(())
/// # }
/// ```
///
/// # What is verified
///
/// 1. `X-Timestamp` is a time in seconds since 1970, at most 300 s from the clock.
/// 2. `X-Signature` is the HMAC-SHA256 of the received body with one of the secrets, as 64 lower-case hex digits.
/// 3. The body is a JSON object. No object in it has a member twice.
/// 4. The body's member `timestamp` equals `X-Timestamp`, because the header is not signed.
///
/// Signatures are compared in constant time. `X-Signature-Simple` is ignored: it does not cover the decision.
///
/// # Responses
///
/// | response | when | Didit sends it again |
/// |---|---|---|
/// | the handler's | the handler answers 2xx or 404 | after 404 |
/// | 503 | the handler answers anything else | yes |
/// | 200 | the handler has answered 2xx to this event in the last 20 minutes; or the event is a [test or of a sandbox](Self::accept_sandbox) | no |
/// | 503 | the event is being handled, or the [store](Self::with_store) does not respond within 1 s | yes |
/// | 503 | the body takes more than 4 s, or its connection breaks, or it has more than 64 KiB while 32 such bodies are being read | yes |
/// | 413 | the body has more than 1 MiB | no |
/// | 401, empty | the webhook is not authentic | no |
///
/// Didit waits 5 s for the response, and tries three times in about five minutes. When it closes the connection, a slower
/// handler is cancelled: let the handler store the event and respond. The same event may reach the handler again, such as
/// after a restart, so the handler must be idempotent.
///
/// The handler gets the [`WebhookEvent`] in the request's extensions, and the body as any type that is `From<Bytes>`. No
/// part of the body is logged.
///
/// # Several destinations
///
/// Each destination in Didit's console has a secret of its own: use one `DiditWebhooks` for each. Clones share the record
/// of handled events.
#[derive(Clone, Debug)]
pub struct DiditWebhooks {
    secrets: Secrets,
    clock: Arc<dyn Clock>,
    bodies: Arc<body::Reader>,
    deliveries: Arc<Deliveries>,
    has_own_store: bool,
    accepts_canonical: bool,
    accepts_sandbox: bool,
    /// Whether a wrong signature was logged.
    unknown_logged: Arc<AtomicBool>,
}

impl DiditWebhooks {
    /// A layer with the secret of the destination, as Didit's console shows it. While the secret is
    /// [rotated](crate::docs::verification#rotate-the-secret-of-the-webhooks): `["new", "old"]`. [Example](Self).
    ///
    /// # Errors
    ///
    /// [`ConfigError::Invalid`]: there is no secret, or one is empty or has white space around it.
    pub fn new(secrets: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, ConfigError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemTime::now);
        Ok(Self {
            secrets: Secrets::new(secrets)?,
            deliveries: Deliveries::in_memory(Arc::clone(&clock)),
            bodies: Arc::default(),
            clock,
            has_own_store: false,
            accepts_canonical: false,
            accepts_sandbox: false,
            unknown_logged: Arc::default(),
        })
    }

    /// Also accepts `X-Signature-V2`, the HMAC-SHA256 of a canonical form of the JSON. It is for a gateway that re-encodes
    /// the body.
    ///
    /// The canonical form has sorted keys, no white space and no needless escapes. Numbers stay as they are written, except
    /// whole ones with a fraction or an exponent (`92.0`, `1e2`), which become integers. Above 2⁵³ such numbers are refused,
    /// because Didit's spelling of them is not documented.
    ///
    /// Default: only `X-Signature`, the HMAC of the received bytes.
    ///
    /// ```
    /// # fn main() -> Result<(), tower_didit::ConfigError> {
    /// use tower_didit::verification::DiditWebhooks;
    ///
    /// let webhooks = DiditWebhooks::new(["secret"])?.accept_canonical_signature();
    /// # let _ = webhooks;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn accept_canonical_signature(mut self) -> Self {
        self.accepts_canonical = true;
        self
    }

    /// Passes events of a sandbox, and tests from Didit's console, on to the handler. They may be `Approved`, although
    /// nobody was checked: see [`is_sandbox`](WebhookEvent::is_sandbox) and [`is_test`](WebhookEvent::is_test). Only with
    /// [`Requirements::accept_sandbox`](super::Requirements::accept_sandbox) they verify a user.
    ///
    /// Default: such events are logged at `WARN` and answered 200, and do not reach the handler.
    ///
    /// ```
    /// # fn main() -> Result<(), tower_didit::ConfigError> {
    /// use tower_didit::verification::DiditWebhooks;
    ///
    /// let mut webhooks = DiditWebhooks::new(["secret"])?;
    /// if cfg!(debug_assertions) {
    ///     webhooks = webhooks.accept_sandbox();
    /// }
    /// # let _ = webhooks;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn accept_sandbox(mut self) -> Self {
        self.accepts_sandbox = true;
        self
    }

    /// The store with the record of handled events, such as a `RedisStore` that several processes share. It may be the
    /// session store: an entry lasts 20 minutes, or 10 s while the handler runs.
    ///
    /// Default: the memory of this process.
    ///
    /// ```
    /// # fn main() -> Result<(), tower_didit::ConfigError> {
    /// use tower_didit::{store::MemoryStore, verification::DiditWebhooks};
    ///
    /// let webhooks = DiditWebhooks::new(["secret"])?.with_store(MemoryStore::new());
    /// # let _ = webhooks;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_store(mut self, store: impl SessionStore) -> Self {
        self.deliveries = Deliveries::new(Arc::new(store));
        self.has_own_store = true;
        self
    }

    /// The clock that `X-Timestamp` is compared with.
    ///
    /// Default: the system's clock.
    ///
    /// ```
    /// # fn main() -> Result<(), tower_didit::ConfigError> {
    /// use std::time::SystemTime;
    /// use tower_didit::verification::DiditWebhooks;
    ///
    /// let webhooks = DiditWebhooks::new(["secret"])?.with_clock(|| SystemTime::UNIX_EPOCH);
    /// # let _ = webhooks;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        if !self.has_own_store {
            self.deliveries = Deliveries::in_memory(Arc::clone(&self.clock));
        }
        self
    }

    /// Reads and verifies a webhook. Returns the event, its body, and the attempt to handle it; fails with the status of the
    /// response.
    async fn receive<B: Body>(
        &self,
        headers: &HeaderMap,
        body: B,
    ) -> Result<(WebhookEvent, Bytes, Attempt), StatusCode> {
        let now = Timestamp::now(&*self.clock);
        let presented = Presented::read(headers, now).map_err(refused)?;
        let body = self.bodies.read(body).await?;
        let (secret, members) = self.verify(&presented, &body).map_err(refused)?;
        let event = WebhookEvent::new(members, body.clone(), headers.contains_key(TEST));
        if !self.accepts_sandbox && (event.is_test() || event.is_sandbox()) {
            tracing::warn!(
                "test or sandbox webhook not passed on: see DiditWebhooks::accept_sandbox"
            );
            return Err(StatusCode::OK);
        }
        let key = delivery_key(secret, &event, &body);
        match self.deliveries.begin(key).await {
            Ok(attempt) => Ok((event, body, attempt)),
            Err(Repeat::Handled) => {
                tracing::debug!("webhook was handled before");
                Err(StatusCode::OK)
            }
            Err(Repeat::InProgress) => {
                tracing::debug!("webhook is being handled");
                Err(StatusCode::SERVICE_UNAVAILABLE)
            }
            Err(Repeat::Unknown) => Err(StatusCode::SERVICE_UNAVAILABLE),
        }
    }

    /// Returns the secret that has signed the body, and the body's members. Fails with what is wrong.
    fn verify(
        &self,
        presented: &Presented,
        body: &[u8],
    ) -> Result<(&hmac::Key, Object), &'static str> {
        let Some(secret) = self.signer(presented, body)? else {
            if !self.unknown_logged.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    "webhook with an unknown signature: compare the secret with that of the destination in Didit's \
                     console, unless somebody forges webhooks"
                );
            }
            return Err("signature");
        };
        let members = json::object(body).ok_or("body")?;
        let timestamp = members.get("timestamp").and_then(serde_json::Value::as_u64);
        if timestamp != Some(presented.timestamp.as_unix()) {
            return Err("timestamp");
        }
        Ok((secret, members))
    }

    /// The secret that has signed the received body or, if accepted, its canonical form.
    fn signer(
        &self,
        presented: &Presented,
        body: &[u8],
    ) -> Result<Option<&hmac::Key>, &'static str> {
        let raw = presented.raw.as_ref();
        let signer = raw.and_then(|signature| self.secrets.signer(body, signature));
        if signer.is_some() || !self.accepts_canonical {
            return Ok(signer);
        }
        let Some(signature) = &presented.canonical else {
            return Ok(None);
        };
        // The canonical form is one of valid JSON only.
        json::object(body).ok_or("body")?;
        let form = canonical::form(body).ok_or("body")?;
        Ok(self.secrets.signer(form.as_bytes(), signature))
    }
}

impl<S> Layer<S> for DiditWebhooks {
    type Service = DiditWebhooksService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        DiditWebhooksService::new(inner, self.clone())
    }
}

fn refused(wrong: &'static str) -> StatusCode {
    tracing::debug!(wrong, "webhook refused");
    StatusCode::UNAUTHORIZED
}

/// Identifies an event of a destination by its id, kind, session and status. An event without an id is identified by the
/// canonical form of its body, because a canonical signature covers no more.
fn delivery_key(secret: &hmac::Key, event: &WebhookEvent, body: &Bytes) -> DeliveryKey {
    let text = |name| event.text(name).unwrap_or_default().as_bytes();
    if text(EVENT_ID).is_empty() {
        let canonical = canonical::form(body);
        let content = canonical.as_ref().map_or(body.as_ref(), String::as_bytes);
        return DeliveryKey::new(secret, [content]);
    }
    let parts = [EVENT_ID, "webhook_type", "session_id", "status"];
    DeliveryKey::new(secret, parts.map(text))
}

const EVENT_ID: &str = "event_id";
/// The header of the console's tests. It is not signed.
const TEST: &str = "x-didit-test-webhook";
