//! The callback: the browser returns from the provider.

use std::sync::Arc;

use http::{StatusCode, request::Parts};

use super::{
    Decision, FetchMetadata, RelyingParty,
    callback_flights::{CallbackOutcome, ExchangeResult, Exchanged},
    failure::Failure,
    new_session::NewSession,
    responses::{private_response, see_other},
    sign_in::SignInRequest,
};
use crate::{
    context::{self, RequestContext},
    cookie::CookieHeaders,
    error::{CallbackError, Error, ErrorKind},
    oidc::{Accepted, Callback, CodeHash, Grant, TokenRequestFailure},
    provider::Metadata,
    provider_calls::ExchangePermit,
    session::{Epoch, Generation, Session},
};

impl RelyingParty {
    /// Completes a sign-in: forwards to the application's handler, or redirects to the page to return to.
    ///
    /// All checks that do not need the code come first, in the order of the specifications. The whole request is
    /// attacker-controlled.
    pub(super) async fn callback(self: &Arc<Self>, head: &mut Parts) -> Result<Decision, Failure> {
        if FetchMetadata::of(&head.headers).is_prefetch {
            // A callback is single-use, and the browser requests it again when the person opens the page.
            let refusal = private_response(StatusCode::SERVICE_UNAVAILABLE);
            return Ok(Decision::Reply(refusal));
        }
        let outer = head.extensions.get::<Arc<RequestContext>>();
        if outer.is_some_and(|outer| {
            outer.return_to.is_some() && Arc::ptr_eq(&outer.lifecycle, &self.lifecycle)
        }) {
            // The same layer was added twice. The outer one waits for the handler.
            return Ok(Decision::Forward(None));
        }
        let (lifecycle, sessions) = (&self.lifecycle, &self.lifecycle.sessions);
        let callback = Callback::parse(head.uri.query().unwrap_or_default())?;
        let (state, code) = (callback.state.clone(), callback.code_hash());
        let cookies = CookieHeaders::of(&head.headers);
        let flows = self.flow_cookies(&cookies);
        let pending = match flows.open(&state) {
            Ok(pending) => pending,
            Err(kind) => {
                let used = match self.flights.state_use(&state, code) {
                    Some(kind) => Some(kind),
                    None => sessions.state_use(&state, code).await?,
                };
                let error = Error::new(used.unwrap_or(kind));
                return self.not_completed(error.into(), &cookies).await;
            }
        };
        lifecycle.check_clock(pending.started(), lifecycle.now());
        let return_to = pending.return_to.clone();
        let flow_cookie_removal = flows.removal_of(&state);
        // The flow cookie stays: a reload may succeed.
        let repeatable = |error| Failure::from(error).returning_to(&return_to);
        let used_up = |error| repeatable(error).with_cookies([flow_cookie_removal.clone()]);

        let metadata = lifecycle.calls.metadata().await.map_err(repeatable)?;
        let (provider, scopes) = (self.config.provider(), &self.config.request.scopes);
        let (uris, now) = (self.config.redirect_uris(), lifecycle.now());
        let grant = match callback.accept(pending, provider, uris, &metadata, scopes, now) {
            Ok(Accepted::Grant(grant)) => grant,
            Ok(Accepted::InteractionNeeded(parameters)) => {
                let request = SignInRequest::without_prompt(&parameters, return_to);
                let restarted = self.start_sign_in(&metadata, request, Some(&state), &cookies);
                return Ok(Decision::Reply(restarted));
            }
            Err(error) => return self.not_completed(used_up(error), &cookies).await,
        };
        let code = code.unwrap_or_default();
        let joined = self.flights.join(&state, code, lifecycle.now(), || {
            // Before the state is marked as used: a sign-in for which there is no room can be repeated.
            let permit = lifecycle.calls.permit_exchange()?;
            let exchange = Arc::clone(self).exchange(state.clone(), code, permit, metadata, grant);
            Ok(lifecycle.start(exchange))
        });
        let flight = match joined {
            Ok(flight) => flight,
            Err(error) if error.kind() == ErrorKind::TooManyTokenRequests => {
                return Err(repeatable(error));
            }
            Err(error) => return self.not_completed(used_up(error), &cookies).await,
        };
        let turn = flight.take_turn().await;
        match &*turn {
            Some(CallbackOutcome::SignedIn { session, cookies })
                if !lifecycle.has_ended(*session) =>
            {
                let redirect = see_other(return_to.into_location(), cookies.iter().cloned());
                return Ok(Decision::Reply(redirect));
            }
            Some(_) => {
                let error = Error::new(CallbackError::AlreadyUsed);
                return self.not_completed(used_up(error), &cookies).await;
            }
            None => {}
        }
        let exchanged = match flight.session().await {
            Ok(exchanged) => exchanged,
            Err(failure) if failure.is_repeatable => return Err(repeatable(failure.error)),
            Err(failure) => return self.not_completed(used_up(failure.error), &cookies).await,
        };
        let generation = self.generation(&exchanged).await;
        let generation = generation.map_err(|error| match error.kind() {
            ErrorKind::SessionEnded => used_up(error),
            _ => repeatable(error),
        })?;
        let session = exchanged.session;

        let (replaced, existing) = sessions.find(cookies.iter(), || lifecycle.now());
        let new_session = NewSession {
            return_to,
            flow_cookie_removal,
            generation,
            existing,
            replaced,
            flight,
            turn,
        };
        if self.config.redirects_after_sign_in {
            let location = new_session.return_to.clone().into_location();
            let cookies = self.begin_session(session, new_session, None).await?;
            return Ok(Decision::Reply(see_other(location, cookies)));
        }
        Ok(self.forward_to_handler(session, new_session, head))
    }

    /// Marks the state as used for all processes, and sends the code. Completes even if the browser disconnects.
    async fn exchange(
        self: Arc<Self>,
        state: String,
        code: CodeHash,
        permit: ExchangePermit,
        metadata: Arc<Metadata>,
        grant: Grant,
    ) -> ExchangeResult {
        let lifecycle = &self.lifecycle;
        let (relying_party, flight_state) = (Arc::clone(&self), state.clone());
        lifecycle.start(async move {
            if let Some(session) = relying_party.flights.retire(&flight_state).await {
                let tokens = session.tokens().clone();
                relying_party.lifecycle.discard_unclaimed(tokens);
            }
        });
        let exchanged = async {
            let taken = lifecycle.sessions.mark_state_used(&state, code).await;
            if let Some(kind) = taken.map_err(TokenRequestFailure::repeatable)? {
                return Err(TokenRequestFailure::not_repeatable(Error::new(kind)));
            }
            let exchanged = async {
                // Read before the code is sent: only the response to it says who the user is.
                let arrival = lifecycle.sessions.epoch().await;
                let arrival = arrival.map_err(TokenRequestFailure::repeatable)?;
                let tokens = lifecycle.calls.exchange(permit, &metadata, grant).await?;
                Ok((tokens, arrival))
            };
            let exchanged = exchanged.await;
            if let Err(TokenRequestFailure { is_repeatable, .. }) = &exchanged
                && *is_repeatable
            {
                lifecycle.sessions.unmark_state(&state).await;
            }
            exchanged
        };
        let (tokens, arrival) = exchanged.await.inspect_err(|failure| {
            if failure.is_repeatable {
                self.flights.release(&state, code);
            }
        })?;
        let keeps_id_token = metadata.end_session_endpoint.is_some();
        let limits = lifecycle.sessions.rules.limits;
        let session = Session::start(tokens, keeps_id_token, limits, lifecycle.now());
        // Before the handler runs, which must not act on a sign-in whose session cannot be saved.
        let prepared = self.prepare(session.clone(), arrival).await;
        prepared.map_err(|error| {
            lifecycle.discard_unclaimed(session.tokens().clone());
            TokenRequestFailure::not_repeatable(error)
        })
    }

    /// Adds the user information to a session, if sessions keep it, and checks that the session can begin.
    async fn prepare(&self, mut session: Session, arrival: Epoch) -> Result<Exchanged, Error> {
        let lifecycle = &self.lifecycle;
        if self.config.user_info_at_sign_in {
            let user_info = lifecycle
                .calls
                .user_info_at_sign_in(session.tokens())
                .await?;
            session = session.with_user_info(user_info);
        }
        let generation = match lifecycle.sessions.prepare(&session, arrival).await {
            Ok(generation) => Some(generation),
            // The store may answer a reload.
            Err(error) if error.kind() == ErrorKind::SessionUnavailable => None,
            Err(error) => return Err(error),
        };
        Ok(Exchanged {
            session,
            arrival,
            generation,
        })
    }

    /// The generation of the user, which the store may not have told during the exchange.
    async fn generation(&self, exchanged: &Exchanged) -> Result<Generation, Error> {
        if let Some(generation) = exchanged.generation {
            return Ok(generation);
        }
        let sessions = &self.lifecycle.sessions;
        sessions
            .prepare(&exchanged.session, exchanged.arrival)
            .await
    }

    /// Responds to a callback that completes no sign-in: with the failure, or with a redirect to the landing page
    /// if the user is already signed in.
    async fn not_completed(
        &self,
        failure: Failure,
        cookies: &CookieHeaders,
    ) -> Result<Decision, Failure> {
        let is_harmless = matches!(
            failure.error.kind(),
            ErrorKind::Callback(
                CallbackError::UnknownSignIn
                    | CallbackError::FlowCookieUndecryptable
                    | CallbackError::SignInExpired
                    | CallbackError::AlreadyUsed
            )
        );
        if !is_harmless || !self.is_signed_in(cookies).await? {
            return Err(failure);
        }
        let landing_page = self.config.landing_page.clone();
        let redirect = see_other(landing_page.into_location(), failure.cookies);
        Ok(Decision::Reply(redirect))
    }

    pub(super) async fn is_signed_in(&self, cookies: &CookieHeaders) -> Result<bool, Error> {
        let lifecycle = &self.lifecycle;
        let (lookup, _) = lifecycle.sessions.find(cookies.iter(), || lifecycle.now());
        let loaded = context::load(lifecycle, lookup).await?;
        Ok(loaded.is_some_and(|(session, entry)| lifecycle.is_signed_in(&session, entry)))
    }
}
