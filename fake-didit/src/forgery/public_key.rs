//! The encodings of a public key that a relying party may have at hand.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;

use super::valid_token::ValidToken;
use crate::keys::{Algorithm, base64url::decode, key_pair::KeyPair};

/// A public key of the provider.
pub(crate) struct PublicKey {
    pair: KeyPair,
    jwk: Value,
}

impl PublicKey {
    pub(crate) fn of(valid: &ValidToken<'_>, algorithm: Algorithm) -> Self {
        Self {
            pair: valid.keys.pair(algorithm),
            jwk: valid.keys.current_jwk(algorithm),
        }
    }

    /// A `SubjectPublicKeyInfo`, for any kind of key (RFC 5280 §4.1.2.7).
    pub(crate) fn der(&self) -> Vec<u8> {
        self.pair.spki()
    }

    /// [`der`](Self::der) in PEM, as OpenSSL prints it.
    pub(crate) fn pem(&self) -> String {
        pem("PUBLIC KEY", &self.pair.spki())
    }

    /// The content of the `SubjectPublicKeyInfo`: an uncompressed point, or an `RSAPublicKey` (RFC 8017
    /// §A.1.1).
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.pair.public_key().to_vec()
    }

    /// An `RSAPublicKey` in PEM, as OpenSSL prints it.
    pub(crate) fn pkcs1_pem(&self) -> String {
        pem("RSA PUBLIC KEY", self.pair.public_key())
    }

    /// The JWK, as in the published JWK set.
    pub(crate) fn jwk(&self) -> String {
        self.jwk.to_string()
    }

    /// A member of the JWK.
    pub(crate) fn member(&self, name: &str) -> String {
        let text = self.jwk.get(name).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    }

    /// The bytes of a JWK member in base64url.
    pub(crate) fn number(&self, name: &str) -> Vec<u8> {
        decode(&self.member(name)).unwrap_or_default()
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
    fn encodings_are_those_of_openssl() {
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
            hash(rsa.pkcs1_pem()),
            "72c82319c6c1e2a7171008fa36f79a360d1c6fa62272f969e2bb0e0a08b86005"
        );
        assert_eq!(
            hash(rsa.raw()),
            "d6f41cfe3791977fd5584376934061cbe7a08b27b965d513b84e40bc561bcf11"
        );
    }
}
