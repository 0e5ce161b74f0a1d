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
    /// Everything that was required is there and approved.
    Verified,
    /// The session is this user's, and is not decided: not started, in progress, awaiting others, in review or
    /// resubmitted.
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

/// Why a decision is refused. [`Check`] has an [example](Check).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// A webhook and the decision in it contradict each other.
    Contradiction,
    /// The decision is about another session, or none was required.
    Session,
    /// The decision is about another user, or none was required.
    VendorData,
    /// Another workflow has decided, or none was required.
    Workflow,
    /// The session does not verify a person, but a business, or does not say what.
    Kind,
    /// The session is not live: a sandbox or a test webhook, which checks nobody.
    Environment,
    /// The session ended with this status, or has one that is not known.
    Status(Status),
    /// The check is required, and did not run.
    Missing(Check),
    /// The check ran, and its status is not `Approved`.
    NotApproved(Check),
    /// A document does not say how old the person is.
    AgeUnknown,
    /// The person is younger than required.
    TooYoung,
}
