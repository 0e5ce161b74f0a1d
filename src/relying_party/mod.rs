//! What a request means to the layer, and what comes of it.

mod admission;
mod answer;
mod application_error;
mod callback;
mod callback_flights;
mod disposition;
mod failure;
mod flow_cookies;
mod pages;
mod request_kind;
mod route;
mod sign_in;
mod sign_out;

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Once},
};

use bytes::Bytes;
use http::{Request, Response, header, request::Parts};
use tokio_util::task::TaskTracker;

pub(crate) use self::{
    answer::append_cookies,
    disposition::{Disposition, Forwarded, Later, Settled},
    route::Route,
};
use self::{
    callback_flights::CallbackFlights,
    failure::Failure,
    request_kind::{HeaderSigns, RequestKind},
};
use crate::{
    clock::Timestamp,
    config::Config,
    context::{AskedPage, RequestContext},
    cookie::CookieLines,
    oidc::{Client, EndSessionRequest},
    provider_calls::ProviderCalls,
    return_to::ReturnTo,
    session::lifecycle::SessionLifecycle,
    tokens::{DiditTokens, IdClaims},
};
#[cfg(feature = "test-util")]
use crate::{
    error::Error,
    session::{ExistingChunks, Session},
    tokens::Scopes,
};
#[cfg(feature = "test-util")]
use http::HeaderValue;

/// All that one layer knows, shared by its services.
pub(crate) struct RelyingParty {
    config: Config,
    lifecycle: Arc<SessionLifecycle>,
    flights: CallbackFlights,
    reported: Reported,
}

/// What is told to the operator once.
struct Reported {
    callback_route_missing: Once,
    stray_callback: Once,
    exchanges_full: Once,
    session_not_kept: Once,
}

/// What to do with a request.
pub(crate) enum Decision {
    /// Hand it to the application; afterwards see to the head of the answer, unless an outer layer does.
    Forward(Parts, Option<Forwarded>),
    /// Answer it here.
    Reply(Response<Bytes>),
}

/// A decision about one of the layer's own paths.
pub(crate) type Deciding = Pin<Box<dyn Future<Output = Decision> + Send>>;

impl RelyingParty {
    pub(crate) fn new(config: Config) -> Self {
        let Config {
            client_secret,
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
            &request.redirect_uri,
            id_token_rules.provider.token_requests,
            request.scopes.clone(),
        );
        let tasks = TaskTracker::new();
        let calls = ProviderCalls::new(
            client,
            id_token_rules.clone(),
            metadata.clone(),
            transport.clone(),
            Arc::clone(clock),
        );
        let end_session = EndSessionRequest {
            client_id: request.client_id.clone(),
            redirect_uri: post_logout_redirect_uri.clone(),
        };
        let lifecycle = SessionLifecycle::new(
            Arc::clone(sessions),
            calls,
            end_session,
            sign_out_pages.clone(),
            transport.timeout,
            Arc::clone(clock),
            tasks,
        );
        Self {
            lifecycle,
            config,
            flights: CallbackFlights::default(),
            reported: Reported {
                callback_route_missing: Once::new(),
                stray_callback: Once::new(),
                exchanges_full: Once::new(),
                session_not_kept: Once::new(),
            },
        }
    }

    pub(crate) fn lifecycle(&self) -> &Arc<SessionLifecycle> {
        &self.lifecycle
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
        let (sessions, now) = (&self.lifecycle.sessions, self.now());
        let metadata = self.lifecycle.calls.metadata().await?;
        let keeps_id_token = metadata.end_session_endpoint.is_some();
        let session = Session::start(tokens, keeps_id_token, sessions.rules.limits, now);
        let generation = sessions.prepare(&session).await?;
        let existing = ExistingChunks::default();
        let (cookies, _) = sessions.create(&session, generation, existing, now).await?;
        Ok(cookies)
    }

    /// The layer's own path that a request is for. Without one it is forwarded at once.
    pub(crate) fn route<B>(&self, request: &Request<B>) -> Option<Route> {
        Route::of(request.method(), request.uri(), &self.config)
    }

    /// Gives a request for the application the context in which its handlers find the session.
    pub(crate) fn enter<B>(self: &Arc<Self>, request: &mut Request<B>) -> Forwarded {
        let mut cookies = CookieLines::default();
        let mut signs = HeaderSigns::default();
        for (name, value) in request.headers() {
            if name == header::COOKIE {
                cookies.push(value.clone());
            } else {
                signs.read(name, value);
            }
        }
        // The application's error page may ask for the headers.
        let with_headers = self.config.error_page.is_some();
        let asked_page = signs
            .are_of_page(request.method())
            .then(|| AskedPage::new(request, with_headers));
        let context = RequestContext::new(&self.lifecycle, cookies, asked_page);
        let extensions = request.extensions_mut();
        if extensions.insert(Arc::clone(&context)).is_some() {
            // Another layer was here before. Its word counts for nothing.
            extensions.remove::<DiditTokens>();
            extensions.remove::<IdClaims>();
            extensions.remove::<ReturnTo>();
        }
        Forwarded::of_application(Arc::clone(self), context)
    }

    /// Decides on a request for one of the layer's own paths.
    pub(crate) fn decide(self: &Arc<Self>, route: Route, mut head: Parts) -> Deciding {
        let relying_party = Arc::clone(self);
        Box::pin(async move {
            let decision = match route {
                Route::Callback => relying_party.callback(&mut head).await,
                Route::Login => relying_party.login(&head).await.map(Decision::Reply),
                Route::Logout => relying_party.sign_out(&head).await.map(Decision::Reply),
                Route::OnlyBy(method) => Err(Failure::method_not_allowed(&method)),
            };
            let reply = |failure| Decision::Reply(relying_party.render(failure, &head));
            decision.unwrap_or_else(reply)
        })
    }

    /// Finishes what was sent to the provider or the store, and ends the tokens there that nobody came for.
    pub(crate) async fn shutdown(&self) {
        self.flights.shutdown();
        self.lifecycle.shutdown().await;
    }

    fn now(&self) -> Timestamp {
        Timestamp::now(&*self.config.clock)
    }
}

fn empty_head() -> Parts {
    http::Request::new(()).into_parts().0
}
