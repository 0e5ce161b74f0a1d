//! Which endpoint answers what.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::json;

use super::{
    answer::{self, Answer},
    decision,
    endpoint::Endpoint,
    fault::Misdeed,
    introspect,
    state::State,
    token, user_info,
};

/// The answer of an endpoint, as honest as `misdeed` lets it be; 404 where there is none.
pub(super) fn answer(
    state: &mut State,
    endpoint: Option<Endpoint>,
    request: &Request<Bytes>,
    misdeed: Option<&Misdeed>,
) -> Answer {
    match (endpoint, misdeed) {
        (_, Some(Misdeed::Answer(answer))) => answer.clone(),
        // Its errors travel with the browser, so it reads the request first.
        (Some(Endpoint::Authorize), _) => decision::ask(state, request, misdeed),
        (_, Some(Misdeed::Refuse(error))) => error.answer(),
        (Some(Endpoint::Decision), _) => decision::decide(state, request),
        (Some(Endpoint::Token), _) => token::answer(state, request),
        (Some(Endpoint::UserInfo), _) => user_info::answer(state, request),
        (Some(Endpoint::Introspect), _) => introspect::answer(state, request),
        (Some(Endpoint::Jwks), _) if request.method() == Method::GET => {
            answer::json(StatusCode::OK, &state.keys.jwks())
        }
        (Some(Endpoint::Jwks), _) => answer::method_not_allowed("GET"),
        (None, _) => answer::json(StatusCode::NOT_FOUND, &json!({"detail": "Not found."})),
    }
}
