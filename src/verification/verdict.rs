//! The verdict on a decision.

use super::{Check, Status};

/// Whether a person is verified.
///
/// ```
/// use tower_didit::verification::{Decision, Requirements, Verdict};
///
/// fn page(decision: &Decision, requirements: &Requirements) -> String {
///     match decision.judge(requirements) {
///         Verdict::Verified => "Welcome.".to_owned(),
///         Verdict::Pending => "We are still checking. Please look again in a minute.".to_owned(),
///         Verdict::Refused(reasons) => format!("Not verified: {reasons:?}"),
///         _ => "Not verified.".to_owned(),
///     }
/// }
/// # assert!(page(&Decision::from_json(b"{}").unwrap(), &Requirements::identity()).starts_with("Not"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a verdict decides whether the person is let in"]
pub enum Verdict {
    /// The decision meets all requirements.
    Verified,
    /// The session is the required one, and has no outcome yet: its status is `Not Started`, `In Progress`,
    /// `Awaiting User`, `In Review` or `Resubmitted`.
    Pending,
    /// Not verified. There is at least one reason.
    Refused(Vec<Reason>),
}

impl Verdict {
    /// Whether it is [`Verified`](Self::Verified).
    ///
    /// ```
    /// use tower_didit::verification::{Reason, Verdict};
    ///
    /// assert!(Verdict::Verified.is_verified());
    /// assert!(!Verdict::Pending.is_verified());
    /// assert!(!Verdict::Refused(vec![Reason::VendorData]).is_verified());
    /// ```
    pub const fn is_verified(&self) -> bool {
        matches!(self, Self::Verified)
    }
}

/// Why a decision is refused. [Example](Check).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// A webhook and the decision in it contradict each other.
    Contradiction,
    /// The session is not the [required](super::Requirements::with_session) one, or none is set.
    Session,
    /// The user is not the [required](super::Requirements::with_vendor_data) one, or none is set.
    VendorData,
    /// The workflow is not the [required](super::Requirements::with_workflow) one, or none is set.
    Workflow,
    /// The session does not verify a person: its `session_kind` is missing, or is not `user`.
    Kind,
    /// The decision is not of the environment `live`, or comes from a test webhook: nobody was checked.
    Environment,
    /// The status of the session, which is neither `Approved` nor pending.
    Status(Status),
    /// The required check did not run.
    Missing(Check),
    /// The required check ran, and one of its results is not `Approved`.
    NotApproved(Check),
    /// A document has no age.
    AgeUnknown,
    /// A document has an age below the required one.
    TooYoung,
}
