//! The introspection endpoint, with Didit's own shapes rather than those of RFC 7662.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::json;

use crate::{
    person::Person,
    provider::{
        answer::{self, Answer},
        form::{self, Form},
        oauth_error::OAuthError,
        state::State,
    },
};

/// Describes a valid access token; the answer for any other token is `{"active": false}`.
pub(crate) fn answer(state: &State, request: &Request<Bytes>) -> Answer {
    if request.method() != Method::POST {
        return answer::method_not_allowed("POST");
    }
    if let Err(error) = state.client.authenticate_basic(request.headers()) {
        return error.refusal();
    }
    if !form::is_announced(request.headers()) {
        return answer::because(
            OAuthError::new("invalid_content_type").answer(),
            "Content-Type must be application/x-www-form-urlencoded",
        );
    }
    let form = std::str::from_utf8(request.body())
        .ok()
        .and_then(|text| Form::parse(text).ok());
    let Some(token) = form.as_ref().and_then(|form| form.get("token")) else {
        let refusal = OAuthError::new("required").answer();
        return answer::because(refusal, "token is missing");
    };
    let told = match state.ledger.access(token, state.now()) {
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
    answer::json(StatusCode::OK, &told)
}

/// How they are known to Didit: by the e-mail address, else by the phone number.
fn identifier(person: &Person) -> Option<(&'static str, &str)> {
    let email = person.email().map(|email| ("email", email));
    email.or_else(|| person.phone().map(|phone| ("phone", phone)))
}
