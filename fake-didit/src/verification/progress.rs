//! The progress of a session: who changes its status, and the webhook about it.

use serde_json::{Map, Value};

use crate::{
    provider::state::State,
    verification::{
        scenario::Scenario,
        session::{Session, SessionKind},
        status::Status,
        webhook::event,
    },
};

impl State {
    /// A person opens the page.
    pub(crate) fn open_verification(&mut self, id: &str) {
        let status = self.verification.session(id).map(|session| session.status);
        if matches!(status, Some(Status::NotStarted | Status::Resubmitted)) {
            self.set_verification_status(id, Status::InProgress);
        }
    }

    /// A person opens the page and ends the session, or tells why that is not possible.
    pub(crate) fn complete_verification(&mut self, id: &str, slug: &str) -> Result<(), String> {
        if slug != CONTINUE && Scenario::parse(slug).is_none() {
            return Err(NO_OUTCOME.to_owned());
        }
        self.open_verification(id);
        self.finish_verification(id, slug, true)
    }

    /// A person ends a session on the page, or tells why that is not possible.
    pub(crate) fn finish_verification(
        &mut self,
        id: &str,
        slug: &str,
        is_initiator: bool,
    ) -> Result<(), String> {
        let session = self.verification.session_mut(id);
        let Some(session) = session.filter(|session| session.status.is_unfinished()) else {
            return Err("this verification has ended already".to_owned());
        };
        let scenario = match slug {
            CONTINUE => session.armed,
            slug => Scenario::parse(slug),
        };
        let Some(scenario) = scenario else {
            return Err(NO_OUTCOME.to_owned());
        };
        session.ended = Some(match session.kind {
            SessionKind::User => scenario,
            SessionKind::Business => scenario.of_business(),
        });
        session.resubmit = None;
        session.finished_by_initiator = is_initiator;
        self.set_verification_status(id, scenario.status);
        Ok(())
    }

    /// Ends the sessions whose time is over.
    pub(crate) fn settle_verifications(&mut self) {
        for (id, status) in self.verification.lapsed(self.now()) {
            self.set_verification_status(&id, status);
        }
    }

    /// Changes the status of a session, and queues the webhook.
    pub(crate) fn set_verification_status(&mut self, id: &str, status: Status) {
        if let Some(session) = self.verification.session_mut(id) {
            session.status = status;
        }
        self.emit_status(id);
    }

    /// Queues the webhook about the status of a session.
    pub(crate) fn emit_status(&mut self, id: &str) {
        let event = self
            .verification
            .session(id)
            .map(|session| self.status_event(session));
        if let Some(event) = event {
            let now = self.now();
            self.verification.emit(event, now);
        }
    }

    /// The event about the status of the session that these members name; `None` for another event.
    pub(crate) fn status_event_of(
        &self,
        members: &Map<String, Value>,
    ) -> Option<Map<String, Value>> {
        let id = members.get("session_id")?.as_str()?;
        let event = self.status_event(self.verification.session(id)?);
        let kind = members.get("webhook_type");
        (kind.is_none() || kind == event.get("webhook_type")).then_some(event)
    }

    fn status_event(&self, session: &Session) -> Map<String, Value> {
        let has_decision = session.status.is_sent_with_decision();
        let decision = has_decision.then(|| self.decision(&session.id)).flatten();
        event::of_status(session, decision.map(Into::into))
    }
}

/// The button for the scenario with which a sandbox has armed the session.
pub(crate) const CONTINUE: &str = "continue";

const NO_OUTCOME: &str = "no outcome has this name";
