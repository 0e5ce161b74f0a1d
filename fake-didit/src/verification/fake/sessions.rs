//! The sessions of a fake.

use std::sync::Arc;

use serde_json::{Map, Value};
use url::Url;

use super::FakeVerification;
use crate::verification::{
    callback,
    create::{self, NewSession},
    page,
    status::Status,
};

/// # Sessions
impl FakeVerification {
    /// Creates a session of the first workflow, as a request to the API does, and returns the URL of its page.
    /// [Example](Self::set_status).
    pub fn create(&self, vendor_data: &str) -> String {
        self.create_with(self.workflow_id(), vendor_data)
    }

    /// Creates a session that verifies a business (KYB), and returns the URL of its page. Its webhooks and decisions have
    /// the `session_kind` `business` and other checks, and verify no person.
    ///
    /// ```
    /// use fake_didit::FakeDidit;
    ///
    /// let verification = FakeDidit::new("app", "secret").verification();
    /// let page = verification.create_business("company-1");
    /// verification.complete(&page, "approve"); // or "decline": the register has other data
    /// let id = verification.last_session_id().unwrap();
    /// assert_eq!(verification.status(&id).as_deref(), Some("Approved"));
    /// ```
    pub fn create_business(&self, vendor_data: &str) -> String {
        self.create_with(self.business_workflow_id(), vendor_data)
    }

    fn create_with(&self, workflow_id: String, vendor_data: &str) -> String {
        let mut state = self.0.lock();
        state.settle_verifications();
        let new = NewSession::of(workflow_id, vendor_data);
        let id = create::session(&mut state, new);
        let session = state.verification.session(&id);
        session
            .map(|session| state.verification_url(session))
            .unwrap_or_default()
    }

    /// Opens the page of a session and ends it, without a browser: `approve`, `decline`, `review`, `abandon`,
    /// `expire`, or a scenario of Didit's sandbox such as `decline_aml_hit`. Returns the callback URL, if the session
    /// has a callback. [Example](Self#a-verification).
    ///
    /// # Panics
    ///
    /// If `url` is not that of an unfinished session, or `scenario` is unknown.
    pub fn complete(&self, url: &str, scenario: &str) -> Option<String> {
        let mut state = self.0.lock();
        state.settle_verifications();
        let path = Url::parse(url).unwrap_or_else(|_| panic!("not a URL: {url:?}"));
        let token = page::token(path.path()).unwrap_or_default();
        let session = state.verification.session_of_token(token);
        let id = session.map(|session| session.id.clone());
        let id = id.unwrap_or_else(|| panic!("no session has this URL: {url}"));
        let finished = state.complete_verification(&id, scenario);
        finished.unwrap_or_else(|why| panic!("{url} cannot end with {scenario:?}: {why}"));
        callback::url(state.verification.session(&id)?)
    }

    /// The id of the session that was created last. [Example](Self#a-verification).
    pub fn last_session_id(&self) -> Option<String> {
        let state = self.0.lock();
        let last = state.verification.sessions().last();
        last.map(|session| session.id.clone())
    }

    /// The status of a session, such as `In Progress`. [Example](Self#a-verification).
    pub fn status(&self, session_id: &str) -> Option<String> {
        let mut state = self.0.lock();
        state.settle_verifications();
        let session = state.verification.session(session_id)?;
        Some(session.status.as_str().to_owned())
    }

    /// Changes the status of a session, as an employee or the time does, and queues the webhook. The results of the checks
    /// stay as they are.
    ///
    /// ```
    /// use fake_didit::FakeDidit;
    ///
    /// let verification = FakeDidit::new("app", "secret").verification();
    /// let session = verification.create("user-42");
    /// verification.complete(&session, "approve");
    /// let id = verification.last_session_id().unwrap();
    /// verification.set_status(&id, "Kyc Expired");
    /// assert_eq!(verification.status(&id).as_deref(), Some("Kyc Expired"));
    /// ```
    ///
    /// # Panics
    ///
    /// If the session or the status is unknown.
    pub fn set_status(&self, session_id: &str, status: &str) {
        let mut state = self.0.lock();
        let known =
            Status::parse(status).unwrap_or_else(|| panic!("Didit has no status {status:?}"));
        assert!(
            state.verification.session(session_id).is_some(),
            "no session has the id {session_id:?}"
        );
        state.review(session_id, known, None, &Value::Null);
    }

    /// Edits the decisions about a session, in the API and in later webhooks.
    ///
    /// ```
    /// use fake_didit::FakeDidit;
    /// use serde_json::json;
    ///
    /// let verification = FakeDidit::new("app", "secret").verification();
    /// let session = verification.create("user-42");
    /// let id = verification.last_session_id().unwrap();
    /// // Didit's workflow approves the session, although the face match is declined.
    /// verification.edit_decision(&id, |decision| {
    ///     decision["face_matches"] = json!([{"node_id": "feature_face_match", "status": "Declined"}]);
    /// });
    /// verification.complete(&session, "approve");
    /// ```
    ///
    /// # Panics
    ///
    /// If the session is unknown.
    pub fn edit_decision(
        &self,
        session_id: &str,
        edit: impl Fn(&mut Map<String, Value>) + Send + Sync + 'static,
    ) {
        let mut state = self.0.lock();
        let session = state.verification.session_mut(session_id);
        let session = session.unwrap_or_else(|| panic!("no session has the id {session_id:?}"));
        session.edit = Some(Arc::new(edit));
    }

    /// Deletes a session, as in the console. Didit sends no webhook about it.
    ///
    /// ```
    /// use fake_didit::FakeDidit;
    ///
    /// let verification = FakeDidit::new("app", "secret").verification();
    /// verification.create("user-42");
    /// let id = verification.last_session_id().unwrap();
    /// verification.delete(&id);
    /// assert_eq!(verification.status(&id), None);
    /// ```
    pub fn delete(&self, session_id: &str) {
        self.0.lock().verification.remove(session_id);
    }

    /// Blocks a user: no session can be created for the user. Queues the webhook `user.status.updated`.
    /// [Example](Self#webhooks).
    pub fn block_user(&self, vendor_data: &str) {
        self.0.lock().set_blocked(vendor_data, true);
    }

    /// Unblocks a user, and queues the webhook `user.status.updated`.
    ///
    /// ```
    /// use fake_didit::FakeDidit;
    ///
    /// let verification = FakeDidit::new("app", "secret").verification();
    /// verification.block_user("user-42");
    /// verification.unblock_user("user-42");
    /// ```
    pub fn unblock_user(&self, vendor_data: &str) {
        self.0.lock().set_blocked(vendor_data, false);
    }
}
