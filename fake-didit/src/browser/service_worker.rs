//! A service worker that forwards requests.

use url::Url;

use crate::browser::{Browser, stored_cookie::is_trustworthy};

impl Browser {
    /// Installs a service worker at the application's origin that handles each `fetch` event with
    /// `event.respondWith(fetch(event.request))`, as many progressive web apps do. Default: none.
    ///
    /// The application receives the worker's requests: a navigation has `Sec-Fetch-Mode: navigate` and
    /// `Sec-Fetch-Dest: empty`, no `Sec-Fetch-User`, and for a typed URL, `Sec-Fetch-Site: same-origin`
    /// instead of `none`. Cookies, `Origin` and `Referer` are those of the page. The browser follows
    /// redirects; requests to other origins do not go through the worker.
    ///
    /// ```
    /// use axum::{Router, http::HeaderMap, routing::get};
    /// use fake_didit::Browser;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let destination = |headers: HeaderMap| async move {
    ///     headers["sec-fetch-dest"].to_str().unwrap_or_default().to_owned()
    /// };
    /// let app = Router::new().route("/", get(destination));
    /// let browser = Browser::new("https://app.example", app);
    /// assert_eq!(browser.visit("/").await.text(), "document");
    /// assert_eq!(browser.with_service_worker().visit("/").await.text(), "empty");
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If the application's origin is neither https nor a loopback host.
    #[must_use]
    pub fn with_service_worker(mut self) -> Self {
        self.worker = Some(ServiceWorker::new(self.home.clone()));
        self
    }
}

/// A service worker for one origin that handles each `fetch` event with
/// `event.respondWith(fetch(event.request))`.
///
/// The application receives the worker's request instead of the browser's. `new Request(request)` keeps
/// mode, headers, body, referrer and credentials, and with them cookies, `Origin` and `Referer`. Its
/// destination is the empty string (Fetch, "new `Request(input, init)`"), and it has no user activation. The
/// browser follows redirects as navigations, which go through the worker again if they are in its scope
/// (Fetch, "HTTP fetch").
#[derive(Clone, Debug)]
pub(crate) struct ServiceWorker {
    origin: Url,
}

impl ServiceWorker {
    /// A worker with an origin as its scope.
    pub(crate) fn new(origin: Url) -> Self {
        assert!(
            is_trustworthy(&origin),
            "a service worker needs https or a loopback host: {origin}"
        );
        Self { origin }
    }

    pub(crate) fn is_in_scope(&self, url: &Url) -> bool {
        self.origin.origin() == url.origin()
    }

    /// The initiator of requests without a page: the worker is the client of its requests.
    pub(crate) fn origin(&self) -> &Url {
        &self.origin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_is_the_origin() {
        let worker = ServiceWorker::new(Url::parse("https://app.example").unwrap());
        for (url, expected) in [
            ("https://app.example/any?x", true),
            ("https://www.app.example/", false),
            ("http://app.example/", false),
        ] {
            assert_eq!(worker.is_in_scope(&Url::parse(url).unwrap()), expected);
        }
    }

    #[test]
    #[should_panic(expected = "needs https or a loopback host: http://app.example/")]
    fn an_insecure_origin_has_no_worker() {
        ServiceWorker::new(Url::parse("http://app.example").unwrap());
    }
}
