//! A handler's way to start a sign-in.

use axum_core::response::{IntoResponse, Response};

use crate::{
    context::SignInChallenge,
    error::{Error, ErrorKind},
    return_to::ReturnTo,
};

/// An answer that sends the browser to Didit.
///
/// ```
/// use axum::response::{Html, IntoResponse, Response};
/// use tower_didit::{DiditTokens, SignIn};
///
/// async fn orders(tokens: Option<DiditTokens>) -> Response {
///     match tokens {
///         Some(_) => Html("your orders").into_response(),
///         None => SignIn::new().into_response(),
///     }
/// }
/// # let _router: axum::Router = axum::Router::new().route("/orders", axum::routing::get(orders));
/// ```
///
/// Where a person is waiting for a page, [`DiditAuth`](crate::DiditAuth) makes a 303 of it; a
/// script gets the 401 that [`ErrorKind::NotSignedIn`] is.
#[derive(Clone, Debug, Default)]
#[must_use = "it is an answer: return it from the handler"]
pub struct SignIn {
    return_to: Option<ReturnTo>,
}

impl SignIn {
    /// A sign-in that comes back to the page that was asked for, or to the landing page if that
    /// was not by `GET`.
    pub fn new() -> Self {
        Self::default()
    }

    /// A sign-in that comes back to another page. One whose address has more than 512 bytes, and the
    /// layer's own paths, become the landing page.
    pub fn returning_to(page: ReturnTo) -> Self {
        Self {
            return_to: Some(page),
        }
    }
}

impl IntoResponse for SignIn {
    fn into_response(self) -> Response {
        let mut response = Error::new(ErrorKind::NotSignedIn).into_response();
        response.extensions_mut().insert(SignInChallenge {
            return_to: self.return_to,
        });
        response
    }
}
