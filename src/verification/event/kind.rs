//! What a webhook is about.

/// What a webhook is about: the ten events that Didit has documented, and [`Other`](Self::Other).
///
/// ```
/// use tower_didit::verification::EventKind;
///
/// assert_eq!(EventKind::from("status.updated"), EventKind::StatusUpdated);
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
    /// Whether the event is about a verification session.
    pub(crate) const fn is_about_session(self) -> bool {
        matches!(self, Self::StatusUpdated | Self::DataUpdated)
    }
}

impl From<&str> for EventKind {
    fn from(text: &str) -> Self {
        match text {
            "status.updated" => Self::StatusUpdated,
            "data.updated" => Self::DataUpdated,
            "user.status.updated" => Self::UserStatusUpdated,
            "user.data.updated" => Self::UserDataUpdated,
            "business.status.updated" => Self::BusinessStatusUpdated,
            "business.data.updated" => Self::BusinessDataUpdated,
            "activity.created" => Self::ActivityCreated,
            "transaction.created" => Self::TransactionCreated,
            "transaction.status.updated" => Self::TransactionStatusUpdated,
            "travel_rule.status.updated" => Self::TravelRuleStatusUpdated,
            _ => Self::Other,
        }
    }
}
