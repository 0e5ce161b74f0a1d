//! The answer of the introspection endpoint: a token passes only if it is active by JSON `true`, for this API and not
//! expired.
//!
//! RFC 7662 §2.2; behaviour 124.
#![no_main]

use http::{HeaderMap, HeaderValue, header};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tower_didit_fuzz::{Api, CLIENT_ID, ISSUER, NOW, json, provider};

fuzz_target!(|data: &[u8]| {
    let provider = provider().with_introspection_endpoint("https://op.example/introspect");
    let api = Api::new(provider, data.to_vec());
    let token = (
        header::AUTHORIZATION,
        HeaderValue::from_static("Bearer opaque"),
    );
    let headers: HeaderMap = [token].into_iter().collect();
    let claims = match api.send(headers) {
        Ok(claims) => claims,
        Err(status) => {
            assert!([401, 503].contains(&status.as_u16()), "{status}");
            assert!(!GOOD.contains(&data));
            return;
        }
    };
    let told = json(data);
    assert_eq!(told["active"], true);
    assert_eq!(Some(claims.subject()), told["sub"].as_str());
    assert!(!claims.subject().is_empty());
    assert!(told["iss"].is_null() || told["iss"] == ISSUER);
    assert_eq!(claims.issuer(), ISSUER);
    assert_eq!(claims.client_id(), told["client_id"].as_str());
    match &told["aud"] {
        Value::Null => assert_eq!(told["client_id"], CLIENT_ID),
        Value::Array(several) => assert!(several.iter().any(|one| one == CLIENT_ID)),
        one => assert_eq!(one, CLIENT_ID),
    }
    let expires = told["exp"].as_f64();
    assert!(told["exp"].is_null() || expires.is_some_and(|end| end + 60.0 >= f64::from(NOW)));
    let scopes: Vec<_> = claims.scopes().iter().collect();
    let scope = if told["scope"].is_null() {
        &told["claims"]
    } else {
        &told["scope"]
    };
    let granted = match scope {
        Value::String(text) => text.clone(),
        Value::Array(items) => items
            .iter()
            .map(Value::as_str)
            .collect::<Option<Vec<_>>>()
            .unwrap_or_default()
            .join(" "),
        _ => String::new(),
    };
    assert_eq!(scopes, granted.split_ascii_whitespace().collect::<Vec<_>>());
    let kept: Value = claims.extra().expect("an object");
    assert_eq!(
        kept.as_object().map(|kept| kept.keys().collect::<Vec<_>>()),
        told.as_object().map(|told| told.keys().collect::<Vec<_>>())
    );
});

/// Answers that let the token pass.
const GOOD: [&[u8]; 4] = [
    include_bytes!("../seeds/introspection/didit"),
    include_bytes!("../seeds/introspection/didit-scope-array"),
    include_bytes!("../seeds/introspection/standard"),
    include_bytes!("../seeds/introspection/minimal"),
];
