//! The kind of a webhook.

/// The kind of a webhook: the ten that Didit documents, and [`Other`](Self::Other).
///
/// ```
/// use tower_didit::verification::EventKind;
///
/// assert_eq!(EventKind::from("status.updated"), EventKind::StatusUpdated);
/// assert_eq!(EventKind::StatusUpdated.as_str(), "status.updated");
/// assert_eq!(EventKind::from("kyc.completed"), EventKind::Other);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// `status.updated`: the status of a verification session has changed.
    StatusUpdated,
    /// `data.updated`: the data of a verification session has changed.
    DataUpdated,
    /// `user.status.updated`: a user was activated, flagged or blocked.
    UserStatusUpdated,
    /// `user.data.updated`: the data of a user has changed.
    UserDataUpdated,
    /// `business.status.updated`: the status of a business has changed.
    BusinessStatusUpdated,
    /// `business.data.updated`: the data of a business has changed.
    BusinessDataUpdated,
    /// `activity.created`: an activity was recorded.
    ActivityCreated,
    /// `transaction.created`: a transaction was submitted.
    TransactionCreated,
    /// `transaction.status.updated`: the status of a transaction has changed.
    TransactionStatusUpdated,
    /// `travel_rule.status.updated`: the status of a transaction under the travel rule has changed.
    TravelRuleStatusUpdated,
    /// Any other kind.
    Other,
}

impl EventKind {
    /// Didit's name; `other` for [`Other`](Self::Other). [Example](Self).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StatusUpdated => "status.updated",
            Self::DataUpdated => "data.updated",
            Self::UserStatusUpdated => "user.status.updated",
            Self::UserDataUpdated => "user.data.updated",
            Self::BusinessStatusUpdated => "business.status.updated",
            Self::BusinessDataUpdated => "business.data.updated",
            Self::ActivityCreated => "activity.created",
            Self::TransactionCreated => "transaction.created",
            Self::TransactionStatusUpdated => "transaction.status.updated",
            Self::TravelRuleStatusUpdated => "travel_rule.status.updated",
            Self::Other => "other",
        }
    }

    /// Whether the event is about a verification session.
    pub(crate) const fn is_about_session(self) -> bool {
        matches!(self, Self::StatusUpdated | Self::DataUpdated)
    }
}

impl From<&str> for EventKind {
    fn from(text: &str) -> Self {
        let known = KNOWN.iter().find(|kind| kind.as_str() == text);
        known.copied().unwrap_or(Self::Other)
    }
}

const KNOWN: [EventKind; 10] = [
    EventKind::StatusUpdated,
    EventKind::DataUpdated,
    EventKind::UserStatusUpdated,
    EventKind::UserDataUpdated,
    EventKind::BusinessStatusUpdated,
    EventKind::BusinessDataUpdated,
    EventKind::ActivityCreated,
    EventKind::TransactionCreated,
    EventKind::TransactionStatusUpdated,
    EventKind::TravelRuleStatusUpdated,
];
