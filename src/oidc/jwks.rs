//! The keys of a provider.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED,
    EcdsaVerificationAlgorithm, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::jws::Jws;
use crate::{
    error::{Error, ErrorKind, IdTokenError},
    json::{self, Object},
    provider::SigningAlgorithm,
};

/// The public keys of a provider (RFC 7517 §5) whose signatures this crate can verify.
#[derive(Debug)]
pub(crate) struct Jwks(Vec<Jwk>);

/// A key and an algorithm that it may be used with. A key with several algorithms is listed several times.
#[derive(Debug)]
struct Jwk {
    kid: Option<String>,
    algorithm: SigningAlgorithm,
    key: ParsedPublicKey,
}

/// Why no key verifies a token. Newer keys may verify the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyRefusal {
    /// No key has the token's algorithm and key id.
    Unknown,
    /// Every key with the token's algorithm and key id refuses the signature.
    InvalidSignature,
}

impl Jwks {
    /// Reads a key set. Keys that are malformed, unsupported or unsafe are left out (RFC 7517 §5).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidResponse`] if it is no key set. A key set without usable keys is accepted.
    pub(crate) fn parse(document: &[u8]) -> Result<Self, Error> {
        let invalid = |context| Error::with_context(ErrorKind::InvalidResponse, context);
        // serde reads an array into a structure, too.
        let is_object = document.trim_ascii_start().starts_with(b"{");
        let parsed = serde_json::from_slice(document).ok().filter(|_| is_object);
        let Document { keys } =
            parsed.ok_or_else(|| invalid("the key set is not a JSON object with keys"))?;
        if keys.len() > MAX_KEYS {
            return Err(invalid("the key set has more than 64 keys"));
        }
        let keys = keys.into_iter().filter_map(parse_key).flatten();
        Ok(Self(keys.collect()))
    }

    /// Verifies a signature: with the keys that have the token's `kid`; if there are none, with those without a
    /// `kid`; for a token without a `kid`, with all. `kid` is only compared, whatever it looks like.
    pub(super) fn verify(&self, jws: &Jws<'_>) -> Result<(), KeyRefusal> {
        let kid = jws.kid.as_ref();
        let fitting = || self.0.iter().filter(|key| key.algorithm == jws.algorithm);
        let is_named = kid.is_some() && fitting().any(|key| key.kid.as_ref() == kid);
        let wanted = kid.filter(|_| is_named);
        let mut candidates = fitting()
            .filter(|key| kid.is_none() || key.kid.as_ref() == wanted)
            .peekable();
        if candidates.peek().is_none() {
            return Err(KeyRefusal::Unknown);
        }
        let input = jws.signing_input.as_bytes();
        if candidates.any(|jwk| jwk.key.verify_sig(input, &jws.signature).is_ok()) {
            Ok(())
        } else {
            Err(KeyRefusal::InvalidSignature)
        }
    }
}

impl From<KeyRefusal> for Error {
    fn from(refusal: KeyRefusal) -> Self {
        Self::new(match refusal {
            KeyRefusal::Unknown => IdTokenError::UnknownKey,
            KeyRefusal::InvalidSignature => IdTokenError::Signature,
        })
    }
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

/// A key, once for each algorithm that it may be used with.
fn parse_key(text: &RawValue) -> Option<Vec<Jwk>> {
    let members = json::object(text.get().as_bytes())?;
    let text = |name| match json::member(&members, name) {
        Some(value) => value.as_str().map(Some),
        None => Some(None),
    };
    // RFC 7517 §4.2, §4.3: the declared use is the only one.
    let is_for_signatures = text("use")?.is_none_or(|usage| usage == "sig");
    let may_verify = match json::member(&members, "key_ops") {
        Some(operations) => operations.as_array()?.iter().any(|known| known == "verify"),
        None => true,
    };
    // Anyone can sign with a private key that was published.
    if !is_for_signatures || !may_verify || members.contains_key("d") {
        return None;
    }
    let kid = text("kid")?;
    // §4.4: a key that names its algorithm is for no other.
    let only = text("alg")?.map(SigningAlgorithm::by_name);
    let fits = |algorithm| only.is_none_or(|only| only == Some(algorithm));
    let jwk = |algorithm, key| Jwk {
        kid: kid.map(str::to_owned),
        algorithm,
        key,
    };
    match text("kty")?? {
        "RSA" => {
            let key = rsa_key(&members)?;
            let algorithms = RSA.into_iter().filter(|(algorithm, _)| fits(*algorithm));
            algorithms
                .map(|(algorithm, how)| Some(jwk(algorithm, key.to_parsed_public_key(how).ok()?)))
                .collect()
        }
        "EC" => {
            let (algorithm, how, length) = curve(text("crv")??)?;
            let key = ParsedPublicKey::new(how, point(&members, length)?).ok()?;
            fits(algorithm).then(|| vec![jwk(algorithm, key)])
        }
        _ => None,
    }
}

/// RFC 7518 §6.3.1, with a modulus of 2048 to 8192 bits (§3.3) and an odd exponent of at most
/// 32 bits that is not 1.
fn rsa_key(members: &Object) -> Option<RsaPublicKeyComponents<Vec<u8>>> {
    let n = number(members, "n")?;
    let e = number(members, "e")?;
    let bits = n.len() * 8 - n.first()?.leading_zeros() as usize;
    let is_odd = e.last()? % 2 == 1;
    let fits = (2048..=8192).contains(&bits) && is_odd && e.len() <= 4 && e != [1];
    fits.then_some(RsaPublicKeyComponents { n, e })
}

/// A number. Leading zeros, which some providers write, are removed.
fn number(members: &Object, name: &str) -> Option<Vec<u8>> {
    let mut bytes = base64url(members, name)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Some(bytes.split_off(zeros))
}

/// RFC 5480 §2.2: uncompressed. `ParsedPublicKey` checks that it is on the curve.
fn point(members: &Object, length: usize) -> Option<Vec<u8>> {
    let mut point = vec![4];
    for coordinate in ["x", "y"] {
        let coordinate = base64url(members, coordinate)?;
        // RFC 7518 §6.2.1.2: the full length of the curve, with leading zeros.
        if coordinate.len() != length {
            return None;
        }
        point.extend(coordinate);
    }
    Some(point)
}

fn base64url(members: &Object, name: &str) -> Option<Vec<u8>> {
    let text = members.get(name)?.as_str()?;
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

type Curve = (SigningAlgorithm, &'static EcdsaVerificationAlgorithm, usize);

/// Didit's documentation uses the name of SEC 2 for P-256, not that of RFC 7518 §6.2.1.1.
fn curve(name: &str) -> Option<Curve> {
    Some(match name {
        "P-256" | "secp256r1" => (SigningAlgorithm::Es256, &ECDSA_P256_SHA256_FIXED, 32),
        "P-384" | "secp384r1" => (SigningAlgorithm::Es384, &ECDSA_P384_SHA384_FIXED, 48),
        "P-521" | "secp521r1" => (SigningAlgorithm::Es512, &ECDSA_P521_SHA512_FIXED, 66),
        _ => return None,
    })
}

static RSA: [(SigningAlgorithm, &RsaParameters); 6] = [
    (SigningAlgorithm::Rs256, &RSA_PKCS1_2048_8192_SHA256),
    (SigningAlgorithm::Rs384, &RSA_PKCS1_2048_8192_SHA384),
    (SigningAlgorithm::Rs512, &RSA_PKCS1_2048_8192_SHA512),
    (SigningAlgorithm::Ps256, &RSA_PSS_2048_8192_SHA256),
    (SigningAlgorithm::Ps384, &RSA_PSS_2048_8192_SHA384),
    (SigningAlgorithm::Ps512, &RSA_PSS_2048_8192_SHA512),
];

/// Providers have two or three.
const MAX_KEYS: usize = 64;

#[cfg(test)]
mod tests;
