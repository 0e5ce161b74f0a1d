//! `/token/`: JSON in and out, exactly the documented members, no client authentication.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};

use super::{jwt, members::Members, refused};
use crate::provider::{
    answer::{self, Answer},
    grant::{Grant, is_verifier},
    media_type,
    state::State,
};

/// Answers a token request.
pub(crate) fn answer(state: &mut State, request: &Request<Bytes>) -> Answer {
    if request.method() != Method::POST {
        return answer::method_not_allowed("POST");
    }
    match tokens(state, request) {
        Ok(tokens) => answer::json(StatusCode::OK, &tokens),
        Err(code) => refused(StatusCode::BAD_REQUEST, code),
    }
}

/// The error code of a refusal.
type Code = &'static str;

fn tokens(state: &mut State, request: &Request<Bytes>) -> Result<Value, Code> {
    let headers = request.headers();
    if request.uri().query().is_some() {
        return Err(INVALID_REQUEST);
    }
    if headers.contains_key(header::AUTHORIZATION) {
        return Err("invalid_client");
    }
    if !media_type::is(headers, "application/json") {
        return Err("invalid_content_type");
    }
    let members = Members::parse(request.body()).ok_or(INVALID_REQUEST)?;
    match members.get("grant_type").ok_or(INVALID_REQUEST)? {
        "authorization_code" => authorization_code(state, &members),
        "refresh_token" => refresh_token(state, &members),
        _ => Err("unsupported_grant_type"),
    }
}

fn authorization_code(state: &mut State, members: &Members) -> Result<Value, Code> {
    if !members.are_among(&CODE_GRANT) {
        return Err("unknown_field");
    }
    if members
        .get("client_id")
        .is_some_and(|id| id != state.client.id)
    {
        return Err("invalid_client");
    }
    let required = |name, is_good: fn(&str) -> bool| {
        let value = members.get(name).filter(|value| is_good(value));
        value.ok_or(INVALID_REQUEST)
    };
    let code = required("code", |code| code.len() <= 128)?;
    let verifier = required("code_verifier", is_verifier)?;
    let redirect_uri = required("redirect_uri", |uri| uri.len() <= 2048)?;
    if !state
        .redirect_uris
        .iter()
        .any(|known| known == redirect_uri)
    {
        return Err("invalid_redirect_uri");
    }

    let now = state.now();
    let grant = state
        .ledger
        .redeem(code, redirect_uri, Some(verifier), now)
        .map_err(|_| INVALID_GRANT)?;
    Ok(issue(state, grant))
}

/// All tokens are replaced together; a refresh token that comes back ends its session.
fn refresh_token(state: &mut State, members: &Members) -> Result<Value, Code> {
    if !members.are_among(&REFRESH_GRANT) {
        return Err("unknown_field");
    }
    let token = members.get("refresh_token").ok_or(INVALID_REQUEST)?;
    let now = state.now();
    let grant = state
        .ledger
        .refresh(token, now)
        .map_err(|_| INVALID_GRANT)?;
    state.ledger.replace_refresh_token(token);
    state.ledger.end_access_tokens(&grant);
    Ok(issue(state, grant))
}

/// What a grant opens.
pub(crate) fn issue(state: &mut State, grant: Arc<Grant>) -> Value {
    let (now, lifetime) = (state.now(), state.access_token_lifetime);
    let (scope, id_token) = (grant.scope.clone(), jwt::id_token(state, &grant));
    let access_token = jwt::access_token(state, &grant);
    state.ledger.issue_access_token(
        access_token.clone(),
        Arc::clone(&grant),
        scope.clone(),
        now,
        lifetime,
    );
    let mut answer = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": lifetime,
        "id_token": id_token,
    });
    let mut add = |name: &str, value: String| {
        if let Some(members) = answer.as_object_mut() {
            members.insert(name.to_owned(), value.into());
        }
    };
    if !scope.is_empty() {
        add("scope", scope.to_string());
    }
    if scope.contains(state.product.offline_scope()) {
        let expires_at = now.saturating_add(state.refresh_token_lifetime);
        add(
            "refresh_token",
            state.ledger.issue_refresh_token(grant, expires_at),
        );
    }
    answer
}

const INVALID_REQUEST: Code = "invalid_request";
const INVALID_GRANT: Code = "invalid_grant";

const CODE_GRANT: [&str; 5] = [
    "grant_type",
    "code",
    "code_verifier",
    "redirect_uri",
    "client_id",
];
const REFRESH_GRANT: [&str; 2] = ["grant_type", "refresh_token"];
