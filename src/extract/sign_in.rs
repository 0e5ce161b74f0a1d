//! The response that starts a sign-in.

use axum_core::response::{IntoResponse, Response};

use crate::{
    context::SignInChallenge,
    error::{Error, ErrorKind},
    return_to::ReturnTo,
};

/// A response that sends the browser to Didit.
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
/// [`DiditAuth`](crate::DiditAuth) turns the response into a 303 for a page navigation. A script gets the 401 of
/// [`ErrorKind::NotSignedIn`].
#[derive(Clone, Debug, Default)]
#[must_use = "return it from the handler"]
pub struct SignIn {
    return_to: Option<ReturnTo>,
}

impl SignIn {
    /// A sign-in that returns to the requested page, or to the landing page if the request was not a `GET`.
    /// [Example](Self).
    pub fn new() -> Self {
        Self::default()
    }

    /// A sign-in that returns to another page. If its address has more than 512 bytes or is one of the layer's own
    /// paths, the sign-in returns to the landing page instead.
    ///
    /// ```
    /// use tower_didit::{ReturnTo, SignIn};
    ///
    /// async fn join() -> Option<SignIn> {
    ///     Some(SignIn::returning_to(ReturnTo::parse("/welcome?step=1")?))
    /// }
    /// ```
    pub fn returning_to(page: ReturnTo) -> Self {
        let return_to = Some(page);
        Self { return_to }
    }
}

impl IntoResponse for SignIn {
    fn into_response(self) -> Response {
        let mut response = Error::new(ErrorKind::NotSignedIn).into_response();
        let challenge = SignInChallenge(self.return_to);
        response.extensions_mut().insert(challenge);
        response
    }
}
