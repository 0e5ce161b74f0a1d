//! The keys of a provider.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED,
    EcdsaVerificationAlgorithm, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use super::jws::Jws;
use crate::{
    error::{Error, ErrorKind, IdTokenError},
    json,
    provider::SigningAlgorithm,
};

/// The public keys of a provider (RFC 7517 §5) that can verify a signature here.
pub(crate) struct Jwks(Vec<Jwk>);

/// One key, under every algorithm that it may be used with.
struct Jwk {
    kid: Option<String>,
    verifiers: Vec<(SigningAlgorithm, ParsedPublicKey)>,
}

/// Why no key verifies a token: newer keys may tell another story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyRefusal {
    /// None fits.
    Unknown,
    /// Those that fit do not verify it.
    InvalidSignature,
}

impl Jwks {
    /// Reads a key set. Keys that are broken, foreign or dangerous are left out, the others count
    /// (RFC 7517 §5).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidAnswer`] when it is no key set. One without usable keys is none of these.
    pub(crate) fn parse(document: &[u8]) -> Result<Self, Error> {
        let invalid = |context| Error::with_context(ErrorKind::InvalidAnswer, context);
        // A derived structure would read an array as well.
        let is_object = document.trim_ascii_start().starts_with(b"{");
        let Document { keys } = serde_json::from_slice(document)
            .ok()
            .filter(|_| is_object)
            .ok_or_else(|| invalid("the key set is no JSON object with keys"))?;
        if keys.len() > MAX_KEYS {
            return Err(invalid("the key set has more than 64 keys"));
        }
        let keys = keys.into_iter().filter_map(Jwk::parse);
        Ok(Self(keys.collect()))
    }

    /// Verifies a signature with the key that the token names, else with those that have no name,
    /// else, where the token names none, with any that fit. A name is compared and nothing else: it
    /// may look like an address.
    pub(super) fn verify(&self, jws: &Jws<'_>) -> Result<(), KeyRefusal> {
        let kid = jws.header.kid.as_deref();
        let fitting = || self.0.iter().filter(|key| key.verifier(jws).is_some());
        let is_named = kid.is_some() && fitting().any(|key| key.kid.as_deref() == kid);
        let mut candidates = fitting()
            .filter(|key| match (is_named, kid) {
                (true, kid) => key.kid.as_deref() == kid,
                (false, Some(_)) => key.kid.is_none(),
                (false, None) => true,
            })
            .filter_map(|key| key.verifier(jws))
            .peekable();
        if candidates.peek().is_none() {
            return Err(KeyRefusal::Unknown);
        }
        let input = jws.signing_input.as_bytes();
        if candidates.any(|key| key.verify_sig(input, &jws.signature).is_ok()) {
            Ok(())
        } else {
            Err(KeyRefusal::InvalidSignature)
        }
    }
}

impl fmt::Debug for Jwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|key| &key.kid);
        f.debug_list().entries(names).finish()
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

impl Jwk {
    fn parse(text: &RawValue) -> Option<Self> {
        let members = json::object(text.get().as_bytes())?;
        let text = |name| members.get(name).and_then(Value::as_str);
        // RFC 7517 §4.2, §4.3: a key that says what it is for is for that.
        let is_for_signatures = match members.get("use") {
            None | Some(Value::Null) => true,
            Some(purpose) => purpose == "sig",
        };
        let may_verify = match members.get("key_ops") {
            None | Some(Value::Null) => true,
            Some(operations) => operations.as_array()?.iter().any(|known| known == "verify"),
        };
        // A private key that was published is everybody's.
        if !is_for_signatures || !may_verify || members.contains_key("d") {
            return None;
        }
        let kid = match members.get("kid") {
            None | Some(Value::Null) => None,
            Some(kid) => Some(kid.as_str()?.to_owned()),
        };
        // §4.4: a key that names its algorithm is for no other.
        let only = match members.get("alg") {
            None | Some(Value::Null) => None,
            Some(name) => Some(SigningAlgorithm::by_name(name.as_str()?)?),
        };
        let fits = |algorithm: &SigningAlgorithm| only.is_none_or(|only| only == *algorithm);
        let verifiers: Vec<_> = match text("kty")? {
            "RSA" => {
                let key = rsa_key(&members)?;
                let algorithms = RSA.into_iter().filter(|(algorithm, _)| fits(algorithm));
                algorithms
                    .map(|(algorithm, how)| Some((algorithm, key.to_parsed_public_key(how).ok()?)))
                    .collect::<Option<_>>()?
            }
            "EC" => {
                let (algorithm, how, length) = curve(text("crv")?)?;
                let point = point(&members, length)?;
                let key = ParsedPublicKey::new(how, point).ok()?;
                let verifier = fits(&algorithm).then_some((algorithm, key));
                verifier.into_iter().collect()
            }
            _ => return None,
        };
        (!verifiers.is_empty()).then_some(Self { kid, verifiers })
    }

    fn verifier(&self, jws: &Jws<'_>) -> Option<&ParsedPublicKey> {
        let wanted = jws.header.algorithm;
        let verifier = self.verifiers.iter().find(|(fits, _)| *fits == wanted);
        verifier.map(|(_, key)| key)
    }
}

/// RFC 7518 §6.3.1, with a modulus of 2048 to 8192 bits (§3.3) and an odd exponent of at most
/// 32 bits that is not 1.
fn rsa_key(members: &Map<String, Value>) -> Option<RsaPublicKeyComponents<Vec<u8>>> {
    let n = number(members, "n")?;
    let e = number(members, "e")?;
    let bits = n.len() * 8 - n.first()?.leading_zeros() as usize;
    let is_odd = e.last()? % 2 == 1;
    let fits = (2048..=8192).contains(&bits) && is_odd && e.len() <= 4 && e != [1];
    fits.then_some(RsaPublicKeyComponents { n, e })
}

/// A number in as many bytes as it needs. Some providers write a zero in front.
fn number(members: &Map<String, Value>, name: &str) -> Option<Vec<u8>> {
    let mut bytes = base64url(members, name)?;
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    Some(bytes.split_off(zeros))
}

/// RFC 5480 §2.2: uncompressed. That it lies on the curve is checked when it is parsed.
fn point(members: &Map<String, Value>, length: usize) -> Option<Vec<u8>> {
    let mut point = vec![4];
    for coordinate in ["x", "y"] {
        let coordinate = base64url(members, coordinate)?;
        // RFC 7518 §6.2.1.2: as long as the curve has it, zeros in front included.
        if coordinate.len() != length {
            return None;
        }
        point.extend(coordinate);
    }
    Some(point)
}

fn base64url(members: &Map<String, Value>, name: &str) -> Option<Vec<u8>> {
    let text = members.get(name)?.as_str()?;
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

type Curve = (SigningAlgorithm, &'static EcdsaVerificationAlgorithm, usize);

/// Didit's documentation names P-256 as SEC 2 does, instead of RFC 7518 §6.2.1.1.
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
