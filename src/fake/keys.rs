//! The keys that sign ID tokens: published test keys, see `keys/README.md`.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

/// One P-256 and one RSA key at a time; [`rotate`](Self::rotate) moves on to the next pair.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Keys {
    pub(super) algorithm: Algorithm,
    /// Publish the keys as the example in Didit's documentation does.
    pub(super) bare: bool,
    generation: usize,
}

/// How ID tokens are signed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Algorithm {
    #[default]
    Es256,
    Rs256,
}

impl Keys {
    /// From now on new keys, under new names, sign and are published; the old ones are gone.
    pub(super) fn rotate(&mut self) {
        self.generation += 1;
    }

    /// The header of an honest ID token.
    pub(super) fn header(&self) -> Map<String, Value> {
        let header = [
            ("alg", self.algorithm.name().into()),
            ("kid", self.kid(self.algorithm).into()),
            ("typ", "JWT".into()),
        ];
        header
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect()
    }

    /// A JWS in compact form (RFC 7515 §7.1), signed with the configured algorithm, whatever the
    /// header says.
    pub(super) fn sign(&self, header: &Map<String, Value>, claims: &Map<String, Value>) -> String {
        let part = |members: &Map<String, Value>| {
            let text = serde_json::to_vec(members).expect("a JSON object can be written");
            BASE64_URL_SAFE_NO_PAD.encode(text)
        };
        let input = format!("{}.{}", part(header), part(claims));
        let signature = match self.algorithm {
            Algorithm::Es256 => self
                .ec()
                .sign(&SystemRandom::new(), input.as_bytes())
                .expect("a P-256 key signs anything")
                .as_ref()
                .to_vec(),
            Algorithm::Rs256 => {
                let key = self.rsa();
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    input.as_bytes(),
                    &mut signature,
                )
                .expect("the signature is as long as the modulus");
                signature
            }
        };
        format!("{input}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    /// The JWK set (RFC 7517 §5, RFC 7518 §6).
    pub(super) fn jwks(&self) -> Value {
        let (ec, rsa) = (self.ec(), self.rsa());
        // RFC 5480 §2.2: an uncompressed point is 4, then x, then y.
        let (_, point) = ec.public_key().as_ref().split_at(1);
        let (x, y) = point.split_at(32);
        // RFC 8017 §A.1.1, as DER writes it for 2048 bits: nine bytes of tags, lengths and sign, then
        // the modulus, then the exponent, which OpenSSL makes 65537.
        let (_, numbers) = rsa.public_key().as_ref().split_at(9);
        let (modulus, _) = numbers.split_at(256);

        let number = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let (x, y, n) = (number(x), number(y), number(modulus));
        if self.bare {
            return json!({"keys": [
                {"kty": "EC", "crv": "secp256r1", "x": x, "y": y},
                {"kty": "RSA", "n": n, "e": "AQAB"},
            ]});
        }
        let (ec, rsa) = (self.kid(Algorithm::Es256), self.kid(Algorithm::Rs256));
        json!({"keys": [
            {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": ec, "alg": "ES256", "use": "sig"},
            {"kty": "RSA", "n": n, "e": "AQAB", "kid": rsa, "alg": "RS256", "use": "sig"},
        ]})
    }

    fn kid(&self, algorithm: Algorithm) -> String {
        format!(
            "fake-{}-{}",
            algorithm.name().to_ascii_lowercase(),
            self.generation + 1
        )
    }

    fn ec(&self) -> EcdsaKeyPair {
        let der: &[u8] = match self.generation % 2 {
            0 => include_bytes!("keys/es256-1.der"),
            _ => include_bytes!("keys/es256-2.der"),
        };
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der)
            .expect("an embedded P-256 key")
    }

    fn rsa(&self) -> RsaKeyPair {
        let der: &[u8] = match self.generation % 2 {
            0 => include_bytes!("keys/rs256-1.der"),
            _ => include_bytes!("keys/rs256-2.der"),
        };
        RsaKeyPair::from_pkcs8(der).expect("an embedded RSA key")
    }
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }
}
