//! An ordinary request: with a session or without.

use std::sync::Arc;

use http::request::Parts;

use super::{Departure, Flow, Step, asked_page::AskedPage};
use crate::{
    handle::Handle,
    return_to::ReturnTo,
    tokens::{DiditTokens, IdClaims},
};

impl Flow {
    /// Opens the session, if there is one, for the handlers to extract. Nothing is waited for.
    pub(super) fn resume(self: &Arc<Self>, request: &mut Parts) -> Step {
        let sessions = &self.config.sessions;
        let cookies = sessions.read(&request.headers);
        let existing = cookies.existing();
        let mut session = None;
        let mut renewed = None;
        if !existing.is_empty() {
            let now = self.now();
            session = sessions.open(&cookies, now);
            renewed = session
                .as_ref()
                .and_then(|session| session.renewed(sessions.limits(), now));
        }

        let handle = Handle::new(session.is_some(), self.calls.clone());
        if request.extensions.insert(Arc::clone(&handle)).is_some() {
            // Another layer was here before. Its word counts for nothing.
            request.extensions.remove::<DiditTokens>();
            request.extensions.remove::<IdClaims>();
            request.extensions.remove::<ReturnTo>();
        }
        if let Some(session) = session {
            let tokens = session.into_tokens();
            request.extensions.insert(tokens.claims().clone());
            request.extensions.insert(tokens);
        }
        let page = AskedPage::of(request, self);
        Step::Forward(Departure::of_application(
            Arc::clone(self),
            handle,
            page,
            renewed.map(|session| Box::new((session, existing))),
        ))
    }
}
