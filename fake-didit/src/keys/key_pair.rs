//! A key pair.

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use serde_json::{Value, json};

use crate::keys::base64url::encode;

/// A key pair for ES256 or RS256 (RFC 7518 §3.4, §3.3).
pub(crate) enum KeyPair {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl KeyPair {
    /// A P-256 key in PKCS #8.
    pub(crate) fn ec(pkcs8: &[u8]) -> Self {
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8);
        Self::Ec(key.expect("an embedded P-256 key"))
    }

    /// A 2048-bit RSA key in PKCS #8.
    pub(crate) fn rsa(pkcs8: &[u8]) -> Self {
        Self::Rsa(RsaKeyPair::from_pkcs8(pkcs8).expect("an embedded RSA key"))
    }

    /// The signature of a JWS (RFC 7515 §5.1).
    pub(crate) fn sign(&self, input: &[u8]) -> Vec<u8> {
        match self {
            Self::Ec(key) => {
                let signature = key.sign(&SystemRandom::new(), input);
                let signature = signature.expect("a P-256 key signs any input");
                signature.as_ref().to_vec()
            }
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    input,
                    &mut signature,
                )
                .expect("the signature is as long as the modulus");
                signature
            }
        }
    }

    /// The public key as a JWK with the required members only (RFC 7518 §6).
    pub(crate) fn jwk(&self) -> Value {
        match self {
            Self::Ec(_) => {
                // RFC 5480 §2.2: an uncompressed point is 4, then x, then y.
                let (_, point) = self.public_key().split_at(1);
                let (x, y) = point.split_at(32);
                json!({"kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y)})
            }
            Self::Rsa(_) => {
                // RFC 8017 §A.1.1 in DER, for 2048 bits: nine bytes of tags, lengths and sign, then the
                // modulus, then the exponent, 65537.
                let (_, numbers) = self.public_key().split_at(9);
                let (modulus, _) = numbers.split_at(256);
                json!({"kty": "RSA", "n": encode(modulus), "e": "AQAB"})
            }
        }
    }

    /// The public key as an uncompressed point, or as an `RSAPublicKey` in DER.
    pub(crate) fn public_key(&self) -> &[u8] {
        match self {
            Self::Ec(key) => key.public_key().as_ref(),
            Self::Rsa(key) => key.public_key().as_ref(),
        }
    }

    /// The public key as a `SubjectPublicKeyInfo` in DER (RFC 5280 §4.1.2.7).
    pub(crate) fn spki(&self) -> Vec<u8> {
        let der: Result<PublicKeyX509Der<'_>, _> = match self {
            Self::Ec(key) => key.public_key().as_der(),
            Self::Rsa(key) => key.public_key().as_der(),
        };
        der.expect("a public key encodes").as_ref().to_vec()
    }
}
