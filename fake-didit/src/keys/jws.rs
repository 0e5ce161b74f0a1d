//! The compact form of a signed token (RFC 7515 §7.1).

use serde_json::{Map, Value};

use crate::keys::{
    base64url::{decoded, encoded},
    key_pair::KeyPair,
};

/// Joins and signs a header and a payload, whatever they are.
pub(crate) fn compact(header: &[u8], payload: &[u8], key: &KeyPair) -> String {
    let input = format!("{}.{}", encoded(header), encoded(payload));
    let signature = encoded(key.sign(input.as_bytes()));
    format!("{input}.{signature}")
}

/// Header and payload of a token, where both are JSON objects; `None` for anything else.
pub(crate) fn open(token: &str) -> Option<(Map<String, Value>, Map<String, Value>)> {
    let mut parts = token
        .split('.')
        .map(|part| serde_json::from_slice(&decoded(part)?).ok());
    Some((parts.next()??, parts.next()??))
}

/// A JSON object as it is written into a token.
pub(crate) fn written(members: &Map<String, Value>) -> Vec<u8> {
    serde_json::to_vec(members).expect("a JSON object can be written")
}
