//! An ordinary request: with a session or without.

use std::sync::Arc;

use http::request::Parts;

use super::{Arrival, Departure, Flow, Step, asked_page::AskedPage, outcome::CookieChange};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind},
    handle::{Handle, Presence},
    return_to::ReturnTo,
    session::{Brought, Found, Kept, Outcome, Refresh, Session, Standing},
    tokens::{DiditTokens, IdClaims, RefreshToken},
};

/// What a store was asked for, and what came of it.
pub(crate) struct Loaded {
    outcome: Result<Option<(Session, Kept)>, Error>,
    brought: Brought,
}

/// A session that waits for its refresh.
pub(crate) struct Due {
    session: Session,
    kept: Option<Kept>,
    brought: Brought,
}

impl Flow {
    /// Finds the session, if there is one, for the handlers to extract. It waits for a store, and for a
    /// refresh.
    pub(super) fn resume(self: &Arc<Self>, request: &mut Parts) -> Step {
        let (found, brought) = self.upkeep.sessions.find(&request.headers, || self.now());
        match found {
            Found::Nothing => self.enter(Presence::Nobody, brought, None, request),
            Found::Session(session) => self.stand(session, None, brought, request),
            Found::Key(key) => {
                let upkeep = Arc::clone(&self.upkeep);
                Step::Wait(Box::pin(async move {
                    let outcome = upkeep.load(key).await;
                    Arrival::Loaded(Box::new(Loaded { outcome, brought }))
                }))
            }
        }
    }

    /// After the store's answer.
    pub(super) fn loaded(self: &Arc<Self>, loaded: Loaded, request: &mut Parts) -> Step {
        let Loaded { outcome, brought } = loaded;
        match outcome {
            Ok(Some((session, kept))) => self.stand(session, Some(kept), brought, request),
            Ok(None) => self.enter(Presence::Nobody, brought, None, request),
            Err(error) => {
                let source = error.causes();
                tracing::warn!(%error, source, "nobody knows who is signed in");
                self.enter(Presence::Unavailable, brought, None, request)
            }
        }
    }

    fn stand(
        self: &Arc<Self>,
        session: Session,
        kept: Option<Kept>,
        brought: Brought,
        request: &mut Parts,
    ) -> Step {
        let now = self.now();
        let rules = &self.upkeep.sessions.rules;
        let claim = kept.and_then(|kept| kept.claim);
        let standing = rules.standing(&session, claim, now);
        let is_due = match standing {
            Standing::Due => true,
            // Others have given up; who sent the refresh token waits for what comes late.
            Standing::Good | Standing::Spent => self.comes_late(&session, now),
            Standing::Over => false,
        };
        if is_due {
            let due = Due {
                session,
                kept,
                brought,
            };
            return self.refresh(due, now, request);
        }
        if standing == Standing::Good {
            return self.go_on_with(session, kept, brought, now, request);
        }
        self.enter(Presence::Nobody, brought, None, request)
    }

    /// Whether new tokens are on their way for a session that goes on without them.
    fn comes_late(&self, session: &Session, now: Timestamp) -> bool {
        !session.tokens().are_alive(now) && self.upkeep.is_renewing(session, now)
    }

    /// One request starts the refresh and waits for it, the others go on with the access token while it
    /// lives. Nobody waits for long while it does.
    fn refresh(self: &Arc<Self>, due: Due, now: Timestamp, request: &mut Parts) -> Step {
        let is_alive = due.session.tokens().are_alive(now);
        let flight = match self.upkeep.refresh(&due.session, due.kept, now) {
            Refresh::Landed(outcome) => return self.refreshed(outcome, due, request),
            Refresh::UnderWay(_) if is_alive => {
                let Due {
                    session, brought, ..
                } = due;
                return self.enter(Presence::SignedIn(session), brought, None, request);
            }
            Refresh::UnderWay(flight) | Refresh::Started(flight) => flight,
        };
        let upkeep = Arc::clone(&self.upkeep);
        let due = Box::new(due);
        Step::Wait(Box::pin(async move {
            Arrival::Refreshed(upkeep.outcome(flight, &due.session).await, due)
        }))
    }

    /// After the refresh of a session.
    pub(super) fn refreshed(
        self: &Arc<Self>,
        outcome: Outcome,
        due: Due,
        request: &mut Parts,
    ) -> Step {
        let now = self.now();
        let Due {
            session,
            kept,
            brought,
        } = due;
        let rules = &self.upkeep.sessions.rules;
        match outcome {
            Ok(tokens) => {
                self.report_rotation(session.tokens(), &tokens);
                let session = session.carrying(tokens).used(rules.limits, now);
                let change = kept.is_none().then_some(CookieChange::Written);
                self.enter(Presence::SignedIn(session), brought, change, request)
            }
            // Nothing else ends a session: the provider may be back soon. (A store has forgotten it by now.
            // The cookie stays: by now it may be that of a new session.)
            Err(error)
                if error.kind() == ErrorKind::InvalidGrant
                    || error.kind() == ErrorKind::SessionEnded =>
            {
                let change = kept.is_none().then(|| CookieChange::Removed(session.id()));
                self.enter(Presence::Nobody, brought, change, request)
            }
            // Another process may have renewed it.
            Err(error)
                if error.kind() == ErrorKind::SessionUnavailable
                    && !session.tokens().are_alive(now) =>
            {
                self.enter(Presence::Unavailable, brought, None, request)
            }
            Err(_) if rules.has_ended(&session, now) => {
                self.enter(Presence::Nobody, brought, None, request)
            }
            Err(_) => self.go_on_with(session, kept, brought, now, request),
        }
    }

    fn report_rotation(&self, old: &DiditTokens, new: &DiditTokens) {
        let secret = |token| RefreshToken::secret(token);
        if !self.upkeep.sessions.rules.single_use
            && old.refresh_token().map(secret) != new.refresh_token().map(secret)
        {
            self.reported.refresh_tokens_rotate.call_once(|| {
                tracing::warn!(
                    "the provider gives a new refresh token with each refresh: if the old one does not \
                     work again, say so with `Provider::with_single_use_refresh_tokens`"
                );
            });
        }
    }

    /// On to the application; a session in cookies is written anew from time to time.
    fn go_on_with(
        self: &Arc<Self>,
        session: Session,
        kept: Option<Kept>,
        brought: Brought,
        now: Timestamp,
        request: &mut Parts,
    ) -> Step {
        let limits = self.upkeep.sessions.rules.limits;
        let renewed = session.renewed(limits, now).filter(|_| kept.is_none());
        let change = renewed.is_some().then_some(CookieChange::Written);
        let session = renewed.unwrap_or(session);
        self.enter(Presence::SignedIn(session), brought, change, request)
    }

    /// On to the application.
    fn enter(
        self: &Arc<Self>,
        presence: Presence,
        brought: Brought,
        change: Option<CookieChange>,
        request: &mut Parts,
    ) -> Step {
        let handle = Handle::new(presence, brought, Arc::clone(&self.upkeep));
        if request.extensions.insert(Arc::clone(&handle)).is_some() {
            // Another layer was here before. Its word counts for nothing.
            request.extensions.remove::<DiditTokens>();
            request.extensions.remove::<IdClaims>();
            request.extensions.remove::<ReturnTo>();
        }
        if let Some(session) = handle.session() {
            let tokens = session.tokens();
            request.extensions.insert(tokens.claims().clone());
            // The identity outlives the access token.
            if tokens.are_alive(self.now()) {
                request.extensions.insert(tokens.clone());
            }
        }
        let page = AskedPage::of(request, self);
        Step::Forward(Departure::of_application(
            Arc::clone(self),
            handle,
            page,
            change,
        ))
    }
}
