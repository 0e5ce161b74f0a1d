//! What a webhook is about.

/// What a webhook is about: the ten events that Didit has documented, and [`Other`](Self::Other).
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
    /// `user.status.updated`: a user has been activated, flagged or blocked.
    UserStatusUpdated,
    /// `user.data.updated`
    UserDataUpdated,
    /// `business.status.updated`
    BusinessStatusUpdated,
    /// `business.data.updated`
    BusinessDataUpdated,
    /// `activity.created`
    ActivityCreated,
    /// `transaction.created`
    TransactionCreated,
    /// `transaction.status.updated`
    TransactionStatusUpdated,
    /// `travel_rule.status.updated`
    TravelRuleStatusUpdated,
    /// Any other.
    Other,
}

impl EventKind {
    /// Didit's name; of [`Other`](Self::Other) only `other`. [Example](Self).
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
