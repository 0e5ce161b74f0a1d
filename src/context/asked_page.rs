//! A page that may ask for a sign-in.

use http::{Method, Request, Uri, request::Parts, uri::PathAndQuery};

/// The page that a person asked for, should they have to sign in first: what of the request's head that takes.
pub(crate) struct AskedPage {
    method: Method,
    address: Option<PathAndQuery>,
    /// For an error page of the application, which may ask for more.
    head: Option<Box<Parts>>,
}

impl AskedPage {
    /// The address alone, or the whole head without its extensions.
    pub(crate) fn new<B>(request: &Request<B>, whole: bool) -> Self {
        Self {
            method: request.method().clone(),
            address: request.uri().path_and_query().cloned(),
            head: whole.then(|| Box::new(copy_head(request))),
        }
    }

    pub(crate) fn head(&self) -> Parts {
        if let Some(head) = &self.head {
            return (**head).clone();
        }
        let (mut head, ()) = Request::new(()).into_parts();
        head.method = self.method.clone();
        head.uri = self.address.clone().map(Uri::from).unwrap_or_default();
        head
    }

    /// To come back to; not after a `POST`, which is not repeated.
    pub(crate) fn address(&self) -> Option<&PathAndQuery> {
        self.address.as_ref().filter(|_| self.method == Method::GET)
    }
}

fn copy_head<B>(request: &Request<B>) -> Parts {
    let (mut head, ()) = Request::new(()).into_parts();
    head.method = request.method().clone();
    head.uri = request.uri().clone();
    head.version = request.version();
    head.headers = request.headers().clone();
    head
}
