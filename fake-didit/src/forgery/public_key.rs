//! A public key in the forms in which it may lie around at a relying party.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;

use super::good::Good;
use crate::keys::{Algorithm, base64url::decoded, key_pair::KeyPair};

/// A public key of the provider.
pub(crate) struct PublicKey {
    pair: KeyPair,
    jwk: Value,
}

impl PublicKey {
    pub(crate) fn of(good: &Good<'_>, algorithm: Algorithm) -> Self {
        Self {
            pair: good.keys.pair(algorithm),
            jwk: good.keys.current_jwk(algorithm),
        }
    }

    /// A `SubjectPublicKeyInfo`, which works for any key (RFC 5280 §4.1.2.7).
    pub(crate) fn der(&self) -> Vec<u8> {
        self.pair.spki()
    }

    /// [`der`](Self::der) as OpenSSL prints it.
    pub(crate) fn pem(&self) -> String {
        pem("PUBLIC KEY", &self.pair.spki())
    }

    /// The form of the algorithm's own standard: a point, or an `RSAPublicKey` (RFC 8017 §A.1.1).
    pub(crate) fn bare(&self) -> Vec<u8> {
        self.pair.public_key().to_vec()
    }

    /// An `RSAPublicKey` as OpenSSL prints it.
    pub(crate) fn bare_pem(&self) -> String {
        pem("RSA PUBLIC KEY", self.pair.public_key())
    }

    /// The JWK, as it is in the provider's JWK set.
    pub(crate) fn jwk(&self) -> String {
        self.jwk.to_string()
    }

    /// A member of the JWK as it is written there.
    pub(crate) fn text(&self, name: &str) -> String {
        let text = self.jwk.get(name).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    }

    /// A number of the JWK.
    pub(crate) fn number(&self, name: &str) -> Vec<u8> {
        decoded(&self.text(name)).unwrap_or_default()
    }
}

/// RFC 7468 §2, with lines of 64 characters.
fn pem(label: &str, der: &[u8]) -> String {
    let mut lines = String::new();
    for (at, character) in BASE64_STANDARD.encode(der).chars().enumerate() {
        if at % 64 == 0 {
            lines.push('\n');
        }
        lines.push(character);
    }
    format!("-----BEGIN {label}-----{lines}\n-----END {label}-----\n")
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest::{SHA256, digest};

    use super::*;
    use crate::keys::Keys;

    fn hash(bytes: impl AsRef<[u8]>) -> String {
        let hash = digest(&SHA256, bytes.as_ref());
        let hex = hash.as_ref().iter().map(|byte| format!("{byte:02x}"));
        hex.collect()
    }

    #[test]
    fn the_forms_are_those_that_openssl_writes() {
        let keys = Keys::default();
        let key = |algorithm| PublicKey {
            pair: keys.pair(algorithm),
            jwk: keys.current_jwk(algorithm),
        };
        let (ec, rsa) = (key(Algorithm::Es256), key(Algorithm::Rs256));
        // openssl pkey -inform DER -in es256-1.der -pubout [-outform DER] | sha256sum
        assert_eq!(
            hash(ec.pem()),
            "b24693166825ee9208736b558d8f08588c285abf388a9ae9d2e394bee9eca6fa"
        );
        assert_eq!(
            hash(ec.der()),
            "4aacdf47aa8af4ef71f299c69053b54a6cc257a50df975c5ee1fba4ed84ca42a"
        );
        assert_eq!(
            hash(rsa.pem()),
            "12e5962c63a95f72fc7d131a32837ff819d2b1bc1dc9cfff2412382ed0923de3"
        );
        assert_eq!(
            hash(rsa.der()),
            "ad56833a1c48ea67c8676ab8a9ead5994c873bd1b7db538c00449017a80d6af4"
        );
        // openssl rsa -inform DER -in rs256-1.der -RSAPublicKey_out [-outform DER] | sha256sum
        assert_eq!(
            hash(rsa.bare_pem()),
            "72c82319c6c1e2a7171008fa36f79a360d1c6fa62272f969e2bb0e0a08b86005"
        );
        assert_eq!(
            hash(rsa.bare()),
            "d6f41cfe3791977fd5584376934061cbe7a08b27b965d513b84e40bc561bcf11"
        );
    }
}
