//! The ID token in a token response: nothing but a good one signs anybody in.
//!
//! RFC 7515 §5.2, RFC 7519 §7.2; behaviours 48, 59 and 95.
#![no_main]

use std::str;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tower_didit_fuzz::{CLIENT_ID, GOOD_TOKENS, ISSUER, JWKS, NOW, Site, json, provider};

fuzz_target!(|data: &[u8]| {
    if let Ok(token) = str::from_utf8(data) {
        let answer = Site::given(provider(), token, JWKS).sign_in();
        assert_eq!(answer.is_signed_in(), GOOD_TOKENS.contains(&token));
    }

    // What is behind the signature: the same bytes as the claims of a token that nobody signed, where
    // nobody looks.
    let [header, payload] = [HEADER, data].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
    let token = format!("{header}.{payload}.");
    let site = Site::given(provider().insecure_trust_tls_for_id_token(), &token, JWKS);
    let answer = site.sign_in();
    if answer.is_signed_in() {
        let claims = json(data);
        assert!(is_acceptable(&claims));
        let seen = site.claims_after(&answer).expect("a session");
        assert_eq!(claims["sub"], seen.subject());
    }
});

/// OpenID Connect Core §3.1.3.7, as far as it is about claims, with a minute between the clocks. An optional claim
/// that is null is absent.
fn is_acceptable(claims: &Value) -> bool {
    let is_client = |party: &Value| party == CLIENT_ID;
    let is_for_client = match &claims["aud"] {
        Value::Array(several) => !several.is_empty() && several.iter().all(is_client),
        one => is_client(one),
    };
    let time = |name| claims[name].as_f64();
    let is_past = |time: f64| time < f64::from(NOW + 61);
    claims["iss"] == ISSUER
        && is_for_client
        && (claims["azp"].is_null() || is_client(&claims["azp"]))
        && time("exp").is_some_and(|end| end > f64::from(NOW - 60))
        && time("iat").is_some_and(is_past)
        && time("nbf").is_none_or(is_past)
        && claims["sub"].as_str().is_some_and(|sub| !sub.is_empty())
}

const HEADER: &[u8] = br#"{"alg":"ES256"}"#;
