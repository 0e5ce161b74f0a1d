//! The keys of a provider: good tokens sign in with their own keys, and with no others.
//!
//! RFC 7517 §5; behaviours 71 and 95.
#![no_main]

use std::collections::HashMap;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::StatusCode;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, value::RawValue};
use tower_didit_fuzz::{GOOD_ES256, GOOD_RS256, GOOD_WITHOUT_KID, JWKS, Site, json, provider};

fuzz_target!(|data: &[u8]| {
    for (token, kty) in [
        (GOOD_ES256, "EC"),
        (GOOD_WITHOUT_KID, "EC"),
        (GOOD_RS256, "RSA"),
    ] {
        let answer = Site::given(provider(), token, Bytes::copy_from_slice(data)).sign_in();
        if answer.is_signed_in() {
            let own = keys(JWKS.as_bytes(), kty).next();
            assert!(keys(data, kty).any(|key| Some(key) == own));
        } else {
            assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
            assert_ne!(data, JWKS.as_bytes());
        }
    }
});

/// The numbers that the keys of a type are made of. Each key is read on its own: what is wrong with
/// one is nothing to the others.
fn keys(jwks: &[u8], kty: &str) -> impl Iterator<Item = [Vec<u8>; 2]> {
    let members = if kty == "EC" { ["x", "y"] } else { ["n", "e"] };
    let set: HashMap<String, Box<RawValue>> = serde_json::from_slice(jwks).unwrap_or_default();
    let keys: Option<Vec<Box<RawValue>>> = serde_json::from_str(set["keys"].get()).ok();
    let keys = keys.unwrap_or_default().into_iter();
    keys.map(|key| json(key.get().as_bytes()))
        .filter(move |key| key["kty"] == kty)
        .map(move |key| members.map(|member| number(&key[member])))
}

fn number(text: &Value) -> Vec<u8> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.as_str().unwrap_or_default());
    let bytes = bytes.unwrap_or_default().into_iter();
    bytes.skip_while(|byte| *byte == 0).collect()
}
