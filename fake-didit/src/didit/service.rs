//! The Tower service.

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
    fault::{self, FaultKind},
    listen::BodyTooLarge,
    log::Outcome,
    provider::{response, routes},
};

impl Service<Request<Bytes>> for FakeDidit {
    type Response = Response<Bytes>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        // The request is processed here, not when the future is first polled.
        match self.respond(&request) {
            None => Box::pin(future::pending()),
            Some((response, Duration::ZERO)) => Box::pin(future::ready(Ok(response))),
            Some((response, delay)) => Box::pin(async move {
                tokio::time::sleep(delay).await;
                Ok(response)
            }),
        }
    }
}

impl FakeDidit {
    /// The response and its delay; `None` if there is no response.
    fn respond(&self, request: &Request<Bytes>) -> Option<(Response<Bytes>, Duration)> {
        let mut state = self.lock();
        let endpoint = state.endpoint(request.uri().path());
        let is_too_large = request.extensions().get::<BodyTooLarge>().is_some();
        let fault = endpoint
            .filter(|_| !state.is_off && !is_too_large)
            .and_then(|endpoint| state.faults.take(endpoint));
        let kind = fault.as_ref().map(|fault| &fault.0);
        let mut response = match kind {
            _ if is_too_large => Some(response::too_large()),
            _ if state.is_off => Some(routes::switched_off()),
            Some(FaultKind::Hang) => None,
            _ => Some(routes::respond(&mut state, endpoint, request, kind)),
        };
        let outcome = Outcome {
            fault: fault.clone(),
            status: response.as_ref().map(Response::status),
            problem: response.as_mut().and_then(response::take_problem),
            ..state.outcome(endpoint)
        };
        state.log.record(request, outcome);
        let keys = state.keys;
        // The closure of a fault may call this fake.
        drop(state);
        let response = response?;
        Some(match fault.map(|fault| fault.0) {
            Some(FaultKind::Delay(delay)) => (response, delay),
            Some(kind) => (fault::apply(response, &kind, &keys), Duration::ZERO),
            None => (response, Duration::ZERO),
        })
    }
}
