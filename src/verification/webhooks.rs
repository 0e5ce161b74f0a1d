//! The layer for the webhooks' route.

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

/// Lets only authentic webhooks of Didit reach a handler: a layer for one route.
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
/// # What is authentic
///
/// 1. `X-Timestamp` is a number of seconds, at most 300 away from the clock.
/// 2. `X-Signature` is the HMAC-SHA256 of the body as it came, by one of the secrets, in 64 lower-case hex digits.
/// 3. The body is a JSON object. No object in it has a member twice.
/// 4. The member `timestamp` equals `X-Timestamp`: the header is not signed.
///
/// The time that a wrong signature takes does not depend on where it is wrong: the HMAC is computed over the whole
/// body with every secret, and compared by `subtle`, which always looks at all 32 bytes.
///
/// `X-Signature-Simple` is not offered: it does not cover the decision.
///
/// # What is answered
///
/// | answer | when | Didit sends it again |
/// |---|---|---|
/// | the handler's | the handler answered 2xx or 404 | after 404 |
/// | 503 | any other answer of the handler | yes |
/// | 200 | the handler has answered 2xx to this event in the last 20 minutes; or the event is a [test or of a sandbox](Self::accept_sandbox) | no |
/// | 503 | the event is being handled now, or the [store](Self::with_store) does not answer | yes |
/// | 503 | the body took more than 4 s to come, or broke off: it may be Didit's | yes |
/// | 413 | the body has more than 1 MiB | no |
/// | 401, empty | anything else | no |
///
/// Didit waits 5 s for the answer, and tries three times in about five minutes. A handler that takes longer is cancelled
/// when Didit closes the connection: let it store the event and answer. The same event may reach the handler again,
/// after a restart for example: handling it must be idempotent.
///
/// The handler gets the [`WebhookEvent`] in the request's extensions, and the same body as any body that is
/// `From<Bytes>`. The layer logs nothing of the body.
///
/// # Several
///
/// Each destination in Didit's console has its own secret. Use one `DiditWebhooks` for a destination: clones share the
/// record of what was handled.
#[derive(Clone, Debug)]
pub struct DiditWebhooks {
    secrets: Secrets,
    clock: Arc<dyn Clock>,
    deliveries: Arc<Deliveries>,
    has_own_store: bool,
    accepts_canonical: bool,
    accepts_sandbox: bool,
    /// Whether an unknown signature was logged.
    unknown_logged: Arc<AtomicBool>,
}

impl DiditWebhooks {
    /// With the secret of the destination as Didit's console shows it, or with several while the secret is rotated:
    /// `["new", "old"]`. [Example](Self).
    ///
    /// # Errors
    ///
    /// [`ConfigError::Invalid`]: there is no secret, or one is empty or has white space around it.
    pub fn new(secrets: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, ConfigError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemTime::now);
        Ok(Self {
            secrets: Secrets::new(secrets)?,
            deliveries: Deliveries::in_memory(Arc::clone(&clock)),
            clock,
            has_own_store: false,
            accepts_canonical: false,
            accepts_sandbox: false,
            unknown_logged: Arc::default(),
        })
    }

    /// Also accepts `X-Signature-V2`, for a gateway that encodes the body anew: the HMAC of a canonical form of the JSON.
    ///
    /// The canonical form has sorted keys, no white space and no needless escapes. Integers of any length and fractions
    /// stay as they are spelled; a fraction or an exponent that is a whole number becomes an integer (`92.0`, `1e2`),
    /// and is refused above 2⁵³, where Didit's spelling is not known.
    ///
    /// Default: only `X-Signature`, the one of the bytes.
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

    /// Passes events of a sandbox and tests from the console on to the handler. They say `Approved` of people whom
    /// nobody has checked: [`is_sandbox`](WebhookEvent::is_sandbox) and [`is_test`](WebhookEvent::is_test) tell, and
    /// [`Requirements::accept_sandbox`](super::Requirements::accept_sandbox) must be set as well before one counts.
    ///
    /// Default: they are answered 200, logged, and do not reach the handler.
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

    /// Keeps the record of what was handled in a store, such as a `RedisStore`, for several processes. It may be the
    /// one of the sessions: the record consists of entries that last 20 minutes, or 10 s while a handler runs.
    ///
    /// Default: in the memory of this process.
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

    /// What reaches the handler: an authentic event, its body, and the attempt to handle it. Otherwise the answer.
    async fn receive<B: Body>(
        &self,
        headers: &HeaderMap,
        body: B,
    ) -> Result<(WebhookEvent, Bytes, Attempt), StatusCode> {
        let now = Timestamp::now(&*self.clock);
        let presented = Presented::read(headers, now).map_err(refused)?;
        let body = body::read(body).await?;
        let (signer, members) = self.verify(&presented, &body).map_err(refused)?;
        let event = WebhookEvent::new(members, body.clone(), headers.contains_key(TEST));
        if !self.accepts_sandbox && (event.is_test() || event.is_sandbox()) {
            tracing::warn!(
                "test or sandbox webhook not passed on: see DiditWebhooks::accept_sandbox"
            );
            return Err(StatusCode::OK);
        }
        let key = delivery_key(signer, &event, &body);
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

    /// The secret that has signed the body, and the body's members. Otherwise what is wrong.
    fn verify(
        &self,
        presented: &Presented,
        body: &[u8],
    ) -> Result<(&hmac::Key, Object), &'static str> {
        let members = || json::object(body).ok_or("body");
        let mut signed = None;
        if let Some(signature) = &presented.raw
            && let Some(signer) = self.secrets.signer(body, signature)
        {
            signed = Some((signer, members()?));
        } else if let Some(signature) = presented
            .canonical
            .as_ref()
            .filter(|_| self.accepts_canonical)
        {
            let members = members()?;
            let canonical = canonical::form(body).ok_or("body")?;
            let signer = self.secrets.signer(canonical.as_bytes(), signature);
            signed = signer.map(|signer| (signer, members));
        }
        let Some((signer, members)) = signed else {
            if !self.unknown_logged.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    "webhook with an unknown signature: compare the secret with that of the destination in Didit's \
                     console, unless somebody forges webhooks"
                );
            }
            return Err("signature");
        };
        let timestamp = members.get("timestamp").and_then(serde_json::Value::as_u64);
        if timestamp != Some(presented.timestamp.as_unix()) {
            return Err("timestamp");
        }
        Ok((signer, members))
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

/// Identifies an event among those of a destination: by its id and what it says, or else by the whole body, however
/// its JSON is written. A canonical signature covers no more than that.
fn delivery_key(signer: &hmac::Key, event: &WebhookEvent, body: &Bytes) -> DeliveryKey {
    let text = |name| event.text(name).unwrap_or_default().as_bytes();
    if text(EVENT_ID).is_empty() {
        let canonical = canonical::form(body);
        let content = canonical.as_ref().map_or(body.as_ref(), String::as_bytes);
        return DeliveryKey::new(signer, [content]);
    }
    let parts = [EVENT_ID, "webhook_type", "session_id", "status"];
    DeliveryKey::new(signer, parts.map(text))
}

const EVENT_ID: &str = "event_id";
/// Not signed.
const TEST: &str = "x-didit-test-webhook";
