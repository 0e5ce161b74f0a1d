//! The verification of ID tokens.
//!
//! The steps of OpenID Connect Core §3.1.3.7 in their order, after what RFC 7515 §5.2 asks of the
//! token itself. Each type is a token of which more is known: received, signed, accepted.

use std::time::Duration;

use aws_lc_rs::digest;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use super::{
    jwks::{Jwks, KeyRefusal},
    jws::{Header, Jws},
};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, IdTokenError},
    json::{self, numeric_date},
    provider::{Nonce, Provider, SigningAlgorithm},
    tokens::{IdClaims, IdToken},
};

/// What an application expects of every ID token.
#[derive(Clone, Debug)]
pub(crate) struct IdTokenRules {
    pub(crate) provider: Provider,
    pub(crate) client_id: String,
    /// Others that a token may be for besides.
    pub(crate) trusted_audiences: Vec<String>,
    /// How far the clocks here and there may be apart.
    pub(crate) clock_skew: Duration,
    /// How long ago the user may have proved who they are.
    pub(crate) max_age: Option<Duration>,
    /// One of these must be met, if there are any.
    pub(crate) required_acr_values: Vec<String>,
}

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

impl IdTokenRules {
    /// Step 2: byte for byte.
    pub(crate) fn check_issuer(&self, issuer: &str) -> Result<(), Error> {
        if self.provider.accepts_issuer(issuer) {
            return Ok(());
        }
        let expected = format!("accepted are {}", self.provider.issuers().join(", "));
        Err(Error::with_received(
            IdTokenError::Issuer,
            &expected,
            issuer,
        ))
    }

    /// Steps 3 to 5: for this client, for nobody else who is not trusted, and given to this client.
    fn check_audience(&self, claims: &Map<String, Value>) -> Result<(), Error> {
        let audiences = audiences(claims)?;
        let own = self.client_id.as_str();
        let refuse = |context, received: &str| {
            Err(Error::with_received(
                IdTokenError::Audience,
                context,
                received,
            ))
        };
        if !audiences.contains(&own) {
            return refuse("it is not for this client", &audiences.join(", "));
        }
        let is_trusted = |other: &&str| {
            *other == own
                || self
                    .trusted_audiences
                    .iter()
                    .any(|trusted| trusted == other)
        };
        if let Some(other) = audiences.iter().find(|audience| !is_trusted(audience)) {
            return refuse("it is also for another", other);
        }
        match optional(claims, "azp") {
            Some(Value::String(party)) if party == own => Ok(()),
            Some(party) => refuse(
                "it was given to another client (azp)",
                party.as_str().unwrap_or_default(),
            ),
            None if audiences.iter().any(|audience| *audience != own) => {
                refuse("it is for several and has no azp", "")
            }
            None => Ok(()),
        }
    }

    /// Steps 9 and 10, RFC 7519 §4.1.4 to §4.1.6.
    fn check_times(&self, claims: &Map<String, Value>, now: Timestamp) -> Result<(), Error> {
        let expires = time(claims.get("exp"), "exp")?.ok_or_else(|| malformed("it has no exp"))?;
        if now >= expires.plus(self.clock_skew) {
            return Err(at_another_time(IdTokenError::Expired, "exp", expires, now));
        }
        let issued = time(claims.get("iat"), "iat")?.ok_or_else(|| malformed("it has no iat"))?;
        let starts = time(optional(claims, "nbf"), "nbf")?.unwrap_or(issued);
        for (name, time) in [("iat", issued), ("nbf", starts)] {
            if time > now.plus(self.clock_skew) {
                return Err(at_another_time(IdTokenError::NotYetValid, name, time, now));
            }
        }
        Ok(())
    }

    /// Step 11, in constant time.
    fn check_nonce(&self, claims: &Map<String, Value>, sent: Option<&str>) -> Result<(), Error> {
        let refuse = |context| Err(Error::with_context(IdTokenError::Nonce, context));
        match (self.provider.nonce(), sent, claims.get("nonce")) {
            // Nothing was sent that could come back.
            (Nonce::NotSent, None, _) | (Nonce::MayBeMissing, Some(_), None) => Ok(()),
            (_, Some(_), None) => refuse("it has no nonce"),
            (_, Some(sent), Some(nonce)) => {
                let nonce = nonce.as_str().unwrap_or_default();
                if nonce.as_bytes().ct_eq(sent.as_bytes()).into() {
                    Ok(())
                } else {
                    refuse("it has another nonce")
                }
            }
            (_, None, _) => refuse("none was sent, and one has to be"),
        }
    }

    /// Step 12, for a token that says how strong the authentication was.
    fn check_class(&self, claims: &Map<String, Value>) -> Result<(), Error> {
        let required = &self.required_acr_values;
        let Some(class) = optional(claims, "acr").filter(|_| !required.is_empty()) else {
            return Ok(());
        };
        if required.iter().any(|one| class == one.as_str()) {
            Ok(())
        } else {
            Err(insufficient("its acr is none of those that are required"))
        }
    }

    /// Steps 12 and 13, where the application asked for it. The age counts from the start of the
    /// sign-in, which may take minutes.
    fn check_authentication(
        &self,
        claims: &Map<String, Value>,
        started: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        if !self.required_acr_values.is_empty() && optional(claims, "acr").is_none() {
            return Err(insufficient("it has no acr"));
        }
        self.check_class(claims)?;
        let Some(max_age) = self.max_age else {
            return Ok(());
        };
        match time(optional(claims, "auth_time"), "auth_time")? {
            None => Err(insufficient("it has no auth_time")),
            Some(then) if started > then.plus(max_age).plus(self.clock_skew) => {
                let (then, started) = (then.as_unix(), started.as_unix());
                let context = format!(
                    "its auth_time is {then}, more than max_age before the sign-in at {started}"
                );
                Err(Error::with_context(
                    ErrorKind::InsufficientAuthentication,
                    context,
                ))
            }
            Some(then) if then > now.plus(self.clock_skew) => {
                let name = "auth_time";
                Err(at_another_time(IdTokenError::NotYetValid, name, then, now))
            }
            Some(_) => Ok(()),
        }
    }
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
