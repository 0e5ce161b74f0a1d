//! Didit's decision about a verification session.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Check, Reason, Requirements, Status, Verdict, read_as};
use crate::{
    error::{Error, ErrorKind},
    json::{self, Object},
};

/// What Didit has decided about a session, from [`WebhookEvent::decision`](super::WebhookEvent::decision) or from the
/// API (`GET /v3/session/{id}/decision/`).
///
/// [`judge`](Self::judge) is the way to a verdict. Cloning copies a pointer; `Debug` shows nothing personal.
///
/// ```
/// use tower_didit::verification::{Decision, Status};
///
/// # fn main() -> Result<(), tower_didit::Error> {
/// let decision = Decision::from_json(br#"{
///     "session_id": "11111111-2222-3333-4444-555555555555",
///     "workflow_id": "99999999-8888-4777-8666-555555555555",
///     "vendor_data": "user-42",
///     "environment": "live",
///     "status": "In Review"
/// }"#)?;
/// assert_eq!(decision.session_id(), Some("11111111-2222-3333-4444-555555555555"));
/// assert_eq!(decision.workflow_id(), Some("99999999-8888-4777-8666-555555555555"));
/// assert_eq!(decision.vendor_data(), Some("user-42"));
/// assert_eq!(decision.environment(), Some("live"));
/// assert_eq!(decision.status(), Status::InReview);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Decision(Arc<Inner>);

struct Inner {
    members: Object,
    text: Bytes,
    is_test: bool,
    is_contradicted: bool,
}

impl Decision {
    /// Reads a response of Didit's API. It is not signed: take it only from Didit, over TLS. [Example](Self).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`]: it is not a JSON object, or an object in it has a member twice.
    pub fn from_json(text: &[u8]) -> Result<Self, Error> {
        let invalid = || Error::with_context(ErrorKind::InvalidResponse, NOT_AN_OBJECT);
        let members = json::object(text).ok_or_else(invalid)?;
        Ok(Self(Arc::new(Inner {
            members,
            text: Bytes::copy_from_slice(text),
            is_test: false,
            is_contradicted: false,
        })))
    }

    /// The decision in a webhook. Members that it lacks are taken from the webhook.
    pub(super) fn of_webhook(text: Bytes, webhook: &Object, is_test: bool) -> Option<Self> {
        let mut members = json::object(&text)?;
        let mut is_contradicted = false;
        for name in SHARED {
            let Some(outer) = json::member(webhook, name) else {
                continue;
            };
            match json::member(&members, name) {
                Some(inner) => is_contradicted |= inner != outer,
                None => drop(members.insert(name.to_owned(), outer.clone())),
            }
        }
        // Only webhooks about a business name the kind.
        let is_business = BUSINESS.iter().any(|name| webhook.contains_key(*name));
        if json::member(&members, KIND).is_none() && !is_business {
            members.insert(KIND.to_owned(), USER.into());
        }
        Some(Self(Arc::new(Inner {
            members,
            text,
            is_test,
            is_contradicted,
        })))
    }

    /// Whether the person is verified. Anything that is missing or unknown is refused. The checks, in this order:
    ///
    /// 1. The session, the user and the workflow are the required ones, the session verifies a person, and it is
    ///    live. Otherwise the decision is [`Refused`](Verdict::Refused), whatever its status.
    /// 2. The status is exactly `Approved`. It is [`Pending`](Verdict::Pending) for `Not Started`, `In Progress`,
    ///    `Awaiting User`, `In Review` and `Resubmitted`.
    /// 3. Each required check has run at least once, and each of its results is exactly `Approved`: Didit's workflow
    ///    may approve a session although a check was declined.
    /// 4. Each document has the required age.
    ///
    /// [Example](Requirements).
    pub fn judge(&self, requirements: &Requirements) -> Verdict {
        let mut reasons = self.foreign(requirements);
        let status = self.status();
        if reasons.is_empty() && status.is_undecided() {
            return Verdict::Pending;
        }
        if status != Status::Approved {
            reasons.push(Reason::Status(status));
        }
        for check in &requirements.checks {
            reasons.extend(self.failure(*check));
        }
        if let Some(years) = requirements.minimum_age {
            reasons.extend(self.too_young(years));
        }
        if reasons.is_empty() {
            Verdict::Verified
        } else {
            Verdict::Refused(reasons)
        }
    }

    /// The id of the session. [Example](Self).
    pub fn session_id(&self) -> Option<&str> {
        self.text("session_id")
    }

    /// The status of the session, which alone verifies nobody. [Example](Self).
    pub fn status(&self) -> Status {
        self.text("status").map_or(Status::Other, Status::from)
    }

    /// The application's id of the user. [Example](Self).
    pub fn vendor_data(&self) -> Option<&str> {
        self.text("vendor_data")
    }

    /// The id of the workflow. [Example](Self).
    pub fn workflow_id(&self) -> Option<&str> {
        self.text("workflow_id")
    }

    /// `live` or `sandbox`. [Example](Self).
    pub fn environment(&self) -> Option<&str> {
        self.text("environment")
    }

    /// The whole decision, deserialized. The URLs of images in it work for an hour at most: do not store them.
    ///
    /// ```
    /// use tower_didit::verification::Decision;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Documents {
    ///     id_verifications: Vec<Document>,
    /// }
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Document {
    ///     issuing_state: Option<String>,
    /// }
    ///
    /// # fn main() -> Result<(), tower_didit::Error> {
    /// let decision = Decision::from_json(br#"{"id_verifications": [{"issuing_state": "ESP"}]}"#)?;
    /// let documents: Documents = decision.extra()?;
    /// assert_eq!(documents.id_verifications[0].issuing_state.as_deref(), Some("ESP"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedClaims`]: a member is missing, or has another type.
    pub fn extra<T: DeserializeOwned>(&self) -> Result<T, Error> {
        read_as(&self.0.text)
    }

    /// Why the decision is not a live one about this user, session and workflow.
    fn foreign(&self, requirements: &Requirements) -> Vec<Reason> {
        let is = |actual: Option<&str>, required: &Option<String>| {
            actual.is_some_and(|actual| !actual.is_empty()) && actual == required.as_deref()
        };
        let is_live = self.environment() == Some(LIVE) && !self.0.is_test;
        let is_sandbox = self.environment() == Some(SANDBOX) || self.0.is_test;
        let facts = [
            (!self.0.is_contradicted, Reason::Contradiction),
            (
                is(self.session_id(), &requirements.session_id),
                Reason::Session,
            ),
            (
                is(self.vendor_data(), &requirements.vendor_data),
                Reason::VendorData,
            ),
            (
                is(self.workflow_id(), &requirements.workflow_id),
                Reason::Workflow,
            ),
            (self.text(KIND) == Some(USER), Reason::Kind),
            (
                is_live || is_sandbox && requirements.accepts_sandbox,
                Reason::Environment,
            ),
        ];
        let wrong = facts.into_iter().filter(|(holds, _)| !holds);
        wrong.map(|(_, reason)| reason).collect()
    }

    /// Why this check was not passed.
    fn failure(&self, check: Check) -> Option<Reason> {
        let results = self.results(check);
        if results.is_empty() {
            return Some(Reason::Missing(check));
        }
        let is_approved = |result: &Value| result["status"] == Status::Approved.as_str();
        let all = results.iter().all(is_approved);
        (!all).then_some(Reason::NotApproved(check))
    }

    /// Why the documents do not show this age.
    fn too_young(&self, years: u8) -> Option<Reason> {
        let documents = self.results(Check::Document);
        let ages = documents.iter().map(|document| document["age"].as_u64());
        let youngest = ages.min().flatten(); // `None` is less than any age.
        match youngest {
            None => Some(Reason::AgeUnknown),
            Some(age) => (age < years.into()).then_some(Reason::TooYoung),
        }
    }

    /// The results of a check. None if they are not an array.
    fn results(&self, check: Check) -> &[Value] {
        let results = json::member(&self.0.members, check.member());
        results.and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    fn text(&self, name: &str) -> Option<&str> {
        json::member(&self.0.members, name)?.as_str()
    }
}

impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision")
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

/// Members that a webhook and the decision in it have in common.
const SHARED: [&str; 6] = [
    "session_id",
    KIND,
    "workflow_id",
    "vendor_data",
    "environment",
    "status",
];
const KIND: &str = "session_kind";
/// Members of webhooks about a business.
const BUSINESS: [&str; 2] = ["business_session_id", "vendor_business_id"];
const USER: &str = "user";
pub(super) const LIVE: &str = "live";
const SANDBOX: &str = "sandbox";
const NOT_AN_OBJECT: &str = "the decision is not a JSON object with different members";
