//! The layer and the service of a guard.

use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::RequireSignIn;
use crate::{body::ResponseBody, error::Error, future::ResponseFuture};

impl<S> Layer<S> for RequireSignIn {
    type Service = RequireSignInService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let guard = self.clone();
        RequireSignInService { inner, guard }
    }
}

/// Refuses requests of users who are not signed in. Made by [`RequireSignIn`].
///
/// ```
/// use axum::{Router, routing::get};
/// use tower_layer::Layer;
/// use tower_didit::{RequireSignIn, middleware::RequireSignInService};
///
/// let mut service: RequireSignInService<Router> = RequireSignIn::new().layer(Router::new());
/// *service.get_mut() = Router::new().route("/", get(|| async { "hello" }));
/// assert!(service.get_ref().has_routes());
/// let router: Router = service.into_inner();
/// # let _ = router;
/// ```
#[derive(Clone, Debug)]
pub struct RequireSignInService<S> {
    inner: S,
    guard: RequireSignIn,
}

impl<S> RequireSignInService<S> {
    /// The inner service.
    /// [Example](Self).
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service, mutably.
    /// [Example](Self).
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Returns the inner service.
    /// [Example](Self).
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, B, R> Service<Request<B>> for RequireSignInService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let guard = self.guard.clone();
        let (mut head, body) = request.into_parts();
        let decision = Box::pin(async move {
            let admitted = guard.admit(&mut head).await;
            (head, admitted.map(|()| None).map_err(Error::into_http))
        });
        ResponseFuture::decide(&mut self.inner, body, decision)
    }
}
