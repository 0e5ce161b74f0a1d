//! The verification of access tokens that are JWTs (RFC 9068 §4).

use super::{
    id_token::{IdTokenRules, audiences, check_general, text, time},
    jwks::{Jwks, KeyRefusal},
    jws::{Jws, TokenKind, malformed},
    token_response::scopes,
};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, IdTokenError},
    json::{self, Object, member},
    provider::SigningAlgorithm,
    tokens::{AccessClaims, Scopes},
};

/// A token that names the provider. Its signature is not verified yet.
pub(crate) struct ReceivedAccessToken<'a> {
    jws: Jws<'a>,
    claims: Object,
}

impl<'a> ReceivedAccessToken<'a> {
    /// Reads an untrusted token: RFC 7515 §5.2, its type and its issuer. `allowed` are the accepted algorithms.
    pub(crate) fn read(
        token: &'a str,
        rules: &IdTokenRules,
        allowed: &[SigningAlgorithm],
    ) -> Result<Self, Error> {
        let jws = Jws::parse(token, TokenKind::AccessToken, allowed)?;
        let no_object = || malformed("its payload is not a JSON object");
        let claims = json::object(&jws.payload).ok_or_else(no_object)?;
        let issuer = text(&claims, "iss").ok_or_else(|| malformed("it has no iss"))?;
        rules.check_issuer(issuer)?;
        Ok(Self { jws, claims })
    }

    pub(crate) fn verify_signature(&self, keys: &Jwks) -> Result<(), KeyRefusal> {
        keys.verify(&self.jws)
    }

    /// The claims, after the signature was verified: those that RFC 9068 §2.2 requires are there, and the token is
    /// valid now. The audience is not checked.
    pub(crate) fn accept(
        self,
        rules: &IdTokenRules,
        now: Timestamp,
    ) -> Result<AccessClaims, Error> {
        let claims = self.claims;
        check_general(&claims, rules, now)?;
        audiences(&claims)?;
        for (name, why) in [
            ("client_id", "it has no client_id"),
            ("jti", "it has no jti"),
        ] {
            let is_there = text(&claims, name).is_some_and(|text| !text.is_empty());
            is_there.then_some(()).ok_or_else(|| malformed(why))?;
        }
        // RFC 9449 §7.2, RFC 8705 §3: without a proof of the key nobody may use it.
        if member(&claims, "cnf").is_some() {
            let context = "it is bound to a key (cnf)";
            return Err(Error::with_context(IdTokenError::Type, context));
        }
        let granted = member(&claims, "scope").map(|scope| {
            scopes(scope).ok_or_else(|| malformed("its scope is not a list of strings"))
        });
        let granted = granted.transpose()?.unwrap_or_else(|| Scopes::new(""));
        let issuer = text(&claims, "iss").unwrap_or_default().into();
        let expires = time(&claims, "exp")?;
        Ok(AccessClaims::new(claims, issuer, granted, expires))
    }
}

/// The refusal of an access token, from the fault that was found in it. Other errors stay as they are.
pub(crate) fn refused_access_token(error: Error) -> Error {
    let ErrorKind::IdToken(fault) = error.kind() else {
        return error;
    };
    let fault = match fault {
        IdTokenError::Malformed => "it is malformed",
        IdTokenError::Type => "it is another kind of token",
        IdTokenError::Algorithm => "its algorithm is not allowed",
        IdTokenError::Issuer => "it has another issuer",
        IdTokenError::UnknownKey => "no key of the provider matches it",
        IdTokenError::Signature => "its signature is invalid",
        IdTokenError::Expired => "it has expired",
        IdTokenError::NotYetValid => "it is not yet valid",
        IdTokenError::Audience
        | IdTokenError::Nonce
        | IdTokenError::Hash
        | IdTokenError::RefreshMismatch => "it is for another purpose",
    };
    let context = match error.details() {
        Some(details) => format!("{fault}: {details}"),
        None => fault.to_owned(),
    };
    Error::with_context(ErrorKind::AccessTokenRefused, context)
}
