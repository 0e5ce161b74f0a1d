//! A page that may ask for a sign-in.

use http::{Method, Request, request::Parts, uri::PathAndQuery};

/// The page that a person asked for, should they have to sign in first: what of the request's head that takes.
pub(crate) struct AskedPage(Parts);

impl AskedPage {
    /// The address alone, or the whole head without its extensions, for an error page of the application.
    pub(crate) fn new(request: &Parts, with_headers: bool) -> Self {
        let (mut head, ()) = Request::new(()).into_parts();
        head.method = request.method.clone();
        head.uri = request.uri.clone();
        if with_headers {
            head.version = request.version;
            head.headers = request.headers.clone();
        }
        Self(head)
    }

    pub(crate) fn head(&self) -> &Parts {
        &self.0
    }

    /// To come back to; not after a `POST`, which is not repeated.
    pub(crate) fn address(&self) -> Option<&PathAndQuery> {
        let uri = Some(&self.0.uri).filter(|_| self.0.method == Method::GET);
        uri?.path_and_query()
    }
}
