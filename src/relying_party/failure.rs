//! The answer to a request that failed.

use bytes::Bytes;
use http::{HeaderValue, Method, Response, header, request::Parts};
use url::form_urlencoded;

use super::{
    RelyingParty, RequestKind,
    answer::{append_cookies, keep_private},
    pages::{Link, page},
};
use crate::{
    error::{Answered, Error, ErrorKind, NextPage, oblige},
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
    /// Whether the same address may be asked for again.
    is_repeatable: bool,
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

    pub(super) fn returning_to<'a>(mut self, page: impl Into<Option<&'a ReturnTo>>) -> Self {
        self.return_to = page.into().cloned();
        self
    }

    /// Adds cookies. They end something: the same request would not find it again.
    pub(super) fn with_cookies(mut self, cookies: impl IntoIterator<Item = HeaderValue>) -> Self {
        self.cookies.extend(cookies);
        self.used_up()
    }

    /// The same request would fail for another reason.
    pub(super) fn used_up(mut self) -> Self {
        self.is_repeatable = false;
        self
    }

    /// Adds to a page or a problem document what every answer to a failure has.
    fn complete(self, mut response: Response<Bytes>) -> Response<Bytes> {
        oblige(&mut response);
        let headers = response.headers_mut();
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, allow);
        }
        keep_private(headers);
        append_cookies(headers, self.cookies);
        let extensions = response.extensions_mut();
        extensions.insert(Answered);
        extensions.insert(self.error);
        response
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            return_to: None,
            cookies: Vec::new(),
            allow: None,
            is_repeatable: true,
        }
    }
}

impl RelyingParty {
    /// The answer to one of the layer's own requests that failed: a page for a person, a problem document for a
    /// program.
    pub(super) fn render(&self, failure: Failure, request: &Parts) -> Response<Bytes> {
        if RequestKind::of_page(request) {
            return self.render_page(failure, request);
        }
        self.log(&failure.error);
        let problem = failure.error.problem();
        failure.complete(problem)
    }

    /// The page for a person: the application's own, else the built-in one.
    pub(super) fn render_page(&self, failure: Failure, request: &Parts) -> Response<Bytes> {
        self.log(&failure.error);
        let response = if let Some(page) = &self.config.error_page {
            (page.0)(&failure.error, request)
        } else {
            let link = self.link(&failure, &request.method);
            page(failure.error.kind(), &link, self.landing_page())
        };
        failure.complete(response)
    }

    fn log(&self, error: &Error) {
        error.log("request failed");
        let reported = &self.reported;
        match error.kind() {
            ErrorKind::TooManySignIns => reported.exchanges_full.call_once(|| {
                tracing::warn!("too many sign-ins wait for the provider: is it slow?");
            }),
            ErrorKind::SessionNotKept => reported.session_not_kept.call_once(|| {
                tracing::warn!(
                    "a browser comes back signed out from completed sign-ins: do all processes share the \
                     cookie keys and the session store, and does the site keep its host name?"
                );
            }),
            _ => {}
        }
    }

    /// Where the page leads: never to an address that was used up, nor to one that takes no `GET`.
    fn link(&self, failure: &Failure, method: &Method) -> Link {
        let sign_in = || self.sign_in_page(failure.return_to.as_ref());
        match failure.error.kind().row().advice.next_page {
            NextPage::SignIn => Link::sign_in(sign_in()),
            NextPage::Reload if method != Method::GET => Link::go_on(self.landing_page()),
            // This very address, code and all: it was not used yet.
            NextPage::Reload if failure.is_repeatable => Link::try_again(String::new()),
            NextPage::TryAgain | NextPage::Reload => Link::try_again(sign_in()),
            NextPage::LandingPage => Link::go_on(self.landing_page()),
        }
    }

    /// A sign-in that comes back to a page. Without a path for that, the page itself, which may ask for one.
    fn sign_in_page(&self, return_to: Option<&ReturnTo>) -> String {
        let page = return_to.map(ReturnTo::as_str);
        match (&self.config.login_path, page) {
            (Some(login), Some(page)) => {
                let page = form_urlencoded::byte_serialize(page.as_bytes());
                format!("{login}?return_to={}", page.collect::<String>())
            }
            (Some(login), None) => login.clone(),
            (None, page) => page.unwrap_or(self.landing_page()).to_owned(),
        }
    }

    fn landing_page(&self) -> &str {
        self.config.landing_page.as_str()
    }
}

#[cfg(all(test, feature = "test-util"))]
mod tests;
