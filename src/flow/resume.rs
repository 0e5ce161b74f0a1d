//! An ordinary request: with a session or without.

use std::sync::Arc;

use http::request::Parts;

use super::{Departure, Flow, Step, asked_page::AskedPage};
use crate::{handle::Handle, return_to::ReturnTo, tokens::DiditTokens};

impl Flow {
    /// Opens the session, if there is one, for the handlers to extract. Nothing is waited for.
    pub(super) fn resume(self: &Arc<Self>, request: &mut Parts) -> Step {
        let cookies = self.config.sessions.read(&request.headers);
        let mut renewed = None;
        let mut signed_in = false;
        // Another layer's word counts for nothing here.
        request.extensions.remove::<DiditTokens>();
        request.extensions.remove::<ReturnTo>();
        let existing = cookies.existing();
        if !existing.is_empty() {
            let now = self.now();
            if let Some(session) = self.config.sessions.open(&cookies, now) {
                signed_in = true;
                renewed = session.renewed(self.config.sessions.limits(), now);
                request.extensions.insert(session.into_tokens());
            }
        }
        let handle = Handle::new(signed_in);
        request.extensions.insert(Arc::clone(&handle));
        let page = AskedPage::of(request, self.flow_cookies());
        Step::Forward(Departure::of_application(
            Arc::clone(self),
            handle,
            page,
            renewed.map(|session| Box::new((session, existing))),
        ))
    }
}
