//! A handler's answer after a sign-out.

use axum_core::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

/// The way on after [`DiditClient::sign_out`](crate::DiditClient::sign_out): an answer that sends the
/// browser to the page where the provider ends its own session, if it has one, else to the page after
/// sign-out of the configuration.
///
/// A handler may answer anything else as well: a script, which cannot follow the redirect to another site,
/// is told the [`location`](Self::location).
#[derive(Clone, Debug)]
pub struct SignedOut {
    location: HeaderValue,
}

impl SignedOut {
    /// Where it leads: a path of this site, or an absolute URL. At the provider's page it has the ID token in
    /// it, as the `id_token_hint`: it is for the user alone, and no log.
    pub fn location(&self) -> &HeaderValue {
        &self.location
    }

    pub(crate) fn to(location: HeaderValue) -> Self {
        Self { location }
    }
}

impl IntoResponse for SignedOut {
    fn into_response(self) -> Response {
        (StatusCode::SEE_OTHER, [(header::LOCATION, self.location)]).into_response()
    }
}
