//! Cookies, as a test reads and changes them.

use crate::browser::{
    Browser,
    cookie_jar::SiteContext,
    stored_cookie::{StoredCookie, is_trustworthy},
};

impl Browser {
    /// The cookies that have not expired, oldest first. [`StoredCookie`] has an example.
    pub fn cookies(&self) -> Vec<StoredCookie> {
        self.jar().cookies()
    }

    /// The cookie with this name, if it has not expired. [`StoredCookie`] has an example.
    pub fn cookie(&self, name: &str) -> Option<StoredCookie> {
        self.cookies()
            .into_iter()
            .find(|cookie| cookie.name() == name)
    }

    /// Sets a cookie for all paths of the application's host.
    ///
    /// ```
    /// use axum::{Router, http::HeaderMap, routing::get};
    /// use fake_didit::Browser;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let cookies = |headers: HeaderMap| async move { headers["cookie"].to_str().unwrap().to_owned() };
    /// let browser = Browser::new("https://app.example", Router::new().route("/", get(cookies)));
    /// browser.set_cookie("theme", "dark");
    /// assert_eq!(browser.visit("/").await.text(), "theme=dark");
    /// assert_eq!(browser.cookie_header_len("/"), "theme=dark".len());
    /// browser.remove_cookie("theme");
    /// assert_eq!(browser.cookie_header_len("/"), 0);
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If name or value contains a control character, which headers cannot carry.
    pub fn set_cookie(&self, name: &str, value: &str) {
        let has_control = [name, value]
            .concat()
            .contains(|character: char| character.is_control());
        assert!(!has_control, "the cookie {name:?} has a control character");
        let host = self.home.host_str().unwrap_or_default();
        let cookie = StoredCookie::host_only(name, value, host).secure(is_trustworthy(&self.home));
        self.jar().put(cookie);
    }

    /// Removes all cookies with this name. See the example of [`set_cookie`](Self::set_cookie).
    pub fn remove_cookie(&self, name: &str) {
        self.jar().remove(name);
    }

    /// The length of the `Cookie` header for a URL, in bytes. See the example of
    /// [`set_cookie`](Self::set_cookie).
    pub fn cookie_header_len(&self, url: &str) -> usize {
        self.jar()
            .header(&self.resolve(url), SiteContext::SameSite)
            .map_or(0, |header| header.len())
    }

    /// The cookies that the browser rejected, oldest first: name and reason, without the value.
    ///
    /// ```
    /// use axum::{Router, http::header::SET_COOKIE, routing::get};
    /// use fake_didit::Browser;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let app = Router::new().route("/", get(|| async { [(SET_COOKIE, "__Host-id=1; Path=/")] }));
    /// let browser = Browser::new("https://app.example", app);
    /// browser.visit("/").await;
    /// assert_eq!(browser.rejected_cookies(), ["__Host-id: a __Secure- or __Host- name without Secure"]);
    /// # }
    /// ```
    pub fn rejected_cookies(&self) -> Vec<String> {
        self.jar().rejected().to_vec()
    }
}
