//! A handler's way to call Didit.

use std::fmt;

use axum_core::{
    body::Body,
    response::{IntoResponse, Response},
};

use crate::{
    error::Error,
    problem::Problem,
    provider_calls::ProviderCalls,
    tokens::{DiditTokens, UserInfo},
};

/// What a handler calls the provider with.
///
/// ```
/// use tower_didit::{DiditClient, DiditTokens, Error};
///
/// async fn email(client: DiditClient, tokens: DiditTokens) -> Result<String, Error> {
///     let user = client.user_info(&tokens).await?;
///     Ok(user.email().unwrap_or("you did not grant it").to_owned())
/// }
/// # let _router: axum::Router = axum::Router::new().route("/email", axum::routing::get(email));
/// ```
///
/// Every call goes through the configuration's transport, with its time-out and its limit for
/// answers. Cloning copies a pointer.
#[derive(Clone)]
pub struct DiditClient {
    calls: ProviderCalls,
}

impl DiditClient {
    pub(crate) fn new(calls: ProviderCalls) -> Self {
        Self { calls }
    }

    /// What the provider tells about the user of these tokens now: what the scopes allow. It is asked
    /// at every call.
    ///
    /// # Errors
    ///
    /// - [`AccessTokenRefused`](crate::ErrorKind::AccessTokenRefused) or
    ///   [`InsufficientScope`](crate::ErrorKind::InsufficientScope): the provider answers 401 or 403;
    /// - [`ForeignUserInfo`](crate::ErrorKind::ForeignUserInfo): the answer names another user than
    ///   the ID token, or none (OpenID Connect Core §5.3.2);
    /// - [`NotOffered`](crate::ErrorKind::NotOffered): the provider has no such endpoint;
    /// - [`InvalidAnswer`](crate::ErrorKind::InvalidAnswer): the answer has another status, is not a
    ///   JSON object, or names a member twice;
    /// - [`InvalidMetadata`](crate::ErrorKind::InvalidMetadata): the provider was not found;
    /// - [`ProviderUnreachable`](crate::ErrorKind::ProviderUnreachable) or
    ///   [`ProviderTimeout`](crate::ErrorKind::ProviderTimeout): there is no answer.
    pub async fn user_info(&self, tokens: &DiditTokens) -> Result<UserInfo, Error> {
        self.calls.user_info(tokens).await
    }
}

impl fmt::Debug for DiditClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiditClient").finish_non_exhaustive()
    }
}

/// What a handler answers with `?`: a problem document (RFC 9457) with the kind's status and code.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let kind = self.kind();
        if kind.status().is_server_error() {
            tracing::warn!(code = kind.code(), error = %self, "a handler's call failed");
        }
        let problem = Problem {
            status: kind.status(),
            code: kind.code(),
            title: kind.summary(),
            detail: None,
        };
        let mut response = problem.into_response().map(Body::from);
        response.extensions_mut().insert(self);
        response
    }
}
