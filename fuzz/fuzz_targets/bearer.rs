//! The `Authorization` headers of a request to an API: one header with one good access token passes, and nothing else.
//!
//! RFC 6750 §2.1 and §3.1, RFC 9068 §4; behaviour 124.
#![no_main]

use http::{HeaderMap, HeaderValue, header};
use libfuzzer_sys::fuzz_target;
use tower_didit_fuzz::{Api, GOOD_AUTHORIZATIONS, JWKS, provider};

fuzz_target!(|data: &[u8]| {
    let values: Vec<_> = data.split(|byte| *byte == b'\n').collect();
    let parsed: Result<Vec<_>, _> = values
        .iter()
        .map(|value| HeaderValue::from_bytes(value))
        .collect();
    let Ok(parsed) = parsed else {
        return;
    };
    let headers = parsed
        .into_iter()
        .map(|value| (header::AUTHORIZATION, value));
    let headers: HeaderMap = headers.collect();
    let api = Api::new(provider(), JWKS);
    let outcome = api.send(headers.clone());
    match &values[..] {
        [one] if is_good(one) => {
            assert_eq!(outcome.expect("good").subject(), "user");
            // Once more, from memory.
            assert_eq!(api.send(headers).expect("good").subject(), "user");
        }
        [_] => assert!(matches!(outcome, Err(status) if [400, 401].contains(&status.as_u16()))),
        _ => assert!(matches!(outcome, Err(status) if status == 400)),
    }
});

/// The scheme is case-insensitive.
fn is_good(value: &[u8]) -> bool {
    GOOD_AUTHORIZATIONS.iter().any(|good| {
        let (scheme, token) = good.as_bytes().split_at(SCHEME);
        value.len() == good.len()
            && value[..SCHEME].eq_ignore_ascii_case(scheme)
            && &value[SCHEME..] == token
    })
}

const SCHEME: usize = "Bearer".len();
