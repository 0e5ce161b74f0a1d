//! The service.

use std::task::{Context, Poll};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::{Decision, DiditBearer, future::BearerResponseFuture};
use crate::{body::ResponseBody, future::ResponseFuture};

impl<S> Layer<S> for DiditBearer {
    type Service = DiditBearerService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        let bearer = self.clone();
        DiditBearerService { inner, bearer }
    }
}

/// Lets requests with a valid access token through. Made by [`DiditBearer`].
///
/// ```
/// use axum::{Router, routing::get};
/// use tower_layer::Layer;
/// use tower_didit::{Config, DiditBearer, middleware::DiditBearerService};
///
/// # fn main() -> Result<(), tower_didit::ConfigError> {
/// # let config = Config::api("client-id").with_client_secret("client-secret");
/// let mut service: DiditBearerService<Router> = DiditBearer::new(config)?.layer(Router::new());
/// *service.get_mut() = Router::new().route("/", get(|| async { "hello" }));
/// assert!(service.get_ref().has_routes());
/// let router: Router = service.into_inner();
/// # let _ = router;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DiditBearerService<S> {
    inner: S,
    bearer: DiditBearer,
}

impl<S> DiditBearerService<S> {
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

impl<S, B, R> Service<Request<B>> for DiditBearerService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = BearerResponseFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    #[inline]
    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let response = match self.bearer.decide(request.headers()) {
            Decision::Forward(context) => {
                context.add_to(request.extensions_mut());
                ResponseFuture::pass(self.inner.call(request))
            }
            Decision::Reply(error) => {
                let (head, body) = request.into_parts();
                let refusal = self.bearer.refuse(error);
                let decision = Box::pin(async move { (head, Err(refusal)) });
                ResponseFuture::decide(&mut self.inner, body, decision)
            }
            Decision::Verify(token) => {
                let (mut head, body) = request.into_parts();
                let bearer = self.bearer.clone();
                let decision = Box::pin(async move {
                    let decision = match bearer.verify(&token).await {
                        Ok(context) => {
                            context.add_to(&mut head.extensions);
                            Ok(None)
                        }
                        Err(error) => Err(bearer.refuse(error)),
                    };
                    (head, decision)
                });
                ResponseFuture::decide(&mut self.inner, body, decision)
            }
        };
        BearerResponseFuture::new(response)
    }
}
