//! Signed tokens for the tests, made with aws-lc-rs alone.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
        ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _,
        RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
        RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
    },
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::provider::SigningAlgorithm;

/// A key of an elliptic curve.
pub(super) struct EcKey {
    pub(super) algorithm: SigningAlgorithm,
    pair: EcdsaKeyPair,
}

impl EcKey {
    pub(super) fn new(algorithm: SigningAlgorithm) -> Self {
        let how: &'static EcdsaSigningAlgorithm = match algorithm {
            SigningAlgorithm::Es256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
            SigningAlgorithm::Es384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
            _ => &ECDSA_P521_SHA512_FIXED_SIGNING,
        };
        Self {
            algorithm,
            pair: EcdsaKeyPair::generate(how).unwrap(),
        }
    }

    pub(super) fn jwk(&self) -> Value {
        let (_, point) = self.pair.public_key().as_ref().split_at(1);
        let (x, y) = point.split_at(point.len() / 2);
        let curve = match self.algorithm {
            SigningAlgorithm::Es256 => "P-256",
            SigningAlgorithm::Es384 => "P-384",
            _ => "P-521",
        };
        let [x, y] = [x, y].map(|number| BASE64_URL_SAFE_NO_PAD.encode(number));
        json!({"kty": "EC", "crv": curve, "x": x, "y": y})
    }

    pub(super) fn sign(&self, header: &Value, claims: &Map<String, Value>) -> String {
        let claims = serde_json::to_vec(claims).unwrap();
        self.sign_text(&header.to_string(), &claims)
    }

    pub(super) fn sign_text(&self, header: &str, payload: &[u8]) -> String {
        let input = signing_input(header, payload);
        let signature = self.pair.sign(&SystemRandom::new(), input.as_bytes());
        format!(
            "{input}.{}",
            BASE64_URL_SAFE_NO_PAD.encode(signature.unwrap())
        )
    }
}

pub(super) fn rsa_key() -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(include_bytes!("rs256.der")).unwrap()
}

/// RFC 8017 §A.1.1, as DER writes it for 2048 bits: nine bytes of tags, lengths and sign, then the
/// modulus, then the exponent, which is 65537.
pub(super) fn rsa_jwk(key: &RsaKeyPair) -> Value {
    let (_, numbers) = key.public_key().as_ref().split_at(9);
    let (n, _) = numbers.split_at(256);
    json!({"kty": "RSA", "n": BASE64_URL_SAFE_NO_PAD.encode(n), "e": "AQAB"})
}

pub(super) fn rsa_sign(
    key: &RsaKeyPair,
    encoding: &'static dyn RsaEncoding,
    header: &Value,
    claims: &Map<String, Value>,
) -> String {
    let claims = serde_json::to_vec(claims).unwrap();
    let input = signing_input(&header.to_string(), &claims);
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(
        encoding,
        &SystemRandom::new(),
        input.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{input}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

fn signing_input(header: &str, payload: &[u8]) -> String {
    let [header, payload] =
        [header.as_bytes(), payload].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
    format!("{header}.{payload}")
}

pub(super) static RSA: [(&str, &dyn RsaEncoding); 6] = [
    ("RS256", &RSA_PKCS1_SHA256),
    ("RS384", &RSA_PKCS1_SHA384),
    ("RS512", &RSA_PKCS1_SHA512),
    ("PS256", &RSA_PSS_SHA256),
    ("PS384", &RSA_PSS_SHA384),
    ("PS512", &RSA_PSS_SHA512),
];
