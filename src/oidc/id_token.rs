//! The verification of ID tokens.
//!
//! The steps of OpenID Connect Core §3.1.3.7 in their order, after what RFC 7515 §5.2 asks of the
//! token itself. Each type is a token of which more is known: received, signed, accepted.

mod rules;

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value};

pub(crate) use self::rules::IdTokenRules;
use super::{
    jwks::{Jwks, KeyRefusal},
    jws::{Header, Jws},
};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, IdTokenError},
    json::{self, numeric_date},
    provider::SigningAlgorithm,
    tokens::{IdClaims, IdToken},
};

/// What one sign-in's ID token is bound to.
pub(crate) struct Bindings<'a> {
    pub(crate) nonce: Option<&'a str>,
    pub(crate) code: &'a str,
    pub(crate) access_token: &'a str,
    /// When the sign-in started.
    pub(crate) started: Timestamp,
}

/// A token that claims to be of the right provider and for this client. Nobody knows yet who signed
/// it.
pub(crate) struct ReceivedIdToken<'a> {
    jws: Jws<'a>,
    payload: Box<str>,
    claims: Map<String, Value>,
}

/// A token that the provider signed.
pub(crate) struct SignedIdToken {
    header: Header,
    payload: Box<str>,
    claims: Map<String, Value>,
}

impl<'a> ReceivedIdToken<'a> {
    /// Reads a token, which may be anybody's: RFC 7515 §5.2, then steps 1 to 5, 7 and 8.
    ///
    /// Step 1: an encrypted token has five parts, and is refused. Step 8: keyed hashes are no
    /// [`SigningAlgorithm`].
    pub(crate) fn read(
        token: &'a IdToken,
        rules: &IdTokenRules,
        allowed: &[SigningAlgorithm],
    ) -> Result<Self, Error> {
        let mut jws = Jws::parse(token.secret(), allowed)?;
        let payload = std::mem::take(&mut jws.payload);
        let no_object = || malformed("its payload is no JSON object");
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

    /// Step 6: the signature. A token that is refused can be tried with other keys.
    #[expect(
        clippy::result_large_err,
        reason = "a token is moved once or twice in a sign-in"
    )]
    pub(crate) fn verify_signature(self, keys: &Jwks) -> Result<SignedIdToken, (Self, KeyRefusal)> {
        match keys.verify(&self.jws) {
            Ok(()) => Ok(self.trust_tls()),
            Err(refusal) => Err((self, refusal)),
        }
    }

    /// Step 6, for an application that asked for it: the token came straight from the token
    /// endpoint, and TLS stands in for the signature.
    pub(crate) fn trust_tls(self) -> SignedIdToken {
        SignedIdToken {
            header: self.jws.header,
            payload: self.payload,
            claims: self.claims,
        }
    }
}

impl SignedIdToken {
    /// Steps 9 to 13, then §3.1.3.8: whether it is of this moment and of this sign-in.
    pub(crate) fn accept(
        self,
        rules: &IdTokenRules,
        bindings: &Bindings<'_>,
        now: Timestamp,
    ) -> Result<IdClaims, Error> {
        let claims = &self.claims;
        check_subject(claims)?;
        check_token_type(claims)?;
        rules.check_times(claims, now)?;
        rules.check_nonce(claims, bindings.nonce)?;
        rules.check_authentication(claims, bindings.started, now)?;
        let algorithm = self.header.algorithm;
        check_hash(claims, "at_hash", bindings.access_token, algorithm)?;
        check_hash(claims, "c_hash", bindings.code, algorithm)?;
        Ok(IdClaims::new(self.payload, self.claims))
    }

    /// Whether it continues the sign-in that `first` is from (§12.2): the same issuer, subject and
    /// authorized party, all of the audience, no other time of authentication, and no other nonce. The
    /// claims of the sign-in stay what they are.
    pub(crate) fn check_refreshed(
        self,
        rules: &IdTokenRules,
        first: &IdClaims,
        access_token: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let claims = &self.claims;
        check_subject(claims)?;
        check_token_type(claims)?;
        rules.check_times(claims, now)?;
        rules.check_class(claims)?;
        check_hash(claims, "at_hash", access_token, self.header.algorithm)?;
        for (name, kind) in [
            ("iss", IdTokenError::Issuer),
            ("sub", IdTokenError::OtherSignIn),
            ("azp", IdTokenError::Audience),
        ] {
            if first.value(name) != optional(claims, name) {
                return Err(of_another_sign_in(kind, name));
            }
        }
        let nonce = optional(claims, "nonce");
        if nonce.is_some() && nonce != first.value("nonce") {
            return Err(of_another_sign_in(IdTokenError::Nonce, "nonce"));
        }
        let authenticated = |value: Option<&Value>| value.and_then(numeric_date);
        let before = authenticated(first.value("auth_time"));
        let after = authenticated(optional(claims, "auth_time"));
        if before.is_some() && after.is_some() && before != after {
            return Err(of_another_sign_in(IdTokenError::OtherSignIn, "auth_time"));
        }
        let audiences = audiences(claims)?;
        if first
            .audiences()
            .all(|audience| audiences.contains(&audience))
        {
            Ok(())
        } else {
            Err(of_another_sign_in(IdTokenError::Audience, "aud"))
        }
    }
}

fn of_another_sign_in(kind: IdTokenError, name: &str) -> Error {
    Error::with_context(kind, format!("its {name} is not that of the sign-in"))
}

fn audiences(claims: &Map<String, Value>) -> Result<Vec<&str>, Error> {
    match claims.get("aud") {
        Some(Value::String(one)) => Ok(vec![one.as_str()]),
        Some(Value::Array(several)) => several
            .iter()
            .map(Value::as_str)
            .collect::<Option<_>>()
            .ok_or_else(|| malformed("its aud is no list of texts")),
        _ => Err(malformed("it has no aud")),
    }
}

/// OpenID Connect Core §2: at most 255 bytes.
fn check_subject(claims: &Map<String, Value>) -> Result<(), Error> {
    let subject = text(claims, "sub").ok_or_else(|| malformed("it has no sub"))?;
    if subject.is_empty() || subject.len() > 255 {
        return Err(malformed("its sub is empty or longer than 255 bytes"));
    }
    Ok(())
}

/// Back-Channel Logout §2.4: a logout token may look like an ID token but for this.
fn check_token_type(claims: &Map<String, Value>) -> Result<(), Error> {
    let events = claims.get("events").and_then(Value::as_object);
    if events.is_some_and(|events| events.contains_key(BACK_CHANNEL_LOGOUT)) {
        return Err(Error::new(IdTokenError::Type));
    }
    Ok(())
}

/// §3.1.3.8 and §3.3.2.11: where it is there, it is the left half of the hash that the algorithm
/// uses.
fn check_hash(
    claims: &Map<String, Value>,
    name: &'static str,
    hashed: &str,
    algorithm: SigningAlgorithm,
) -> Result<(), Error> {
    let Some(claimed) = optional(claims, name) else {
        return Ok(());
    };
    let hash = digest::digest(hash_of(algorithm), hashed.as_bytes());
    let (half, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    if claimed.as_str() == Some(BASE64_URL_SAFE_NO_PAD.encode(half).as_str()) {
        Ok(())
    } else {
        Err(Error::with_context(IdTokenError::Hash, name))
    }
}

fn hash_of(algorithm: SigningAlgorithm) -> &'static digest::Algorithm {
    use SigningAlgorithm::{Es256, Es384, Es512, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
    match algorithm {
        Rs256 | Ps256 | Es256 => &digest::SHA256,
        Rs384 | Ps384 | Es384 => &digest::SHA384,
        Rs512 | Ps512 | Es512 => &digest::SHA512,
    }
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name)?.as_str()
}

/// A claim that need not be there. One that is null says nothing.
fn optional<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    claims.get(name).filter(|value| !value.is_null())
}

fn time(value: Option<&Value>, name: &'static str) -> Result<Option<Timestamp>, Error> {
    let Some(value) = value else {
        return Ok(None);
    };
    numeric_date(value).map(Some).ok_or_else(|| {
        let context = format!("its {name} is no time");
        Error::with_context(IdTokenError::Malformed, context)
    })
}

/// A time of the token that does not fit the time here, with both.
fn at_another_time(
    kind: IdTokenError,
    name: &'static str,
    time: Timestamp,
    now: Timestamp,
) -> Error {
    let (time, now) = (time.as_unix(), now.as_unix());
    let context = format!("its {name} is {time}, and the time here is {now}");
    Error::with_context(kind, context)
}

fn insufficient(context: &'static str) -> Error {
    Error::with_context(ErrorKind::InsufficientAuthentication, context)
}

fn malformed(context: &'static str) -> Error {
    Error::with_context(IdTokenError::Malformed, context)
}

const BACK_CHANNEL_LOGOUT: &str = "http://schemas.openid.net/event/backchannel-logout";

#[cfg(test)]
mod tests;
