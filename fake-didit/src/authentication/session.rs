//! `/session/`: whether a session still lives, and its end.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use serde_json::Value;

use super::refused;
use crate::provider::{
    answer::{self, Answer},
    bearer,
    grant::Grant,
    state::State,
};

/// `GET` describes the session of an access token, `DELETE` ends it. Only the current access token
/// of a session is good for either.
pub(crate) fn answer(state: &State, request: &Request<Bytes>) -> Answer {
    if ![Method::GET, Method::DELETE].contains(request.method()) {
        return answer::method_not_allowed("GET, DELETE");
    }
    let session = bearer::token(request)
        .ok_or("there is no access token in the Authorization header")
        .and_then(|token| state.ledger.access(token, state.now()));
    let grant = match session {
        Ok((_, grant)) => grant,
        Err(why) => {
            let refusal = refused(StatusCode::UNAUTHORIZED, "invalid_credentials", why);
            return answer::with_headers(refusal, [(header::WWW_AUTHENTICATE, "Bearer")]);
        }
    };
    if request.method() == Method::GET {
        return answer::json(StatusCode::OK, &told(grant));
    }
    grant.revoke();
    let mut done = Response::new(Bytes::new());
    *done.status_mut() = StatusCode::NO_CONTENT;
    done
}

/// As in the tokens, but `amr` is a single value here.
fn told(grant: &Grant) -> Value {
    let person = &grant.person;
    let mut told = person.claims();
    told.insert("sub".to_owned(), person.subject().into());
    told.insert("sid".to_owned(), grant.session.as_str().into());
    told.insert("amr".to_owned(), person.authentication_method().into());
    Value::Object(told)
}
