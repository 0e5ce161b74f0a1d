//! Somebody with keys of their own, who signs in the provider's place.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value};

use super::good::Good;
use crate::keys::{Algorithm, jws, key_pair::KeyPair};

/// A stranger's key for the algorithm of the honest one.
pub(crate) struct Stranger {
    key: KeyPair,
    certificate: &'static [u8],
}

impl Stranger {
    pub(crate) fn of(good: &Good<'_>) -> Self {
        match good.algorithm() {
            Algorithm::Es256 => Self {
                key: KeyPair::ec(include_bytes!("../keys/stranger-es256.der")),
                certificate: include_bytes!("../keys/stranger-es256.crt.der"),
            },
            Algorithm::Rs256 => Self {
                key: KeyPair::rsa(include_bytes!("../keys/stranger-rs256.der")),
                certificate: include_bytes!("../keys/stranger-rs256.crt.der"),
            },
        }
    }

    /// The public key.
    pub(crate) fn jwk(&self) -> Value {
        self.key.jwk()
    }

    /// The certificate as `x5c` has it: not base64url (RFC 7515 §4.1.6).
    pub(crate) fn certificate(&self) -> String {
        BASE64_STANDARD.encode(self.certificate)
    }

    /// The honest claims below another header, signed by the stranger.
    pub(crate) fn signed(&self, header: &Map<String, Value>, good: &Good<'_>) -> String {
        let (header, claims) = (jws::written(header), jws::written(&good.claims));
        jws::compact(&header, &claims, &self.key)
    }
}
