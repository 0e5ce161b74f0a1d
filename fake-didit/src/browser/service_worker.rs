//! A service worker that passes navigations on.

use url::Url;

use crate::browser::stored_cookie::is_trustworthy;

/// A service worker for one origin that answers each `fetch` event with
/// `event.respondWith(fetch(event.request))`.
///
/// The network sees the worker's request instead of the browser's. `new Request(request)` keeps mode,
/// headers, body, referrer and credentials, so cookies, `Origin` and `Referer` stay; its destination is
/// the empty string (Fetch, "new `Request(input, init)`"), and it is no navigation that a person
/// activated. A redirect comes back as an opaque one that the browser follows as a navigation, through
/// the worker again where that is in its scope (Fetch, "HTTP fetch").
#[derive(Clone, Debug)]
pub(crate) struct ServiceWorker {
    origin: Url,
}

impl ServiceWorker {
    /// A worker whose scope is a whole origin.
    pub(crate) fn new(origin: Url) -> Self {
        assert!(
            is_trustworthy(&origin),
            "a service worker needs https or a loopback host, and {origin} has neither"
        );
        Self { origin }
    }

    pub(crate) fn is_in_scope(&self, url: &Url) -> bool {
        self.origin.origin() == url.origin()
    }

    /// The origin that stands in for the page when there is none: the worker is the client of its
    /// requests.
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
    #[should_panic(
        expected = "needs https or a loopback host, and http://app.example/ has neither"
    )]
    fn an_insecure_origin_has_no_worker() {
        ServiceWorker::new(Url::parse("http://app.example").unwrap());
    }
}
