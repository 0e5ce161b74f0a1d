//! The requests of the API, and what is checked first.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use serde_json::json;

use crate::{
    provider::{endpoint::Endpoint, response, state::State},
    verification::{
        arm, create, decision, destinations,
        ids::is_uuid,
        list, manage, page,
        rate_limit::{Kind, Standing},
        update,
    },
};

/// The response to a request that is not processed.
pub(crate) type Rejection = Box<Response<Bytes>>;

/// The endpoint at a path.
pub(crate) fn endpoint(path: &str) -> Option<Endpoint> {
    if page::token(path).is_some() {
        return Some(Endpoint::VerificationPage);
    }
    match path.strip_prefix("/v3/")? {
        "session/" => Some(Endpoint::CreateVerification),
        "sessions/" | "sessions" => Some(Endpoint::ListVerifications),
        path if path.starts_with("webhook/destinations/") => Some(Endpoint::WebhookDestinations),
        path => match path.strip_prefix("session/")?.split_once('/')?.1 {
            "decision/" => Some(Endpoint::VerificationDecision),
            "update-status/" => Some(Endpoint::UpdateVerification),
            "delete/" => Some(Endpoint::DeleteVerification),
            "generate-pdf/" => Some(Endpoint::VerificationReport),
            "sandbox/arm/" => Some(Endpoint::ArmVerification),
            _ => None,
        },
    }
}

/// The response of an endpoint of identity verification; `None` for another endpoint.
pub(crate) fn respond(
    state: &mut State,
    endpoint: Endpoint,
    request: &Request<Bytes>,
) -> Option<Response<Bytes>> {
    let path = request.uri().path();
    let (method, kind) = match endpoint {
        Endpoint::VerificationPage => return Some(page::respond(state, request)),
        Endpoint::ArmVerification => return Some(arm::respond(state, request, session_id(path))),
        Endpoint::CreateVerification => (Method::POST, Kind::Create),
        Endpoint::ListVerifications if !path.ends_with('/') => return Some(with_slash(path)),
        Endpoint::ListVerifications | Endpoint::VerificationDecision => (Method::GET, Kind::Read),
        Endpoint::UpdateVerification => (Method::PATCH, Kind::Write),
        Endpoint::DeleteVerification => (Method::DELETE, Kind::Write),
        Endpoint::VerificationReport => (Method::GET, Kind::Report),
        Endpoint::WebhookDestinations => {
            let reads = request.method() == Method::GET;
            (
                request.method().clone(),
                if reads { Kind::Read } else { Kind::Write },
            )
        }
        _ => return None,
    };
    state.settle_verifications();
    let is_of_session = matches!(
        endpoint,
        Endpoint::VerificationDecision
            | Endpoint::UpdateVerification
            | Endpoint::DeleteVerification
            | Endpoint::VerificationReport
    );
    let response = match admit(state, request, &method, kind, is_of_session) {
        Err(rejection) => *rejection,
        Ok(standing) => {
            let id = session_id(path);
            standing.describe(match endpoint {
                Endpoint::CreateVerification => create::respond(state, request),
                Endpoint::ListVerifications => list::respond(state, request),
                Endpoint::VerificationDecision => decision::respond(state, request, id),
                Endpoint::UpdateVerification => update::respond(state, request, id),
                Endpoint::DeleteVerification => manage::delete(state, id),
                Endpoint::VerificationReport => manage::report(state, id),
                _ => destinations::respond(state, request),
            })
        }
    };
    Some(response)
}

/// Checks session, method, key and rate limit, in this order: an unknown session is a 404 also without a key.
fn admit(
    state: &mut State,
    request: &Request<Bytes>,
    method: &Method,
    kind: Kind,
    is_of_session: bool,
) -> Result<Standing, Rejection> {
    let now = state.now();
    let verification = &mut state.verification;
    if is_of_session {
        let id = session_id(request.uri().path());
        if !is_uuid(id) {
            return Err(Box::new(not_found_page()));
        }
        if verification.session(&id.to_ascii_lowercase()).is_none() {
            return Err(Box::new(not_found("no session has this id")));
        }
    }
    if request.method() != method {
        return Err(Box::new(method_not_allowed(request.method(), method)));
    }
    let key = request.headers().get("x-api-key");
    if key.is_none_or(|key| key.as_bytes() != verification.api_key.as_bytes()) {
        let why = match key {
            None => "the header x-api-key is missing",
            Some(_) => "the API key is wrong",
        };
        return Err(Box::new(forbidden(is_of_session, why)));
    }
    let standing = verification.limits.count(kind, now);
    match standing.rejection() {
        Some(rejection) => Err(Box::new(rejection)),
        None => Ok(standing),
    }
}

/// The part of the path that names a session.
fn session_id(path: &str) -> &str {
    let rest = path.strip_prefix("/v3/session/").unwrap_or_default();
    rest.split('/').next().unwrap_or_default()
}

/// The JSON 404.
pub(crate) fn not_found(why: &str) -> Response<Bytes> {
    let body = json!({"detail": "Not found."});
    response::with_problem(response::json(StatusCode::NOT_FOUND, &body), why)
}

/// The 404 for an id that no route matches.
pub(crate) fn not_found_page() -> Response<Bytes> {
    let html = "<!doctype html>\n<html lang=\"en\"><head><title>Not Found</title></head><body>\
                <h1>Not Found</h1><p>The requested resource was not found on this server.</p></body></html>\n";
    let page = response::page(StatusCode::NOT_FOUND, html.to_owned());
    response::with_problem(page, "the id is not a UUID")
}

/// A 400 with this body.
pub(crate) fn bad_request(body: &serde_json::Value) -> Response<Bytes> {
    let why = body.to_string();
    response::with_problem(response::json(StatusCode::BAD_REQUEST, body), why)
}

fn forbidden(is_of_session: bool, why: &str) -> Response<Bytes> {
    let detail = if is_of_session {
        "Authentication credentials were not provided or are invalid."
    } else {
        "You do not have permission to perform this action."
    };
    let response = response::json(StatusCode::FORBIDDEN, &json!({ "detail": detail }));
    response::with_problem(response, why)
}

pub(crate) fn method_not_allowed(method: &Method, allowed: &Method) -> Response<Bytes> {
    let detail = format!("Method \"{method}\" not allowed.");
    let body = json!({ "detail": detail });
    let mut response = response::json(StatusCode::METHOD_NOT_ALLOWED, &body);
    if let Ok(allow) = allowed.as_str().parse() {
        response.headers_mut().insert(header::ALLOW, allow);
    }
    response::with_problem(response, format!("the method must be {allowed}"))
}

/// The redirect to the path with a trailing slash.
fn with_slash(path: &str) -> Response<Bytes> {
    let mut response = response::redirect(&format!("{path}/"));
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    response::with_problem(response, "the path has no trailing slash")
}
