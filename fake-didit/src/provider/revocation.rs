//! The revocation endpoint (RFC 7009). Didit has none.

use bytes::Bytes;
use http::{Method, Request, Response};

use crate::provider::{
    oauth_error::OAuthError,
    response,
    state::State,
    token::{read_form, required},
};

/// Revokes a token: 200 without a body, also for an unknown token (RFC 7009 §2.2).
pub(crate) fn respond(state: &mut State, request: &Request<Bytes>) -> Response<Bytes> {
    if request.method() != Method::POST {
        return response::method_not_allowed("POST");
    }
    match revoke(state, request) {
        Ok(()) => Response::new(Bytes::new()),
        Err(error) => error.response_with_problem(),
    }
}

/// `token_type_hint` is ignored (RFC 7009 §2.1): tokens of all types are searched.
fn revoke(state: &mut State, request: &Request<Bytes>) -> Result<(), OAuthError> {
    let form = read_form(request)?;
    state.client.authenticate(request.headers(), &form)?;
    state.tokens.revoke(required(&form, "token")?);
    Ok(())
}
