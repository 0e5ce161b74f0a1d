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
use http::{Method, Request, Response, header, request::Parts};
use tower_service::Service;

use super::{
    NextStep, PAUSE, Verification,
    guard::{location, refusal},
    outage,
};
use crate::{
    error::{Error, ErrorKind, VerificationError},
    extract::context,
    relying_party::{Notice, see_other},
    verification::{Status, VerificationRecord, new_verification::vendor_data},
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
        let user = vendor_data(session.tokens().claims());
        let Self(verification) = self;
        let mut record = verification.record(&user).await?.map(|(record, _)| record);
        let mut wait = None;
        if let Some(known) = &record
            && !matches!(verification.next_step(&user, known)?, NextStep::Admit)
            && verification.is_due(&user, known)
        {
            match verification.ask_for_page(&user).await {
                Ok(asked) => record = asked,
                // The record counts, and the page reloads itself.
                Err(error) => wait = Some(outage::wait(&error).ok_or(error)?),
            }
        }
        let Some(record) = record else {
            if context.requested_page().is_none() {
                return Err(Error::new(VerificationError::Required));
            }
            let session = verification.start_for_page(&user, "/").await?;
            return Ok(see_other(session.map_or_else(|| location("/"), Ok)?, []));
        };
        match verification.next_step(&user, &record)? {
            NextStep::Admit => Ok(see_other(location(&record.page)?, [])),
            NextStep::Refuse => Err(Error::new(VerificationError::Declined)),
            NextStep::Verify | NextStep::Wait => Ok(unfinished(head, &record, wait)),
        }
    }
}

/// The page in a browser in which nobody is signed in, such as that of the second device.
fn elsewhere() -> Response<Bytes> {
    let notice = Notice {
        title: "Go back to your first device",
        text: "You need not sign in here: close this page, and go on where you began. If you began here, open the site and \
               sign in again.",
        label: "Open the site",
        address: "/",
        is_quiet: true,
    };
    notice.into_response()
}

/// The page for a user who is not verified yet: the reason, and what to do. It reloads itself up to [`LOOKS`] times.
/// With `wait`, Didit did not respond: the page reloads after this time, and the reload does not count.
fn unfinished(
    head: &Parts,
    record: &VerificationRecord,
    wait: Option<Duration>,
) -> Response<Bytes> {
    let Advice {
        title,
        text,
        label,
        is_waiting,
    } = Advice::on(record.status());
    let looks = head.uri.query().and_then(|query| query.strip_prefix(LOOK));
    let looks: u8 = looks.and_then(|looks| looks.parse().ok()).unwrap_or(0);
    let next = match wait {
        Some(wait) => Some((wait, looks)),
        None => (is_waiting && looks < LOOKS).then(|| (PAUSE, looks + 1)),
    };
    let more = match (wait, next) {
        (Some(_), _) => " Didit does not answer right now: this page asks again by itself.",
        (None, Some(_)) => " This page looks again by itself.",
        (None, None) if is_waiting => " Come back later to look again.",
        (None, None) => "",
    };
    let text = format!("{text}{more}");
    let address = if label == LOOK_AGAIN {
        "?"
    } else {
        &record.page
    };
    let notice = Notice {
        title,
        text: &text,
        label,
        address,
        is_quiet: false,
    };
    let mut response = notice.into_response();
    let refresh = next.and_then(|(wait, look)| outage::refresh(wait, &format!("?{LOOK}{look}")));
    if let Some(refresh) = refresh {
        response.headers_mut().insert(header::REFRESH, refresh);
    }
    response
}

/// The texts of the page.
struct Advice {
    title: &'static str,
    text: &'static str,
    label: &'static str,
    /// Whether the status may change without the person.
    is_waiting: bool,
}

impl Advice {
    #[rustfmt::skip]
    const fn on(status: Status) -> Self {
        match status {
            Status::NotStarted | Status::InProgress =>
                Self { is_waiting: true, label: "Go on", title: "Your verification is not finished",
                    text: "If you have finished it, the result is not here yet. If not, go on where you stopped." },
            Status::Resubmitted =>
                Self { is_waiting: false, label: "Go on", title: "Please repeat a step",
                    text: "A part of your verification is needed again, such as a sharper picture. Only that part is \
                     repeated." },
            Status::Expired | Status::Abandoned =>
                Self { is_waiting: false, label: "Start again", title: "Your verification was not finished",
                    text: "It ended before the last step, or its link was too old. You can start again at any time." },
            Status::KycExpired =>
                Self { is_waiting: false, label: "Start again", title: "Please verify your identity again",
                    text: "Your last verification is too old to count." },
            Status::InReview | Status::AwaitingUser | Status::Approved | Status::Declined | Status::Other =>
                Self { is_waiting: true, label: LOOK_AGAIN, title: "Your verification is being checked",
                    text: "You have done your part. Somebody has to decide, which can take a while: you need not wait here." },
        }
    }
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

const LOOK_AGAIN: &str = "Look again";
/// The parameter that counts the reloads.
const LOOK: &str = "look=";
const LOOKS: u8 = 6;
