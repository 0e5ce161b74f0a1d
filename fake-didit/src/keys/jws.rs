//! JWS Compact Serialization (RFC 7515 §7.1).

use serde_json::{Map, Value};

use crate::keys::{
    base64url::{self, encode},
    key_pair::KeyPair,
};

/// Signs any header and payload.
pub(crate) fn compact(header: &[u8], payload: &[u8], key: &KeyPair) -> String {
    let input = format!("{}.{}", encode(header), encode(payload));
    let signature = encode(key.sign(input.as_bytes()));
    format!("{input}.{signature}")
}

/// The header and the payload of a token; `None` unless both are JSON objects.
pub(crate) fn decode(token: &str) -> Option<(Map<String, Value>, Map<String, Value>)> {
    let mut parts = token
        .split('.')
        .map(|part| serde_json::from_slice(&base64url::decode(part)?).ok());
    Some((parts.next()??, parts.next()??))
}

/// The JSON of a header or a payload.
pub(crate) fn to_json(members: &Map<String, Value>) -> Vec<u8> {
    serde_json::to_vec(members).expect("a map with string keys serializes")
}
