//! What webhooks do to the record of a user.

use std::time::SystemTime;

use super::{ATTEMPTS, Standing, Verification, contended};
use crate::{
    error::Error,
    verification::{EventKind, Status, Verdict, VerificationRecord, WebhookEvent},
};

impl Verification {
    /// Handles a webhook: asks Didit for the decision if the event is about the present session of a known user, unless the
    /// event can neither verify the user nor take the verification away, such as one about a session that was opened. Other
    /// events are ignored, except those that block or unblock a user. [Example](Self).
    ///
    /// # Errors
    ///
    /// Those of [`decision`](crate::verification::VerificationClient::decision), and
    /// [`SessionUnavailable`](crate::ErrorKind::SessionUnavailable) if the records do not respond. Answer with the error:
    /// Didit then sends the event again.
    pub async fn receive(&self, event: &WebhookEvent) -> Result<(), Error> {
        let Some(user) = event.vendor_data() else {
            return Ok(());
        };
        let at = event.timestamp().unwrap_or(SystemTime::UNIX_EPOCH);
        let at = at.duration_since(SystemTime::UNIX_EPOCH);
        let at = at.unwrap_or_default().as_secs();
        let is_made_up = event.is_test() || event.is_sandbox();
        if is_made_up && !self.0.requirements.accepts_sandbox {
            return Ok(());
        }
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
            if self.knows(user, &record, event) {
                return Ok(());
            }
            // The verdict does not outlive an event against it if Didit cannot be asked now.
            let is_against = event.status().is_some_and(|it| it != Status::Approved);
            let is_newer = at.saturating_add(SKEW) >= record.asked_at;
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

    /// Remembers whether the user is blocked.
    async fn note_block(&self, user: &str, is_blocked: bool, at: u64) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let (record, version) = match self.record(user).await? {
                Some(known) => known,
                // A session that is created meanwhile must not verify the user.
                None if is_blocked => (VerificationRecord::without_session(&self.0.workflow), 0),
                None => return Ok(()),
            };
            // Of two events of the same second the block counts.
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

    /// Whether Didit need not be asked: the event can neither verify the user nor take the verification away. Nothing
    /// depends on the order of events, or on clocks: an event that contradicts the verdict is never known.
    fn knows(&self, user: &str, record: &VerificationRecord, event: &WebhookEvent) -> bool {
        let known = record.status();
        match event.status() {
            None | Some(Status::Other) => false,
            // The webhook after the browser's return, or the return after the webhook.
            Some(Status::Approved) => {
                let is_verified = matches!(self.standing(user, record), Ok(Standing::Verified));
                is_verified && self.judge_event(user, event) == Some(Verdict::Verified)
            }
            Some(_) if record.is_verified => false,
            // The guard and the return page ask about a session that is under way.
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
/// How far Didit's clock, which stamps the events, may be from this one, in seconds: `DiditWebhooks` accepts no more.
const SKEW: u64 = 300;
