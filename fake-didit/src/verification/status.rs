//! The status of a session.

use std::fmt;

/// The status of a verification session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    NotStarted,
    InProgress,
    AwaitingUser,
    InReview,
    Approved,
    Declined,
    Resubmitted,
    Expired,
    Abandoned,
    KycExpired,
}

impl Status {
    const ALL: [Self; 10] = [
        Self::NotStarted,
        Self::InProgress,
        Self::AwaitingUser,
        Self::InReview,
        Self::Approved,
        Self::Declined,
        Self::Resubmitted,
        Self::Expired,
        Self::Abandoned,
        Self::KycExpired,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NotStarted => "Not Started",
            Self::InProgress => "In Progress",
            Self::AwaitingUser => "Awaiting User",
            Self::InReview => "In Review",
            Self::Approved => "Approved",
            Self::Declined => "Declined",
            Self::Resubmitted => "Resubmitted",
            Self::Expired => "Expired",
            Self::Abandoned => "Abandoned",
            Self::KycExpired => "Kyc Expired",
        }
    }

    /// Case-sensitive, as with Didit.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether the person can still go through the hosted page. A new request for the same user gets this
    /// session.
    pub(crate) fn is_unfinished(self) -> bool {
        matches!(
            self,
            Self::NotStarted | Self::InProgress | Self::AwaitingUser | Self::Resubmitted
        )
    }

    /// Whether the console and the API can change it.
    pub(crate) fn is_changeable(self) -> bool {
        matches!(
            self,
            Self::Approved
                | Self::Declined
                | Self::InReview
                | Self::KycExpired
                | Self::Abandoned
                | Self::Resubmitted
        )
    }

    /// Whether there is a report.
    pub(crate) fn has_report(self) -> bool {
        matches!(
            self,
            Self::Approved | Self::Declined | Self::InReview | Self::KycExpired
        )
    }

    /// Whether webhooks contain the decision.
    pub(crate) fn is_sent_with_decision(self) -> bool {
        matches!(
            self,
            Self::Approved | Self::Declined | Self::InReview | Self::Abandoned
        )
    }

    /// Whether the checks have run.
    pub(crate) fn has_results(self) -> bool {
        self.has_report() || self == Self::Resubmitted
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
