//! A verification session.

use std::fmt;

use serde_json::Value;

use crate::{
    fault::Edit,
    verification::{scenario::Scenario, status::Status},
};

/// A verification session. Times are in seconds since 1970.
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) number: u64,
    pub(crate) token: String,
    pub(crate) workflow_id: String,
    pub(crate) kind: SessionKind,
    pub(crate) vendor_data: Option<String>,
    pub(crate) callback: Option<String>,
    pub(crate) callback_method: CallbackMethod,
    pub(crate) metadata: Value,
    pub(crate) language: Option<String>,
    pub(crate) contact_details: Value,
    pub(crate) expected_details: Value,
    pub(crate) status: Status,
    pub(crate) created_at: u64,
    pub(crate) expires_at: u64,
    /// The scenario of the sandbox with which it will end.
    pub(crate) armed: Option<Scenario>,
    /// How it ended.
    pub(crate) ended: Option<Scenario>,
    /// Whether a device has opened the page.
    pub(crate) is_opened: bool,
    /// Whether the device that opened the page first has finished it.
    pub(crate) finished_by_initiator: bool,
    /// What a person repeats, as in a webhook.
    pub(crate) resubmit: Option<Value>,
    /// Changes of status by a person, as in a decision.
    pub(crate) reviews: Vec<Value>,
    /// What a test changes in its decisions.
    pub(crate) edit: Option<Edit>,
}

/// What a session verifies: its workflow decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionKind {
    User,
    Business,
}

impl SessionKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Business => "business",
        }
    }
}

/// Which device is redirected to the application, if a person finishes on another device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CallbackMethod {
    /// The one that opened the page first.
    #[default]
    Initiator,
    /// The one on which the person finishes.
    Completer,
    Both,
}

impl CallbackMethod {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "initiator" => Some(Self::Initiator),
            "completer" => Some(Self::Completer),
            "both" => Some(Self::Both),
            _ => None,
        }
    }
}

impl Session {
    /// Whether this device goes back to the application when the session has ended.
    pub(crate) fn redirects(&self, is_initiator: bool) -> bool {
        match self.callback_method {
            CallbackMethod::Initiator => is_initiator,
            CallbackMethod::Completer => is_initiator == self.finished_by_initiator,
            CallbackMethod::Both => true,
        }
    }

    /// The status after the time for it is over; `None` if it is not.
    pub(crate) fn lapsed(&self, now: u64) -> Option<Status> {
        if now < self.expires_at {
            return None;
        }
        match self.status {
            Status::NotStarted => Some(Status::Expired),
            Status::InProgress | Status::AwaitingUser | Status::Resubmitted => {
                Some(Status::Abandoned)
            }
            _ => None,
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
