//! The service.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use crate::{
    body::ResponseBody,
    flow::{Flow, Step},
    future::ResponseFuture,
};

/// What [`DiditAuth`](crate::DiditAuth) makes of a service.
#[derive(Clone)]
pub struct DiditAuthService<S> {
    inner: S,
    flow: Arc<Flow>,
}

impl<S> DiditAuthService<S> {
    pub(crate) fn new(inner: S, flow: Arc<Flow>) -> Self {
        Self { inner, flow }
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

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        match self.flow.decide(&mut parts) {
            Step::Forward(departure) => {
                let request = Request::from_parts(parts, body);
                ResponseFuture::forward(self.inner.call(request), departure)
            }
            Step::Wait(wait) => {
                // The service that was polled is the one to call; the clone waits its turn.
                let clone = self.inner.clone();
                let ready = std::mem::replace(&mut self.inner, clone);
                let flow = Arc::clone(&self.flow);
                ResponseFuture::wait(wait, flow, ready, parts, body)
            }
            Step::Reply(response) => ResponseFuture::reply(response),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for DiditAuthService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiditAuthService")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
