//! The relying party behind the layer: the layer's own paths, and its part in the application's responses.

mod application_error;
mod callback;
mod callback_flights;
mod failure;
mod flow_cookies;
mod forwarded;
mod new_session;
mod pages;
mod request_kind;
mod responses;
mod route;
mod sign_in;
mod sign_out;

use std::{
    fmt,
    sync::{Arc, atomic::AtomicBool},
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Request, Response, header, request::Parts};
use tokio_util::task::TaskTracker;

use self::{
    callback_flights::CallbackFlights,
    request_kind::{FetchMetadata, page_request},
    route::Route,
};
pub(crate) use self::{
    forwarded::{Forwarded, ResponseUpdate},
    responses::append_cookies,
};
use crate::{
    config::Config,
    context::{RequestContext, RequestedPage},
    cookie::CookieLines,
    error::{Error, ErrorKind},
    oidc::{Client, EndSessionRequest},
    provider_calls::ProviderCalls,
    return_to::ReturnTo,
    session::lifecycle::SessionLifecycle,
    tokens::{DiditTokens, IdClaims},
};

/// The state of one layer, shared by its services.
pub(crate) struct RelyingParty {
    pub(crate) config: Config,
    pub(crate) lifecycle: Arc<SessionLifecycle>,
    flights: CallbackFlights,
    reported: Reported,
}

/// The log events that are logged once.
#[derive(Default)]
struct Reported {
    callback_route_missing: AtomicBool,
    stray_callback: AtomicBool,
    too_many_sign_ins: AtomicBool,
    session_not_kept: AtomicBool,
}

/// Whether to call the inner service, or `Err` with the response to send instead; and the request head.
pub(crate) type DecisionFuture =
    BoxFuture<'static, (Parts, Result<Option<Forwarded>, Response<Bytes>>)>;

/// What to do with a request.
enum Decision {
    /// Call the inner service. `Forwarded` processes its response, unless an outer layer does.
    Forward(Option<Forwarded>),
    Reply(Response<Bytes>),
}

impl RelyingParty {
    pub(crate) fn new(config: Config) -> Self {
        let (clock, secret) = (&config.clock, config.client_secret.as_ref());
        let client = Client::new(
            &config.request.client_id,
            secret.map(|secret| secret.0.as_str()),
            &config.request.redirect_uri,
            config.provider().token_requests,
            config.request.scopes.clone(),
        );
        let calls = ProviderCalls::new(
            client,
            config.id_token_rules.clone(),
            config.metadata.clone(),
            config.transport.clone(),
            Arc::clone(clock),
        );
        let end_session = EndSessionRequest {
            client_id: config.request.client_id.clone(),
            redirect_uri: config.post_logout_redirect_uri.clone(),
        };
        let lifecycle = SessionLifecycle::new(
            Arc::clone(&config.sessions),
            calls,
            end_session,
            config.sign_out_pages.clone(),
            config.transport.timeout,
            Arc::clone(clock),
            TaskTracker::new(),
        );
        Self {
            config,
            lifecycle,
            flights: CallbackFlights::default(),
            reported: Reported::default(),
        }
    }

    /// Adds the context in which the handlers of a forwarded request find the session.
    #[inline]
    pub(crate) fn add_context<B>(self: &Arc<Self>, request: &mut Request<B>) -> Forwarded {
        let mut cookies = CookieLines::default();
        let mut metadata = FetchMetadata::default();
        for (name, value) in request.headers() {
            if name == header::COOKIE {
                cookies.push(value.clone());
            } else {
                metadata.read(name, value);
            }
        }
        // The application's error page gets the whole request head.
        let whole = self.config.error_page.is_some();
        let is_page = metadata.is_page_request(request.method());
        let requested_page = is_page.then(|| RequestedPage::new(request, whole));
        let context =
            RequestContext::new(&self.lifecycle, cookies, requested_page, metadata.mode());
        let extensions = request.extensions_mut();
        if extensions.insert(Arc::clone(&context)).is_some() {
            // Another layer has already added its context, whose lookups are not this layer's.
            extensions.remove::<DiditTokens>();
            extensions.remove::<IdClaims>();
            extensions.remove::<ReturnTo>();
        }
        Forwarded {
            relying_party: Arc::clone(self),
            context,
            new_session: None,
        }
    }

    /// Decides on a request for one of the layer's own paths.
    pub(crate) fn decide(self: &Arc<Self>, route: Route, mut head: Parts) -> DecisionFuture {
        let relying_party = Arc::clone(self);
        Box::pin(async move {
            let decision = match route {
                Route::Callback => relying_party.callback(&mut head).await,
                Route::Login => relying_party.login(&head).await.map(Decision::Reply),
                Route::Logout => relying_party.sign_out(&head).await.map(Decision::Reply),
                Route::OtherMethod { allowed } => {
                    let failure = Error::new(ErrorKind::MethodNotAllowed).into();
                    let mut reply = relying_party.render(failure, page_request(&head));
                    let allowed = HeaderValue::from_static(allowed);
                    reply.headers_mut().insert(header::ALLOW, allowed);
                    Ok(Decision::Reply(reply))
                }
            };
            let decision = match decision {
                Ok(Decision::Forward(forwarded)) => Ok(forwarded),
                Ok(Decision::Reply(reply)) => Err(reply),
                Err(failure) => Err(relying_party.render(failure, page_request(&head))),
            };
            (head, decision)
        })
    }

    /// Waits for background work, and revokes tokens that never got a session.
    pub(crate) async fn shutdown(&self) {
        self.flights.shutdown.cancel();
        self.lifecycle.shutdown().await;
    }
}

impl fmt::Debug for RelyingParty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RelyingParty").finish_non_exhaustive()
    }
}
