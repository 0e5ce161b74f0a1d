//! What this repository's own benchmarks measure and no user needs: not part of the API.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{
    clock::Timestamp,
    error::Error,
    oidc::{Grant, IdTokenRules, Jwks, ReceivedIdToken},
    provider::{Provider, SigningAlgorithm},
    tokens::{IdClaims, IdToken},
};

/// The verification of ID tokens alone, keys at hand.
#[derive(Debug)]
pub struct IdTokenVerifier {
    rules: IdTokenRules,
    keys: Jwks,
}

impl IdTokenVerifier {
    /// # Errors
    ///
    /// When `jwks` is no key set.
    pub fn new(issuer: &str, client_id: &str, jwks: &[u8]) -> Result<Self, Error> {
        Ok(Self {
            rules: IdTokenRules {
                provider: Provider::didit().with_issuers([issuer]),
                client_id: client_id.to_owned(),
                trusted_audiences: Vec::new(),
                clock_skew: Duration::from_secs(60),
                max_age: None,
                required_acr_values: Vec::new(),
            },
            keys: Jwks::parse(jwks)?,
        })
    }

    /// # Errors
    ///
    /// As the callback.
    pub fn verify(
        &self,
        id_token: &str,
        nonce: &str,
        access_token: &str,
        now: SystemTime,
    ) -> Result<IdClaims, Error> {
        let id_token = IdToken::new(id_token);
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp::from_unix(now.as_secs());
        let grant = Grant {
            code: String::new().into(),
            code_verifier: String::new().into(),
            nonce: Some(nonce.to_owned().into()),
            started: now,
        };
        let received = ReceivedIdToken::read(&id_token, &self.rules, SigningAlgorithm::ALL)?;
        received.verify_signature(&self.keys)?;
        let signed = received.into_signed();
        signed.accept(&self.rules, &grant, access_token, now)
    }
}
