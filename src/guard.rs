//! A guard for a group of routes.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    body::ResponseBody,
    handle::{Handle, Presence},
    rejection::Rejection,
};

/// Lets signed-in users through and refuses everybody else, as the extractors do.
///
/// It goes inside of [`DiditAuth`](crate::DiditAuth), around the routes that it guards:
///
/// ```
/// # fn app(auth: tower_didit::DiditAuth) -> axum::Router {
/// use axum::{Router, routing::get};
/// use tower_didit::RequireSignIn;
///
/// let members = Router::new()
///     .route("/orders", get(|| async { "your orders" }))
///     .route("/invoices", get(|| async { "your invoices" }))
///     .route_layer(RequireSignIn::new());
///
/// Router::new()
///     .route("/", get(|| async { "welcome" }))
///     .merge(members)
///     .layer(auth)
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct RequireSignIn;

impl RequireSignIn {
    /// The guard. It has no settings.
    pub fn new() -> Self {
        Self
    }
}

impl<S> Layer<S> for RequireSignIn {
    type Service = RequireSignInService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequireSignInService { inner }
    }
}

/// What [`RequireSignIn`] makes of a service.
#[derive(Clone, Copy, Debug)]
pub struct RequireSignInService<S> {
    inner: S,
}

impl<S, B, R> Service<Request<B>> for RequireSignInService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = GuardFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let state = match check(&request) {
            Ok(()) => State::Guarded {
                future: self.inner.call(request),
            },
            Err(rejection) => State::Refused { rejection },
        };
        GuardFuture { state }
    }
}

fn check<B>(request: &Request<B>) -> Result<(), Rejection> {
    let handle = Handle::of(request.extensions()).ok_or(Rejection::LayerMissing)?;
    match handle.presence() {
        Presence::SignedIn(_) => Ok(()),
        Presence::Nobody => Err(Rejection::NotSignedIn),
        Presence::Unavailable => Err(Rejection::SessionUnavailable),
    }
}

pin_project! {
    /// The answer of a [`RequireSignInService`].
    #[must_use = "futures do nothing unless polled"]
    pub struct GuardFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Guarded { #[pin] future: F },
        Refused { rejection: Rejection },
    }
}

impl<F, R, E> Future for GuardFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<ResponseBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(match self.project().state.project() {
            StateProjection::Guarded { future } => {
                ready!(future.poll(cx))?.map(ResponseBody::application)
            }
            StateProjection::Refused { rejection } => {
                rejection.into_answer().map(ResponseBody::own)
            }
        }))
    }
}

impl<F> fmt::Debug for GuardFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardFuture").finish_non_exhaustive()
    }
}
