//! The introspection endpoint. Its responses are Didit's, not those of RFC 7662.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::json;

use crate::{
    person::Person,
    provider::{
        form::{self, Form},
        oauth_error::OAuthError,
        response,
        state::State,
    },
};

/// Describes a valid access token; the response for any other token is `{"active": false}`.
pub(crate) fn respond(state: &State, request: &Request<Bytes>) -> Response<Bytes> {
    if request.method() != Method::POST {
        return response::method_not_allowed("POST");
    }
    if let Err(error) = state.client.authenticate_basic(request.headers()) {
        return error.response_with_problem();
    }
    if !form::has_form_type(request.headers()) {
        return response::with_problem(
            OAuthError::new("invalid_content_type").response(),
            "Content-Type must be application/x-www-form-urlencoded",
        );
    }
    let form = std::str::from_utf8(request.body())
        .ok()
        .and_then(|text| Form::parse(text).ok());
    let Some(token) = form.as_ref().and_then(|form| form.get("token")) else {
        let response = OAuthError::new("required").response();
        return response::with_problem(response, "token is missing");
    };
    let description = match state.tokens.access(token, state.now()) {
        Err(_) => json!({"active": false}),
        Ok((access, grant)) => {
            let (kind, identifier) = identifier(&grant.person).unzip();
            json!({
                "active": true,
                "iss": state.issuer.as_str(),
                "iat": access.issued_at,
                "exp": access.expires_at,
                "sub": grant.person.subject(),
                "identifier": identifier,
                "identifier_type": kind,
                "claims": access.scope.to_string(),
                "client_id": state.client.id,
            })
        }
    };
    response::json(StatusCode::OK, &description)
}

/// The e-mail address, else the phone number.
fn identifier(person: &Person) -> Option<(&'static str, &str)> {
    let email = person.email().map(|email| ("email", email));
    email.or_else(|| person.phone().map(|phone| ("phone", phone)))
}
