//! The list of sessions: its filter, its pages and its rows.

use std::fmt;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::form_urlencoded::Serializer;

use super::{Status, VerificationId, id::is_uuid, invalid_request, read_as};
use crate::{
    error::Error,
    json::{self, Object},
};

/// Selects the sessions to [list](super::VerificationClient::list). Without settings: all that verify people.
///
/// ```
/// use tower_didit::verification::{Status, VerificationFilter};
///
/// let filter = VerificationFilter::new()
///     .add_status(Status::Approved)
///     .add_status(Status::InReview)
///     .with_vendor_data("user-42")
///     .with_workflow("99999999-8888-4777-8666-555555555555")
///     .with_limit(20)
///     .with_offset(40);
/// # let _ = filter;
/// ```
///
/// Settings are checked by [`list`](super::VerificationClient::list).
#[derive(Clone)]
#[must_use]
pub struct VerificationFilter {
    statuses: Vec<Status>,
    vendor_data: Option<String>,
    workflow_id: Option<String>,
    limit: u32,
    offset: u64,
}

impl VerificationFilter {
    /// All sessions. [Example](Self).
    pub fn new() -> Self {
        Self {
            statuses: Vec::new(),
            vendor_data: None,
            workflow_id: None,
            limit: DEFAULT_LIMIT,
            offset: 0,
        }
    }

    /// Adds a status: the list has the sessions of each added one. [Example](Self).
    ///
    /// Default: any status.
    pub fn add_status(mut self, status: Status) -> Self {
        self.statuses.push(status);
        self
    }

    /// Sessions of this user, by the application's id. [Example](Self).
    ///
    /// Default: any user.
    pub fn with_vendor_data(mut self, vendor_data: impl Into<String>) -> Self {
        self.vendor_data = Some(vendor_data.into());
        self
    }

    /// Sessions of this workflow. [Example](Self).
    ///
    /// Default: any workflow.
    pub fn with_workflow(mut self, workflow_id: impl Into<String>) -> Self {
        self.workflow_id = Some(workflow_id.into());
        self
    }

    /// The most sessions on a page, from 1 to 100. [Example](Self).
    ///
    /// Default: 50.
    pub fn with_limit(mut self, sessions: u32) -> Self {
        self.limit = sessions;
        self
    }

    /// The number of newest sessions to skip. [`VerificationPage::next_page`] sets it for the next page.
    /// [Example](Self).
    ///
    /// Default: 0.
    pub fn with_offset(mut self, sessions: u64) -> Self {
        self.offset = sessions;
        self
    }

    /// The query of the request. Values that Didit would ignore are refused: it would list the sessions of all users.
    pub(super) fn query(&self) -> Result<String, Error> {
        let checks = [
            (
                !self.statuses.contains(&Status::Other),
                "`status` is none of Didit's",
            ),
            (
                self.vendor_data.as_deref() != Some(""),
                "`vendor_data` is empty",
            ),
            (
                self.workflow_id.as_deref().is_none_or(is_uuid),
                "`workflow_id` is not a UUID",
            ),
            (
                (1..=MAX_LIMIT).contains(&self.limit),
                "`limit` is not between 1 and 100",
            ),
        ];
        if let Some((_, wrong)) = checks.into_iter().find(|(is_right, _)| !is_right) {
            return Err(invalid_request(wrong));
        }
        let mut query = Serializer::new(String::new());
        query.append_pair("session_kind", "user");
        query.append_pair("limit", &self.limit.to_string());
        query.append_pair("offset", &self.offset.to_string());
        if !self.statuses.is_empty() {
            let names: Vec<_> = self.statuses.iter().map(|status| status.as_str()).collect();
            query.append_pair("status", &names.join(","));
        }
        if let Some(vendor_data) = &self.vendor_data {
            query.append_pair("vendor_data", vendor_data);
        }
        if let Some(workflow_id) = &self.workflow_id {
            query.append_pair("workflow_id", workflow_id);
        }
        Ok(query.finish())
    }
}

impl Default for VerificationFilter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for VerificationFilter {
    /// Without the user.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerificationFilter")
            .field("statuses", &self.statuses)
            .field("limit", &self.limit)
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}

/// A page of the list of sessions. [Example](super::VerificationClient::list).
#[derive(Clone, Debug)]
pub struct VerificationPage {
    total: u64,
    sessions: Vec<VerificationSummary>,
    next: Option<VerificationFilter>,
}

impl VerificationPage {
    /// Reads a response. Fails with the name of a member that is missing or unusable.
    pub(super) fn read(
        members: &Object,
        filter: &VerificationFilter,
    ) -> Result<Self, &'static str> {
        let rows = json::member(members, "results").and_then(Value::as_array);
        let rows = rows.ok_or("results")?.iter();
        let rows = rows.map(|row| VerificationSummary::read(row.as_object().ok_or("results")?));
        let sessions: Vec<_> = rows.collect::<Result<_, _>>()?;
        let is_of_user = |session: &VerificationSummary| {
            filter.vendor_data.is_none() || session.vendor_data == filter.vendor_data
        };
        if !sessions.iter().all(is_of_user) {
            return Err("vendor_data");
        }
        // The URL of the next page is not used: it could be of another host. Nor is `limit`, which Didit may lower.
        let has_next = json::member(members, "next").is_some() && !sessions.is_empty();
        let offset = filter.offset.saturating_add(sessions.len() as u64);
        Ok(Self {
            total: json::member(members, "count")
                .and_then(Value::as_u64)
                .ok_or("count")?,
            sessions,
            next: has_next.then(|| filter.clone().with_offset(offset)),
        })
    }

    /// The number of sessions on all pages. [Example](super::VerificationClient::list).
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The sessions of this page, newest first. [Example](super::VerificationClient::list).
    pub fn sessions(&self) -> &[VerificationSummary] {
        &self.sessions
    }

    /// The filter of the next page; `None` on the last one. A session that is created between two calls shifts the
    /// others, so that one of them is on both pages. [Example](super::VerificationClient::list).
    pub fn next_page(&self) -> Option<VerificationFilter> {
        self.next.clone()
    }
}

/// A session in a list. It has no verdict: ask for the [decision](super::VerificationClient::decision).
///
/// `Debug` shows nothing personal. [Example](super::VerificationClient::list).
#[derive(Clone)]
pub struct VerificationSummary {
    id: VerificationId,
    status: Status,
    number: Option<u64>,
    vendor_data: Option<String>,
    created_at: Option<String>,
    text: Bytes,
}

impl VerificationSummary {
    /// Reads a row. Fails with the name of a member that is missing or unusable.
    fn read(members: &Object) -> Result<Self, &'static str> {
        let text = |name| json::member(members, name).and_then(Value::as_str);
        Ok(Self {
            id: VerificationId::of_member(members, "session_id").ok_or("session_id")?,
            status: Status::from(text("status").ok_or("status")?),
            number: json::member(members, "session_number").and_then(Value::as_u64),
            vendor_data: text("vendor_data").map(str::to_owned),
            created_at: text("created_at").map(str::to_owned),
            text: Value::from(members.clone()).to_string().into(),
        })
    }

    /// The id of the session. [Example](super::VerificationClient::list).
    pub fn id(&self) -> VerificationId {
        self.id
    }

    /// The status of the session, which alone verifies nobody. [Example](super::VerificationClient::list).
    pub fn status(&self) -> Status {
        self.status
    }

    /// The number of the session in Didit's console. [Example](Self::extra).
    pub fn number(&self) -> Option<u64> {
        self.number
    }

    /// The application's id of the user. [Example](super::VerificationClient::list).
    pub fn vendor_data(&self) -> Option<&str> {
        self.vendor_data.as_deref()
    }

    /// When the session was created (RFC 3339), such as `2026-06-09T12:26:54.328364Z`. [Example](Self::extra).
    pub fn created_at(&self) -> Option<&str> {
        self.created_at.as_deref()
    }

    /// The whole row, deserialized. The URLs in it are secrets: those of images work for an hour, and whoever has the
    /// `session_url` can continue the session.
    ///
    /// ```
    /// use tower_didit::{Error, verification::VerificationSummary};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Person {
    ///     full_name: Option<String>,
    ///     country: Option<String>,
    /// }
    ///
    /// fn print(session: &VerificationSummary) -> Result<(), Error> {
    ///     let person: Person = session.extra()?;
    ///     println!("{:?} of {:?}", session.number(), session.created_at());
    ///     println!("{:?} from {:?}", person.full_name, person.country);
    ///     Ok(())
    /// }
    /// # let _ = print;
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnexpectedClaims`](crate::ErrorKind::UnexpectedClaims): a member is missing, or has another type.
    pub fn extra<T: DeserializeOwned>(&self) -> Result<T, Error> {
        read_as(&self.text)
    }
}

impl fmt::Debug for VerificationSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerificationSummary")
            .field("id", &self.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

const DEFAULT_LIMIT: u32 = 50;
/// A row has up to some KiB, and a response 1 MiB.
const MAX_LIMIT: u32 = 100;
