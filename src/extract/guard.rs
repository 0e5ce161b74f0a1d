//! A guard for a group of routes.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Extensions, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::{claims, context, tokens};
use crate::{
    body::ResponseBody,
    error::{Error, ErrorKind},
    future::ResponseFuture,
};

/// Guards a group of routes: refuses requests of users who are not signed in, as the extractors do.
///
/// Add it inside [`DiditAuth`](crate::DiditAuth), around the routes that it guards:
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
///
/// The inner service finds the [`IdClaims`](crate::IdClaims) in the request's extensions.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequireSignIn {
    with_tokens: bool,
}

impl RequireSignIn {
    /// A guard that waits only for the session: at most 1 s for a session store, and 5 s for the refresh of a
    /// session that [ends with its access token](crate::docs::flow#when-a-session-ends).
    /// [Example](Self).
    pub fn new() -> Self {
        Self::default()
    }

    /// Also waits for a valid access token, as the [`DiditTokens`](crate::DiditTokens) extractor does, and adds the tokens to the
    /// request's extensions.
    ///
    /// Default: no tokens.
    ///
    /// ```
    /// use axum::{Extension, Router, routing::get};
    /// use tower_didit::{DiditTokens, RequireSignIn};
    ///
    /// let orders = |Extension(tokens): Extension<DiditTokens>| async move { tokens.scopes().to_string() };
    /// let members: Router = Router::new()
    ///     .route("/orders", get(orders))
    ///     .route_layer(RequireSignIn::new().with_tokens());
    /// ```
    #[must_use]
    pub fn with_tokens(self) -> Self {
        Self { with_tokens: true }
    }

    /// Adds the claims and the tokens of the signed-in user.
    async fn check(self, extensions: &mut Extensions) -> Result<(), Error> {
        let not_signed_in = || Error::new(ErrorKind::NotSignedIn);
        let context = Arc::clone(context(extensions)?);
        let claims = claims(&context).await?;
        extensions.insert(claims.ok_or_else(not_signed_in)?);
        if self.with_tokens {
            let tokens = tokens(&context).await?;
            extensions.insert(tokens.ok_or_else(not_signed_in)?);
        }
        Ok(())
    }
}

impl<S> Layer<S> for RequireSignIn {
    type Service = RequireSignInService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let guard = *self;
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
#[derive(Clone, Copy, Debug)]
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
        let guard = self.guard;
        let (mut head, body) = request.into_parts();
        let decision = Box::pin(async move {
            let checked = guard.check(&mut head.extensions).await;
            (head, checked.map(|()| None).map_err(Error::into_http))
        });
        ResponseFuture::decide(&mut self.inner, body, decision)
    }
}
