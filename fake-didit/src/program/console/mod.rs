//! The start page and the JSON API, beside the fake on the same port.

#![expect(
    clippy::unnecessary_wraps,
    reason = "all calls of the API have one signature"
)]

mod api;
mod assets;
mod call;
mod faults;
mod guard;
mod people;
mod problem;
mod record;
mod redaction;
mod state;

use std::{
    convert::Infallible,
    future,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Method, Request, Response, header};
use tower_service::Service;

use self::problem::Problem;
use super::START_PAGE;
use crate::{
    FakeDidit,
    provider::answer::{self, Answer},
};

/// Answers below `/fake/` itself and leaves all else to the fake.
#[derive(Clone, Debug)]
pub(super) struct Console {
    didit: FakeDidit,
}

impl Console {
    pub(super) fn new(didit: FakeDidit) -> Self {
        Self { didit }
    }

    /// The answer below `/fake/`, which the record does not have.
    fn answer(&self, request: &Request<Bytes>) -> Answer {
        let checked = guard::check(request, &self.didit.issuer());
        let answered = checked.and_then(|()| match request.uri().path().strip_prefix(API) {
            Some(path) => api::answer(&self.didit, path, request),
            None => assets::answer(request),
        });
        answered.unwrap_or_else(Problem::answer)
    }
}

impl Service<Request<Bytes>> for Console {
    type Response = Response<Bytes>;
    type Error = Infallible;
    type Future = <FakeDidit as Service<Request<Bytes>>>::Future;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let answer = match request.uri().path() {
            "/" if is_opened_by_a_person(&request) => answer::redirect(START_PAGE),
            "/fake" if request.method() == Method::GET => answer::redirect(START_PAGE),
            // Browsers ask for it wherever they are.
            "/favicon.ico" => assets::icon(),
            path if path.starts_with(START_PAGE) => self.answer(&request),
            _ => return self.didit.call(request),
        };
        Box::pin(future::ready(Ok(answer)))
    }
}

/// `GET /` without a query is no authorization request that can be meant.
fn is_opened_by_a_person(request: &Request<Bytes>) -> bool {
    let accept = request.headers().get(header::ACCEPT);
    let accept = accept.and_then(|accept| accept.to_str().ok());
    request.method() == Method::GET
        && request.uri().query().is_none()
        && accept.is_some_and(|accept| accept.contains("text/html"))
}

const API: &str = "/fake/api/";
