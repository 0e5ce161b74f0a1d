//! What a handler takes as arguments. Everything was put into the request's extensions by the
//! layer; here it is read, and noted that it was.

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use crate::{handle::Handle, rejection::Rejection, return_to::ReturnTo, tokens::DiditTokens};

impl<S: Send + Sync> FromRequestParts<S> for DiditTokens {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Rejection> {
        tokens(parts)?.ok_or(Rejection::NotSignedIn)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for DiditTokens {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Rejection> {
        tokens(parts)
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

fn tokens(parts: &Parts) -> Result<Option<DiditTokens>, Rejection> {
    let handle = Handle::of(&parts.extensions).ok_or(Rejection::LayerMissing)?;
    handle.note_session_read();
    Ok(parts.extensions.get().cloned())
}

fn return_to(parts: &Parts) -> Result<Option<ReturnTo>, Rejection> {
    Handle::of(&parts.extensions).ok_or(Rejection::LayerMissing)?;
    Ok(parts.extensions.get().cloned())
}
