//! The webhooks about users and their sessions.

use std::time::SystemTime;

use super::{ATTEMPTS, NextStep, Verification, contended};
use crate::{
    error::Error,
    verification::{EventKind, Status, Verdict, VerificationRecord, WebhookEvent},
};

impl Verification {
    /// Handles a webhook. [Example](Self).
    ///
    /// - An event about the present session of a user makes it ask Didit for the decision, if the decision may change
    ///   whether the user is verified.
    /// - An event that blocks or unblocks a user is stored.
    /// - Any other event is ignored.
    ///
    /// # Errors
    ///
    /// Those of [`decision`](crate::verification::VerificationClient::decision), and
    /// [`SessionUnavailable`](crate::ErrorKind::SessionUnavailable) if the records do not respond. Return the error from
    /// the handler, so that Didit sends the event again.
    pub async fn receive(&self, event: &WebhookEvent) -> Result<(), Error> {
        let Some(user) = event.vendor_data() else {
            return Ok(());
        };
        if (event.is_test() || event.is_sandbox()) && !self.0.requirements.accepts_sandbox {
            return Ok(());
        }
        let at = event.timestamp().unwrap_or(SystemTime::UNIX_EPOCH);
        let at = at.duration_since(SystemTime::UNIX_EPOCH);
        let at = at.unwrap_or_default().as_secs();
        if event.kind() == EventKind::UserStatusUpdated {
            let is_blocked = event.entity_status() == Some(BLOCKED);
            return self.note_block(user, is_blocked, at).await;
        }
        let session = event.session_id().and_then(|id| id.parse().ok());
        for _ in 0..ATTEMPTS {
            let Some((record, version)) = self.record(user).await? else {
                return Ok(());
            };
            if session.is_none() || record.session_id() != session {
                return Ok(());
            }
            if self.is_redundant(user, &record, event) {
                return Ok(());
            }
            // An event against the verdict ends it first, because Didit may not respond now.
            let is_against = event.status().is_some_and(|it| it != Status::Approved)
                || self
                    .judge_event(user, event)
                    .is_some_and(|it| !it.is_verified());
            // A clock that was set back since Didit was asked makes no event old.
            let asked_at = record.asked_at.min(self.now().as_unix());
            let is_newer = at.saturating_add(SKEW) >= asked_at;
            if record.is_verified && is_against && is_newer {
                let doubted = VerificationRecord {
                    is_verified: false,
                    status: Status::Other.to_string(),
                    asked_at: 0,
                    ..record
                };
                if !self.put(user, doubted, version).await? {
                    continue;
                }
            }
            return self.ask(user).await.map(drop);
        }
        Err(contended())
    }

    /// Stores whether the user is blocked.
    async fn note_block(&self, user: &str, is_blocked: bool, at: u64) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let (record, version) = match self.record(user).await? {
                Some(known) => known,
                // The block counts before the user begins.
                None if is_blocked => (VerificationRecord::without_session(&self.0.workflow), 0),
                None => return Ok(()),
            };
            // Of two events in one second the block counts.
            if at < record.blocked_at || at == record.blocked_at && !is_blocked {
                return Ok(());
            }
            let record = VerificationRecord {
                is_blocked,
                blocked_at: at,
                ..record
            };
            if self.put(user, record, version).await? {
                return Ok(());
            }
        }
        Err(contended())
    }

    /// Whether Didit need not be asked, because its decision cannot change whether the user is verified. An event that
    /// contradicts the verdict is never redundant, whatever its time: neither order nor clocks matter.
    fn is_redundant(&self, user: &str, record: &VerificationRecord, event: &WebhookEvent) -> bool {
        let known = record.status();
        match event.status() {
            None | Some(Status::Other) => false,
            // The browser's return, or an earlier webhook, has led to this verdict.
            Some(Status::Approved) => {
                let is_verified = matches!(self.next_step(user, record), Ok(NextStep::Admit));
                is_verified && self.judge_event(user, event) == Some(Verdict::Verified)
            }
            Some(_) if record.is_verified => false,
            // The guard and the return page ask about an unfinished session.
            Some(Status::NotStarted | Status::InProgress) => matches!(
                known,
                Status::NotStarted | Status::InProgress | Status::Resubmitted
            ),
            Some(status) => status == known,
        }
    }

    /// The verdict on the decision in an event, which may be an old one.
    fn judge_event(&self, user: &str, event: &WebhookEvent) -> Option<Verdict> {
        let requirements = self.0.requirements.clone();
        let requirements = requirements
            .with_session(event.session_id()?)
            .with_vendor_data(user);
        Some(event.decision()?.judge(&requirements))
    }
}

const BLOCKED: &str = "BLOCKED";
/// The largest difference to Didit's clock, in seconds: `DiditWebhooks` refuses more.
const SKEW: u64 = 300;
