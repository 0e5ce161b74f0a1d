//! An authentic webhook.

mod kind;
mod resubmit;

use std::{fmt, sync::Arc, time::SystemTime};

use axum_core::extract::FromRequestParts;
use bytes::Bytes;
use http::request::Parts;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

pub use self::{kind::EventKind, resubmit::ResubmitStep};
use super::{Decision, Status, decision::LIVE, read_as};
use crate::{
    error::{Error, WiringError},
    json::{self, Object},
};

/// A webhook that Didit has signed: [`DiditWebhooks`](super::DiditWebhooks) has checked it.
///
/// A handler takes it as an argument; services without extractors find it in the request's extensions. A getter returns
/// `None` if its member is missing, null or not of the documented type: the other getters still work.
/// [`extra`](Self::extra) reads any member.
///
/// A webhook may arrive twice, in any order or never. Before you overwrite what you have stored of a session, compare
/// [`timestamp`](Self::timestamp) with that of the last event, or ask Didit for the decision.
///
/// ```
/// use http::StatusCode;
/// use tower_didit::verification::{EventKind, WebhookEvent};
///
/// async fn webhook(event: WebhookEvent) -> StatusCode {
///     if event.kind() == EventKind::StatusUpdated {
///         println!("{:?} is {:?}", event.session_id(), event.status());
///     }
///     StatusCode::NO_CONTENT
/// }
/// # let _router: axum::Router = axum::Router::new().route("/", axum::routing::post(webhook));
/// ```
///
/// `Debug` shows the kind and nothing else. Cloning copies a pointer.
#[derive(Clone)]
pub struct WebhookEvent(Arc<Inner>);

struct Inner {
    members: Object,
    body: Bytes,
    has_test_header: bool,
}

impl WebhookEvent {
    /// `members` are those of `body`, whose signature is verified.
    pub(super) fn new(members: Object, body: Bytes, has_test_header: bool) -> Self {
        Self(Arc::new(Inner {
            members,
            body,
            has_test_header,
        }))
    }

    /// The kind of the event: its `webhook_type`. [Example](Self).
    pub fn kind(&self) -> EventKind {
        self.text("webhook_type")
            .map_or(EventKind::Other, EventKind::from)
    }

    /// The id of the event. Didit may send the same event again with another id. [Example](Self::decision).
    pub fn event_id(&self) -> Option<&str> {
        self.text("event_id")
    }

    /// When the event was sent. [Example](Self::decision).
    pub fn timestamp(&self) -> Option<SystemTime> {
        self.time("timestamp")
    }

    /// When the session or the entity was created. [Example](Self::decision).
    pub fn created_at(&self) -> Option<SystemTime> {
        self.time("created_at")
    }

    /// The id of the verification session. [Example](Self).
    pub fn session_id(&self) -> Option<&str> {
        self.text("session_id")
    }

    /// The status of the verification session; `None` if the event is not about one. It verifies nobody: judge the
    /// [`decision`](Self::decision). [Example](Self).
    pub fn status(&self) -> Option<Status> {
        let text = self.text("status");
        text.filter(|_| self.kind().is_about_session())
            .map(Status::from)
    }

    /// The status of the user, business or transaction that the event is about; `None` if the event is about a
    /// verification session. Of a user it is `ACTIVE`, `FLAGGED` or `BLOCKED`.
    ///
    /// ```
    /// use tower_didit::verification::{EventKind, WebhookEvent};
    ///
    /// /// The user who must lose access.
    /// fn blocked(event: &WebhookEvent) -> Option<&str> {
    ///     let is_blocked = event.kind() == EventKind::UserStatusUpdated
    ///         && event.entity_status() == Some("BLOCKED");
    ///     event.vendor_data().filter(|_| is_blocked)
    /// }
    /// ```
    pub fn entity_status(&self) -> Option<&str> {
        self.entity_text("status")
    }

    /// The [`entity_status`](Self::entity_status) before the event. [Example](Self::entity_status).
    pub fn previous_status(&self) -> Option<&str> {
        self.entity_text("previous_status")
    }

    /// The application's id of the user: the `vendor_data` of the session. [Example](Self::entity_status).
    pub fn vendor_data(&self) -> Option<&str> {
        self.text("vendor_data")
    }

    /// The id of the workflow. [Example](Self::decision).
    pub fn workflow_id(&self) -> Option<&str> {
        self.text("workflow_id")
    }

    /// The version of the workflow. [Example](Self::decision).
    pub fn workflow_version(&self) -> Option<u64> {
        json::member(&self.0.members, "workflow_version")?.as_u64()
    }

    /// The id of the application at Didit. [Example](Self::decision).
    pub fn application_id(&self) -> Option<&str> {
        self.text("application_id")
    }

    /// `live` or `sandbox`. Events about users may have none. [Example](Self::is_sandbox).
    pub fn environment(&self) -> Option<&str> {
        self.text("environment")
    }

    /// Whether the event names another environment than `live`: nobody was checked. `false` if it names none.
    ///
    /// ```
    /// use tower_didit::verification::WebhookEvent;
    ///
    /// /// `false` for events without an environment.
    /// fn is_live(event: &WebhookEvent) -> bool {
    ///     event.environment() == Some("live") && !event.is_sandbox() && !event.is_test()
    /// }
    /// ```
    pub fn is_sandbox(&self) -> bool {
        json::member(&self.0.members, "environment").is_some_and(|value| value != LIVE)
    }

    /// Whether the event is a test from Didit's console, with invented data: it has the header `X-Didit-Test-Webhook` or
    /// the member `metadata.test_webhook`. [Example](Self::is_sandbox).
    pub fn is_test(&self) -> bool {
        let metadata = json::member(&self.0.members, "metadata");
        let is_marked = metadata.is_some_and(|metadata| {
            let mark = &metadata["test_webhook"];
            !mark.is_null() && mark != false
        });
        self.0.has_test_header || is_marked
    }

    /// The decision about the session. Didit sends one with the statuses `Approved`, `Declined`, `In Review` and
    /// `Abandoned`. `None` if there is none, or if the event is not about a session.
    ///
    /// ```
    /// use tower_didit::verification::{Requirements, Verdict, WebhookEvent};
    ///
    /// /// `session` is the one that the application has created for `user`.
    /// fn verdict(event: &WebhookEvent, session: &str, user: &str) -> Option<Verdict> {
    ///     println!(
    ///         "{:?} of {:?}: session of {:?}, {:?} version {:?} of {:?}",
    ///         event.event_id(),
    ///         event.timestamp(),
    ///         event.created_at(),
    ///         event.workflow_id(),
    ///         event.workflow_version(),
    ///         event.application_id(),
    ///     );
    ///     let requirements = Requirements::identity()
    ///         .with_workflow("99999999-8888-4777-8666-555555555555")
    ///         .with_session(session)
    ///         .with_vendor_data(user);
    ///     Some(event.decision()?.judge(&requirements))
    /// }
    /// ```
    pub fn decision(&self) -> Option<Decision> {
        #[derive(Deserialize)]
        struct Envelope<'a> {
            #[serde(borrow)]
            decision: &'a RawValue,
        }
        if !self.kind().is_about_session() {
            return None;
        }
        let envelope: Envelope<'_> = serde_json::from_slice(&self.0.body).ok()?;
        let text = self.0.body.slice_ref(envelope.decision.get().as_bytes());
        Decision::of_webhook(text, &self.0.members, self.is_test())
    }

    /// The steps that the person has to repeat. Didit sends them with the status `Resubmitted`.
    ///
    /// ```
    /// use tower_didit::verification::WebhookEvent;
    ///
    /// fn message(event: &WebhookEvent) -> String {
    ///     let steps = event.resubmit().unwrap_or_default();
    ///     let lines = steps.iter().map(|step| {
    ///         let name = step.feature().or(step.node_id()).unwrap_or("a step");
    ///         format!("{name}: {}", step.reason().unwrap_or("please repeat it"))
    ///     });
    ///     lines.collect::<Vec<_>>().join("\n")
    /// }
    /// ```
    pub fn resubmit(&self) -> Option<Vec<ResubmitStep>> {
        ResubmitStep::all(json::member(&self.0.members, "resubmit_info")?.as_object()?)
    }

    /// The whole event, deserialized from the bytes of the body: no number loses digits on the way.
    ///
    /// ```
    /// use tower_didit::{Error, verification::WebhookEvent};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Order {
    ///     metadata: Metadata,
    /// }
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Metadata {
    ///     plan: String,
    /// }
    ///
    /// fn plan(event: &WebhookEvent) -> Result<String, Error> {
    ///     let order: Order = event.extra()?;
    ///     Ok(order.metadata.plan)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedClaims`](crate::ErrorKind::UnexpectedClaims): a member is missing, or has another type.
    pub fn extra<T: DeserializeOwned>(&self) -> Result<T, Error> {
        read_as(&self.0.body)
    }

    fn entity_text(&self, name: &str) -> Option<&str> {
        let is_about_entity = !self.kind().is_about_session() && self.kind() != EventKind::Other;
        self.text(name).filter(|_| is_about_entity)
    }

    /// A member, if it is a string.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        json::member(&self.0.members, name)?.as_str()
    }

    fn time(&self, name: &str) -> Option<SystemTime> {
        let value = json::member(&self.0.members, name)?;
        json::numeric_date(value).map(SystemTime::from)
    }
}

impl fmt::Debug for WebhookEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookEvent")
            .field("kind", &self.kind())
            .finish_non_exhaustive()
    }
}

/// Refuses with [`WiringError::WebhooksMissing`] on a route without [`DiditWebhooks`](super::DiditWebhooks).
impl<S: Send + Sync> FromRequestParts<S> for WebhookEvent {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let event = parts.extensions.get().cloned();
        event.ok_or_else(|| Error::new(WiringError::WebhooksMissing))
    }
}
