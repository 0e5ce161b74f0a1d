//! The page that the browser returns to.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum_core::body::Body;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header, request::Parts};
use tower_service::Service;

use super::{
    PAUSE, Standing, Verification,
    guard::{location, redirect, refusal},
    outage, user_of,
};
use crate::{
    error::{Error, ErrorKind, VerificationError},
    extract::context,
    relying_party::notice,
};

/// The page that the browser returns to. Made by [`Verification::return_page`].
///
/// [Example](Verification).
#[derive(Clone, Debug)]
pub struct VerificationReturnPage(Verification);

impl VerificationReturnPage {
    pub(super) fn new(verification: Verification) -> Self {
        Self(verification)
    }

    async fn answer(&self, head: &Parts) -> Result<Response<Bytes>, Error> {
        if !matches!(head.method, Method::GET | Method::HEAD) {
            return Err(Error::new(ErrorKind::MethodNotAllowed));
        }
        let Some(context) = context(&head.extensions)? else {
            return Ok(elsewhere());
        };
        let Some(session) = context.session()?.signed_in().await? else {
            return Ok(elsewhere());
        };
        let user = user_of(session.tokens().claims());
        let Self(verification) = self;
        let mut record = verification.record(&user).await?.map(|(record, _)| record);
        let mut wait = None;
        if let Some(known) = &record
            && !matches!(verification.standing(&user, known)?, Standing::Verified)
            && verification.is_due(known)
        {
            match verification.ask(&user).await {
                Ok(asked) => record = asked,
                // What is known counts, and the page asks again.
                Err(error) => wait = Some(outage::wait(&error).ok_or(error)?),
            }
        }
        let Some(record) = record else {
            if context.requested_page().is_none() {
                return Err(Error::new(VerificationError::Required));
            }
            let started = verification.start(&user, "/").await?;
            let url = started.as_ref().map_or("/", |session| session.url());
            return Ok(redirect(location(url)?));
        };
        match verification.standing(&user, &record)? {
            Standing::Verified => Ok(redirect(location(&record.page)?)),
            Standing::Refused => Err(Error::new(VerificationError::Declined)),
            Standing::Unfinished | Standing::Waiting => Ok(waiting(head, &record.page, wait)),
        }
    }
}

/// For the device that took over, where nobody is signed in.
fn elsewhere() -> Response<Bytes> {
    notice(
        "Go back to your first device",
        "This browser is not signed in. Continue in the browser in which you began.",
        "/",
    )
}

/// Looks again by itself, a few times. `wait` says when Didit can be asked, if it could not be asked now: such a look does
/// not count.
fn waiting(head: &Parts, page: &str, wait: Option<Duration>) -> Response<Bytes> {
    let mut response = notice(
        "Your verification is not finished",
        "If you have finished it at Didit, the result appears here in a moment. Otherwise continue.",
        page,
    );
    let looks = head.uri.query().and_then(|query| query.strip_prefix(LOOK));
    let looks: u8 = looks.and_then(|looks| looks.parse().ok()).unwrap_or(0);
    let next = match wait {
        Some(wait) => Some((wait, looks)),
        None => (looks < LOOKS).then(|| (PAUSE, looks + 1)),
    };
    let refresh = next.and_then(|(wait, look)| outage::refresh(wait, &format!("?{LOOK}{look}")));
    if let Some(refresh) = refresh {
        response.headers_mut().insert(header::REFRESH, refresh);
    }
    *response.status_mut() = StatusCode::OK;
    response
}

impl<B: Send + 'static> Service<Request<B>> for VerificationReturnPage {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let page = self.clone();
        let (head, _) = request.into_parts();
        Box::pin(async move {
            let answer = page.answer(&head).await;
            let response = answer.unwrap_or_else(|error| refusal(&head, error));
            Ok(response.map(Body::from))
        })
    }
}

const LOOK: &str = "look=";
const LOOKS: u8 = 6;
