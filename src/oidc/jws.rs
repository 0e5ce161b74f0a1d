//! Signed tokens.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::{
    error::{Error, IdTokenError},
    json,
    provider::SigningAlgorithm,
};

/// A JSON Web Signature in compact form (RFC 7515 §7.1), decoded. The signature is not verified yet.
///
/// Keys and addresses in the header (`jwk`, `jku`, `x5u`, `x5c`) are never used: the token's author
/// chose them (RFC 8725 §3.10).
pub(super) struct Jws<'a> {
    pub(super) algorithm: SigningAlgorithm,
    pub(super) kid: Option<String>,
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
    /// The signed text (§5.2 step 8).
    pub(super) signing_input: &'a str,
}

/// The kind of a token, which its header names in `typ`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// `typ` may be missing (RFC 7519 §5.1).
    IdToken,
    /// `typ` is required (RFC 9068 §4).
    AccessToken,
}

impl TokenKind {
    /// `application/` may be left out (RFC 7515 §4.1.9).
    fn has_type(self, typ: Option<&str>) -> bool {
        let bare = typ.map(|typ| typ.strip_prefix("application/").unwrap_or(typ));
        match self {
            Self::IdToken => bare.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT")),
            Self::AccessToken => bare.is_some_and(|typ| typ.eq_ignore_ascii_case("at+jwt")),
        }
    }
}

impl<'a> Jws<'a> {
    /// Reads a token in the order of RFC 7515 §5.2. `allowed` are the accepted algorithms.
    pub(super) fn parse(
        token: &'a str,
        kind: TokenKind,
        allowed: &[SigningAlgorithm],
    ) -> Result<Self, Error> {
        if token.len() > MAX_TOKEN {
            return Err(malformed("it is larger than 64 KiB"));
        }
        if token.matches('.').count() != 2 {
            return Err(malformed("it does not have three parts"));
        }
        let (signing_input, signature) = token.rsplit_once('.').unwrap_or_default();
        let (header, payload) = signing_input.split_once('.').unwrap_or_default();
        let (algorithm, kid) = read_header(&decode(header)?, kind, allowed)?;
        Ok(Self {
            algorithm,
            kid,
            payload: decode(payload)?,
            signature: decode(signature)?,
            signing_input,
        })
    }
}

/// The algorithm and the key id.
fn read_header(
    header: &[u8],
    kind: TokenKind,
    allowed: &[SigningAlgorithm],
) -> Result<(SigningAlgorithm, Option<String>), Error> {
    let header =
        json::object(header).ok_or_else(|| malformed("its header is not a JSON object"))?;
    // RFC 7515 §4.1.11: no extension is supported, so none may be critical.
    if header.contains_key("crit") {
        return Err(malformed("its header has critical extensions"));
    }
    // RFC 7797 §7: the payload of a JWT is always encoded.
    let b64 = header.get("b64");
    if b64.is_some_and(|b64| *b64 != Value::Bool(true)) {
        return Err(malformed("its payload is not encoded"));
    }
    let text = |name, why| {
        let value = json::member(&header, name).map(Value::as_str);
        value
            .map(|text| text.ok_or_else(|| malformed(why)))
            .transpose()
    };
    // RFC 8725 §3.11: the provider signs other kinds of tokens, too.
    if !kind.has_type(text("typ", "its typ is not a string")?) {
        return Err(Error::new(IdTokenError::Type));
    }
    let no_algorithm = "its header has no alg";
    let name = text("alg", no_algorithm)?.ok_or_else(|| malformed(no_algorithm))?;
    // RFC 8725 §3.1, OpenID Connect Core §3.1.3.7 step 7.
    let algorithm = SigningAlgorithm::by_name(name)
        .filter(|algorithm| allowed.contains(algorithm))
        .ok_or_else(|| {
            let allowed: Vec<_> = allowed.iter().map(|algorithm| algorithm.name()).collect();
            let expected = format!("allowed are {}", allowed.join(", "));
            Error::with_received(IdTokenError::Algorithm, &expected, name)
        })?;
    let kid = text("kid", "its kid is not a string")?;
    Ok((algorithm, kid.map(Into::into)))
}

/// Base64url without padding and without stray bits (RFC 7515 §2).
fn decode(part: &str) -> Result<Vec<u8>, Error> {
    BASE64_URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| malformed("a part of it is not base64url"))
}

pub(super) fn malformed(context: &'static str) -> Error {
    Error::with_context(IdTokenError::Malformed, context)
}

/// In bytes. Tokens of providers have about 1 KB, and none above 40 KB fits into a session.
const MAX_TOKEN: usize = 64 * 1024;
