//! The rules of an application for ID tokens.

use std::{borrow::Cow, time::Duration};

use subtle::ConstantTimeEq;

use super::{Grant, audiences, malformed, time, time_error};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, IdTokenError, RequiredAuthentication},
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
    /// The authentication that every sign-in has to achieve.
    pub(crate) authentication: RequiredAuthentication,
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
        match member(claims, "acr") {
            Some(_) => check_acr(claims, &self.authentication),
            None => Ok(()),
        }
    }

    /// Steps 12 and 13: what the application requires now, and what the sign-in asked for. The age counts from the
    /// start of the sign-in, which may take minutes.
    pub(super) fn check_authentication(
        &self,
        claims: &Object,
        grant: &Grant,
        now: Timestamp,
    ) -> Result<(), Error> {
        let required = [&self.authentication, &grant.authentication];
        for required in required {
            check_acr(claims, required)?;
        }
        let Some(max_age) = required.iter().filter_map(|one| one.max_age).min() else {
            return Ok(());
        };
        let Some(then) = time(claims, "auth_time")? else {
            return Err(insufficient("it has no auth_time"));
        };
        let end = then.plus(Duration::from_secs(max_age));
        if grant.started > end.plus(self.clock_skew) {
            let (then, started) = (then.as_unix(), grant.started.as_unix());
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

fn check_acr(claims: &Object, required: &RequiredAuthentication) -> Result<(), Error> {
    let Some(accepted) = &required.acr_values else {
        return Ok(());
    };
    match member(claims, "acr") {
        Some(class) if accepted.iter().any(|one| class == one) => Ok(()),
        Some(_) => Err(insufficient("its acr is not one of the required values")),
        None => Err(insufficient("it has no acr")),
    }
}

fn insufficient(context: impl Into<Cow<'static, str>>) -> Error {
    Error::with_context(ErrorKind::InsufficientAuthentication, context)
}
