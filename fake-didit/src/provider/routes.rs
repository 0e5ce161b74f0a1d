//! Which endpoint answers what.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::{
    authentication,
    fault::FaultKind,
    provider::{
        answer::{self, Answer},
        decision, discovery, end_session,
        endpoint::Endpoint,
        introspect,
        product::Product,
        revocation,
        state::State,
        token, user_info,
    },
};

/// The answer of an endpoint, with those faults that replace it; 404 for a path without an endpoint.
pub(crate) fn answer(
    state: &mut State,
    endpoint: Option<Endpoint>,
    request: &Request<Bytes>,
    fault: Option<&FaultKind>,
) -> Answer {
    match (endpoint, fault) {
        (_, Some(FaultKind::Answer(answer))) => answer.clone(),
        // Its errors travel with the browser, so it reads the request first.
        (Some(Endpoint::Authorize), _) => decision::ask(state, request, fault),
        (_, Some(FaultKind::Refuse(error))) => error.answer(),
        (Some(Endpoint::Decision), _) => decision::decide(state, request),
        (Some(Endpoint::Token), _) => match state.product {
            Product::SignIn => token::answer(state, request),
            Product::Authentication => authentication::token::answer(state, request),
        },
        (Some(Endpoint::Session), _) => authentication::session::answer(state, request),
        (Some(Endpoint::UserInfo), _) => user_info::answer(state, request),
        (Some(Endpoint::Introspect), _) => introspect::answer(state, request),
        (Some(Endpoint::Revocation), _) => revocation::answer(state, request),
        (Some(Endpoint::EndSession), _) => end_session::answer(state, request),
        (Some(Endpoint::Jwks), _) => document(request, &state.keys.jwks(), state.jwks_max_age),
        (Some(Endpoint::Discovery), _) => {
            document(request, &discovery::document(state), discovery::MAX_AGE)
        }
        (None, _) => answer::because(not_found(), "there is no endpoint at this path"),
    }
}

/// What every path answers when the product is not switched on.
pub(crate) fn switched_off() -> Answer {
    answer::because(not_found(), "the product is switched off")
}

fn not_found() -> Answer {
    answer::json(StatusCode::NOT_FOUND, &json!({"detail": "Not found."}))
}

fn document(request: &Request<Bytes>, document: &Value, max_age: u64) -> Answer {
    if request.method() == Method::GET {
        answer::document(document, max_age)
    } else {
        answer::method_not_allowed("GET")
    }
}
