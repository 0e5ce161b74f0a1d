//! What a handler takes as arguments. Everything was put into the request's extensions by the
//! layer; here it is read, and noted that it was.

use std::sync::Arc;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::{Extensions, request::Parts};

use crate::{
    client::DiditClient,
    handle::{Handle, Presence},
    rejection::Rejection,
    return_to::ReturnTo,
    tokens::{DiditTokens, IdClaims},
};

impl DiditTokens {
    /// The tokens of a request, if somebody is signed in and the access token has not ended: for services
    /// that have no extractors.
    ///
    /// It notes that the answer depends on them, so that no shared cache keeps it; a plain `get` of
    /// the extension does not.
    ///
    /// ```
    /// use tower_didit::{DiditTokens, Rejection};
    ///
    /// fn greet<B>(request: &http::Request<B>) -> Result<&'static str, Rejection> {
    ///     Ok(match DiditTokens::of(request.extensions())? {
    ///         Some(_) => "hello again",
    ///         None => "hello, stranger",
    ///     })
    /// }
    /// # assert_eq!(greet(&http::Request::new(())), Err(Rejection::LayerMissing));
    /// ```
    ///
    /// # Errors
    ///
    /// [`Rejection::LayerMissing`] when the request did not pass [`DiditAuth`](crate::DiditAuth),
    /// [`Rejection::SessionUnavailable`] when the session store does not answer.
    pub fn of(extensions: &Extensions) -> Result<Option<Self>, Rejection> {
        of_session(extensions)
    }
}

impl IdClaims {
    /// The verified claims of a request, if somebody is signed in: for services that have no
    /// extractors. It notes that the answer depends on them, as [`DiditTokens::of`] does.
    ///
    /// # Errors
    ///
    /// [`Rejection::LayerMissing`] when the request did not pass [`DiditAuth`](crate::DiditAuth),
    /// [`Rejection::SessionUnavailable`] when the session store does not answer.
    pub fn of(extensions: &Extensions) -> Result<Option<Self>, Rejection> {
        of_session(extensions)
    }
}

impl DiditClient {
    /// The client of a request, for services that have no extractors.
    ///
    /// # Errors
    ///
    /// [`Rejection::LayerMissing`] when the request did not pass [`DiditAuth`](crate::DiditAuth).
    pub fn of(extensions: &Extensions) -> Result<Self, Rejection> {
        let handle = Handle::of(extensions).ok_or(Rejection::LayerMissing)?;
        Ok(Self::of_request(Arc::clone(handle)))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for DiditTokens {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Rejection> {
        Self::of(&parts.extensions)?.ok_or_else(|| {
            let session = Handle::of(&parts.extensions).and_then(|handle| handle.session());
            match session {
                Some(_) => Rejection::TokensExpired,
                None => Rejection::NotSignedIn,
            }
        })
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for DiditTokens {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Rejection> {
        Self::of(&parts.extensions)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdClaims {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Rejection> {
        Self::of(&parts.extensions)?.ok_or(Rejection::NotSignedIn)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for IdClaims {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Rejection> {
        Self::of(&parts.extensions)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for DiditClient {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Rejection> {
        Self::of(&parts.extensions)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ReturnTo {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Rejection> {
        return_to(parts)?.ok_or(Rejection::NotACallback)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for ReturnTo {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Rejection> {
        return_to(parts)
    }
}

/// What the layer puts there for signed-in users.
fn of_session<T: Clone + Send + Sync + 'static>(
    extensions: &Extensions,
) -> Result<Option<T>, Rejection> {
    let handle = Handle::of(extensions).ok_or(Rejection::LayerMissing)?;
    match handle.presence() {
        Presence::Unavailable => Err(Rejection::SessionUnavailable),
        Presence::SignedIn(_) => Ok(extensions.get().cloned()),
        Presence::Nobody => Ok(None),
    }
}

fn return_to(parts: &Parts) -> Result<Option<ReturnTo>, Rejection> {
    Handle::of(&parts.extensions).ok_or(Rejection::LayerMissing)?;
    Ok(parts.extensions.get().cloned())
}
