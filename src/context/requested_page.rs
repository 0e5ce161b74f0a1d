//! The requested page.

use http::{HeaderValue, Method, Request, Uri, header, request::Parts, uri::PathAndQuery};

/// The page that a person has requested: the parts of the request's head that a sign-in or an error page needs.
pub(crate) struct RequestedPage {
    /// `true` for `GET`, `false` for `POST`.
    is_get: bool,
    address: Option<PathAndQuery>,
    host: Option<HeaderValue>,
    /// A copy of the whole head, for the application's error page.
    head: Option<Box<Parts>>,
}

impl RequestedPage {
    /// `whole` copies the head, without its extensions.
    pub(crate) fn new<B>(request: &Request<B>, whole: bool) -> Self {
        Self {
            is_get: *request.method() == Method::GET,
            address: request.uri().path_and_query().cloned(),
            host: match request.uri().authority() {
                Some(authority) => HeaderValue::from_str(authority.as_str()).ok(),
                None => request.headers().get(header::HOST).cloned(),
            },
            head: whole.then(|| {
                let mut head = empty_head();
                head.method = request.method().clone();
                head.uri = request.uri().clone();
                head.version = request.version();
                head.headers = request.headers().clone();
                Box::new(head)
            }),
        }
    }

    pub(crate) fn head(&self) -> Parts {
        if let Some(head) = &self.head {
            return (**head).clone();
        }
        let mut head = empty_head();
        if !self.is_get {
            head.method = Method::POST;
        }
        head.uri = self.address.clone().map(Uri::from).unwrap_or_default();
        head
    }

    /// The address to return to. `None` after a `POST`, which is not repeated.
    pub(crate) fn address(&self) -> Option<&PathAndQuery> {
        self.address.as_ref().filter(|_| self.is_get)
    }

    /// The host that the request is for: that of its URI (`:authority` in HTTP/2), else the `Host` header.
    pub(crate) fn host(&self) -> Option<&str> {
        self.host.as_ref()?.to_str().ok()
    }
}

fn empty_head() -> Parts {
    Request::new(()).into_parts().0
}
