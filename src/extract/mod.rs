//! What a handler takes as arguments: each asks the context of the request, and waits for what it asked.

mod client;
mod guard;
mod sign_in;
mod signed_out;

use std::sync::Arc;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::{Extensions, request::Parts};

pub use self::{
    client::DiditClient,
    guard::{GuardFuture, RequireSignIn, RequireSignInService},
    sign_in::SignIn,
    signed_out::SignedOut,
};
use crate::{
    context::{RequestContext, SessionState},
    error::{Error, ErrorKind, WiringError},
    return_to::ReturnTo,
    tokens::{DiditTokens, IdClaims},
};

impl IdClaims {
    /// The verified claims of whoever is signed in, for services that have no extractors. The future borrows
    /// nothing, so a Tower service can return it.
    ///
    /// A session in cookies is read at once. For one in a store it waits at most 1 s; where the provider's
    /// session decides and the access token has expired, at most 5 s for the refresh.
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
    /// - [`SessionUnavailable`](ErrorKind::SessionUnavailable): the store, or the provider, does not answer;
    /// - [`AskedTooLate`](WiringError::AskedTooLate): the head of the answer was sent before anybody asked.
    pub fn of(
        extensions: &Extensions,
    ) -> impl Future<Output = Result<Option<Self>, Error>> + Send + use<> {
        let context = context(extensions).cloned();
        async move { claims(&*context?).await }
    }
}

impl DiditTokens {
    /// The tokens of whoever is signed in, for services that have no extractors. The future borrows nothing, so
    /// a Tower service can return it.
    ///
    /// While the access token is valid it waits at most 2 s, for a refresh that it has started; once the
    /// access token has expired, at most 5 s for the refresh.
    ///
    /// # Errors
    ///
    /// Those of [`IdClaims::of`], and besides
    ///
    /// - [`TokensExpired`](ErrorKind::TokensExpired): the access token has expired and cannot be refreshed;
    /// - [`TokensUnavailable`](ErrorKind::TokensUnavailable): it has expired, and the provider does not answer.
    pub fn of(
        extensions: &Extensions,
    ) -> impl Future<Output = Result<Option<Self>, Error>> + Send + use<> {
        let context = context(extensions).cloned();
        async move { tokens(&*context?).await }
    }
}

impl DiditClient {
    /// The client of a request, for services that have no extractors.
    ///
    /// # Errors
    ///
    /// [`LayerMissing`](WiringError::LayerMissing): the request did not pass [`DiditAuth`](crate::DiditAuth).
    pub fn of(extensions: &Extensions) -> Result<Self, Error> {
        context(extensions).cloned().map(Self::of_request)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdClaims {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let claims = claims(context(&parts.extensions)?).await?;
        claims.ok_or_else(|| Error::new(ErrorKind::NotSignedIn))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IdClaims {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Error> {
        claims(context(&parts.extensions)?).await
    }
}

impl<S: Send + Sync> FromRequestParts<S> for DiditTokens {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let tokens = tokens(context(&parts.extensions)?).await?;
        tokens.ok_or_else(|| Error::new(ErrorKind::NotSignedIn))
    }
}

/// `None` also where the access token has expired and cannot be refreshed.
impl<S: Send + Sync> OptionalFromRequestParts<S> for DiditTokens {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Error> {
        match tokens(context(&parts.extensions)?).await {
            Err(error) if error.kind() == ErrorKind::TokensExpired => Ok(None),
            tokens => tokens,
        }
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
        let return_to = context(&parts.extensions)?.return_to().cloned();
        return_to.ok_or_else(|| Error::new(WiringError::NotACallback))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for ReturnTo {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Error> {
        Ok(context(&parts.extensions)?.return_to().cloned())
    }
}

async fn claims(context: &RequestContext) -> Result<Option<IdClaims>, Error> {
    match context.session()?.state().await {
        SessionState::SignedIn(session) => Ok(Some(session.tokens().claims().clone())),
        SessionState::Anonymous => Ok(None),
        SessionState::Unavailable(error) => Err(error.clone()),
    }
}

async fn tokens(context: &RequestContext) -> Result<Option<DiditTokens>, Error> {
    match context.session()?.tokens().await {
        Ok(tokens) => Ok(Some(tokens)),
        Err(error) if error.kind() == ErrorKind::NotSignedIn => Ok(None),
        Err(error) => Err(error),
    }
}

fn context(extensions: &Extensions) -> Result<&Arc<RequestContext>, Error> {
    RequestContext::of(extensions).ok_or_else(|| Error::new(WiringError::LayerMissing))
}
