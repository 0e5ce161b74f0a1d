//! The revocation endpoint (RFC 7009), which a real Didit does not have.

use bytes::Bytes;
use http::{Method, Request, Response};

use crate::provider::{
    answer::{self, Answer},
    oauth_error::OAuthError,
    state::State,
    token::{read_form, required},
};

/// Revokes a token: 200 without a body, also for an unknown token (RFC 7009 §2.2).
pub(crate) fn answer(state: &mut State, request: &Request<Bytes>) -> Answer {
    if request.method() != Method::POST {
        return answer::method_not_allowed("POST");
    }
    match revoke(state, request) {
        Ok(()) => Response::new(Bytes::new()),
        Err(error) => error.refusal(),
    }
}

/// `token_type_hint` is ignored (RFC 7009 §2.1): tokens of all types are searched.
fn revoke(state: &mut State, request: &Request<Bytes>) -> Result<(), OAuthError> {
    if request.uri().query().is_some() {
        return Err(OAuthError::invalid_request(
            "parameters belong into the body",
        ));
    }
    let form = read_form(request)?;
    state.client.authenticate(request.headers(), &form)?;
    state.ledger.revoke(required(&form, "token")?);
    Ok(())
}
