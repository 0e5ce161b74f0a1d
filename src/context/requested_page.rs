//! The requested page.

use http::{Method, Request, Uri, request::Parts, uri::PathAndQuery};

/// The page that a person has requested: the parts of the request's head that a sign-in or an error page needs.
pub(crate) struct RequestedPage {
    method: Method,
    address: Option<PathAndQuery>,
    /// A copy of the whole head, for the application's error page.
    head: Option<Box<Parts>>,
}

impl RequestedPage {
    /// `whole` copies the head, without its extensions.
    pub(crate) fn new<B>(request: &Request<B>, whole: bool) -> Self {
        Self {
            method: request.method().clone(),
            address: request.uri().path_and_query().cloned(),
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
        head.uri = self.address.clone().map(Uri::from).unwrap_or_default();
        head
    }

    /// The address to return to. `None` after a `POST`, which is not repeated.
    pub(crate) fn address(&self) -> Option<&PathAndQuery> {
        self.address.as_ref().filter(|_| self.method == Method::GET)
    }
}

fn empty_head() -> Parts {
    Request::new(()).into_parts().0
}
