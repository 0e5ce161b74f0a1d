//! The service.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use crate::{body::ResponseBody, future::ResponseFuture, relying_party::RelyingParty};

/// What [`DiditAuth`](crate::DiditAuth) makes of a service.
#[derive(Clone)]
pub struct DiditAuthService<S> {
    inner: S,
    relying_party: Arc<RelyingParty>,
}

impl<S> DiditAuthService<S> {
    pub(crate) fn new(inner: S, relying_party: Arc<RelyingParty>) -> Self {
        Self {
            inner,
            relying_party,
        }
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

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let Some(route) = self.relying_party.route(&request) else {
            let forwarded = self.relying_party.enter(&mut request);
            return ResponseFuture::forward(self.inner.call(request), forwarded);
        };
        // The service that was polled is the one to call; the clone waits its turn.
        let clone = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, clone);
        let (head, body) = request.into_parts();
        ResponseFuture::decide(self.relying_party.decide(route, head), ready, body)
    }
}

impl<S: fmt::Debug> fmt::Debug for DiditAuthService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiditAuthService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
