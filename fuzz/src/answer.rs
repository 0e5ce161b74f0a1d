//! What a browser sees of an answer.

use http::{HeaderValue, Response, StatusCode, header, response::Parts};
use tower_didit::{IdClaims, UserInfo};

/// An answer of the site.
pub struct Answer(Parts);

impl Answer {
    pub(crate) fn new<B>(answer: Response<B>) -> Self {
        let (head, _body) = answer.into_parts();
        Self(head)
    }

    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Where it sends the browser.
    pub fn location(&self) -> Option<&str> {
        let location = self.0.headers.get(header::LOCATION)?;
        Some(location.to_str().expect("visible ASCII"))
    }

    /// Whether it begins a session.
    pub fn is_signed_in(&self) -> bool {
        self.set_cookies().any(|(name, _)| name == "__Host-didit")
    }

    /// The names and values of the cookies that it sets; those that it removes are not among them.
    pub fn set_cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.0.headers.get_all(header::SET_COOKIE);
        lines
            .into_iter()
            .filter_map(|line| line.to_str().ok()?.split_once(';')?.0.split_once('='))
            .filter(|(_, value)| !value.is_empty())
    }

    /// The same as the browser sends them.
    pub fn cookies(&self) -> HeaderValue {
        let pairs = self
            .set_cookies()
            .map(|(name, value)| format!("{name}={value}"));
        let cookies = pairs.collect::<Vec<_>>().join("; ");
        cookies.parse().expect("they came in a header")
    }

    pub(crate) fn claims(&self) -> Option<&IdClaims> {
        self.0.extensions.get()
    }

    pub(crate) fn user_info(&self) -> Option<&UserInfo> {
        self.0.extensions.get()
    }
}
