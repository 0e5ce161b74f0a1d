//! Signed tokens, taken apart.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::{
    error::{Error, IdTokenError},
    json,
    provider::SigningAlgorithm,
};

/// A JSON Web Signature in compact form (RFC 7515 §7.1). Its parts were read; nobody knows yet who
/// signed it.
pub(super) struct Jws<'a> {
    pub(super) header: Header,
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
    /// What is signed (§5.2 step 8).
    pub(super) signing_input: &'a str,
}

/// What of a header is used. Keys and addresses in it (`jwk`, `jku`, `x5u`, `x5c`) never are: they
/// are the word of whoever made the token (RFC 8725 §3.10).
pub(super) struct Header {
    pub(super) algorithm: SigningAlgorithm,
    pub(super) kid: Option<String>,
}

impl<'a> Jws<'a> {
    /// Reads a token in the order of RFC 7515 §5.2. `allowed` are the algorithms that may sign.
    pub(super) fn parse(token: &'a str, allowed: &[SigningAlgorithm]) -> Result<Self, Error> {
        if token.len() > MAX_TOKEN {
            return Err(malformed("it is larger than 64 KiB"));
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or_else(not_three_parts)?;
        let (header, payload) = signing_input.split_once('.').ok_or_else(not_three_parts)?;
        if payload.contains('.') {
            return Err(not_three_parts());
        }
        Ok(Self {
            header: Header::parse(&decode(header)?, allowed)?,
            payload: decode(payload)?,
            signature: decode(signature)?,
            signing_input,
        })
    }
}

impl Header {
    fn parse(text: &[u8], allowed: &[SigningAlgorithm]) -> Result<Self, Error> {
        let header = json::object(text).ok_or_else(|| malformed("its header is no JSON object"))?;
        // RFC 7515 §4.1.11: no extension is understood here, so none may be critical.
        if header.contains_key("crit") {
            return Err(malformed(
                "its header has extensions that must be understood",
            ));
        }
        // RFC 7797 §7: a JWT's payload is always encoded.
        if header
            .get("b64")
            .is_some_and(|b64| *b64 != Value::Bool(true))
        {
            return Err(malformed("its payload is not encoded"));
        }
        // RFC 8725 §3.11: other kinds of tokens are signed by the same provider.
        if let Some(typ) = header.get("typ").filter(|typ| !typ.is_null()) {
            let typ = typ
                .as_str()
                .ok_or_else(|| malformed("its typ is no text"))?;
            let typ = typ.strip_prefix("application/").unwrap_or(typ);
            if !typ.eq_ignore_ascii_case("JWT") {
                return Err(Error::new(IdTokenError::Type));
            }
        }
        let algorithm = header
            .get("alg")
            .and_then(Value::as_str)
            .ok_or_else(|| malformed("its header has no alg"))?;
        // RFC 8725 §3.1, OpenID Connect Core §3.1.3.7 step 7.
        let algorithm = SigningAlgorithm::by_name(algorithm)
            .filter(|algorithm| allowed.contains(algorithm))
            .ok_or_else(|| {
                let allowed: Vec<_> = allowed.iter().map(|algorithm| algorithm.name()).collect();
                let expected = format!("allowed are {}", allowed.join(", "));
                Error::with_received(IdTokenError::Algorithm, &expected, algorithm)
            })?;
        let kid = match header.get("kid") {
            None | Some(Value::Null) => None,
            Some(Value::String(kid)) => Some(kid.clone()),
            Some(_) => return Err(malformed("its kid is no text")),
        };
        Ok(Self { algorithm, kid })
    }
}

/// Base64url without padding, and without bits that nobody reads (RFC 7515 §2).
fn decode(part: &str) -> Result<Vec<u8>, Error> {
    BASE64_URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| malformed("a part of it is not base64url"))
}

fn not_three_parts() -> Error {
    malformed("it does not have three parts")
}

fn malformed(context: &'static str) -> Error {
    Error::with_context(IdTokenError::Malformed, context)
}

/// In bytes. Providers' are about 1 KB, and what is larger than 40 KB fits no session.
const MAX_TOKEN: usize = 64 * 1024;
