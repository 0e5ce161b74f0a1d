//! Tokens as text that the application keeps, for jobs without a request.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind},
    provider::Provider,
    seal::{KeySource, Purpose, Sealer},
    tokens::{AccessToken, DiditTokens, IdClaims, RefreshToken, Scopes, TokenSet},
};

/// Seals and opens the tokens of one client of one provider.
pub(crate) struct TokenSealer {
    sealer: Sealer,
    /// The authenticated label.
    label: Vec<u8>,
    provider: Provider,
}

/// Access token, refresh token, scopes; when the access token was received and expires; the payload of the ID token.
#[derive(Serialize, Deserialize)]
struct Encoded<'a>(
    #[serde(borrow)] Cow<'a, str>,
    #[serde(borrow)] Option<Cow<'a, str>>,
    #[serde(borrow)] Cow<'a, str>,
    u64,
    Option<u64>,
    #[serde(borrow)] &'a RawValue,
);

impl TokenSealer {
    /// With keys for all layers and origins of the client.
    pub(crate) fn new(secrets: &[&[u8]], client_id: &str, provider: Provider) -> Self {
        let keys = KeySource {
            secrets,
            client_id,
            cookie_name: "",
            origin: "",
        };
        Self {
            sealer: Sealer::new(keys, Purpose::TOKENS),
            label: format!("tokens {}", provider.identity()).into_bytes(),
            provider,
        }
    }

    pub(crate) fn seal(&self, tokens: &DiditTokens) -> Result<String, Error> {
        let refresh_token = tokens.refresh_token();
        self.check(refresh_token.is_some())?;
        let claims = serde_json::from_str(tokens.claims().payload());
        let encoded = Encoded(
            tokens.access_token().secret().into(),
            refresh_token.map(|token| token.secret().into()),
            tokens.scopes().as_str().into(),
            tokens.received_at().as_unix(),
            tokens.expiry().map(Timestamp::as_unix),
            claims.expect("verified: an object"),
        );
        let plaintext = serde_json::to_vec(&encoded).expect("strings and numbers are JSON");
        Ok(self.sealer.seal(&self.label, &Zeroizing::new(plaintext)))
    }

    pub(crate) fn open(&self, sealed: &str) -> Result<DiditTokens, Error> {
        let undecryptable = || Error::new(ErrorKind::SealedTokensUndecryptable);
        let opened = self.sealer.open(&self.label, sealed.as_bytes());
        let opened = opened.ok_or_else(undecryptable)?;
        let tokens = self.decode(&opened).ok_or_else(undecryptable)?;
        // The tokens may have been sealed before the provider was configured to have single-use ones.
        self.check(tokens.refresh_token().is_some())?;
        Ok(tokens)
    }

    /// `None` also if the issuer of the ID token is not among those that the provider accepts now.
    fn decode(&self, plaintext: &[u8]) -> Option<DiditTokens> {
        let Encoded(access_token, refresh_token, scopes, received_at, expires_at, claims) =
            serde_json::from_slice(plaintext).ok()?;
        let claims = IdClaims::new(claims.get().into());
        if !self.provider.accepts_issuer(claims.issuer()) {
            return None;
        }
        let set = TokenSet {
            access_token: AccessToken::new(access_token),
            refresh_token: refresh_token.map(RefreshToken::new),
            id_token: None,
            scopes: Scopes::new(scopes),
            expires_at: expires_at.map(Timestamp::from_unix),
            received_at: Timestamp::from_unix(received_at),
        };
        Some(DiditTokens::new(set, claims))
    }

    /// A single-use refresh token belongs to the session: a copy would be sent a second time.
    fn check(&self, has_refresh_token: bool) -> Result<(), Error> {
        if has_refresh_token && self.provider.single_use_refresh_tokens {
            return Err(Error::new(ErrorKind::SingleUseRefreshToken));
        }
        Ok(())
    }
}

impl fmt::Debug for TokenSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSealer").finish_non_exhaustive()
    }
}
