//! The answer to a request that failed.

use bytes::Bytes;
use http::{Response, header, request::Parts};
use url::form_urlencoded;

use super::{
    Flow,
    answer::keep_private,
    navigation::Asker,
    page::{WayOn, advice, page, problem},
};
use crate::{
    error::{Error, ErrorKind},
    problem::{SOON, challenge},
    return_to::ReturnTo,
};

impl Flow {
    /// The answer to a request that failed. `return_to` is where the sign-in was to end.
    pub(super) fn failure(
        &self,
        error: &Error,
        request: &Parts,
        return_to: Option<&ReturnTo>,
    ) -> Response<Bytes> {
        log(error);
        if error.kind() == ErrorKind::TooManySignIns {
            self.reported.exchanges_full.call_once(|| {
                tracing::warn!("too many sign-ins wait for the provider: is it slow?");
            });
        }
        let mut response = match &self.config.error_page {
            Some(page) => (page.0)(error, request),
            None if Asker::is_page(&request.headers) => self.page(error.kind(), return_to),
            None => problem(error.kind()).into_response(),
        };
        if matches!(
            error.kind(),
            ErrorKind::TooManySignIns | ErrorKind::SessionUnavailable
        ) {
            response.headers_mut().insert(header::RETRY_AFTER, SOON);
        }
        finished(response, error)
    }

    /// The answer to a person who sent a form without being signed in.
    pub(super) fn sign_in_first(&self) -> Response<Bytes> {
        let kind = ErrorKind::NotSignedIn;
        finished(self.page(kind, None), &Error::new(kind))
    }

    /// The answer to a person whose page needs the session store, which does not answer.
    pub(super) fn not_now(&self) -> Response<Bytes> {
        let kind = ErrorKind::SessionUnavailable;
        let mut response = self.page(kind, None);
        response.headers_mut().insert(header::RETRY_AFTER, SOON);
        finished(response, &Error::new(kind))
    }

    /// The built-in page.
    fn page(&self, kind: ErrorKind, return_to: Option<&ReturnTo>) -> Response<Bytes> {
        let landing_page = self.config.landing_page.as_str();
        page(kind, &self.way_on(kind, return_to), landing_page)
    }

    /// Where the page's first link leads.
    fn way_on(&self, kind: ErrorKind, return_to: Option<&ReturnTo>) -> String {
        let landing_page = || self.config.landing_page.as_str().to_owned();
        match (&self.config.routes.login, advice(kind).way_on) {
            (Some(login), WayOn::SignIn | WayOn::TryAgain) => match return_to {
                Some(page) => {
                    let page = form_urlencoded::byte_serialize(page.as_str().as_bytes());
                    format!("{login}?return_to={}", page.collect::<String>())
                }
                None => login.clone(),
            },
            _ => landing_page(),
        }
    }
}

/// Adds what every such answer has.
fn finished(mut response: Response<Bytes>, error: &Error) -> Response<Bytes> {
    challenge(&mut response);
    keep_private(response.headers_mut());
    response.extensions_mut().insert(error.clone());
    response
}

/// What a stranger can cause at will is not for the operator's attention.
fn log(error: &Error) {
    let source = error.causes();
    let code = error.kind().code();
    let kind = error.kind();
    // A foreign issuer is more likely a mistake in the configuration than an attack.
    let is_ours = kind.status().is_server_error() && kind != ErrorKind::TooManySignIns;
    if is_ours || kind == ErrorKind::ForeignIssuer {
        tracing::warn!(code, %error, source, "request failed");
    } else {
        tracing::debug!(code, %error, source, "request refused");
    }
}
