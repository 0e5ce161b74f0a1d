//! An ordinary request: with a session or without.

use std::{sync::Arc, time::Duration};

use http::request::Parts;

use super::{Arrival, Departure, Flow, Step, asked_page::AskedPage, outcome::SessionChange};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind},
    handle::Handle,
    return_to::ReturnTo,
    session::{ExistingChunks, Outcome, Refresh, Session},
    tokens::{DiditTokens, IdClaims, RefreshToken},
};

/// A session that waits for its refresh.
pub(crate) struct Due {
    session: Session,
    existing: ExistingChunks,
}

impl Flow {
    /// Opens the session, if there is one, for the handlers to extract. It waits only for a refresh.
    pub(super) fn resume(self: &Arc<Self>, request: &mut Parts) -> Step {
        let sessions = &self.config.sessions;
        let cookies = sessions.read(&request.headers);
        let existing = cookies.existing();
        if existing.is_empty() {
            return self.enter(None, None, request);
        }
        let now = self.now();
        match sessions.open(&cookies, now) {
            None => self.enter(None, None, request),
            Some(session) if session.tokens().are_due(now) => {
                self.refresh(Due { session, existing }, now, request)
            }
            Some(session) => self.go_on_with(session, existing, now, request),
        }
    }

    /// After the refresh of a session.
    pub(super) fn refreshed(
        self: &Arc<Self>,
        outcome: Outcome,
        due: Due,
        request: &mut Parts,
    ) -> Step {
        let now = self.now();
        let Due { session, existing } = due;
        let sessions = &self.config.sessions;
        if !sessions.is_alive(&session, now) {
            // Its limits passed meanwhile.
            return self.enter(None, None, request);
        }
        match outcome {
            Ok(tokens) => {
                self.report_rotation(session.tokens(), &tokens);
                let session = session.with_tokens(tokens, sessions.limits(), now);
                let change = SessionChange::Written(session.clone(), existing);
                self.enter(Some((session, now)), Some(Box::new(change)), request)
            }
            // Nothing else ends a session: the provider may be back soon.
            Err(error) if error.kind() == ErrorKind::InvalidGrant => {
                let young = session.is_young(now);
                self.leave(SessionChange::Ended(session, existing), young, request)
            }
            Err(_) => self.enter(Some((session, now)), None, request),
        }
    }

    /// One request starts the refresh and waits for it, the others go on with the access token while it
    /// lives. Nobody waits for long while it does.
    fn refresh(self: &Arc<Self>, due: Due, now: Timestamp, request: &mut Parts) -> Step {
        let old = due.session.tokens().clone();
        let is_alive = old.are_alive(now);
        let calls = self.calls.clone();
        let tokens = old.clone();
        let send = || async move { calls.refresh(&tokens).await };
        let flight = match self.refreshes.refresh(&old, now, send) {
            Refresh::Landed(outcome) => return self.refreshed(outcome, due, request),
            Refresh::UnderWay(_) if is_alive => {
                return self.enter(Some((due.session, now)), None, request);
            }
            Refresh::UnderWay(flight) | Refresh::Started(flight) => flight,
        };
        let due = Box::new(due);
        Step::Wait(Box::pin(async move {
            let outcome = if is_alive {
                let late = |_| Err(Error::new(ErrorKind::ProviderTimeout));
                tokio::time::timeout(PATIENCE, flight.wait())
                    .await
                    .unwrap_or_else(late)
            } else {
                flight.wait().await
            };
            Arrival::Refreshed(outcome, due)
        }))
    }

    fn report_rotation(&self, old: &DiditTokens, new: &DiditTokens) {
        let secret = |token| RefreshToken::secret(token);
        if old.refresh_token().map(secret) != new.refresh_token().map(secret) {
            self.reported.refresh_tokens_rotate.call_once(|| {
                tracing::warn!(
                    "the provider gives a new refresh token with each refresh: if the old one does not \
                     work again, say so with `Provider::with_single_use_refresh_tokens`"
                );
            });
        }
    }

    fn go_on_with(
        self: &Arc<Self>,
        session: Session,
        existing: ExistingChunks,
        now: Timestamp,
        request: &mut Parts,
    ) -> Step {
        let renewed = session.renewed(self.config.sessions.limits(), now);
        let change = renewed.map(|session| Box::new(SessionChange::Written(session, existing)));
        self.enter(Some((session, now)), change, request)
    }

    /// On to the application, without the session that has ended.
    fn leave(self: &Arc<Self>, change: SessionChange, young: bool, request: &mut Parts) -> Step {
        self.forward(None, Some(Box::new(change)), young, request)
    }

    /// On to the application.
    fn enter(
        self: &Arc<Self>,
        session: Option<(Session, Timestamp)>,
        change: Option<Box<SessionChange>>,
        request: &mut Parts,
    ) -> Step {
        let young = session
            .as_ref()
            .is_some_and(|(session, now)| session.is_young(*now));
        self.forward(session, change, young, request)
    }

    fn forward(
        self: &Arc<Self>,
        session: Option<(Session, Timestamp)>,
        change: Option<Box<SessionChange>>,
        just_signed_in: bool,
        request: &mut Parts,
    ) -> Step {
        let handle = Handle::new(session.is_some(), self.calls.clone());
        if request.extensions.insert(Arc::clone(&handle)).is_some() {
            // Another layer was here before. Its word counts for nothing.
            request.extensions.remove::<DiditTokens>();
            request.extensions.remove::<IdClaims>();
            request.extensions.remove::<ReturnTo>();
        }
        if let Some((session, now)) = session {
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
            change,
        ))
    }
}

/// How long a request waits for new tokens whose old ones still live.
const PATIENCE: Duration = Duration::from_secs(2);
