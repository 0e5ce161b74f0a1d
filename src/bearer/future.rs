//! The response future of the layer for APIs.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::challenge::finish_error;
use crate::{body::ResponseBody, future::ResponseFuture};

pin_project! {
    /// The response future of [`DiditBearerService`](crate::middleware::DiditBearerService).
    ///
    /// ```
    /// use axum::{Router, body::Body};
    /// use http::Request;
    /// use tower_didit::middleware::{BearerResponseFuture, DiditBearerService};
    /// use tower_service::Service;
    ///
    /// fn call(
    ///     service: &mut DiditBearerService<Router>, // polled until it was ready
    ///     request: Request<Body>,
    /// ) -> BearerResponseFuture<Router, Body> {
    ///     service.call(request)
    /// }
    /// ```
    #[must_use = "futures do nothing unless polled"]
    pub struct BearerResponseFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        response: ResponseFuture<S, B>,
    }
}

impl<S, B> BearerResponseFuture<S, B>
where
    S: Service<Request<B>>,
{
    pub(super) fn new(response: ResponseFuture<S, B>) -> Self {
        Self { response }
    }
}

impl<S, B, R> Future for BearerResponseFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Output = Result<Response<ResponseBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut response = ready!(self.project().response.poll(cx))?;
        finish_error(&mut response);
        Poll::Ready(Ok(response))
    }
}

impl<S, B> fmt::Debug for BearerResponseFuture<S, B>
where
    S: Service<Request<B>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerResponseFuture")
            .finish_non_exhaustive()
    }
}
