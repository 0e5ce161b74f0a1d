//! The requested page.

use http::{HeaderValue, Method, Request, Uri, header, request::Parts, uri::PathAndQuery};

/// The page that a person has requested: the parts of the request's head that a sign-in or an error page needs.
pub(crate) struct RequestedPage {
    method: Method,
    uri: Uri,
    host: Option<HeaderValue>,
    /// A copy of the whole head, for the application's error page.
    head: Option<Box<Parts>>,
}

impl RequestedPage {
    /// `whole` copies the head, without its extensions.
    pub(crate) fn new<B>(request: &Request<B>, whole: bool) -> Self {
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            host: request.headers().get(header::HOST).cloned(),
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
        head.method = self.method.clone();
        head.uri = self.uri.clone();
        head
    }

    /// The address to return to. `None` after a `POST`, which is not repeated.
    pub(crate) fn address(&self) -> Option<&PathAndQuery> {
        let address = self.uri.path_and_query();
        address.filter(|_| self.method == Method::GET)
    }

    /// The host that the request is for: that of its URI (`:authority` in HTTP/2), else the `Host` header.
    pub(crate) fn host(&self) -> Option<&str> {
        match self.uri.authority() {
            Some(authority) => Some(authority.as_str()),
            None => self.host.as_ref()?.to_str().ok(),
        }
    }
}

fn empty_head() -> Parts {
    Request::new(()).into_parts().0
}
