//! The relying party behind the layer: the layer's own paths, and its part in the application's responses.

mod application_error;
mod callback;
mod callback_flights;
mod failure;
mod flow_cookies;
mod forwarded;
mod misrouted_callback;
mod new_session;
mod origins;
mod pages;
mod request_kind;
mod responses;
mod route;
mod sign_in;
mod sign_out;

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex, atomic::AtomicBool},
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Request, Response, header, request::Parts};

use self::{
    callback_flights::CallbackFlights,
    request_kind::{FetchMetadata, page_request},
    route::Route,
};
pub(crate) use self::{
    forwarded::{Forwarded, ResponseUpdate},
    origins::Origins,
    responses::append_cookies,
};
#[cfg(feature = "verification")]
pub(crate) use self::{pages::Notice, responses::see_other};
use crate::{
    config::{Config, Origin},
    context::{RequestContext, RequestedPage},
    cookie::CookieHeaders,
    error::{Error, ErrorKind},
    return_to::ReturnTo,
    session::lifecycle::SessionLifecycle,
    tokens::{DiditTokens, IdClaims},
};

/// The state of one layer at one of its origins, shared by its services.
pub(crate) struct RelyingParty {
    pub(crate) config: Arc<Config>,
    origin: Arc<Origin>,
    pub(crate) lifecycle: Arc<SessionLifecycle>,
    flights: Arc<CallbackFlights>,
    reported: Arc<Reported>,
}

/// The log events that a layer logs once.
#[derive(Default)]
struct Reported {
    callback_route_missing: AtomicBool,
    misrouted_callback: AtomicBool,
    too_many_token_requests: AtomicBool,
    session_not_kept: AtomicBool,
    /// The hosts without a redirect URI on which sign-ins have started.
    hosts: Mutex<HashSet<String>>,
}

/// The request head, and what to do: `Ok` calls the inner service, as [`Decision::Forward`] does; `Err` is the response
/// to send instead.
pub(crate) type DecisionFuture =
    BoxFuture<'static, (Parts, Result<Option<Forwarded>, Response<Bytes>>)>;

/// What to do with a request.
enum Decision {
    /// Call the inner service. `Forwarded` processes its response; `None` leaves the response alone, because this layer
    /// was added twice and the outer one processes it.
    Forward(Option<Forwarded>),
    Reply(Response<Bytes>),
}

impl RelyingParty {
    /// Adds the context in which the handlers of a forwarded request find the session.
    #[inline]
    pub(crate) fn add_context<B>(self: &Arc<Self>, request: &mut Request<B>) -> Forwarded {
        let mut cookies = CookieHeaders::default();
        let mut metadata = FetchMetadata::default();
        for (name, value) in request.headers() {
            if name == header::COOKIE {
                cookies.push(value.clone());
            } else {
                metadata.read(name, value);
            }
        }
        self.report_misrouted_callback(request.uri(), &cookies);
        // The application's error page gets the whole request head.
        let whole = self.config.error_page.is_some();
        let is_page = metadata.is_page_request(request.method());
        let requested_page = is_page.then(|| RequestedPage::new(request, whole));
        let context =
            RequestContext::new(&self.lifecycle, cookies, requested_page, metadata.mode());
        let extensions = request.extensions_mut();
        if extensions.insert(Arc::clone(&context)).is_some() {
            // An outer layer has added its context. Its user is not this layer's: remove its extensions.
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
