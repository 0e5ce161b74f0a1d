//! ID tokens that every crate accepts.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

pub const ISSUER: &str = "https://apx.didit.me";
pub const CLIENT_ID: &str = "3f1f6c1e-8a64-4be1-8b02-5d9f43aa0002";
pub const NONCE: &str = "ZtN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86z";
pub const ACCESS_TOKEN: &str = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
/// 2026-01-01; the tokens live until 2100.
pub const NOW: u64 = 1_767_225_600;

/// A token, the key that verifies it, and the set in which that is published.
pub struct Signed {
    pub token: String,
    /// As `aws-lc-rs` takes it: an uncompressed point, or PKCS#1.
    pub public_key: Vec<u8>,
    pub jwk: Value,
}

impl Signed {
    pub fn es256() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let public_key = pair.public_key().as_ref().to_vec();
        let (_, point) = public_key.split_at(1);
        let (x, y) = point.split_at(32);
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": base64url(x), "y": base64url(y),
            "kid": "ec", "alg": "ES256", "use": "sig"});
        let input = signing_input("ES256", "ec");
        let signature = pair
            .sign(&SystemRandom::new(), input.as_bytes())
            .expect("a signature");
        let token = format!("{input}.{}", base64url(signature.as_ref()));
        Self {
            token,
            public_key,
            jwk,
        }
    }

    pub fn rs256() -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
        let public_key = pair.public_key().as_ref().to_vec();
        // RFC 8017 §A.1.1: nine bytes of tags, lengths and sign, then the modulus of 2048 bits.
        let (_, numbers) = public_key.split_at(9);
        let (modulus, _) = numbers.split_at(256);
        let jwk = json!({"kty": "RSA", "n": base64url(modulus), "e": "AQAB",
            "kid": "rsa", "alg": "RS256", "use": "sig"});
        let input = signing_input("RS256", "rsa");
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            input.as_bytes(),
            &mut signature,
        )
        .expect("a signature");
        let token = format!("{input}.{}", base64url(&signature));
        Self {
            token,
            public_key,
            jwk,
        }
    }

    pub fn jwks(&self) -> String {
        json!({ "keys": [self.jwk] }).to_string()
    }

    /// What is signed, and the signature.
    pub fn parts(&self) -> (Vec<u8>, Vec<u8>) {
        let (input, signature) = self.token.rsplit_once('.').expect("three parts");
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature);
        (input.into(), signature.expect("base64url"))
    }
}

/// As large as Didit's.
fn signing_input(algorithm: &str, kid: &str) -> String {
    let header = json!({"alg": algorithm, "kid": kid, "typ": "JWT"});
    let hash = digest(&SHA256, ACCESS_TOKEN.as_bytes());
    let (half, _) = hash.as_ref().split_at(16);
    let claims = json!({
        "iss": ISSUER,
        "sub": "8a1d4f0e-52c7-4c0b-9d3f-0b6a1e77c001",
        "aud": CLIENT_ID,
        "iat": NOW,
        "exp": 4_102_444_800_u64,
        "auth_time": NOW - 30,
        "nonce": NONCE,
        "at_hash": base64url(half),
        "sid": "5d2f8d3e-40b1-4a0e-a6cc-3f0d1e77c0aa",
        "amr": ["face", "otp"],
    });
    let part = |json: Value| base64url(json.to_string().as_bytes());
    format!("{}.{}", part(header), part(claims))
}

fn base64url(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
