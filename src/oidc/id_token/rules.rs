//! The rules of an application for ID tokens.

use std::{borrow::Cow, time::Duration};

use subtle::ConstantTimeEq;

use super::{audiences, malformed, time, time_error};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, IdTokenError},
    json::{Object, member},
    provider::{Nonce, Provider},
};

/// The rules of an application for ID tokens.
#[derive(Clone, Debug)]
pub(crate) struct IdTokenRules {
    pub(crate) provider: Provider,
    pub(crate) client_id: String,
    /// The audiences that a token may have in addition to the client.
    pub(crate) trusted_audiences: Vec<String>,
    /// The tolerated difference between the provider's clock and this one.
    pub(crate) clock_skew: Duration,
    /// The longest time between the authentication of the user and the start of the sign-in.
    pub(crate) max_age: Option<Duration>,
    /// The accepted authentication context classes. If it is empty, every class is accepted.
    pub(crate) required_acr_values: Vec<String>,
}

impl IdTokenRules {
    /// Step 2: byte for byte.
    pub(crate) fn check_issuer(&self, issuer: &str) -> Result<(), Error> {
        if self.provider.accepts_issuer(issuer) {
            return Ok(());
        }
        let expected = format!("accepted are {}", self.provider.issuers.join(", "));
        let kind = IdTokenError::Issuer;
        Err(Error::with_received(kind, &expected, issuer))
    }

    /// Steps 3 to 5: the client is an audience, all others are trusted, and the token was issued to the client.
    pub(super) fn check_audience(&self, claims: &Object) -> Result<(), Error> {
        let audiences = audiences(claims)?;
        let own = self.client_id.as_str();
        let refuse = |context, received: &str| {
            let kind = IdTokenError::Audience;
            Err(Error::with_received(kind, context, received))
        };
        if !audiences.contains(&own) {
            return refuse("it is not for this client", &audiences.join(", "));
        }
        let mut others = audiences.into_iter().filter(|audience| *audience != own);
        let is_trusted = |other: &str| self.trusted_audiences.iter().any(|one| one == other);
        if let Some(other) = others.clone().find(|other| !is_trusted(other)) {
            return refuse("it has an untrusted audience", other);
        }
        match member(claims, "azp") {
            Some(party) if party == own => Ok(()),
            Some(party) => refuse(
                "it was issued to another client (azp)",
                party.as_str().unwrap_or_default(),
            ),
            None if others.next().is_some() => refuse("it has several audiences and no azp", ""),
            None => Ok(()),
        }
    }

    /// Steps 9 and 10, RFC 7519 §4.1.4 to §4.1.6.
    pub(super) fn check_times(&self, claims: &Object, now: Timestamp) -> Result<(), Error> {
        let expires = time(claims, "exp")?.ok_or_else(|| malformed("it has no exp"))?;
        if now >= expires.plus(self.clock_skew) {
            return Err(time_error(IdTokenError::Expired, "exp", expires, now));
        }
        let issued = time(claims, "iat")?.ok_or_else(|| malformed("it has no iat"))?;
        let starts = time(claims, "nbf")?.unwrap_or(issued);
        for (name, time) in [("iat", issued), ("nbf", starts)] {
            if time > now.plus(self.clock_skew) {
                return Err(time_error(IdTokenError::NotYetValid, name, time, now));
            }
        }
        Ok(())
    }

    /// Step 11, in constant time.
    pub(super) fn check_nonce(&self, claims: &Object, sent: Option<&str>) -> Result<(), Error> {
        let refuse = |context| Err(Error::with_context(IdTokenError::Nonce, context));
        match (self.provider.nonce, sent, claims.get("nonce")) {
            (Nonce::NotSent, None, _) | (Nonce::MayBeMissing, Some(_), None) => Ok(()),
            (_, None, _) => refuse("the sign-in sent no nonce"),
            (_, Some(_), None) => refuse("it has no nonce"),
            (_, Some(sent), Some(nonce)) => {
                let nonce = nonce.as_str().unwrap_or_default();
                if nonce.as_bytes().ct_eq(sent.as_bytes()).into() {
                    Ok(())
                } else {
                    refuse("it has another nonce")
                }
            }
        }
    }

    /// Step 12, if the token has the authentication context class.
    pub(super) fn check_acr(&self, claims: &Object) -> Result<(), Error> {
        let required = &self.required_acr_values;
        match member(claims, "acr") {
            Some(class) if !required.is_empty() && !required.iter().any(|one| class == one) => {
                Err(insufficient("its acr is not one of the required values"))
            }
            _ => Ok(()),
        }
    }

    /// Steps 12 and 13, if the application requires them. The age counts from the start of the sign-in, which may
    /// take minutes.
    pub(super) fn check_authentication(
        &self,
        claims: &Object,
        started: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        if !self.required_acr_values.is_empty() && member(claims, "acr").is_none() {
            return Err(insufficient("it has no acr"));
        }
        self.check_acr(claims)?;
        let Some(max_age) = self.max_age else {
            return Ok(());
        };
        let Some(then) = time(claims, "auth_time")? else {
            return Err(insufficient("it has no auth_time"));
        };
        if started > then.plus(max_age).plus(self.clock_skew) {
            let (then, started) = (then.as_unix(), started.as_unix());
            return Err(insufficient(format!(
                "its auth_time is {then}, more than max_age before the sign-in at {started}; if that is not so, set \
                 the clock, or raise `with_clock_skew`"
            )));
        }
        if then > now.plus(self.clock_skew) {
            let kind = IdTokenError::NotYetValid;
            return Err(time_error(kind, "auth_time", then, now));
        }
        Ok(())
    }
}

fn insufficient(context: impl Into<Cow<'static, str>>) -> Error {
    Error::with_context(ErrorKind::InsufficientAuthentication, context)
}
