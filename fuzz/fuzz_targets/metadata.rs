//! The metadata of a provider that is found by its issuer: nobody is sent, and nothing is asked,
//! where it may not lead.
//!
//! OpenID Connect Discovery §4.3, RFC 6749 §3.2; behaviours 41 and 61.
#![no_main]

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use libfuzzer_sys::fuzz_target;
use tower_didit::Provider;
use tower_didit_fuzz::{GOOD_ES256, ISSUER, JWKS, SignIn, Site, json, token_answer};
use url::Url;

fuzz_target!(|data: &[u8]| {
    let site = site(Bytes::copy_from_slice(data));
    let answer = site.login("/");
    if let Some(sign_in) = SignIn::started_by(&answer) {
        let location = answer.location().expect("a sign-in");
        assert_is_named(location, data, "authorization_endpoint");
        // A nonce was sent, and the token has none.
        assert!(!site.callback(&sign_in).is_signed_in());
    } else {
        assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
        assert_eq!(answer.set_cookies().count(), 0);
        assert_ne!(data, GOOD);
    }
});

fn site(metadata: Bytes) -> Site {
    let config = Site::config(Provider::discovered(ISSUER)).with_client_secret("secret");
    Site::new(config, move |request: &Request<Bytes>| {
        let url = request.uri().to_string();
        if url == "https://op.example/.well-known/openid-configuration" {
            metadata.clone()
        } else if request.method() == Method::POST {
            assert_is_named(&url, &metadata, "token_endpoint");
            token_answer(GOOD_ES256)
        } else {
            assert_is_named(&url, &metadata, "jwks_uri");
            JWKS.into()
        }
    })
}

/// That this address is the one which the metadata names, and that it may.
fn assert_is_named(address: &str, metadata: &[u8], member: &str) {
    let metadata = json(metadata);
    assert_eq!(metadata["issuer"], ISSUER);
    let named = Url::parse(metadata[member].as_str().expect("a text")).expect("a URL");
    let address = Url::parse(address).expect("a URL");
    assert_eq!(address.scheme(), "https");
    assert_eq!(address.origin(), named.origin());
    assert_eq!(address.path(), named.path());
}

const GOOD: &[u8] = include_bytes!("../seeds/metadata/good");
