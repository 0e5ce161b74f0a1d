//! The answer to a request that failed.

use bytes::Bytes;
use http::{HeaderValue, Method, Response, header, request::Parts};
use url::form_urlencoded;

use super::{
    RelyingParty, RequestKind,
    answer::{append_cookies, keep_private},
    pages::{NextPage, advice, page, problem},
};
use crate::{
    context::AskedPage,
    error::{Error, ErrorKind},
    problem::{SOON, challenge},
    return_to::ReturnTo,
};

/// An error, and what its answer needs besides.
#[derive(Debug)]
pub(crate) struct Failure {
    error: Error,
    /// Where the sign-in was to end.
    return_to: Option<ReturnTo>,
    cookies: Vec<HeaderValue>,
    allow: Option<HeaderValue>,
}

impl Failure {
    pub(super) fn method_not_allowed(allowed: &Method) -> Self {
        let allow = HeaderValue::from_str(allowed.as_str());
        Self {
            allow: Some(allow.expect("GET and POST are header values")),
            ..Error::new(ErrorKind::MethodNotAllowed).into()
        }
    }

    pub(super) fn kind(&self) -> ErrorKind {
        self.error.kind()
    }

    pub(super) fn into_cookies(self) -> Vec<HeaderValue> {
        self.cookies
    }

    pub(super) fn returning_to(mut self, page: &ReturnTo) -> Self {
        self.return_to = Some(page.clone());
        self
    }

    pub(super) fn with_cookies(mut self, cookies: impl IntoIterator<Item = HeaderValue>) -> Self {
        self.cookies.extend(cookies);
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            return_to: None,
            cookies: Vec::new(),
            allow: None,
        }
    }
}

impl RelyingParty {
    /// The answer to a request that failed: a page for a person, a problem document for a program, or what the
    /// application makes of it.
    pub(super) fn render(&self, failure: Failure, request: &Parts) -> Response<Bytes> {
        let is_page = RequestKind::is_page(&request.headers);
        self.render_as(is_page, failure, request)
    }

    /// Likewise, for a person who is waiting for this page.
    pub(super) fn render_page(&self, failure: Failure, page: &AskedPage) -> Response<Bytes> {
        self.render_as(true, failure, page.head())
    }

    fn render_as(&self, is_page: bool, failure: Failure, request: &Parts) -> Response<Bytes> {
        let Failure {
            error,
            return_to,
            cookies,
            allow,
        } = failure;
        log(&error);
        let kind = error.kind();
        if kind == ErrorKind::TooManySignIns {
            self.reported.exchanges_full.call_once(|| {
                tracing::warn!("too many sign-ins wait for the provider: is it slow?");
            });
        }
        if kind == ErrorKind::SessionNotKept {
            self.reported.session_not_kept.call_once(|| {
                tracing::warn!(
                    "a browser comes back signed out from completed sign-ins: do all processes share the \
                     cookie keys and the session store, and does the site keep its host name?"
                );
            });
        }
        let mut response = match &self.config.error_page {
            Some(page) => (page.0)(&error, request),
            None if is_page => {
                let landing_page = self.config.landing_page.as_str();
                page(
                    kind,
                    &self.next_page(kind, return_to.as_ref()),
                    landing_page,
                )
            }
            None => problem(kind).into_response(),
        };
        challenge(&mut response);
        let headers = response.headers_mut();
        if matches!(
            kind,
            ErrorKind::TooManySignIns
                | ErrorKind::SessionUnavailable
                | ErrorKind::TokensUnavailable
        ) {
            headers.insert(header::RETRY_AFTER, SOON);
        }
        if let Some(allow) = allow {
            headers.insert(header::ALLOW, allow);
        }
        keep_private(headers);
        append_cookies(headers, cookies);
        response.extensions_mut().insert(error);
        response
    }

    /// Where the page's link leads.
    fn next_page(&self, kind: ErrorKind, return_to: Option<&ReturnTo>) -> String {
        let landing_page = || self.config.landing_page.as_str().to_owned();
        match (&self.config.routes.login, advice(kind).next_page) {
            (Some(login), NextPage::SignIn | NextPage::TryAgain) => match return_to {
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
