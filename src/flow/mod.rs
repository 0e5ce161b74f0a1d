//! What a request means to the layer, and what comes of it.

mod admission;
mod answer;
mod asked_page;
mod callback;
mod failure;
mod flow_cookies;
mod navigation;
mod outcome;
mod page;
mod repetition;
mod resume;
mod route;
mod sign_in;
mod sign_out;

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Once},
};

use bytes::Bytes;
use http::{HeaderValue, Method, Response, header, request::Parts};

pub(crate) use answer::{Later, Settled, append_cookies};
pub(crate) use outcome::{Departure, Seen};

use self::{
    admission::go_to,
    callback::{Exchanged, Returned},
    repetition::Repetition,
    route::Route,
};
use crate::{
    clock::Timestamp,
    config::Config,
    error::{Error, ErrorKind},
    oidc::{Client, EndSessionRequest},
    provider::Metadata,
    provider_calls::ProviderCalls,
    return_to::ReturnTo,
    session::Outcome,
    under_way::UnderWay,
    upkeep::{Remembered, Upkeep},
};
#[cfg(feature = "test-util")]
use crate::{
    session::{ExistingChunks, Session},
    tokens::{DiditTokens, Scopes},
};

/// All that one layer knows, shared by its services.
#[derive(Debug)]
pub(crate) struct Flow {
    config: Config,
    upkeep: Arc<Upkeep>,
    /// Sign-ins, by their state.
    completed: Remembered,
    reported: Reported,
}

/// What is told to the operator once.
#[derive(Debug)]
struct Reported {
    callback_route_missing: Once,
    stray_callback: Once,
    exchanges_full: Once,
    refresh_tokens_rotate: Once,
}

/// What to do with a request.
pub(crate) enum Step {
    /// Hand it to the application; afterwards see the answer's head.
    Forward(Departure),
    /// Wait first, then ask [`Flow::go_on`].
    Wait(Wait),
    /// Answer it here.
    Reply(Response<Bytes>),
}

/// What a request waits for.
pub(crate) type Wait = Pin<Box<dyn Future<Output = Arrival> + Send>>;

/// What a request waited for.
pub(crate) enum Arrival {
    /// To start a sign-in: where the provider is.
    ForLogin(Result<Arc<Metadata>, Error>, ReturnTo),
    /// To end one: likewise.
    ForCallback(Result<Arc<Metadata>, Error>, Box<Returned>),
    /// What the store has.
    Loaded(Box<resume::Loaded>),
    /// What came of a session's refresh.
    Refreshed(Outcome, Box<resume::Due>),
    /// What came of the exchange.
    Exchanged(Result<Exchanged, Error>, Box<callback::Ending>),
    /// The store could not be told that there is to be one.
    Unclaimed(Error, Box<callback::Ending>),
    /// The session of a sign-in that leads straight to its page.
    Begun(Settled, ReturnTo),
    /// What is known of a callback that was used before.
    Repeated(Result<Repetition, Error>),
    /// What came of a sign-out.
    SignedOut(Box<sign_out::Ending>),
}

impl Flow {
    pub(crate) fn new(config: Config) -> Self {
        let Config {
            client_secret,
            redirect_uri,
            request,
            id_token_rules,
            metadata,
            sessions,
            post_logout_redirect_uri,
            sign_out_pages,
            transport,
            clock,
            ..
        } = &config;
        let client = Client::new(
            &request.client_id,
            client_secret.as_ref().map(|secret| secret.0.as_str()),
            redirect_uri.as_str(),
            id_token_rules.provider.token_requests(),
            request.scopes.clone(),
        );
        let under_way = UnderWay::new();
        let calls = ProviderCalls::new(
            client,
            id_token_rules.clone(),
            metadata.clone(),
            transport.clone(),
            Arc::clone(clock),
            under_way.clone(),
        );
        let end_session = EndSessionRequest {
            client_id: request.client_id.clone(),
            redirect_uri: post_logout_redirect_uri.clone(),
        };
        let upkeep = Upkeep::new(
            Arc::clone(sessions),
            calls,
            end_session,
            sign_out_pages.clone(),
            transport.timeout(),
            Arc::clone(clock),
            under_way,
        );
        Self {
            upkeep,
            config,
            completed: Remembered::default(),
            reported: Reported {
                callback_route_missing: Once::new(),
                stray_callback: Once::new(),
                exchanges_full: Once::new(),
                refresh_tokens_rotate: Once::new(),
            },
        }
    }

    pub(crate) fn upkeep(&self) -> &Arc<Upkeep> {
        &self.upkeep
    }

    /// The scopes that it asks for.
    #[cfg(feature = "test-util")]
    pub(crate) fn scopes(&self) -> &Scopes {
        &self.config.request.scopes
    }

    /// Begins a session with tokens that no sign-in brought: gives the `Set-Cookie` values.
    #[cfg(feature = "test-util")]
    pub(crate) async fn begin_session_with(
        &self,
        tokens: DiditTokens,
    ) -> Result<Vec<HeaderValue>, Error> {
        let issuer = tokens.claims().issuer();
        self.config.id_token_rules.check_issuer(issuer)?;
        let (sessions, now) = (&self.upkeep.sessions, self.now());
        let metadata = self.upkeep.calls.metadata(now).await?;
        let keeps_id_token = metadata.end_session_endpoint.is_some();
        let session = Session::start(tokens, keeps_id_token, sessions.rules.limits, now);
        sessions.check(&session)?;
        let existing = ExistingChunks::default();
        let (cookies, _) = sessions.create(&session, existing, now).await?;
        Ok(cookies)
    }

    /// Decides, without waiting, what a request means.
    pub(crate) fn decide(self: &Arc<Self>, request: &mut Parts) -> Step {
        match Route::of(request, &self.config) {
            Ok(Route::Application) => self.resume(request),
            Ok(Route::Callback) => self.callback(request),
            Ok(Route::Login) => self.login(request),
            Ok(Route::Logout) => self.sign_out(request),
            Err(allowed) => Step::Reply(self.method_not_allowed(request, &allowed)),
        }
    }

    /// Decides again, after what the request waited for.
    pub(crate) fn go_on(self: &Arc<Self>, arrival: Arrival, request: &mut Parts) -> Step {
        match arrival {
            Arrival::ForLogin(metadata, return_to) => {
                Step::Reply(self.sign_in_at(metadata, return_to, request))
            }
            Arrival::ForCallback(metadata, returned) => self.accept(metadata, *returned, request),
            Arrival::Loaded(loaded) => self.loaded(*loaded, request),
            Arrival::Refreshed(outcome, due) => self.refreshed(outcome, *due, request),
            Arrival::Exchanged(outcome, ending) => self.admit(outcome, *ending, request),
            Arrival::Unclaimed(error, ending) => {
                Step::Reply(self.unclaimed(&error, &ending, request))
            }
            Arrival::Begun(settled, return_to) => Step::Reply(go_to(return_to, settled)),
            Arrival::Repeated(repetition) => Step::Reply(self.repeated(repetition, request)),
            Arrival::SignedOut(ending) => Step::Reply(self.signed_out(*ending, request)),
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::now(&*self.config.clock)
    }

    fn method_not_allowed(&self, request: &Parts, allowed: &Method) -> Response<Bytes> {
        let error = Error::new(ErrorKind::MethodNotAllowed);
        let mut response = self.failure(&error, request, None);
        let allowed =
            HeaderValue::from_str(allowed.as_str()).expect("GET and POST are header values");
        response.headers_mut().insert(header::ALLOW, allowed);
        response
    }
}
