//! The status of a verification session.

use std::fmt;

/// The status of a verification session: the ten strings that Didit documents, compared byte for byte, and
/// [`Other`](Self::Other).
///
/// A status by itself verifies nobody: a session may be approved although one of its checks was declined. Use
/// [`Decision::judge`](super::Decision::judge).
///
/// ```
/// use tower_didit::verification::Status;
///
/// assert_eq!(Status::from("Kyc Expired"), Status::KycExpired);
/// assert_eq!(Status::KycExpired.as_str(), "Kyc Expired");
/// for other in ["approved", "Approved ", "Verified", ""] {
///     assert_eq!(Status::from(other), Status::Other);
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// `Not Started`: the session was created, and nobody has opened its link.
    NotStarted,
    /// `In Progress`: the person is in the flow.
    InProgress,
    /// `Awaiting User`: the session waits for the checks of other people.
    AwaitingUser,
    /// `In Review`: an employee has to decide.
    InReview,
    /// `Approved`: passed, for now. It may become `Kyc Expired`, `Declined` or `Resubmitted`.
    Approved,
    /// `Declined`: failed.
    Declined,
    /// `Resubmitted`: the person has to repeat some steps, at the same link.
    Resubmitted,
    /// `Expired`: the session ended before its link was opened.
    Expired,
    /// `Abandoned`: the person did not finish in time.
    Abandoned,
    /// `Kyc Expired`: the session was approved, and the document or the approval has expired.
    KycExpired,
    /// Anything else. Never an approval.
    Other,
}

impl Status {
    /// Didit's spelling; `Other` for [`Other`](Self::Other). [Example](Self).
    pub const fn as_str(self) -> &'static str {
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
            Self::Other => "Other",
        }
    }

    /// Whether the session has no outcome yet.
    pub(super) const fn is_undecided(self) -> bool {
        match self {
            Self::NotStarted
            | Self::InProgress
            | Self::AwaitingUser
            | Self::InReview
            | Self::Resubmitted => true,
            Self::Approved
            | Self::Declined
            | Self::Expired
            | Self::Abandoned
            | Self::KycExpired
            | Self::Other => false,
        }
    }
}

impl From<&str> for Status {
    fn from(text: &str) -> Self {
        let known = KNOWN.iter().find(|status| status.as_str() == text);
        known.copied().unwrap_or(Self::Other)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const KNOWN: [Status; 10] = [
    Status::NotStarted,
    Status::InProgress,
    Status::AwaitingUser,
    Status::InReview,
    Status::Approved,
    Status::Declined,
    Status::Resubmitted,
    Status::Expired,
    Status::Abandoned,
    Status::KycExpired,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_by_its_exact_spelling_only() {
        for status in KNOWN {
            let text = status.to_string();
            assert_eq!(Status::from(text.as_str()), status);
            for other in [
                text.to_lowercase(),
                text.to_uppercase(),
                format!(" {text}"),
                text.replace(' ', "_"),
            ] {
                let is_same = other == text;
                assert_eq!(Status::from(other.as_str()) == status, is_same, "{other}");
            }
        }
    }
}
