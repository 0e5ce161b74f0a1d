//! The future of an answer.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response, request::Parts};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::{
    body::ResponseBody,
    flow::{Arrival, Departure, Flow, Later, Seen, Settled, Step, Wait, append_cookies},
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
        /// The application answers; then the head is seen to.
        Forward {
            #[pin]
            future: F,
            departure: Option<Departure>,
        },
        /// The store or the provider is asked first. Only this and the next box.
        Wait {
            wait: Wait,
            parked: Option<Box<Parked<S, B>>>,
        },
        /// What becomes of the application's answer is known later.
        Later { later: Later, answer: Option<A> },
        /// The layer answers itself.
        Reply { response: Option<Response<Bytes>> },
    }
}

/// A request that waits, with the service that is ready for it.
struct Parked<S, B> {
    flow: Arc<Flow>,
    ready: S,
    parts: Parts,
    body: B,
}

impl<S, B> ResponseFuture<S, B>
where
    S: Service<Request<B>>,
{
    pub(crate) fn forward(future: S::Future, departure: Departure) -> Self {
        Self {
            state: State::Forward {
                future,
                departure: Some(departure),
            },
        }
    }

    pub(crate) fn wait(wait: Wait, flow: Arc<Flow>, ready: S, parts: Parts, body: B) -> Self {
        Self {
            state: State::Wait {
                wait,
                parked: Some(Box::new(Parked {
                    flow,
                    ready,
                    parts,
                    body,
                })),
            },
        }
    }

    pub(crate) fn reply(response: Response<Bytes>) -> Self {
        Self {
            state: State::Reply {
                response: Some(response),
            },
        }
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
            let next = match state.as_mut().project() {
                StateProjection::Forward { future, departure } => {
                    let response = ready!(future.poll(cx))?;
                    let departure = departure.take().expect(COMPLETED);
                    let (mut head, body) = response.into_parts();
                    match departure.see(&mut head) {
                        Seen::AsItIs => {
                            let body = ResponseBody::application(body);
                            return Poll::Ready(Ok(Response::from_parts(head, body)));
                        }
                        Seen::Reply(reply) => {
                            return Poll::Ready(Ok(reply.map(ResponseBody::own)));
                        }
                        Seen::Later(later) => State::Later {
                            later,
                            answer: Some(Response::from_parts(head, body)),
                        },
                    }
                }
                StateProjection::Later { later, answer } => {
                    let settled = ready!(later.as_mut().poll(cx));
                    let answer = answer.take().expect(COMPLETED);
                    return Poll::Ready(Ok(match settled {
                        Settled::With(cookies) => {
                            let mut answer = answer.map(ResponseBody::application);
                            append_cookies(answer.headers_mut(), cookies);
                            answer
                        }
                        Settled::Reply(reply) => reply.map(ResponseBody::own),
                    }));
                }
                StateProjection::Reply { response } => {
                    let response = response.take().expect(COMPLETED);
                    return Poll::Ready(Ok(response.map(ResponseBody::own)));
                }
                StateProjection::Wait { wait, parked } => {
                    let arrival = ready!(wait.as_mut().poll(cx));
                    parked.take().expect(COMPLETED).go_on(arrival)
                }
            };
            state.set(next);
        }
    }
}

impl<S, B> Parked<S, B>
where
    S: Service<Request<B>>,
{
    fn go_on(mut self: Box<Self>, arrival: Arrival) -> State<S, B, S::Future, S::Response> {
        match self.flow.go_on(arrival, &mut self.parts) {
            Step::Forward(departure) => State::Forward {
                future: self.ready.call(Request::from_parts(self.parts, self.body)),
                departure: Some(departure),
            },
            Step::Wait(wait) => State::Wait {
                wait,
                parked: Some(self),
            },
            Step::Reply(response) => State::Reply {
                response: Some(response),
            },
        }
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
