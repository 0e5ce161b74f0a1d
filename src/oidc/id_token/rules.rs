//! What an application expects of every ID token.

use std::time::Duration;

use serde_json::{Map, Value};
use subtle::ConstantTimeEq;

use super::{at_another_time, audiences, insufficient, malformed, optional, time};
use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind, IdTokenError},
    provider::{Nonce, Provider},
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
    pub(super) fn check_audience(&self, claims: &Map<String, Value>) -> Result<(), Error> {
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
    pub(super) fn check_times(
        &self,
        claims: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<(), Error> {
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
    pub(super) fn check_nonce(
        &self,
        claims: &Map<String, Value>,
        sent: Option<&str>,
    ) -> Result<(), Error> {
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
    pub(super) fn check_class(&self, claims: &Map<String, Value>) -> Result<(), Error> {
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
    pub(super) fn check_authentication(
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
