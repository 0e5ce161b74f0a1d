//! The state of identity verification.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::verification::{
    features::{self, Feature},
    ids::Ids,
    rate_limit::RateLimits,
    session::{Session, SessionKind},
    status::Status,
    webhook::outbox::Outbox,
};

/// Settings, sessions and webhooks of one application.
#[derive(Debug)]
pub(crate) struct Verification {
    pub(crate) api_key: String,
    pub(crate) application_id: String,
    pub(crate) is_sandbox: bool,
    /// The published workflows, each an id. The first one is the default.
    pub(crate) workflows: Vec<String>,
    /// The workflow that verifies businesses.
    pub(crate) business_workflow: String,
    /// The checks of each workflow, by name.
    pub(crate) features: Vec<String>,
    /// The callback of each workflow, for a session without one.
    pub(crate) callback: Option<String>,
    /// The origin of the hosted pages, if a test sets it.
    pub(crate) page_origin: Option<String>,
    /// In seconds.
    pub(crate) session_lifetime: u64,
    pub(crate) limits: RateLimits,
    /// Users, by their vendor data, who cannot create sessions.
    pub(crate) blocked: HashSet<String>,
    pub(crate) outbox: Outbox,
    pub(crate) ids: Ids,
    /// Oldest first.
    sessions: Vec<Session>,
    created: u64,
    /// When sessions were created in the sandbox, in the last 24 hours.
    pub(crate) sandbox_creations: Vec<u64>,
}

impl Verification {
    pub(crate) fn new() -> Self {
        let mut ids = Ids::new("verification");
        Self {
            api_key: "fake-api-key".to_owned(),
            application_id: ids.uuid(),
            is_sandbox: false,
            workflows: vec![ids.uuid()],
            business_workflow: Ids::new("business").uuid(),
            features: features::DEFAULT.map(str::to_owned).to_vec(),
            callback: None,
            page_origin: None,
            session_lifetime: 7 * 24 * 3600,
            limits: RateLimits::default(),
            blocked: HashSet::new(),
            outbox: Outbox::new(ids.secret()),
            ids,
            sessions: Vec::new(),
            created: 0,
            sandbox_creations: Vec::new(),
        }
    }

    pub(crate) fn environment(&self) -> &'static str {
        if self.is_sandbox { "sandbox" } else { "live" }
    }

    /// The checks of a session.
    pub(crate) fn features_of(&self, kind: SessionKind) -> Vec<&'static Feature> {
        let of_users = self.features.iter();
        match kind {
            SessionKind::User => of_users
                .filter_map(|name| features::by_name(name))
                .collect(),
            SessionKind::Business => features::BUSINESS.iter().collect(),
        }
    }

    /// The number of the next session.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.created += 1;
        self.created
    }

    /// Adds a session. Above the limit, the oldest one is removed.
    pub(crate) fn add(&mut self, session: Session) {
        if self.sessions.len() == MAX_SESSIONS {
            self.sessions.remove(0);
        }
        self.sessions.push(session);
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<Session> {
        let at = self.sessions.iter().position(|session| session.id == id)?;
        Some(self.sessions.remove(at))
    }

    /// Oldest first.
    pub(crate) fn sessions(&self) -> &[Session] {
        &self.sessions
    }

    pub(crate) fn session(&self, id: &str) -> Option<&Session> {
        self.sessions.iter().find(|session| session.id == id)
    }

    pub(crate) fn session_mut(&mut self, id: &str) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.id == id)
    }

    pub(crate) fn session_of_token(&self, token: &str) -> Option<&Session> {
        self.sessions.iter().find(|session| session.token == token)
    }

    /// The user's unfinished session of this workflow, which a new request gets.
    pub(crate) fn reusable(
        &mut self,
        vendor_data: &str,
        workflow_id: &str,
    ) -> Option<&mut Session> {
        self.sessions.iter_mut().rev().find(|session| {
            session.vendor_data.as_deref() == Some(vendor_data)
                && session.workflow_id == workflow_id
                && session.status.is_unfinished()
        })
    }

    /// The sessions whose time is over, with their new status.
    pub(crate) fn lapsed(&self, now: u64) -> Vec<(String, Status)> {
        let sessions = self.sessions.iter();
        sessions
            .filter_map(|session| Some((session.id.clone(), session.lapsed(now)?)))
            .collect()
    }

    /// Queues a webhook about an event of the application.
    pub(crate) fn emit(&mut self, mut members: Map<String, Value>, now: u64) {
        self.add_envelope(&mut members, now);
        self.outbox.add(&members, now);
    }

    /// Adds the members that every event has, unless the event has them.
    pub(crate) fn add_envelope(&mut self, members: &mut Map<String, Value>, now: u64) {
        for (name, value) in [
            ("event_id", json!(self.ids.uuid())),
            ("application_id", json!(self.application_id)),
            ("environment", json!(self.environment())),
            ("created_at", json!(now)),
        ] {
            members.entry(name).or_insert(value);
        }
    }
}

/// How many sessions are kept.
const MAX_SESSIONS: usize = 10_000;
