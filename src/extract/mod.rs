//! Extractors. Each asks the context of its request, and waits for the result.

mod access_claims;
mod client;
mod client_calls;
mod guard;
mod me;
mod session_data;
mod sign_in;
mod user_sessions;

use std::sync::Arc;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::{Extensions, request::Parts};

pub use self::{
    client::{DiditClient, SignedOut},
    guard::{RequireSignIn, RequireSignInService},
    me::me,
    sign_in::SignIn,
    user_sessions::UserSession,
};
use crate::{
    bearer::BearerContext,
    context::RequestContext,
    error::{Error, ErrorKind, WiringError},
    return_to::ReturnTo,
    tokens::{DiditTokens, IdClaims, UserInfo},
};

impl IdClaims {
    /// The verified claims of the signed-in user, for services that have no extractors. The future borrows nothing,
    /// so a Tower service can return it.
    ///
    /// Reads a session in cookies at once, and waits at most 1 s for a session store. With Didit Authentication,
    /// refreshes an expired access token first, and waits at most 5 s for the refresh.
    ///
    /// ```
    /// use tower_didit::{Error, IdClaims};
    ///
    /// async fn greet<B>(request: &http::Request<B>) -> Result<&'static str, Error> {
    ///     Ok(match IdClaims::of(request.extensions()).await? {
    ///         Some(_) => "hello again",
    ///         None => "hello, stranger",
    ///     })
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let refused = greet(&http::Request::new(())).await.unwrap_err();
    /// # assert_eq!(refused.kind().code(), "layer-missing");
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// - [`LayerMissing`](WiringError::LayerMissing): the request did not pass [`DiditAuth`](crate::DiditAuth);
    /// - [`SessionUnavailable`](ErrorKind::SessionUnavailable): the session store or the provider does not answer;
    /// - [`AskedTooLate`](WiringError::AskedTooLate): the response headers were sent before the application asked for
    ///   the session.
    pub fn of(
        extensions: &Extensions,
    ) -> impl Future<Output = Result<Option<Self>, Error>> + Send + use<> {
        let context = context(extensions).map(Option::<&_>::cloned);
        async move { claims(context?.as_deref()).await }
    }
}

impl DiditTokens {
    /// The tokens of the signed-in user, for services that have no extractors. The future borrows nothing, so a
    /// Tower service can return it.
    ///
    /// While the access token is valid, waits at most 2 s for a refresh that this request has started. Once it has
    /// expired, waits at most 5 s for the refresh.
    ///
    /// ```
    /// use tower_didit::{DiditTokens, Error};
    ///
    /// async fn scopes<B>(request: &http::Request<B>) -> Result<Option<String>, Error> {
    ///     let tokens = DiditTokens::of(request.extensions()).await?;
    ///     Ok(tokens.map(|tokens| tokens.scopes().to_string()))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`IdClaims::of`], and
    ///
    /// - [`TokensExpired`](ErrorKind::TokensExpired): the access token has expired and cannot be refreshed;
    /// - [`TokensUnavailable`](ErrorKind::TokensUnavailable): the access token has expired, and the provider does not
    ///   answer.
    pub fn of(
        extensions: &Extensions,
    ) -> impl Future<Output = Result<Option<Self>, Error>> + Send + use<> {
        let context = context(extensions).map(Option::<&_>::cloned);
        async move { tokens(context?.as_deref()).await }
    }
}

impl UserInfo {
    /// The user information about the signed-in user, for services that have no extractors. The future borrows
    /// nothing, so a Tower service can return it.
    ///
    /// A response that the session [keeps](crate::ConfigBuilder::with_user_info_at_sign_in) is available with the session.
    /// Otherwise waits for the tokens, as [`DiditTokens::of`] does, and for the provider: at most 15 s in all. Each
    /// request calls the provider at most once, also if the call fails.
    ///
    /// ```
    /// use tower_didit::{Error, UserInfo};
    ///
    /// async fn name<B>(request: &http::Request<B>) -> Result<Option<String>, Error> {
    ///     let user = UserInfo::of(request.extensions()).await?;
    ///     Ok(user.and_then(|user| user.full_name().map(str::to_owned)))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`DiditTokens::of`] and of [`DiditClient::user_info`].
    pub fn of(
        extensions: &Extensions,
    ) -> impl Future<Output = Result<Option<Self>, Error>> + Send + use<> {
        let context = context(extensions).map(Option::<&_>::cloned);
        async move { user_info(context?.as_deref()).await }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdClaims {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let claims = claims(context(&parts.extensions)?.map(Arc::as_ref)).await?;
        claims.ok_or_else(|| Error::new(ErrorKind::NotSignedIn))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IdClaims {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Error> {
        claims(context(&parts.extensions)?.map(Arc::as_ref)).await
    }
}

impl<S: Send + Sync> FromRequestParts<S> for DiditTokens {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let tokens = tokens(context(&parts.extensions)?.map(Arc::as_ref)).await?;
        tokens.ok_or_else(|| Error::new(ErrorKind::NotSignedIn))
    }
}

/// Also `None` when the access token has expired and cannot be refreshed.
impl<S: Send + Sync> OptionalFromRequestParts<S> for DiditTokens {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Error> {
        none_if_expired(tokens(context(&parts.extensions)?.map(Arc::as_ref)).await)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for UserInfo {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let user_info = user_info(context(&parts.extensions)?.map(Arc::as_ref)).await?;
        user_info.ok_or_else(|| Error::new(ErrorKind::NotSignedIn))
    }
}

/// Also `None` when the access token has expired and cannot be refreshed, unless the session keeps the response.
impl<S: Send + Sync> OptionalFromRequestParts<S> for UserInfo {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Error> {
        none_if_expired(user_info(context(&parts.extensions)?.map(Arc::as_ref)).await)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for DiditClient {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        Self::of(&parts.extensions)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ReturnTo {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let return_to = return_to(context(&parts.extensions)?);
        return_to.ok_or_else(|| Error::new(WiringError::NotACallback))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for ReturnTo {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Error> {
        Ok(return_to(context(&parts.extensions)?))
    }
}

/// Nobody is signed in without a `context`; so in the following.
async fn claims(context: Option<&RequestContext>) -> Result<Option<IdClaims>, Error> {
    let Some(context) = context else {
        return Ok(None);
    };
    let session = context.session()?.signed_in().await?;
    let rules = &context.lifecycle.sessions.rules;
    Ok(session.map(|session| session.claims(rules)))
}

async fn tokens(context: Option<&RequestContext>) -> Result<Option<DiditTokens>, Error> {
    let Some(context) = context else {
        return Ok(None);
    };
    none_if_anonymous(context.session()?.tokens().await)
}

async fn user_info(context: Option<&RequestContext>) -> Result<Option<UserInfo>, Error> {
    let Some(context) = context else {
        return Ok(None);
    };
    none_if_anonymous(context.session()?.user_info().await)
}

fn none_if_anonymous<T>(found: Result<T, Error>) -> Result<Option<T>, Error> {
    match found {
        Err(error) if error.kind() == ErrorKind::NotSignedIn => Ok(None),
        found => found.map(Some),
    }
}

fn none_if_expired<T>(found: Result<Option<T>, Error>) -> Result<Option<T>, Error> {
    match found {
        Err(error) if error.kind() == ErrorKind::TokensExpired => Ok(None),
        found => found,
    }
}

fn return_to(context: Option<&Arc<RequestContext>>) -> Option<ReturnTo> {
    context?.return_to.as_deref().cloned()
}

/// The context of a request. `None` if the request has an access token: its cookies do not count.
pub(crate) fn context(extensions: &Extensions) -> Result<Option<&Arc<RequestContext>>, Error> {
    if BearerContext::has_token(extensions) {
        return Ok(None);
    }
    let context = extensions.get();
    let missing = || Error::new(WiringError::LayerMissing);
    context.ok_or_else(missing).map(Some)
}
