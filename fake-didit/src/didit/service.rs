//! The fake as a Tower service.

use std::{
    convert::Infallible,
    future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;

use super::FakeDidit;
use crate::{
    fault::{FaultKind, tamper},
    listen::BodyTooLarge,
    log::Outcome,
    provider::{
        answer::{self, Answer},
        routes,
    },
};

impl Service<Request<Bytes>> for FakeDidit {
    type Response = Response<Bytes>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        // Counted and worked on now, not when the future is first polled.
        match self.answer(&request) {
            None => Box::pin(future::pending()),
            Some((answer, Duration::ZERO)) => Box::pin(future::ready(Ok(answer))),
            Some((answer, held_back)) => Box::pin(async move {
                tokio::time::sleep(held_back).await;
                Ok(answer)
            }),
        }
    }
}

impl FakeDidit {
    /// The answer, and for how long it is held back; `None`: for ever.
    fn answer(&self, request: &Request<Bytes>) -> Option<(Answer, Duration)> {
        let mut state = self.lock();
        let endpoint = state.endpoint(request.uri().path());
        let is_too_large = request.extensions().get::<BodyTooLarge>().is_some();
        let fault = endpoint
            .filter(|_| !state.is_off && !is_too_large)
            .and_then(|endpoint| state.script.take(endpoint));
        let kind = fault.as_ref().map(|fault| &fault.0);
        let mut answer = match kind {
            _ if is_too_large => Some(answer::too_large()),
            _ if state.is_off => Some(routes::switched_off()),
            Some(FaultKind::Hang) => None,
            _ => Some(routes::answer(&mut state, endpoint, request, kind)),
        };
        let outcome = Outcome {
            fault: fault.clone(),
            status: answer.as_ref().map(Answer::status),
            problem: answer.as_mut().and_then(answer::take_problem),
            ..state.outcome(endpoint)
        };
        state.log.record(request, outcome);
        let keys = state.keys;
        // A test's closure may ask this fake.
        drop(state);
        let answer = answer?;
        Some(match fault.map(|fault| fault.0) {
            Some(FaultKind::Delay(by)) => (answer, by),
            Some(kind) => (tamper(answer, &kind, &keys), Duration::ZERO),
            None => (answer, Duration::ZERO),
        })
    }
}
