//! Why an extractor refuses.

use std::fmt;

use axum_core::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::StatusCode;

use crate::{
    handle::{NobodyKnows, SignInWanted},
    problem::Problem,
};

/// Why [`DiditTokens`](crate::DiditTokens) or [`ReturnTo`](crate::ReturnTo) cannot be extracted.
///
/// As an answer it is a problem document (RFC 9457) with the stable [`code`](Self::code). The
/// refusal of somebody who is not signed in carries a mark, by which
/// [`DiditAuth`](crate::DiditAuth) turns it into a redirect to Didit where a person is waiting for
/// a page: on a `GET` that `Sec-Fetch-Mode` calls a navigation (to a document, also through a service worker, but not to a frame), or where
/// a browser does not send that header, one whose `Accept` names HTML. Prefetches and
/// `XMLHttpRequest`s never are. A form that was sent (`POST`) is not redirected, as its content would
/// be lost unseen: there the person gets a page, still a 401, with a link to the sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// Nobody is signed in: 401.
    NotSignedIn,
    /// Somebody is signed in whose access token has ended and could not be renewed: 401. It is
    /// redirected as above, but not in the first minute of a session.
    TokensExpired,
    /// The session store does not answer, so nobody knows who is signed in: 503, try again.
    SessionUnavailable,
    /// The request is not a callback, and so has no page to return to: 500, the handler is on the
    /// wrong route.
    NotACallback,
    /// The request did not pass [`DiditAuth`](crate::DiditAuth): 500, the layer is missing.
    LayerMissing,
}

impl Rejection {
    /// The status of the answer.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::NotSignedIn | Self::TokensExpired => StatusCode::UNAUTHORIZED,
            Self::SessionUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotACallback | Self::LayerMissing => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A stable name: the `code` member of the answer.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotSignedIn => "not-signed-in",
            Self::TokensExpired => "tokens-expired",
            Self::SessionUnavailable => "session-unavailable",
            Self::NotACallback => "not-a-callback",
            Self::LayerMissing => "layer-missing",
        }
    }

    /// What it says to whoever reads it.
    pub const fn body_text(self) -> &'static str {
        match self {
            Self::NotSignedIn => "sign in first",
            Self::TokensExpired => "the access token has ended: sign in again",
            Self::SessionUnavailable => "nobody can tell who is signed in: try again in a moment",
            Self::NotACallback => {
                "`ReturnTo` is there only in the handler of the callback, the path of the redirect \
                 URI"
            }
            Self::LayerMissing => {
                "the layer `tower_didit::DiditAuth` is missing: add it to the router, after this \
                 route and after `RequireSignIn`"
            }
        }
    }

    /// The answer, for services that are not axum's.
    pub(crate) fn into_answer(self) -> http::Response<Bytes> {
        let problem = Problem {
            status: self.status(),
            code: self.code(),
            title: self.body_text(),
            detail: None,
        };
        let mut response = problem.into_response();
        match self {
            Self::NotSignedIn => {
                response.extensions_mut().insert(SignInWanted::ToGoOn);
            }
            Self::TokensExpired => {
                response.extensions_mut().insert(SignInWanted::ForTokens);
            }
            Self::SessionUnavailable => {
                response.extensions_mut().insert(NobodyKnows);
            }
            Self::NotACallback | Self::LayerMissing => tracing::error!("{self}"),
        }
        response
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.body_text())
    }
}

impl std::error::Error for Rejection {}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        self.into_answer().map(Body::from)
    }
}
