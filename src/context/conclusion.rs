//! What became of the session when the head of the answer is ready.

use super::{Change, RequestSession, SessionState, lookup::SessionLookup};
use crate::{
    session::{CookieChange, ExistingChunks, Session},
    tokens::DiditTokens,
};

/// What became of a session that somebody asked for.
pub(crate) struct Conclusion {
    /// Whoever was signed in, with the latest tokens.
    pub(crate) session: Option<Session>,
    pub(crate) existing: ExistingChunks,
    pub(crate) change: Option<CookieChange>,
    /// The tokens that came, if a refresh has replaced them.
    pub(crate) replaced: Option<DiditTokens>,
}

impl RequestSession {
    /// What the browser has to be told when the head of the answer is ready. For most requests that is nothing.
    pub(crate) fn conclude(&self) -> Option<Conclusion> {
        (!self.is_as_it_came()).then(|| self.conclusion())
    }

    /// What became of the session until now.
    pub(crate) fn conclusion(&self) -> Conclusion {
        let (found, existing) = match &self.lookup {
            SessionLookup::Known(found) => (Some(found), found.existing),
            SessionLookup::Pending {
                existing, found, ..
            } => (found.peek(), *existing),
        };
        let mut session = None;
        let mut replaced = found.and_then(|found| found.replaced.clone());
        let mut change = found.and_then(|found| found.change);
        if let Some(SessionState::SignedIn(signed_in)) = found.map(|found| &found.state) {
            let latest = self.with_tokens(signed_in.clone());
            if !latest.tokens().are(signed_in.tokens()) {
                change = Some(CookieChange::Written);
                replaced = Some(signed_in.tokens().clone());
            }
            if self.was_refused_by_provider() {
                change = Some(CookieChange::Removed(latest.id()));
            } else {
                session = Some(latest);
            }
        }
        match self.change() {
            Some(Change::Refreshed(tokens)) => {
                let before = session.as_ref().map(|session| session.tokens().clone());
                replaced = replaced.or(before);
                session = session.map(|session| session.carrying(tokens));
                change = Some(CookieChange::Written);
            }
            Some(Change::Ended) => change = Some(CookieChange::Forgotten),
            None => {}
        }
        Conclusion {
            session,
            existing,
            change,
            replaced,
        }
    }
}
