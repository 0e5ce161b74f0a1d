//! Where Didit sends webhooks.

use std::fmt;

use serde_json::Value;
use url::Url;

use super::{EventKind, id::uuid_of_member, request_body::RequestBody};
use crate::{
    error::Error,
    json::{self, Object},
    tokens::Secret,
};

/// A webhook destination of the application at Didit. `Debug` shows neither its secret nor its URL.
///
/// ```
/// use tower_didit::verification::{EventKind, WebhookDestination};
///
/// fn print(destination: &WebhookDestination) {
///     println!("{} {:?} {}", destination.id(), destination.label(), destination.url());
///     let is_usable = destination.is_enabled()
///         && destination.version() == "v3"
///         && destination.events().contains(&EventKind::StatusUpdated);
///     println!("usable: {is_usable}");
///     println!("has a secret: {}", destination.secret().is_some());
/// }
/// # let _ = print;
/// ```
pub struct WebhookDestination {
    id: String,
    label: Option<String>,
    url: String,
    is_enabled: bool,
    version: String,
    events: Vec<EventKind>,
    secret: Option<Secret>,
}

impl WebhookDestination {
    /// Reads a response. Fails with the name of a member that is missing or unusable.
    pub(super) fn read(members: &Object) -> Result<Self, &'static str> {
        let member = |name| json::member(members, name);
        let text = |name| member(name).and_then(Value::as_str).ok_or(name);
        let events = member("subscribed_events").and_then(Value::as_array);
        let events = events.ok_or("subscribed_events")?.iter();
        let is_enabled = member("enabled").and_then(Value::as_bool);
        let secret = text("secret_shared_key").ok();
        Ok(Self {
            id: uuid_of_member(members, "uuid").ok_or("uuid")?,
            label: text("label").ok().map(str::to_owned),
            url: text("url")?.to_owned(),
            is_enabled: is_enabled.ok_or("enabled")?,
            version: text("webhook_version")?.to_owned(),
            events: events
                .map(|event| event.as_str().map_or(EventKind::Other, EventKind::from))
                .collect(),
            secret: secret
                .filter(|secret| !secret.is_empty())
                .map(|secret| Secret(secret.to_owned().into())),
        })
    }

    /// The id: a UUID. [Example](Self).
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name in Didit's console. [Example](Self).
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// Where Didit sends the webhooks. [Example](Self).
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether Didit sends webhooks there. [Example](Self).
    pub fn is_enabled(&self) -> bool {
        self.is_enabled
    }

    /// The version of the payloads. Decisions in others than `v3` verify nobody. [Example](Self).
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The kinds of events that Didit sends. [Example](Self).
    pub fn events(&self) -> &[EventKind] {
        &self.events
    }

    /// The secret for [`DiditWebhooks::new`](super::DiditWebhooks::new). `None` in the list of
    /// [`destinations`](super::VerificationClient::destinations). [Example](Self).
    pub fn secret(&self) -> Option<&str> {
        self.secret.as_ref().map(|secret| secret.0.as_str())
    }
}

impl fmt::Debug for WebhookDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookDestination")
            .field("id", &self.id)
            .field("is_enabled", &self.is_enabled)
            .field("version", &self.version)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

/// The settings of a webhook destination that is created or changed.
///
/// ```
/// use tower_didit::verification::{DestinationSettings, EventKind};
///
/// let settings = DestinationSettings::new("Production", "https://app.example/didit")
///     .with_events([EventKind::StatusUpdated, EventKind::UserStatusUpdated]);
/// let moved = DestinationSettings::changes()
///     .with_label("Production 2")
///     .with_url("https://app.example/webhooks/didit")
///     .with_enabled(true);
/// # let _ = (settings, moved);
/// ```
///
/// Settings are checked by the calls that take them.
#[derive(Clone)]
#[must_use]
pub struct DestinationSettings(RequestBody);

impl DestinationSettings {
    /// The settings of a new destination, with this [label](Self::with_label) and [URL](Self::with_url). It is enabled, and
    /// gets payloads of version v3 of the events `status.updated`, `data.updated` and `user.status.updated`, which
    /// [`Verification::receive`](super::Verification::receive) handles. [Example](Self).
    pub fn new(label: impl Into<String>, url: impl AsRef<str>) -> Self {
        let mut settings = Self::changes();
        settings.0.set("webhook_version", VERSION);
        let settings = settings.with_label(label).with_url(url);
        settings.with_events(DEFAULT_EVENTS).with_enabled(true)
    }

    /// No settings yet, for [`update_destination`](super::VerificationClient::update_destination): it changes only those
    /// that are set. [Example](Self).
    pub fn changes() -> Self {
        Self(RequestBody::default())
    }

    /// The name in Didit's console: 1 to 255 characters. [Example](Self).
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        let label = label.into();
        let fits = (1..=MAX_LABEL).contains(&label.chars().count());
        self.0
            .check(fits, "`label` is empty or has more than 255 characters");
        self.0.set("label", label);
        self
    }

    /// Where Didit sends the webhooks: a public `https` URL, which no other destination of the application has.
    /// [Example](Self).
    pub fn with_url(mut self, url: impl AsRef<str>) -> Self {
        let url = url.as_ref();
        let is_web = |url: &Url| matches!(url.scheme(), "https" | "http");
        let is_url = Url::parse(url).is_ok_and(|url| is_web(&url));
        self.0.check(is_url, "`url` is not an absolute URL");
        self.0.set("url", url);
        self
    }

    /// The kinds of events that Didit sends, at least one. [Example](Self).
    pub fn with_events(mut self, events: impl IntoIterator<Item = EventKind>) -> Self {
        let events: Vec<_> = events.into_iter().collect();
        let is_known = !events.is_empty() && !events.contains(&EventKind::Other);
        self.0.check(
            is_known,
            "`subscribed_events` is empty, or has an unknown event",
        );
        let names: Vec<_> = events.into_iter().map(EventKind::as_str).collect();
        self.0.set("subscribed_events", names);
        self
    }

    /// Whether Didit sends webhooks there. [Example](Self).
    pub fn with_enabled(mut self, is_enabled: bool) -> Self {
        self.0.set("enabled", is_enabled);
        self
    }

    /// The body of a creation.
    pub(super) fn into_creation(mut self) -> Result<Vec<u8>, Error> {
        let has = |name| self.0.get(name).is_some();
        let is_whole = REQUIRED.into_iter().all(has);
        self.0.check(
            is_whole,
            "a new destination needs a label and a URL: `DestinationSettings::new`",
        );
        self.into_update()
    }

    /// The body of an update.
    pub(super) fn into_update(self) -> Result<Vec<u8>, Error> {
        self.0.into_json()
    }
}

impl fmt::Debug for DestinationSettings {
    /// Without the URL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DestinationSettings")
            .field("label", &self.0.get("label"))
            .finish_non_exhaustive()
    }
}

/// Payloads of other versions verify nobody: their checks have other names.
const VERSION: &str = "v3";
const DEFAULT_EVENTS: [EventKind; 3] = [
    EventKind::StatusUpdated,
    EventKind::DataUpdated,
    EventKind::UserStatusUpdated,
];
const REQUIRED: [&str; 4] = ["label", "url", "webhook_version", "subscribed_events"];
const MAX_LABEL: usize = 255;
