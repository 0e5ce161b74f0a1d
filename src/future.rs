//! The future of an answer.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{
    body::ResponseBody,
    relying_party::{Deciding, Decision, Disposition, Forwarded, Later, Settled, append_cookies},
};

pin_project! {
    /// The answer of a [`DiditAuthService`](crate::middleware::DiditAuthService).
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
    enum State<S, B, F, A> {
        /// One of the layer's own paths. Only the head of the request is in the box, which gives it back.
        Decide {
            deciding: Deciding,
            waiting: Option<(S, B)>,
        },
        /// The application answers; then the head is seen to.
        Forward {
            #[pin]
            future: F,
            forwarded: Option<Forwarded>,
        },
        /// What becomes of the application's answer is known later.
        Settle { later: Later, answer: Option<A> },
        /// The layer answers itself.
        Reply { response: Option<Response<Bytes>> },
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

    /// `ready` is called if the request is forwarded in the end.
    pub(crate) fn decide(deciding: Deciding, ready: S, body: B) -> Self {
        let waiting = Some((ready, body));
        let state = State::Decide { deciding, waiting };
        Self { state }
    }
}

impl<S, B, R> Future for ResponseFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Output = Result<Response<ResponseBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let StateProjection::Forward { future, forwarded } = state.as_mut().project() else {
                match ready!(state.as_mut().poll_own(cx)) {
                    Some(answer) => return Poll::Ready(Ok(answer)),
                    None => continue,
                }
            };
            let response = ready!(future.poll(cx))?;
            let (mut head, body) = response.into_parts();
            let disposition = match forwarded.take() {
                Some(forwarded) => forwarded.dispose(&mut head),
                None => Disposition::AsItIs,
            };
            let next = match disposition {
                Disposition::AsItIs => {
                    let body = ResponseBody::application(body);
                    return Poll::Ready(Ok(Response::from_parts(head, body)));
                }
                Disposition::Reply(response) => State::Reply {
                    response: Some(response),
                },
                Disposition::Later(later) => State::Settle {
                    later,
                    answer: Some(Response::from_parts(head, body)),
                },
            };
            state.set(next);
        }
    }
}

impl<S, B, R> State<S, B, S::Future, Response<R>>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    /// Waits for the layer's own part. Gives the answer, unless the application is asked first.
    #[cold]
    fn poll_own(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Response<ResponseBody<R>>>> {
        Poll::Ready(match self.as_mut().project() {
            StateProjection::Decide { deciding, waiting } => {
                let decision = ready!(deciding.as_mut().poll(cx));
                let (mut ready, body) = waiting.take().expect(COMPLETED);
                match decision {
                    Decision::Forward(head, forwarded) => {
                        let future = ready.call(Request::from_parts(head, body));
                        self.set(State::Forward { future, forwarded });
                        None
                    }
                    Decision::Reply(response) => Some(response.map(ResponseBody::own)),
                }
            }
            StateProjection::Settle { later, answer } => {
                let settled = ready!(later.as_mut().poll(cx));
                let answer = answer.take().expect(COMPLETED);
                Some(match settled {
                    Settled::With(cookies) => {
                        let mut answer = answer.map(ResponseBody::application);
                        append_cookies(answer.headers_mut(), cookies);
                        answer
                    }
                    Settled::Reply(reply) => reply.map(ResponseBody::own),
                })
            }
            StateProjection::Reply { response } => {
                let response = response.take().expect(COMPLETED);
                Some(response.map(ResponseBody::own))
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
