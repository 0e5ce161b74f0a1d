//! The introspection endpoint, with Didit's own shapes rather than those of RFC 7662.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::json;

use crate::provider::{
    answer::{self, Answer},
    form::{self, Form},
    oauth_error::OAuthError,
    state::State,
};

/// Tells the client about an access token; any other token is `{"active": false}`.
pub(crate) fn answer(state: &State, request: &Request<Bytes>) -> Answer {
    if request.method() != Method::POST {
        return answer::method_not_allowed("POST");
    }
    if let Err(error) = state.client.authenticate_basic(request.headers()) {
        return error.answer();
    }
    if !form::is_announced(request.headers()) {
        return OAuthError::new("invalid_content_type").answer();
    }
    let form = std::str::from_utf8(request.body())
        .ok()
        .and_then(|text| Form::parse(text).ok());
    let Some(token) = form.as_ref().and_then(|form| form.get("token")) else {
        return OAuthError::new("required").answer();
    };
    let told = match state.ledger.access(token, state.now()) {
        None => json!({"active": false}),
        Some((access, grant)) => json!({
            "active": true,
            "iss": state.issuer.as_str(),
            "iat": access.issued_at,
            "exp": access.expires_at,
            "sub": grant.person.subject(),
            "identifier": grant.person.email(),
            "identifier_type": "email",
            "claims": access.scope.to_string(),
            "client_id": state.client.id,
        }),
    };
    answer::json(StatusCode::OK, &told)
}
