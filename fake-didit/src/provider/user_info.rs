//! The userinfo endpoint (RFC 6750 §2.1, §3).

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use crate::provider::{
    answer::{self, Answer},
    bearer,
    state::State,
};

/// Answers with the person of an access token.
pub(crate) fn answer(state: &State, request: &Request<Bytes>) -> Answer {
    if request.method() != Method::GET {
        return answer::method_not_allowed("GET");
    }
    let Some(token) = bearer::token(request) else {
        // RFC 6750 §3.1: no error code for who brought no token at all.
        return refused(
            "Bearer realm=\"Didit\"",
            "there is no access token in the Authorization header",
        );
    };
    match state.ledger.access(token, state.now()) {
        Ok((access, grant)) => answer::json(
            StatusCode::OK,
            &Value::Object(grant.person.user_info(&access.scope)),
        ),
        Err(why) => refused("Bearer realm=\"Didit\", error=\"invalid_token\"", why),
    }
}

fn refused(challenge: &'static str, why: &str) -> Answer {
    let body = json!({"detail": "the access token is missing, unknown, expired or revoked"});
    let answer = answer::json(StatusCode::UNAUTHORIZED, &body);
    let answer = answer::with_headers(answer, [(header::WWW_AUTHENTICATE, challenge)]);
    answer::because(answer, why)
}
