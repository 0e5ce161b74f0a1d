//! Which webhooks Didit is asked about.

use super::{Standing, Verification};
use crate::verification::{Status, Verdict, VerificationRecord, WebhookEvent};

impl Verification {
    /// Whether the record would stay as it is, whatever Didit answered: the event can neither verify the user nor take
    /// the verification away. Nothing depends on the order of events, or on clocks: an event that contradicts the
    /// record is never known.
    pub(super) fn knows(
        &self,
        user: &str,
        record: &VerificationRecord,
        event: &WebhookEvent,
    ) -> bool {
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
