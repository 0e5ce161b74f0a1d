//! One ID token verified: the signature alone, and the whole token by crates that verify ID tokens.

use std::{
    hint::black_box,
    time::{Duration, UNIX_EPOCH},
};

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
    VerificationAlgorithm,
};
use divan::Bencher;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use openidconnect::{
    ClientId, IssuerUrl, Nonce,
    core::{CoreIdToken, CoreIdTokenVerifier, CoreJsonWebKeySet},
};
use tower_didit::benchmark::IdTokenVerifier;
use tower_didit_comparison::id_tokens::{ACCESS_TOKEN, CLIENT_ID, ISSUER, NONCE, NOW, Signed};

fn main() {
    divan::main();
}

#[divan::bench_group]
mod rs256 {
    use super::*;

    #[divan::bench]
    fn bare(bencher: Bencher<'_, '_>) {
        super::bare(bencher, &Signed::rs256(), &RSA_PKCS1_2048_8192_SHA256);
    }

    #[divan::bench]
    fn bare_parsed_key(bencher: Bencher<'_, '_>) {
        super::bare_parsed_key(bencher, &Signed::rs256(), &RSA_PKCS1_2048_8192_SHA256);
    }

    #[divan::bench]
    fn tower_didit(bencher: Bencher<'_, '_>) {
        super::tower_didit(bencher, &Signed::rs256());
    }

    #[divan::bench]
    fn jsonwebtoken(bencher: Bencher<'_, '_>) {
        super::jsonwebtoken(bencher, &Signed::rs256(), Algorithm::RS256);
    }

    #[divan::bench]
    fn openidconnect(bencher: Bencher<'_, '_>) {
        super::openidconnect(bencher, &Signed::rs256());
    }
}

#[divan::bench_group]
mod es256 {
    use super::*;

    #[divan::bench]
    fn bare(bencher: Bencher<'_, '_>) {
        super::bare(bencher, &Signed::es256(), &ECDSA_P256_SHA256_FIXED);
    }

    #[divan::bench]
    fn bare_parsed_key(bencher: Bencher<'_, '_>) {
        super::bare_parsed_key(bencher, &Signed::es256(), &ECDSA_P256_SHA256_FIXED);
    }

    #[divan::bench]
    fn tower_didit(bencher: Bencher<'_, '_>) {
        super::tower_didit(bencher, &Signed::es256());
    }

    #[divan::bench]
    fn jsonwebtoken(bencher: Bencher<'_, '_>) {
        super::jsonwebtoken(bencher, &Signed::es256(), Algorithm::ES256);
    }

    #[divan::bench]
    fn openidconnect(bencher: Bencher<'_, '_>) {
        super::openidconnect(bencher, &Signed::es256());
    }
}

/// The signature, decoded already, with the key as it is stored.
fn bare(bencher: Bencher<'_, '_>, signed: &Signed, algorithm: &'static dyn VerificationAlgorithm) {
    let key = UnparsedPublicKey::new(algorithm, &signed.public_key);
    let (input, signature) = signed.parts();
    bencher.bench_local(|| key.verify(black_box(&input), &signature).expect("good"));
}

/// Likewise, with a key that was parsed before.
fn bare_parsed_key(
    bencher: Bencher<'_, '_>,
    signed: &Signed,
    algorithm: &'static dyn VerificationAlgorithm,
) {
    let key = ParsedPublicKey::new(algorithm, &signed.public_key).expect("a key");
    let (input, signature) = signed.parts();
    bencher.bench_local(|| key.verify_sig(black_box(&input), &signature).expect("good"));
}

/// Signature, issuer, audience, times, nonce, access token.
fn tower_didit(bencher: Bencher<'_, '_>, signed: &Signed) {
    let verifier = IdTokenVerifier::new(ISSUER, CLIENT_ID, signed.jwks().as_bytes());
    let verifier = verifier.expect("keys");
    let now = UNIX_EPOCH + Duration::from_secs(NOW);
    bencher.bench_local(|| {
        let claims = verifier.verify(black_box(&signed.token), NONCE, ACCESS_TOKEN, now);
        claims.expect("good")
    });
}

/// Signature, issuer, audience, expiry.
fn jsonwebtoken(bencher: Bencher<'_, '_>, signed: &Signed, algorithm: Algorithm) {
    let jwk = serde_json::from_value(signed.jwk.clone()).expect("a key");
    let key = DecodingKey::from_jwk(&jwk).expect("a key");
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&[CLIENT_ID]);
    validation.set_issuer(&[ISSUER]);
    bencher.bench_local(|| {
        jsonwebtoken::decode::<serde_json::Value>(black_box(&signed.token), &key, &validation)
            .expect("good")
    });
}

/// Signature, issuer, audience, times, nonce.
fn openidconnect(bencher: Bencher<'_, '_>, signed: &Signed) {
    let keys: CoreJsonWebKeySet = serde_json::from_str(&signed.jwks()).expect("keys");
    let verifier = CoreIdTokenVerifier::new_public_client(
        ClientId::new(CLIENT_ID.to_owned()),
        IssuerUrl::new(ISSUER.to_owned()).expect("a URL"),
        keys,
    )
    .set_allowed_algs([
        openidconnect::core::CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        openidconnect::core::CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    ]);
    let nonce = Nonce::new(NONCE.to_owned());
    bencher.bench_local(|| {
        let token: CoreIdToken = black_box(&signed.token).parse().expect("a token");
        token.into_claims(&verifier, &nonce).expect("good")
    });
}
