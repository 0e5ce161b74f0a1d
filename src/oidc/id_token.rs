//! The verification of ID tokens.
//!
//! The checks of RFC 7515 §5.2 on the token itself, then the steps of OpenID Connect Core §3.1.3.7 in their
//! order.

mod rules;

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

pub(crate) use self::rules::IdTokenRules;
use super::{
    callback::Grant,
    jwks::{Jwks, KeyRefusal},
    jws::{Jws, TokenKind, malformed},
};
use crate::{
    clock::Timestamp,
    error::{Error, IdTokenError},
    json::{self, Object, member, numeric_date},
    provider::SigningAlgorithm,
    tokens::{IdClaims, IdToken},
};

/// A token that names the provider and this client. Its signature is not verified yet.
pub(crate) struct ReceivedIdToken<'a> {
    jws: Jws<'a>,
    payload: Box<str>,
    claims: Object,
}

/// A token whose origin is verified: the provider has issued it.
pub(crate) struct SignedIdToken {
    algorithm: SigningAlgorithm,
    payload: Box<str>,
    claims: Object,
}

impl<'a> ReceivedIdToken<'a> {
    /// Reads an untrusted token: RFC 7515 §5.2, then steps 1 to 5, 7 and 8.
    ///
    /// Step 1: an encrypted token has five parts, and is refused. Step 8: a keyed hash is no
    /// [`SigningAlgorithm`].
    pub(crate) fn read(
        token: &'a IdToken,
        rules: &IdTokenRules,
        allowed: &[SigningAlgorithm],
    ) -> Result<Self, Error> {
        let mut jws = Jws::parse(token.secret(), TokenKind::IdToken, allowed)?;
        let payload = std::mem::take(&mut jws.payload);
        let no_object = || malformed("its payload is not a JSON object");
        let claims = json::object(&payload).ok_or_else(no_object)?;
        let payload = String::from_utf8(payload).map_err(|_| no_object())?;

        let issuer = text(&claims, "iss").ok_or_else(|| malformed("it has no iss"))?;
        rules.check_issuer(issuer)?;
        rules.check_audience(&claims)?;
        Ok(Self {
            jws,
            payload: payload.into(),
            claims,
        })
    }

    /// Step 6: the signature.
    pub(crate) fn verify_signature(&self, keys: &Jwks) -> Result<(), KeyRefusal> {
        keys.verify(&self.jws)
    }

    /// The token after step 6: its signature is verified, or the application trusts TLS instead, as the token came
    /// directly from the token endpoint.
    pub(crate) fn into_signed(self) -> SignedIdToken {
        SignedIdToken {
            algorithm: self.jws.algorithm,
            payload: self.payload,
            claims: self.claims,
        }
    }
}

impl SignedIdToken {
    /// Steps 9 to 13, then §3.1.3.8: whether the token is valid now and belongs to this sign-in.
    pub(crate) fn accept(
        self,
        rules: &IdTokenRules,
        grant: &Grant,
        access_token: &str,
        now: Timestamp,
    ) -> Result<IdClaims, Error> {
        let claims = &self.claims;
        check_general(claims, rules, now)?;
        rules.check_nonce(claims, grant.nonce.as_ref().map(|nonce| nonce.as_str()))?;
        rules.check_authentication(claims, grant, now)?;
        check_hash(claims, "at_hash", access_token, self.algorithm)?;
        check_hash(claims, "c_hash", &grant.code, self.algorithm)?;
        Ok(IdClaims::new(self.payload))
    }

    /// Whether the token continues the sign-in that `first` is from (§12.2): the same issuer, subject,
    /// authorized party and whole audience. A `nonce` must be that of the sign-in, and `auth_time` is
    /// unchanged where both tokens have it. The session keeps the claims of the sign-in.
    pub(crate) fn check_refreshed(
        self,
        rules: &IdTokenRules,
        first: &IdClaims,
        access_token: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let claims = &self.claims;
        check_general(claims, rules, now)?;
        rules.check_acr(claims)?;
        check_hash(claims, "at_hash", access_token, self.algorithm)?;

        let is_same = |name| first.value(name) == member(claims, name);
        let authenticated = |value: Option<&Value>| value.and_then(numeric_date);
        let before = authenticated(first.value("auth_time"));
        let after = authenticated(member(claims, "auth_time"));
        let audiences = audiences(claims)?;
        let has_audience = first.audiences().all(|one| audiences.contains(&one));
        for (name, is_kept, kind) in [
            ("iss", is_same("iss"), IdTokenError::Issuer),
            ("sub", is_same("sub"), IdTokenError::RefreshMismatch),
            ("azp", is_same("azp"), IdTokenError::Audience),
            (
                "nonce",
                member(claims, "nonce").is_none() || is_same("nonce"),
                IdTokenError::Nonce,
            ),
            (
                "auth_time",
                before.is_none() || after.is_none() || before == after,
                IdTokenError::RefreshMismatch,
            ),
            ("aud", has_audience, IdTokenError::Audience),
        ] {
            if !is_kept {
                let context = format!("its {name} is not that of the sign-in");
                return Err(Error::with_context(kind, context));
            }
        }
        Ok(())
    }
}

pub(super) fn audiences(claims: &Object) -> Result<Vec<&str>, Error> {
    match claims.get("aud") {
        Some(Value::String(one)) => Ok(vec![one.as_str()]),
        Some(Value::Array(several)) => several
            .iter()
            .map(Value::as_str)
            .collect::<Option<_>>()
            .ok_or_else(|| malformed("its aud is not a list of strings")),
        _ => Err(malformed("it has no aud")),
    }
}

/// The checks of every token: subject, type and times.
pub(super) fn check_general(
    claims: &Object,
    rules: &IdTokenRules,
    now: Timestamp,
) -> Result<(), Error> {
    let subject = text(claims, "sub").ok_or_else(|| malformed("it has no sub"))?;
    // OpenID Connect Core §2.
    if subject.is_empty() || subject.len() > 255 {
        return Err(malformed("its sub is empty or longer than 255 bytes"));
    }
    // Back-Channel Logout §2.4: only this member tells a logout token from an ID token.
    let events = claims.get("events").and_then(Value::as_object);
    if events.is_some_and(|events| events.contains_key(BACK_CHANNEL_LOGOUT)) {
        return Err(Error::new(IdTokenError::Type));
    }
    rules.check_times(claims, now)
}

/// §3.1.3.8 and §3.3.2.11: an optional claim, the left half of a hash. The token's `alg` determines the hash
/// function.
fn check_hash(
    claims: &Object,
    name: &'static str,
    hashed: &str,
    algorithm: SigningAlgorithm,
) -> Result<(), Error> {
    use SigningAlgorithm::{Es256, Es384, Es512, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
    let Some(claimed) = member(claims, name) else {
        return Ok(());
    };
    let hash = match algorithm {
        Rs256 | Ps256 | Es256 => &digest::SHA256,
        Rs384 | Ps384 | Es384 => &digest::SHA384,
        Rs512 | Ps512 | Es512 => &digest::SHA512,
    };
    let hash = digest::digest(hash, hashed.as_bytes());
    let (half, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    if claimed.as_str() == Some(BASE64_URL_SAFE_NO_PAD.encode(half).as_str()) {
        Ok(())
    } else {
        Err(Error::with_context(IdTokenError::Hash, name))
    }
}

pub(super) fn text<'a>(claims: &'a Object, name: &str) -> Option<&'a str> {
    claims.get(name)?.as_str()
}

pub(super) fn time(claims: &Object, name: &str) -> Result<Option<Timestamp>, Error> {
    let malformed =
        || Error::with_context(IdTokenError::Malformed, format!("its {name} is not a time"));
    let time = member(claims, name).map(|value| numeric_date(value).ok_or_else(malformed));
    time.transpose()
}

fn time_error(kind: IdTokenError, name: &str, time: Timestamp, now: Timestamp) -> Error {
    let (time, now) = (time.as_unix(), now.as_unix());
    let context = format!(
        "its {name} is {time}, and the time here is {now}: set the clock, or raise `with_clock_skew`"
    );
    Error::with_context(kind, context)
}

const BACK_CHANNEL_LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";

#[cfg(test)]
mod tests;
