//! The token endpoint (RFC 6749 §4.1.3, §6; OpenID Connect Core §3.1.3).

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    person::Person,
    provider::{
        authorize::AuthorizeRequest,
        form::{self, Form},
        grant::Grant,
        id_token,
        oauth_error::OAuthError,
        response,
        scope::Scope,
        state::State,
    },
};

/// A successful response (RFC 6749 §5.1).
#[derive(Serialize)]
pub(crate) struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

/// Responds to a token request.
pub(crate) fn respond(state: &mut State, request: &Request<Bytes>) -> Response<Bytes> {
    if request.method() != Method::POST {
        return response::method_not_allowed("POST");
    }
    match exchange(state, request) {
        Ok(tokens) => response::json(StatusCode::OK, &tokens),
        Err(error) => error.response_with_problem(),
    }
}

fn exchange(state: &mut State, request: &Request<Bytes>) -> Result<Value, OAuthError> {
    let form = read_form(request)?;
    state.client.authenticate(request.headers(), &form)?;
    match required(&form, "grant_type")? {
        "authorization_code" => Ok(json!(authorization_code(state, &form)?)),
        "refresh_token" => Ok(json!(refresh_token(state, &form)?)),
        "client_credentials" => client_credentials(state, &form),
        _ => Err(OAuthError::new("unsupported_grant_type").with_description(
            "grant_type must be authorization_code, refresh_token or client_credentials",
        )),
    }
}

fn authorization_code(state: &mut State, form: &Form) -> Result<Tokens, OAuthError> {
    let (code, redirect_uri) = (required(form, "code")?, required(form, "redirect_uri")?);
    let now = state.now();
    let grant = state
        .tokens
        .redeem(code, redirect_uri, form.get("code_verifier"), now)
        .map_err(OAuthError::invalid_grant)?;

    Ok(issue(state, grant))
}

/// Issues all tokens of a grant.
pub(crate) fn issue(state: &mut State, grant: Arc<Grant>) -> Tokens {
    let mut tokens = tokens(state, &grant, grant.scope.clone());
    let id_token = id_token(state, &grant, &tokens.access_token);
    state.tokens.record_id_token(&id_token);
    tokens.id_token = Some(id_token);
    if grant.scope.contains(state.product.offline_scope()) {
        tokens.refresh_token = Some(issue_refresh_token(state, grant));
    }
    tokens
}

/// As with Didit, the response has no ID token, and a refresh token only with rotation.
fn refresh_token(state: &mut State, form: &Form) -> Result<Tokens, OAuthError> {
    let token = required(form, "refresh_token")?;
    let now = state.now();
    let grant = state
        .tokens
        .refresh(token, now)
        .map_err(OAuthError::invalid_grant)?;

    let scope = match form.get("scope") {
        None => grant.scope.clone(),
        // RFC 6749 §6: not more than was granted.
        Some(text) => Scope::parse(text, &state.scopes)
            .ok()
            .filter(|scope| scope.is_within(&grant.scope))
            .ok_or_else(|| {
                OAuthError::new("invalid_scope").with_description("scope exceeds the granted scope")
            })?,
    };
    let mut tokens = tokens(state, &grant, scope);
    if state.rotates_refresh_tokens {
        state.tokens.replace_refresh_token(token);
        tokens.refresh_token = Some(issue_refresh_token(state, grant));
    }
    Ok(tokens)
}

/// A token of the client itself (RFC 6749 §4.4). Didit's response has neither `token_type` nor `scope`.
fn client_credentials(state: &mut State, form: &Form) -> Result<Value, OAuthError> {
    if state.client.is_public() {
        // RFC 6749 §4.4: only for confidential clients.
        return Err(OAuthError::new("unauthorized_client")
            .with_description("a public client may not use client_credentials"));
    }
    let scope =
        Scope::parse(form.get("scope").unwrap_or_default(), &state.scopes).map_err(|name| {
            OAuthError::new("invalid_scope").with_description(format!("unknown scope {name}"))
        })?;
    let (client, session, now) = (
        Person::new(&state.client.id),
        state.tokens.new_id("session"),
        state.now(),
    );
    let request = AuthorizeRequest::for_scope(scope.clone());
    let grant = Arc::new(Grant::new(request, client, session, now));
    let tokens = tokens(state, &grant, scope);
    Ok(json!({
        "iss": state.issuer.as_str(),
        "iat": now,
        "sub": state.client.id,
        "client_id": state.client.id,
        "organization_id": ORGANIZATION,
        "expires_in": tokens.expires_in,
        "exp": now + tokens.expires_in,
        "access_token": tokens.access_token,
    }))
}

/// Issues an access token, which every response has.
fn tokens(state: &mut State, grant: &Arc<Grant>, scope: Scope) -> Tokens {
    let (now, lifetime) = (state.now(), state.access_token_lifetime);
    let (access_token, granted) = (state.tokens.new_id("at"), scope.to_string());
    state.tokens.issue_access_token(
        access_token.clone(),
        Arc::clone(grant),
        scope,
        now,
        lifetime,
    );
    Tokens {
        scope: granted,
        access_token,
        token_type: "Bearer",
        expires_in: lifetime,
        id_token: None,
        refresh_token: None,
    }
}

fn issue_refresh_token(state: &mut State, grant: Arc<Grant>) -> String {
    let (now, lifetime) = (state.now(), state.refresh_token_lifetime);
    state.tokens.issue_refresh_token(grant, now, lifetime)
}

fn id_token(state: &State, grant: &Grant, access_token: &str) -> String {
    let claims = id_token::claims(
        grant,
        state.issuer.as_str(),
        &state.client.id,
        access_token,
        state.now(),
    );
    state.keys.sign(&state.keys.header(), &claims)
}

/// The form of a request: in the body, without a query (RFC 6749 §2.3.1: no credentials in the URI).
pub(crate) fn read_form(request: &Request<Bytes>) -> Result<Form, OAuthError> {
    if request.uri().query().is_some() {
        return Err(OAuthError::invalid_request(QUERY_NOT_ALLOWED));
    }
    if !form::has_form_type(request.headers()) {
        return Err(OAuthError::invalid_request(
            "Content-Type must be application/x-www-form-urlencoded",
        ));
    }
    let text = std::str::from_utf8(request.body())
        .map_err(|_| OAuthError::invalid_request("the body is not UTF-8"))?;
    Form::parse(text).map_err(|error| OAuthError::invalid_request(error.description()))
}

/// A required parameter.
pub(crate) fn required<'form>(form: &'form Form, name: &str) -> Result<&'form str, OAuthError> {
    form.get(name)
        .ok_or_else(|| OAuthError::invalid_request(format!("{name} is missing")))
}

/// The organization of the client, which no other response has.
const ORGANIZATION: &str = "f4c0a9d2-7b1e-4c53-9a86-2d0e5b7f1c33";
/// The problem of a token request with a query.
pub(crate) const QUERY_NOT_ALLOWED: &str = "parameters must be in the body, not in the query";
