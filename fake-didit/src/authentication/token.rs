//! `/token/`: JSON, only the documented members, no client authentication.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use serde_json::{Value, json};

use super::{error, jwt, members::Members};
use crate::provider::{
    grant::{Grant, is_verifier},
    media_type, response,
    state::State,
    token::QUERY_NOT_ALLOWED,
};

/// Responds to a token request.
pub(crate) fn respond(state: &mut State, request: &Request<Bytes>) -> Response<Bytes> {
    if request.method() != Method::POST {
        return response::method_not_allowed("POST");
    }
    match tokens(state, request) {
        Ok(tokens) => response::json(StatusCode::OK, &tokens),
        Err((code, why)) => error(StatusCode::BAD_REQUEST, code, &why),
    }
}

/// An error code, and the reason for the request log.
type Refusal = (&'static str, String);

fn tokens(state: &mut State, request: &Request<Bytes>) -> Result<Value, Refusal> {
    let headers = request.headers();
    if request.uri().query().is_some() {
        return Err(refusal(INVALID_REQUEST, QUERY_NOT_ALLOWED));
    }
    if headers.contains_key(header::AUTHORIZATION) {
        let why = "this client may not use an Authorization header";
        return Err(refusal("invalid_client", why));
    }
    if !media_type::is(headers, "application/json") {
        let why = "Content-Type must be application/json";
        return Err(refusal("invalid_content_type", why));
    }
    let members = Members::parse(request.body()).ok_or_else(|| {
        let why = "the body is not a JSON object of strings with unique names";
        refusal(INVALID_REQUEST, why)
    })?;
    match required(&members, "grant_type", |_| true)? {
        "authorization_code" => authorization_code(state, &members),
        "refresh_token" => refresh_token(state, &members),
        _ => Err(refusal(
            "unsupported_grant_type",
            "grant_type must be authorization_code or refresh_token",
        )),
    }
}

fn authorization_code(state: &mut State, members: &Members) -> Result<Value, Refusal> {
    check_names(members, &CODE_GRANT)?;
    if members
        .get("client_id")
        .is_some_and(|id| id != state.client.id)
    {
        return Err(refusal("invalid_client", "client_id is unknown"));
    }
    let code = required(members, "code", |code| code.len() <= 128)?;
    let verifier = required(members, "code_verifier", is_verifier)?;
    let redirect_uri = required(members, "redirect_uri", |uri| uri.len() <= 2048)?;
    if !state
        .redirect_uris
        .iter()
        .any(|registered| registered == redirect_uri)
    {
        let why = "redirect_uri is not registered";
        return Err(refusal("invalid_redirect_uri", why));
    }

    let now = state.now();
    let grant = state
        .tokens
        .redeem(code, redirect_uri, Some(verifier), now)
        .map_err(|why| refusal(INVALID_GRANT, why))?;
    Ok(issue(state, grant))
}

/// A refresh replaces all tokens. Reuse of a refresh token ends its session.
fn refresh_token(state: &mut State, members: &Members) -> Result<Value, Refusal> {
    check_names(members, &REFRESH_GRANT)?;
    let token = required(members, "refresh_token", |_| true)?;
    let now = state.now();
    let grant = state
        .tokens
        .refresh(token, now)
        .map_err(|why| refusal(INVALID_GRANT, why))?;
    state.tokens.replace_refresh_token(token);
    state.tokens.end_access_tokens(&grant);
    Ok(issue(state, grant))
}

fn check_names(members: &Members, documented: &[&str]) -> Result<(), Refusal> {
    match members.other_than(documented) {
        Some(name) => Err((
            "unknown_field",
            format!("{name} is not documented for this grant_type"),
        )),
        None => Ok(()),
    }
}

/// A required and valid member.
fn required<'a>(
    members: &'a Members,
    name: &str,
    is_valid: fn(&str) -> bool,
) -> Result<&'a str, Refusal> {
    let error = |problem| (INVALID_REQUEST, format!("{name} is {problem}"));
    let value = members.get(name).ok_or_else(|| error("missing"))?;
    if is_valid(value) {
        Ok(value)
    } else {
        Err(error("malformed"))
    }
}

fn refusal(code: &'static str, why: &str) -> Refusal {
    (code, why.to_owned())
}

/// Issues all tokens of a grant.
pub(crate) fn issue(state: &mut State, grant: Arc<Grant>) -> Value {
    let (now, lifetime) = (state.now(), state.access_token_lifetime);
    let (scope, id_token) = (grant.scope.clone(), jwt::id_token(state, &grant));
    let access_token = jwt::access_token(state, &grant);
    state.tokens.issue_access_token(
        access_token.clone(),
        Arc::clone(&grant),
        scope.clone(),
        now,
        lifetime,
    );
    let mut response = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": lifetime,
        "id_token": id_token,
    });
    let mut add = |name: &str, value: String| {
        if let Some(members) = response.as_object_mut() {
            members.insert(name.to_owned(), value.into());
        }
    };
    if !scope.is_empty() {
        add("scope", scope.to_string());
    }
    if scope.contains(state.product.offline_scope()) {
        let lifetime = state.refresh_token_lifetime;
        let token = state.tokens.issue_refresh_token(grant, now, lifetime);
        add("refresh_token", token);
    }
    response
}

const INVALID_REQUEST: &str = "invalid_request";
const INVALID_GRANT: &str = "invalid_grant";

const CODE_GRANT: [&str; 5] = [
    "grant_type",
    "code",
    "code_verifier",
    "redirect_uri",
    "client_id",
];
const REFRESH_GRANT: [&str; 2] = ["grant_type", "refresh_token"];
