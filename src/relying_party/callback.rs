//! The callback: the browser comes back from the provider.

use std::sync::Arc;

use http::request::Parts;

use super::{
    Decision, Forwarded, RelyingParty, Settled,
    admission::Admission,
    answer::{not_ahead_of_time, see_other},
    callback_flights::{Exchanged, Landing},
    empty_head,
    failure::Failure,
    request_kind::is_prefetch,
};
use crate::{
    context::RequestContext,
    cookie::CookieLines,
    error::{CallbackError, Error, ErrorKind},
    oidc::{Accepted, Callback, CodeHash, Grant, Interaction, TokenRequestFailure},
    provider::Metadata,
    provider_calls::ExchangePermit,
    session::{Lookup, Session},
};

impl RelyingParty {
    /// Completes a sign-in: on to the application's handler, or straight to the page that was asked for.
    ///
    /// All checks that need no code to be sent come first, in the order of the specifications. All of the
    /// request is attacker-controlled.
    pub(super) async fn callback(self: &Arc<Self>, head: &mut Parts) -> Result<Decision, Failure> {
        if is_prefetch(&head.headers) {
            return Ok(Decision::Reply(not_ahead_of_time()));
        }
        let context = RequestContext::of(&head.extensions);
        if context.is_some_and(|context| context.is_of_callback(&self.lifecycle)) {
            // The same layer is there twice. The outer one has the turn, and waits for the handler.
            let head = std::mem::replace(head, empty_head());
            return Ok(Decision::Forward(head, None));
        }
        let callback = Callback::parse(head.uri.query().unwrap_or_default())?;
        let (state, code) = (callback.state.clone(), callback.code_hash());
        let cookies = CookieLines::of(&head.headers);
        let pending = match self.flow_cookies().open(cookies.iter(), &state) {
            Ok(pending) => pending,
            Err(kind) => {
                let kind = self.use_of(&state, code).await?.unwrap_or(kind);
                return self.not_completed(Error::new(kind).into(), &cookies).await;
            }
        };
        let return_to = pending.return_to.clone();
        let flow_cookie_removal = self.flow_cookies().end(&state);
        // The sign-in is not used up: a reload may find the provider or the store.
        let again = |error| Failure::from(error).returning_to(&return_to);
        let over = |error| again(error).with_cookies([flow_cookie_removal.clone()]);

        let metadata = self.lifecycle.calls.metadata().await.map_err(again)?;
        let (provider, scopes) = (self.config.provider(), &self.config.request.scopes);
        let grant = match callback.accept(pending, provider, &metadata, scopes, self.now()) {
            Ok(Accepted::Grant(grant)) => grant,
            Ok(Accepted::InteractionNeeded) => {
                let asking = Interaction::Allowed;
                let again =
                    self.start_sign_in(&metadata, asking, return_to, Some(&state), &cookies);
                return Ok(Decision::Reply(again));
            }
            Err(error) => return self.not_completed(over(error), &cookies).await,
        };
        let code = code.unwrap_or_default();
        let joined = self.flights.join(&state, code, self.now(), || {
            // Before the state is used: a sign-in for which there is no room is not used up.
            let permit = self.lifecycle.calls.permit_exchange()?;
            let exchange = Arc::clone(self).exchange(state.clone(), code, permit, metadata, grant);
            Ok(self.lifecycle.start(exchange))
        });
        let flight = match joined {
            Ok(flight) => flight,
            Err(error) if error.kind() == ErrorKind::TooManySignIns => return Err(again(error)),
            Err(error) => return self.not_completed(over(error), &cookies).await,
        };
        let turn = flight.turn().await;
        match &*turn {
            Some(Landing::SignedIn { session, cookies }) if !self.lifecycle.has_ended(*session) => {
                let redirect = see_other(return_to.into_location(), cookies.iter().cloned());
                return Ok(Decision::Reply(redirect));
            }
            Some(_) => {
                let error = Error::new(CallbackError::AlreadyCompleted);
                return self.not_completed(over(error), &cookies).await;
            }
            None => {}
        }
        let (session, generation) = match flight.session().await {
            Ok(session) => session,
            Err(TokenRequestFailure {
                error,
                was_sent: false,
            }) => return Err(again(error)),
            Err(failure) => return self.not_completed(over(failure.error), &cookies).await,
        };
        let generation = if let Some(generation) = generation {
            generation
        } else {
            let sessions = &self.lifecycle.sessions;
            sessions.prepare(&session).await.map_err(again)?
        };

        let (replaced, existing) = self.lifecycle.sessions.find(cookies.iter(), || self.now());
        let admission = Admission {
            return_to,
            flow_cookie_removal,
            generation,
            existing,
            replaced,
            flight,
            turn,
        };
        if self.config.redirects_after_sign_in {
            let location = admission.return_to.clone().into_location();
            return Ok(
                match self.begin_session(session, admission, None, head).await {
                    Settled::With(cookies) => Decision::Reply(see_other(location, cookies)),
                    Settled::Reply(reply) => Decision::Reply(reply),
                },
            );
        }
        Ok(self.forward_to_handler(session, admission, head))
    }

    /// Hands the request to the application's handler, with who has signed in and the page to return to.
    fn forward_to_handler(
        self: &Arc<Self>,
        session: Session,
        admission: Admission,
        head: &mut Parts,
    ) -> Decision {
        let tokens = session.tokens().clone();
        head.extensions.insert(tokens.claims().clone());
        head.extensions.insert(tokens);
        head.extensions.insert(admission.return_to.clone());
        let return_to = admission.return_to.clone();
        let context = RequestContext::of_callback(&self.lifecycle, session, return_to);
        head.extensions.insert(Arc::clone(&context));
        let forwarded = Forwarded::of_callback(Arc::clone(self), context, admission, head);
        let head = std::mem::replace(head, empty_head());
        Decision::Forward(head, Some(forwarded))
    }

    /// Takes the state, among all processes, and sends the code. It runs to its end even if the browser goes
    /// away.
    async fn exchange(
        self: Arc<Self>,
        state: String,
        code: CodeHash,
        permit: ExchangePermit,
        metadata: Arc<Metadata>,
        grant: Grant,
    ) -> Exchanged {
        self.retire_later(state.clone());
        let lifecycle = &self.lifecycle;
        let exchanged = async {
            let taken = lifecycle.sessions.take_state(&state, code).await;
            if let Some(kind) = taken.map_err(TokenRequestFailure::before_sending)? {
                return Err(TokenRequestFailure::after_sending(Error::new(kind)));
            }
            let exchanged = lifecycle.calls.exchange(permit, &metadata, grant).await;
            if exchanged.as_ref().is_err_and(|failure| !failure.was_sent) {
                lifecycle.sessions.free_state(&state).await;
            }
            exchanged
        };
        let tokens = match exchanged.await {
            Ok(tokens) => tokens,
            Err(failure) => {
                if !failure.was_sent {
                    self.flights.free(&state, code);
                }
                return Err(failure);
            }
        };
        let keeps_id_token = metadata.end_session_endpoint.is_some();
        let limits = lifecycle.sessions.rules.limits;
        let session = Session::start(tokens, keeps_id_token, limits, self.now());
        // Before the handler runs: it must not act on a sign-in that cannot be kept.
        match lifecycle.sessions.prepare(&session).await {
            Ok(generation) => Ok((session, Some(generation))),
            // A reload may find the store.
            Err(error) if error.kind() == ErrorKind::SessionUnavailable => Ok((session, None)),
            Err(error) => {
                lifecycle.end_unused(session.tokens().clone());
                Err(TokenRequestFailure::after_sending(error))
            }
        }
    }

    /// Forgets the flight of a callback in time; ends its tokens at the provider if no session began with them.
    fn retire_later(self: &Arc<Self>, state: String) {
        let relying_party = Arc::clone(self);
        let retirement = async move {
            if let Some(session) = relying_party.flights.retire(&state).await {
                relying_party.lifecycle.end_unused(session.tokens().clone());
            }
        };
        self.lifecycle.start(retirement);
    }

    /// Answers a callback that completes no sign-in: with the failure, or with a redirect to the landing page for
    /// a user who is signed in already.
    async fn not_completed(
        &self,
        failure: Failure,
        cookies: &CookieLines,
    ) -> Result<Decision, Failure> {
        let is_harmless = matches!(
            failure.kind(),
            ErrorKind::Callback(
                CallbackError::UnknownSignIn
                    | CallbackError::ForeignSignIn
                    | CallbackError::SignInExpired
                    | CallbackError::AlreadyCompleted
            )
        );
        if !is_harmless || !self.is_signed_in(cookies).await? {
            return Err(failure);
        }
        let landing_page = self.config.landing_page.clone();
        let redirect = see_other(landing_page.into_location(), failure.into_cookies());
        Ok(Decision::Reply(redirect))
    }

    /// How a state was used in any process, if it was.
    async fn use_of(
        &self,
        state: &str,
        code: Option<CodeHash>,
    ) -> Result<Option<CallbackError>, Error> {
        match self.flights.use_of(state, code) {
            Some(kind) => Ok(Some(kind)),
            None => self.lifecycle.sessions.use_of_state(state, code).await,
        }
    }

    pub(super) async fn is_signed_in(&self, cookies: &CookieLines) -> Result<bool, Error> {
        let lifecycle = &self.lifecycle;
        let (lookup, _) = lifecycle.sessions.find(cookies.iter(), || self.now());
        let stored = match lookup {
            Lookup::Nothing => None,
            Lookup::Session(session) => return Ok(lifecycle.is_signed_in(&session, None)),
            Lookup::Key(key) => lifecycle.load(key).await?,
            Lookup::EitherKey(keys) => lifecycle.load_either(keys).await?,
        };
        Ok(stored.is_some_and(|(session, entry)| lifecycle.is_signed_in(&session, Some(entry))))
    }
}
