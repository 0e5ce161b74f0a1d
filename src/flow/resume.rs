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
        let opened = (!existing.is_empty())
            .then(|| {
                let now = self.now();
                Some((sessions.open(&cookies, now)?, now))
            })
            .flatten();

        let handle = Handle::new(opened.is_some(), self.calls.clone());
        if request.extensions.insert(Arc::clone(&handle)).is_some() {
            // Another layer was here before. Its word counts for nothing.
            request.extensions.remove::<DiditTokens>();
            request.extensions.remove::<IdClaims>();
            request.extensions.remove::<ReturnTo>();
        }
        let mut just_signed_in = false;
        let mut renewed = None;
        if let Some((session, now)) = opened {
            just_signed_in = session.is_young(now);
            renewed = session.renewed(sessions.limits(), now);
            let tokens = session.into_tokens();
            request.extensions.insert(tokens.claims().clone());
            // The identity outlives the access token.
            if tokens.are_alive(now) {
                request.extensions.insert(tokens);
            }
        }
        Step::Forward(Departure::of_application(
            Arc::clone(self),
            handle,
            AskedPage::of(request, self),
            just_signed_in,
            renewed.map(|session| Box::new((session, existing))),
        ))
    }
}
