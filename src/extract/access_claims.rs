//! The extractor of access token claims.

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::{Extensions, request::Parts};

use crate::{
    bearer::BearerContext,
    error::{Error, ErrorKind},
    tokens::AccessClaims,
};

impl AccessClaims {
    /// The verified claims of the request's access token, for services that have no extractors. `None` if the request has
    /// no token ([`DiditBearer::optional`](crate::DiditBearer::optional)).
    ///
    /// ```
    /// use tower_didit::{AccessClaims, Error};
    ///
    /// fn client<B>(request: &http::Request<B>) -> Result<Option<String>, Error> {
    ///     let access = AccessClaims::of(request.extensions())?;
    ///     Ok(access.and_then(|access| access.client_id().map(str::to_owned)))
    /// }
    /// # let refused = client(&http::Request::new(())).unwrap_err();
    /// # assert_eq!(refused.kind().code(), "bearer-layer-missing");
    /// ```
    ///
    /// # Errors
    ///
    /// [`BearerLayerMissing`](crate::reason::WiringError::BearerLayerMissing): the request did not pass
    /// [`DiditBearer`](crate::DiditBearer).
    pub fn of(extensions: &Extensions) -> Result<Option<Self>, Error> {
        Ok(BearerContext::of(extensions)?.claims().cloned())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for AccessClaims {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let claims = Self::of(&parts.extensions)?;
        claims.ok_or_else(|| Error::new(ErrorKind::AccessTokenMissing))
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for AccessClaims {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Error> {
        Self::of(&parts.extensions)
    }
}
