//! A guard for a group of routes.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Extensions, Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    body::ResponseBody,
    error::{Error, ErrorKind},
    tokens::{DiditTokens, IdClaims},
};

/// Lets signed-in users through and refuses everybody else, as the extractors do.
///
/// It goes inside of [`DiditAuth`](crate::DiditAuth), around the routes that it guards:
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
/// What is inside finds the [`IdClaims`] as an extension, too.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequireSignIn {
    with_tokens: bool,
}

impl RequireSignIn {
    /// A guard that waits for the session, and not for the access token.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits for a valid access token as well, as the [`DiditTokens`] extractor does, and adds the tokens to the
    /// extensions of what is inside.
    ///
    /// Default: the guard does not ask for the tokens.
    #[must_use]
    pub fn with_tokens(self) -> Self {
        Self { with_tokens: true }
    }
}

impl<S> Layer<S> for RequireSignIn {
    type Service = RequireSignInService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequireSignInService {
            inner,
            guard: *self,
        }
    }
}

/// What [`RequireSignIn`] makes of a service.
#[derive(Clone, Copy, Debug)]
pub struct RequireSignInService<S> {
    inner: S,
    guard: RequireSignIn,
}

impl<S, B, R> Service<Request<B>> for RequireSignInService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = GuardFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let check = self.guard.check(request.extensions());
        // The service that was polled is the one to call; the clone waits its turn.
        let clone = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, clone);
        GuardFuture {
            state: State::Check {
                check: Box::pin(check),
                waiting: Some((ready, request)),
            },
        }
    }
}

impl RequireSignIn {
    fn check(
        self,
        extensions: &Extensions,
    ) -> impl Future<Output = Result<Passed, Error>> + Send + use<> {
        let claims = IdClaims::of(extensions);
        let tokens = self.with_tokens.then(|| DiditTokens::of(extensions));
        async move {
            let not_signed_in = || Error::new(ErrorKind::NotSignedIn);
            let claims = claims.await?.ok_or_else(not_signed_in)?;
            let tokens = match tokens {
                Some(tokens) => Some(tokens.await?.ok_or_else(not_signed_in)?),
                None => None,
            };
            Ok(Passed { claims, tokens })
        }
    }
}

/// What a guard adds to the extensions.
struct Passed {
    claims: IdClaims,
    tokens: Option<DiditTokens>,
}

type Check = Pin<Box<dyn Future<Output = Result<Passed, Error>> + Send>>;

pin_project! {
    /// The answer of a [`RequireSignInService`].
    #[must_use = "futures do nothing unless polled"]
    pub struct GuardFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S, B, S::Future>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, B, F> {
        Check {
            check: Check,
            waiting: Option<(S, Request<B>)>,
        },
        Guarded { #[pin] future: F },
        Refused { response: Option<Response<Bytes>> },
    }
}

impl<S, B, R> Future for GuardFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Output = Result<Response<ResponseBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            let next = match state.as_mut().project() {
                StateProjection::Check { check, waiting } => {
                    let passed = ready!(check.as_mut().poll(cx));
                    let (mut ready, mut request) = waiting.take().expect(COMPLETED);
                    match passed {
                        Ok(Passed { claims, tokens }) => {
                            let extensions = request.extensions_mut();
                            extensions.insert(claims);
                            tokens.map(|tokens| extensions.insert(tokens));
                            State::Guarded {
                                future: ready.call(request),
                            }
                        }
                        Err(error) => State::Refused {
                            response: Some(error.into_answer()),
                        },
                    }
                }
                StateProjection::Guarded { future } => {
                    let answer = ready!(future.poll(cx))?;
                    return Poll::Ready(Ok(answer.map(ResponseBody::application)));
                }
                StateProjection::Refused { response } => {
                    let response = response.take().expect(COMPLETED);
                    return Poll::Ready(Ok(response.map(ResponseBody::own)));
                }
            };
            state.set(next);
        }
    }
}

impl<S, B> fmt::Debug for GuardFuture<S, B>
where
    S: Service<Request<B>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardFuture").finish_non_exhaustive()
    }
}

const COMPLETED: &str = "a future is not polled after it is ready";
