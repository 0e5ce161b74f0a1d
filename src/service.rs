//! The service.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use crate::{body::ResponseBody, future::ResponseFuture, relying_party::Origins};

/// Signs users in with Didit. Made by [`DiditAuth`](crate::DiditAuth).
///
/// ```
/// use axum::{Router, routing::get};
/// use tower_layer::Layer;
/// use tower_didit::{Config, DiditAuth, middleware::DiditAuthService};
///
/// # fn main() -> Result<(), tower_didit::ConfigError> {
/// # let config = Config::builder("client-id", "https://app.example/callback")
/// #     .with_client_secret("client-secret")
/// #     .build()?;
/// let mut service: DiditAuthService<Router> = DiditAuth::new(config).layer(Router::new());
/// *service.get_mut() = Router::new().route("/", get(|| async { "hello" }));
/// assert!(service.get_ref().has_routes());
/// let router: Router = service.into_inner();
/// # let _ = router;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DiditAuthService<S> {
    pub(crate) inner: S,
    pub(crate) origins: Arc<Origins>,
}

impl<S> DiditAuthService<S> {
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

impl<S, B, R> Service<Request<B>> for DiditAuthService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let relying_party = self.origins.select(&request);
        let Some(route) = relying_party.route(&request) else {
            let forwarded = relying_party.add_context(&mut request);
            return ResponseFuture::forward(self.inner.call(request), forwarded);
        };
        let (head, body) = request.into_parts();
        let decision = relying_party.decide(route, head);
        ResponseFuture::decide(&mut self.inner, body, decision)
    }
}
