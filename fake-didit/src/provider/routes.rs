//! Dispatch of requests to endpoints.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::{
    authentication,
    fault::FaultKind,
    provider::{
        decision, discovery, end_session, endpoint::Endpoint, introspect, product::Product,
        response, revocation, state::State, token, user_info,
    },
    verification,
};

/// The response of an endpoint, or of the fault that replaces it; 404 for a path without an endpoint.
pub(crate) fn respond(
    state: &mut State,
    endpoint: Option<Endpoint>,
    request: &Request<Bytes>,
    fault: Option<&FaultKind>,
) -> Response<Bytes> {
    match (endpoint, fault) {
        (_, Some(FaultKind::Respond(response))) => response.clone(),
        // An injected error is a redirect here, which needs the redirect URI of the request.
        (Some(Endpoint::Authorize), _) => decision::authorize(state, request, fault),
        (_, Some(FaultKind::Error(error))) => error.response(),
        (Some(Endpoint::Decision), _) => decision::decide(state, request),
        (Some(Endpoint::Token), _) => match state.product {
            Product::SignIn => token::respond(state, request),
            Product::Authentication => authentication::token::respond(state, request),
        },
        (Some(Endpoint::Session), _) => authentication::session::respond(state, request),
        (Some(Endpoint::UserInfo), _) => user_info::respond(state, request),
        (Some(Endpoint::Introspect), _) => introspect::respond(state, request),
        (Some(Endpoint::Revocation), _) => revocation::respond(state, request),
        (Some(Endpoint::EndSession), _) => end_session::respond(state, request),
        (Some(Endpoint::Jwks), _) => document(request, &state.keys.jwks(), state.jwks_max_age),
        (Some(Endpoint::Discovery), _) => {
            document(request, &discovery::document(state), discovery::MAX_AGE)
        }
        (Some(endpoint), _) => {
            verification::routes::respond(state, endpoint, request).unwrap_or_else(no_endpoint)
        }
        (None, _) => no_endpoint(),
    }
}

/// The response of every path while the product is switched off.
pub(crate) fn switched_off() -> Response<Bytes> {
    response::with_problem(not_found(), "the product is switched off")
}

fn no_endpoint() -> Response<Bytes> {
    response::with_problem(not_found(), "no endpoint has this path")
}

fn not_found() -> Response<Bytes> {
    response::json(StatusCode::NOT_FOUND, &json!({"detail": "Not found."}))
}

fn document(request: &Request<Bytes>, document: &Value, max_age: u64) -> Response<Bytes> {
    if request.method() == Method::GET {
        response::document(document, max_age)
    } else {
        response::method_not_allowed("GET")
    }
}
