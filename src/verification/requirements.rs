//! What the application requires of a decision.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::seal::sha256;

/// A check of a verification session.
///
/// ```
/// use tower_didit::verification::{Check, Reason};
///
/// fn advice(reason: &Reason) -> &'static str {
///     match reason {
///         Reason::NotApproved(Check::Liveness | Check::FaceMatch) => "Try again in better light.",
///         Reason::NotApproved(Check::Document) => "Try another document.",
///         _ => "Please contact us.",
///     }
/// }
/// assert_eq!(advice(&Reason::NotApproved(Check::Document)), "Try another document.");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Check {
    /// The identity document: `id_verifications`.
    Document,
    /// A live person: `liveness_checks`.
    Liveness,
    /// The person is the one on the document: `face_matches`.
    FaceMatch,
    /// Sanction and watch lists: `aml_screenings`.
    Aml,
}

impl Check {
    /// The member of a decision with the results.
    pub(super) const fn member(self) -> &'static str {
        match self {
            Self::Document => "id_verifications",
            Self::Liveness => "liveness_checks",
            Self::FaceMatch => "face_matches",
            Self::Aml => "aml_screenings",
        }
    }
}

/// What a [`Decision`](super::Decision) must show to verify a person: whose it is, and which checks were approved.
///
/// Three values identify the verification: the session that your application created for this user, the user's id, and
/// the workflow. A decision is refused if one of the three is not set or differs.
///
/// ```
/// use tower_didit::verification::{Decision, Requirements, Verdict};
///
/// # fn main() -> Result<(), tower_didit::Error> {
/// // The rules of the application.
/// let rules = Requirements::identity()
///     .with_liveness()
///     .with_face_match()
///     .with_minimum_age(18)
///     .with_workflow("99999999-8888-4777-8666-555555555555");
///
/// // What your database says of the user.
/// let requirements = rules
///     .with_session("11111111-2222-3333-4444-555555555555")
///     .with_vendor_data("user-42");
///
/// let decision = Decision::from_json(br#"{
///     "session_id": "11111111-2222-3333-4444-555555555555",
///     "session_kind": "user",
///     "workflow_id": "99999999-8888-4777-8666-555555555555",
///     "vendor_data": "user-42",
///     "environment": "live",
///     "status": "Approved",
///     "id_verifications": [{"status": "Approved", "age": 34}],
///     "liveness_checks": [{"status": "Approved"}],
///     "face_matches": [{"status": "Approved"}]
/// }"#)?;
/// assert_eq!(decision.judge(&requirements), Verdict::Verified);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[must_use]
pub struct Requirements {
    pub(super) checks: Vec<Check>,
    pub(super) minimum_age: Option<u8>,
    pub(super) session_id: Option<String>,
    pub(super) vendor_data: Option<String>,
    pub(super) workflow_id: Option<String>,
    pub(super) accepts_sandbox: bool,
}

impl Requirements {
    /// Requires an approved identity document. [Example](Self).
    pub fn identity() -> Self {
        Self {
            checks: vec![Check::Document],
            minimum_age: None,
            session_id: None,
            vendor_data: None,
            workflow_id: None,
            accepts_sandbox: false,
        }
    }

    /// Requires an approved liveness check. [Example](Self).
    ///
    /// Default: not required.
    pub fn with_liveness(self) -> Self {
        self.with(Check::Liveness)
    }

    /// Requires an approved match of the face with the document. [Example](Self).
    ///
    /// Default: not required.
    pub fn with_face_match(self) -> Self {
        self.with(Check::FaceMatch)
    }

    /// Requires an approved screening against sanction and watch lists.
    ///
    /// Default: not required.
    ///
    /// ```
    /// use tower_didit::verification::Requirements;
    ///
    /// let rules = Requirements::identity().with_aml();
    /// # let _ = rules;
    /// ```
    pub fn with_aml(self) -> Self {
        self.with(Check::Aml)
    }

    /// Requires that each document of the decision has at least this age, in years. A document without an age is refused.
    /// [Example](Self).
    ///
    /// Default: any age.
    pub fn with_minimum_age(mut self, years: u8) -> Self {
        self.minimum_age = Some(years);
        self
    }

    /// The id of the session that the application has created for this user. Do not take it from the browser, which may
    /// send another person's. [Example](Self).
    ///
    /// Default: none, and no decision is accepted.
    pub fn with_session(mut self, id: impl Into<String>) -> Self {
        self.session_id = Some(id.into());
        self
    }

    /// The `vendor_data` that the session was created with: the user's stable id. [Example](Self).
    ///
    /// Default: none, and no decision is accepted.
    pub fn with_vendor_data(mut self, vendor_data: impl Into<String>) -> Self {
        self.vendor_data = Some(vendor_data.into());
        self
    }

    /// The id of the workflow of the session. Another workflow of the account may check less. [Example](Self).
    ///
    /// Default: none, and no decision is accepted.
    pub fn with_workflow(mut self, id: impl Into<String>) -> Self {
        self.workflow_id = Some(id.into());
        self
    }

    /// Accepts decisions of a sandbox, and test webhooks: nobody was checked. Only for tests.
    ///
    /// Default: refused.
    ///
    /// ```
    /// use tower_didit::verification::Requirements;
    ///
    /// let mut rules = Requirements::identity();
    /// if cfg!(debug_assertions) {
    ///     rules = rules.accept_sandbox();
    /// }
    /// # let _ = rules;
    /// ```
    pub fn accept_sandbox(mut self) -> Self {
        self.accepts_sandbox = true;
        self
    }

    /// The rules for this user, as text. A verdict by other rules, or on another user, does not count. The user is a hash,
    /// so that a record does not contain the subject.
    pub(super) fn rules_for(&self, user: &str) -> String {
        let (checks, age) = (&self.checks, self.minimum_age);
        let user = BASE64_URL_SAFE_NO_PAD.encode(sha256(&[user.as_bytes()]));
        format!("{checks:?} {age:?} {} {user}", self.accepts_sandbox)
    }

    fn with(mut self, check: Check) -> Self {
        if !self.checks.contains(&check) {
            self.checks.push(check);
        }
        self
    }
}

impl fmt::Debug for Requirements {
    /// Without the user.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requirements")
            .field("checks", &self.checks)
            .field("minimum_age", &self.minimum_age)
            .field("workflow_id", &self.workflow_id)
            .field("accepts_sandbox", &self.accepts_sandbox)
            .finish_non_exhaustive()
    }
}
