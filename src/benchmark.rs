//! For this repository's own benchmarks; not part of the API.

use std::time::SystemTime;

use crate::{
    clock::Timestamp,
    config::Config,
    error::{Error, RequiredAuthentication},
    oidc::{Grant, IdTokenRules, Jwks, ReceivedIdToken},
    provider::{Provider, SigningAlgorithm},
    tokens::{IdClaims, IdToken},
};

/// Verifies ID tokens with known keys.
#[derive(Debug)]
pub struct IdTokenVerifier {
    rules: IdTokenRules,
    keys: Jwks,
}

impl IdTokenVerifier {
    /// # Errors
    ///
    /// `jwks` is no key set.
    pub fn new(issuer: &str, client_id: &str, jwks: &[u8]) -> Result<Self, Error> {
        let config = Config::builder(client_id, "https://app.example/callback")
            .with_client_secret("client-secret")
            .with_provider(Provider::didit().with_issuers([issuer]));
        Ok(Self {
            rules: config.build().expect("it is complete").id_token_rules,
            keys: Jwks::parse(jwks)?,
        })
    }

    /// # Errors
    ///
    /// Those of the callback.
    pub fn verify(
        &self,
        id_token: &str,
        nonce: &str,
        access_token: &str,
        now: SystemTime,
    ) -> Result<IdClaims, Error> {
        let id_token = IdToken::new(id_token);
        let now = Timestamp::now(&move || now);
        let grant = Grant {
            code: String::new().into(),
            redirect_uri: String::new(),
            code_verifier: String::new().into(),
            nonce: Some(nonce.to_owned().into()),
            started: now,
            scopes: None,
            authentication: RequiredAuthentication::default(),
        };
        let received = ReceivedIdToken::read(&id_token, &self.rules, SigningAlgorithm::ALL)?;
        received.verify_signature(&self.keys)?;
        let signed = received.into_signed();
        signed.accept(&self.rules, &grant, access_token, now)
    }
}
