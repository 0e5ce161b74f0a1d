//! The tokens of Didit Authentication (RFC 9068, OpenID Connect Core §2).

use serde_json::{Map, Value, json};

use crate::provider::{grant::Grant, state::State};

/// An access token: a JWT of type `at+jwt` with a `client_id` (RFC 9068 §2).
pub(crate) fn access_token(state: &mut State, grant: &Grant) -> String {
    let mut header = state.keys.header();
    header.insert("typ".to_owned(), "at+jwt".into());
    let mut claims = claims(state, grant);
    claims.insert("client_id".to_owned(), state.client.id.as_str().into());
    state.keys.sign(&header, &claims)
}

/// An ID token. It has neither `nonce` nor `at_hash`.
pub(crate) fn id_token(state: &mut State, grant: &Grant) -> String {
    let claims = claims(state, grant);
    state.keys.sign(&state.keys.header(), &claims)
}

/// The claims of both tokens.
fn claims(state: &mut State, grant: &Grant) -> Map<String, Value> {
    let now = state.now();
    let claims = [
        ("iss", state.issuer.as_str().into()),
        ("aud", state.client.id.as_str().into()),
        ("sub", grant.person.subject().into()),
        ("sid", grant.session.as_str().into()),
        ("jti", state.tokens.new_id("jti").into()),
        ("iat", now.into()),
        ("exp", (now + state.access_token_lifetime).into()),
        ("amr", json!([grant.person.authentication_method()])),
    ];
    let claims = claims.map(|(name, value)| (name.to_owned(), value));
    claims.into_iter().chain(grant.person.claims()).collect()
}
