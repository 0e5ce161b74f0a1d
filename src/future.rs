//! The response future of the layer and of the guards.

use std::{
    fmt,
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{
    body::ResponseBody,
    relying_party::{DecisionFuture, Forwarded, ResponseUpdate, append_cookies},
};

pin_project! {
    /// The response future of [`DiditAuthService`](crate::middleware::DiditAuthService),
    /// [`RequireSignInService`](crate::middleware::RequireSignInService) and, with the feature `verification`,
    /// `RequireVerifiedService`.
    ///
    /// ```
    /// use axum::{Router, body::Body};
    /// use http::Request;
    /// use tower_didit::middleware::{DiditAuthService, ResponseFuture};
    /// use tower_service::Service;
    ///
    /// fn call(
    ///     service: &mut DiditAuthService<Router>, // polled until it was ready
    ///     request: Request<Body>,
    /// ) -> ResponseFuture<Router, Body> {
    ///     service.call(request)
    /// }
    /// ```
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S, B, S::Future, S::Response>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, B, F, R> {
        /// First the layer decides whether to call the inner service. The boxed future owns only the request head, and
        /// returns it.
        Decide {
            decision: DecisionFuture,
            waiting: Option<(S, B)>,
        },
        /// The inner service responds.
        Forward {
            #[pin]
            future: F,
            forwarded: Option<Forwarded>,
        },
        /// The inner service has responded, and the layer's own part is pending.
        Update {
            update: ResponseUpdate,
            response: Option<R>,
        },
    }
}

impl<S, B> ResponseFuture<S, B>
where
    S: Service<Request<B>>,
{
    pub(crate) fn forward(future: S::Future, forwarded: Forwarded) -> Self {
        let forwarded = Some(forwarded);
        let state = State::Forward { future, forwarded };
        Self { state }
    }

    /// The response of the inner service as it is.
    pub(crate) fn pass(future: S::Future) -> Self {
        let forwarded = None;
        let state = State::Forward { future, forwarded };
        Self { state }
    }

    /// Calls `service` if that is the decision. The instance that was polled ready must be the one that is called, so
    /// a clone replaces it.
    #[cold]
    #[inline(never)]
    pub(crate) fn decide(service: &mut S, body: B, decision: DecisionFuture) -> Self
    where
        S: Clone,
    {
        let clone = service.clone();
        let waiting = Some((mem::replace(service, clone), body));
        let state = State::Decide { decision, waiting };
        Self { state }
    }
}

impl<S, B, R> Future for ResponseFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Output = Result<Response<ResponseBody<R>>, S::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let StateProjection::Forward { future, forwarded } = state.as_mut().project() else {
                match ready!(state.as_mut().poll_own(cx)) {
                    Some(response) => return Poll::Ready(Ok(response)),
                    None => continue,
                }
            };
            let (mut head, body) = ready!(future.poll(cx))?.into_parts();
            let forwarded = forwarded.take();
            let update = forwarded.and_then(|forwarded| forwarded.process_response(&mut head));
            let Some(update) = update else {
                let body = ResponseBody::application(body);
                return Poll::Ready(Ok(Response::from_parts(head, body)));
            };
            let response = Some(Response::from_parts(head, body));
            state.set(State::Update { update, response });
        }
    }
}

impl<S, B, R> State<S, B, S::Future, Response<R>>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    /// Polls the layer's own part. `None` when the inner service is to be polled next.
    #[cold]
    fn poll_own(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Response<ResponseBody<R>>>> {
        Poll::Ready(match self.as_mut().project() {
            StateProjection::Decide { decision, waiting } => {
                let (head, decision) = ready!(decision.as_mut().poll(cx));
                let (mut ready, body) = waiting.take().expect(COMPLETED);
                match decision {
                    Ok(forwarded) => {
                        let future = ready.call(Request::from_parts(head, body));
                        self.set(State::Forward { future, forwarded });
                        None
                    }
                    Err(reply) => Some(reply.map(ResponseBody::own)),
                }
            }
            StateProjection::Update { update, response } => {
                let update = ready!(update.as_mut().poll(cx));
                let response = response.take().expect(COMPLETED);
                Some(match update {
                    Ok(cookies) => {
                        let mut response = response.map(ResponseBody::application);
                        append_cookies(response.headers_mut(), cookies);
                        response
                    }
                    Err(reply) => reply.map(ResponseBody::own),
                })
            }
            StateProjection::Forward { .. } => None,
        })
    }
}

impl<S, B> fmt::Debug for ResponseFuture<S, B>
where
    S: Service<Request<B>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

const COMPLETED: &str = "a future is not polled after it is ready";
