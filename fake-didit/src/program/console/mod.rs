//! The start page and the JSON API, on the port of the fake.

#![expect(
    clippy::unnecessary_wraps,
    reason = "all requests of the API have one signature"
)]

mod api;
mod assets;
mod call;
mod faults;
mod guard;
mod people;
mod problem;
mod redaction;
mod request_log;
mod requests;
mod state;
mod users;
mod verifications;
mod webhooks;

use std::{
    convert::Infallible,
    future,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use tower_service::Service;

use self::{api::Reply, request_log::RequestLog};
use super::START_PAGE;
use crate::{FakeDidit, provider::response};

/// Serves the paths below `/fake/`, and passes other requests to the fake.
#[derive(Clone, Debug)]
pub(super) struct Console {
    didit: FakeDidit,
    log: Option<RequestLog>,
}

impl Console {
    pub(super) fn new(didit: FakeDidit, log_requests: bool) -> Self {
        let log = log_requests.then(RequestLog::default);
        Self { didit, log }
    }

    /// The response below `/fake/`. These requests are not recorded.
    fn respond(&self, request: &Request<Bytes>) -> <Self as Service<Request<Bytes>>>::Future {
        let checked = guard::check(request, &self.didit.issuer());
        let result = checked.and_then(|()| match request.uri().path().strip_prefix(API) {
            Some(path) => api::respond(&self.didit, path, request),
            None => assets::respond(request).map(Reply::Ready),
        });
        match result.unwrap_or_else(|problem| Reply::Ready(problem.into_response())) {
            Reply::Ready(response) => Box::pin(future::ready(Ok(response))),
            Reply::Sending(sending) => {
                Box::pin(async { Ok(response::json(StatusCode::OK, &sending.await)) })
            }
        }
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
        let ready = |response| -> Self::Future { Box::pin(future::ready(Ok(response))) };
        let response = match request.uri().path() {
            "/" if is_page_visit(&request) => ready(response::redirect(START_PAGE)),
            "/fake" if request.method() == Method::GET => ready(response::redirect(START_PAGE)),
            // Browsers request it for any page.
            "/favicon.ico" => ready(assets::icon()),
            path if path.starts_with(START_PAGE) => self.respond(&request),
            _ => self.didit.call(request),
        };
        // Also after a request to the API, which can record an authorization request.
        if let Some(log) = &self.log {
            log.print_new(&self.didit);
        }
        response
    }
}

/// Whether a person opens the root in a browser. An authorization request to the root has a query.
fn is_page_visit(request: &Request<Bytes>) -> bool {
    let accept = request.headers().get(header::ACCEPT);
    let accept = accept.and_then(|accept| accept.to_str().ok());
    request.method() == Method::GET
        && request.uri().query().is_none()
        && accept.is_some_and(|accept| accept.contains("text/html"))
}

const API: &str = "/fake/api/";
