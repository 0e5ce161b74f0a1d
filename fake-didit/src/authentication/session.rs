//! `/session/`: checks a session, and ends it.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use serde_json::{Map, Value};

use super::error;
use crate::provider::{bearer, grant::Grant, response, state::State};

/// `GET` describes the session of an access token, `DELETE` ends it. Both need the current access token of
/// the session.
pub(crate) fn respond(state: &mut State, request: &Request<Bytes>) -> Response<Bytes> {
    if ![Method::GET, Method::DELETE].contains(request.method()) {
        return response::method_not_allowed("GET, DELETE");
    }
    if request.method() == Method::GET && !take_check(state) {
        let why = "more than 30 checks in a minute, or 300 in an hour";
        let response = error(StatusCode::TOO_MANY_REQUESTS, "rate_limited", why);
        return response::with_headers(response, [(header::RETRY_AFTER, "60")]);
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

/// Counts a check. Didit limits them for each address; the fake, for all clients together.
fn take_check(state: &mut State) -> bool {
    let now = state.now();
    let checks = &mut state.session_checks;
    checks.retain(|&at| now.saturating_sub(at) < 3600);
    let in_last_minute = checks.iter().filter(|at| now.saturating_sub(**at) < 60);
    let is_allowed = checks.len() < 300 && in_last_minute.count() < 30;
    if is_allowed {
        checks.push_back(now);
    }
    is_allowed
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
