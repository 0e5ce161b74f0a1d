//! An attacker with a key of their own.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value};

use super::valid_token::ValidToken;
use crate::keys::{Algorithm, jws, key_pair::KeyPair};

/// An attacker's key for the algorithm of the valid token.
pub(crate) struct Attacker {
    key: KeyPair,
    certificate: &'static [u8],
}

impl Attacker {
    pub(crate) fn of(valid: &ValidToken<'_>) -> Self {
        match valid.algorithm() {
            Algorithm::Es256 => Self {
                key: KeyPair::ec(include_bytes!("../keys/attacker-es256.der")),
                certificate: include_bytes!("../keys/attacker-es256.crt.der"),
            },
            Algorithm::Rs256 => Self {
                key: KeyPair::rsa(include_bytes!("../keys/attacker-rs256.der")),
                certificate: include_bytes!("../keys/attacker-rs256.crt.der"),
            },
        }
    }

    /// The public key.
    pub(crate) fn jwk(&self) -> Value {
        self.key.jwk()
    }

    /// The certificate for `x5c`: in base64, not base64url (RFC 7515 §4.1.6).
    pub(crate) fn certificate(&self) -> String {
        BASE64_STANDARD.encode(self.certificate)
    }

    /// The valid claims with another header, signed with the attacker's key.
    pub(crate) fn sign(&self, header: &Map<String, Value>, valid: &ValidToken<'_>) -> String {
        jws::compact(
            &jws::to_json(header),
            &jws::to_json(&valid.claims),
            &self.key,
        )
    }
}
