//! The introspection response (RFC 7662 §2.2), with the differences of Didit's.

use http::{Response, StatusCode};
use serde_json::Value;

use super::{
    id_token::{IdTokenRules, text, time},
    token_response::{invalid, scopes},
};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, TokenError},
    json::{self, Object, member},
    tokens::{AccessClaims, Scopes},
    transport::unexpected_status,
};

/// The claims of the access token that the response describes. The audience is not checked.
///
/// # Errors
///
/// [`ErrorKind::AccessTokenRefused`] if the token is not active; other kinds if the response cannot be used.
pub(crate) fn introspected(
    response: &Response<impl AsRef<[u8]>>,
    rules: &IdTokenRules,
    now: Timestamp,
) -> Result<AccessClaims, Error> {
    let members = json::object(response.body().as_ref());
    check_status(response.status(), members.as_ref())?;
    let context = "introspection: not a JSON object, or a member is repeated";
    let members = members.ok_or_else(|| invalid(context))?;
    // Only the JSON value: not `"true"`, not 1.
    if members.get("active") != Some(&Value::Bool(true)) {
        return Err(refused("it is not active"));
    }
    check_token_type(&members)?;
    let issuer = match member(&members, "iss") {
        Some(issuer) => {
            let issuer = issuer
                .as_str()
                .filter(|iss| rules.provider.accepts_issuer(iss));
            issuer.ok_or_else(|| refused("it has another issuer"))?
        }
        // RFC 7662 §2.2: optional.
        None => rules.provider.issuers.first().map_or("", String::as_str),
    };
    let subject = text(&members, "sub").filter(|subject| !subject.is_empty());
    subject.ok_or_else(|| refused("it has no subject"))?;
    let malformed = |_| invalid("introspection: a time is not a number");
    let expires = time(&members, "exp").map_err(malformed)?;
    if expires.is_some_and(|end| now >= end.plus(rules.clock_skew)) {
        return Err(refused("it has expired"));
    }
    let starts = time(&members, "nbf").map_err(malformed)?;
    if starts.is_some_and(|start| start > now.plus(rules.clock_skew)) {
        return Err(refused("it is not yet valid"));
    }
    let granted = granted(&members)?;
    let issuer = issuer.into();
    Ok(AccessClaims::new(members, issuer, granted, expires))
}

/// Didit's errors are not those of RFC 7662 §2.3, and a 401 may stand for an inactive token.
fn check_status(status: StatusCode, members: Option<&Object>) -> Result<(), Error> {
    let code = members.and_then(|members| text(members, "error"));
    match (status, code) {
        (StatusCode::OK, _) => Ok(()),
        (_, Some("invalid_client")) => Err(Error::from_provider(
            TokenError::InvalidClient.into(),
            "invalid_client",
            None,
        )),
        (StatusCode::UNAUTHORIZED, _) => Err(refused(
            "the introspection endpoint answers 401: the token is not active, or the client secret is wrong",
        )),
        (_, Some(code)) if status.is_client_error() => {
            Err(Error::from_provider(ErrorKind::ProviderRefused, code, None))
        }
        _ => Err(unexpected_status("introspection", status)),
    }
}

/// A refresh token is active as well, and no access token; `token_use` is what some providers send. A token that is bound
/// to a key is no bearer token (RFC 9449 §7.2, RFC 8705 §3).
fn check_token_type(members: &Object) -> Result<(), Error> {
    let names = |name, known: &[&str]| match member(members, name) {
        None => true,
        Some(value) => value
            .as_str()
            .is_some_and(|value| known.iter().any(|one| value.eq_ignore_ascii_case(one))),
    };
    if member(members, "cnf").is_none()
        && names("token_type", &["bearer", "access_token"])
        && names("token_use", &["access", "access_token"])
    {
        return Ok(());
    }
    Err(refused("it is another kind of token"))
}

/// `scope` (RFC 7662 §2.2), or `claims` in Didit's responses; a list with spaces in between, or an array.
fn granted(members: &Object) -> Result<Scopes, Error> {
    if let Some(scope) = member(members, "scope") {
        return scopes(scope).ok_or_else(|| invalid("introspection: an unreadable scope"));
    }
    let claims = member(members, "claims").and_then(scopes);
    Ok(claims.unwrap_or_else(|| Scopes::new("")))
}

fn refused(why: &'static str) -> Error {
    Error::with_context(ErrorKind::AccessTokenRefused, why)
}
