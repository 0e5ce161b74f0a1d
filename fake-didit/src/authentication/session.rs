//! `/session/`: checks a session, and ends it.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use serde_json::{Map, Value};

use super::error;
use crate::provider::{bearer, grant::Grant, response, state::State};

/// `GET` describes the session of an access token, `DELETE` ends it. Both need the current access token of
/// the session.
pub(crate) fn respond(state: &State, request: &Request<Bytes>) -> Response<Bytes> {
    if ![Method::GET, Method::DELETE].contains(request.method()) {
        return response::method_not_allowed("GET, DELETE");
    }
    let session = bearer::token(request)
        .ok_or(bearer::MISSING)
        .and_then(|token| state.tokens.access(token, state.now()));
    let grant = match session {
        Ok((_, grant)) => grant,
        Err(why) => {
            let response = error(StatusCode::UNAUTHORIZED, "invalid_credentials", why);
            return response::with_headers(response, [(header::WWW_AUTHENTICATE, "Bearer")]);
        }
    };
    if request.method() == Method::GET {
        return response::json(StatusCode::OK, &Value::Object(description(grant)));
    }
    grant.revoke();
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}

/// The claims of the tokens, with `amr` as a single value.
fn description(grant: &Grant) -> Map<String, Value> {
    let person = &grant.person;
    let mut members = person.claims();
    members.insert("sub".to_owned(), person.subject().into());
    members.insert("sid".to_owned(), grant.session.as_str().into());
    members.insert("amr".to_owned(), person.authentication_method().into());
    members
}
