//! The response to a request that failed.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::{HeaderValue, Method, Response, request::Parts};
use url::form_urlencoded;

use super::{
    RelyingParty,
    pages::{Link, built_in_page},
    responses::{append_cookies, keep_private},
};
use crate::{
    error::{Error, ErrorKind, NextPage, Rendered},
    return_to::ReturnTo,
};

/// An error with the details of its response.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(super) error: Error,
    /// The page to return to after another sign-in.
    return_to: Option<ReturnTo>,
    pub(super) cookies: Vec<HeaderValue>,
    /// Whether the same request may succeed later.
    is_repeatable: bool,
}

impl Failure {
    pub(super) fn returning_to<'a>(mut self, page: impl Into<Option<&'a ReturnTo>>) -> Self {
        self.return_to = page.into().cloned();
        self
    }

    /// Adds cookies that remove a sign-in or a session. The same request cannot succeed afterwards.
    pub(super) fn with_cookies(mut self, cookies: impl IntoIterator<Item = HeaderValue>) -> Self {
        self.cookies.extend(cookies);
        self.used_up()
    }

    /// The same request cannot succeed.
    pub(super) fn used_up(mut self) -> Self {
        self.is_repeatable = false;
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            error,
            return_to: None,
            cookies: Vec::new(),
            is_repeatable: true,
        }
    }
}

impl RelyingParty {
    /// The response to a failed request: problem details, or a page if a person is waiting for the
    /// requested `page`. The error page is the application's, if it has one.
    pub(super) fn render(&self, failure: Failure, page: Option<&Parts>) -> Response<Bytes> {
        let error = &failure.error;
        self.log(error);
        let landing_page = self.config.landing_page.as_str();
        let mut response = match page {
            None => error.problem(),
            Some(request) => {
                let link = self.link(&failure, &request.method);
                match &self.config.error_page {
                    Some(page) => (page.0)(error, request, link.address(landing_page)),
                    None => built_in_page(error, &link, landing_page),
                }
            }
        };
        error.add_required_headers(&mut response);
        keep_private(response.headers_mut());
        append_cookies(response.headers_mut(), failure.cookies);
        let extensions = response.extensions_mut();
        extensions.insert(Rendered);
        extensions.insert(failure.error);
        response
    }

    fn log(&self, error: &Error) {
        error.log("request failed");
        let is_first = |reported: &AtomicBool| !reported.swap(true, Ordering::Relaxed);
        match error.kind() {
            ErrorKind::TooManyTokenRequests if is_first(&self.reported.too_many_token_requests) => {
                tracing::warn!("too many concurrent token requests: the provider may be slow");
            }
            ErrorKind::SessionNotKept if is_first(&self.reported.session_not_kept) => {
                tracing::warn!(
                    "login loop: browsers come back from the provider, but without a session; all processes must share \
                     the cookie keys and the session store, and the site must keep its host name"
                );
            }
            _ => {}
        }
    }

    /// The link of the page: never to a callback that was used, nor to an address that does not support `GET`.
    fn link(&self, failure: &Failure, method: &Method) -> Link {
        let sign_in = || self.sign_in_page(failure.return_to.as_ref());
        match failure.error.kind().row().advice.next_page {
            NextPage::SignIn => Link::SignIn(sign_in()),
            NextPage::Reload if method != Method::GET => Link::LandingPage,
            // The code in this address is still unused.
            NextPage::Reload if failure.is_repeatable => Link::TryAgain(String::new()),
            NextPage::TryAgain | NextPage::Reload => Link::TryAgain(sign_in()),
            NextPage::StepUp | NextPage::LandingPage => Link::LandingPage,
        }
    }

    /// A sign-in that returns to a page. Without a login path, the page itself, which may start a sign-in.
    fn sign_in_page(&self, return_to: Option<&ReturnTo>) -> String {
        let config = &self.config;
        match (&config.login_path, return_to) {
            (Some(login), Some(page)) => {
                let page = form_urlencoded::byte_serialize(page.as_str().as_bytes());
                format!("{login}?return_to={}", page.collect::<String>())
            }
            (Some(login), None) => login.clone(),
            // A quote would close an attribute in single quotes. Anyone can make up the address of a page.
            (None, Some(page)) => page.as_str().replace('\'', "%27"),
            (None, None) => config.landing_page.as_str().to_owned(),
        }
    }
}

#[cfg(all(test, feature = "test-util"))]
mod tests;
