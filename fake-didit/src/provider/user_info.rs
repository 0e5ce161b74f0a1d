//! The userinfo endpoint (RFC 6750 §2.1, §3).

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::provider::{bearer, response, state::State};

/// Responds with the user information that the access token's scopes permit.
pub(crate) fn respond(state: &State, request: &Request<Bytes>) -> Response<Bytes> {
    if request.method() != Method::GET {
        return response::method_not_allowed("GET");
    }
    let Some(token) = bearer::token(request) else {
        // RFC 6750 §3.1: no error code for a request without credentials.
        return unauthorized("Bearer realm=\"Didit\"", bearer::MISSING);
    };
    match state.tokens.access(token, state.now()) {
        Ok((access, grant)) => response::json(
            StatusCode::OK,
            &Value::Object(grant.person.user_info(&access.scope)),
        ),
        Err(why) => unauthorized("Bearer realm=\"Didit\", error=\"invalid_token\"", why),
    }
}

fn unauthorized(challenge: &'static str, why: &str) -> Response<Bytes> {
    let body = json!({"detail": "the access token is missing, unknown, expired or revoked"});
    let response = response::json(StatusCode::UNAUTHORIZED, &body);
    let response = response::with_headers(response, [(header::WWW_AUTHENTICATE, challenge)]);
    response::with_problem(response, why)
}
