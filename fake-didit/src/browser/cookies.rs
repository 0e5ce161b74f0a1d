//! The cookies of a browser, as a test looks at them and changes them.

use crate::browser::{
    Browser,
    cookie_jar::Cause,
    rejected_cookie::RejectedCookie,
    stored_cookie::{StoredCookie, is_trustworthy},
};

impl Browser {
    /// The cookies that have not expired, oldest first.
    pub fn cookies(&self) -> Vec<StoredCookie> {
        self.jar().cookies()
    }

    /// A cookie that has not expired.
    pub fn cookie(&self, name: &str) -> Option<StoredCookie> {
        self.cookies()
            .into_iter()
            .find(|cookie| cookie.name() == name)
    }

    /// Plants a cookie for the application's host and all its paths, in place of one of that name.
    pub fn set_cookie(&self, name: &str, value: &str) {
        let host = self.home.host_str().unwrap_or_default();
        let cookie = StoredCookie::host_only(name, value, host).secure(is_trustworthy(&self.home));
        self.jar().put(cookie);
    }

    /// Removes all cookies of this name.
    pub fn remove_cookie(&self, name: &str) {
        self.jar().remove(name);
    }

    /// How long the `Cookie` header for a URL is, in bytes.
    pub fn cookie_header_len(&self, url: &str) -> usize {
        self.jar()
            .header(&self.resolve(url), Cause::SameSite)
            .map_or(0, |header| header.len())
    }

    /// The `Set-Cookie` lines that were dropped, oldest first.
    pub fn rejected_cookies(&self) -> Vec<RejectedCookie> {
        self.jar().rejected().to_vec()
    }
}
