//! A whole sign-in of `examples/relying_party` at an OpenID provider that this project did not
//! write, on Didit's paths: npm's `oidc-provider` in `tests/peer`, real processes over real HTTP.

use reqwest::StatusCode;
use serde_json::json;

use crate::{
    harness::{browser::Browser, peer::Peer, relying_party::RelyingParty, sign_in::sign_in},
    support::port::Port,
};

// RFC 6749 §4.1.2; behaviour 17.
#[tokio::test]
async fn signs_in_at_a_provider_that_signs_with_rsa() {
    a_whole_sign_in("RS256").await;
}

// RFC 6749 §4.1.2; behaviour 17.
#[tokio::test]
async fn signs_in_at_a_provider_that_signs_with_an_elliptic_curve() {
    a_whole_sign_in("ES256").await;
}

async fn a_whole_sign_in(keys: &str) {
    let (here, there) = (Port::keep(), Port::keep());
    let peer = Peer::start(&there, &here, &[("KEYS", keys)]);
    let app = application(&here, &peer);
    let mut browser = Browser::new();

    // Nobody is signed in: a program is told so, a person is sent to the provider and back.
    let home = app.url("/");
    let nobody = json!({ "signed_in": false, "sub": null });
    assert_eq!(browser.json(&home).await, nobody);
    let me = browser.get(&app.url("/me"), "application/json").await;
    assert_eq!(me.status, StatusCode::UNAUTHORIZED);
    let callback = sign_in(&mut browser, &app, &peer).await;
    assert_eq!(token_requests(&peer).await, 1);

    let fingerprint = browser.get(&app.url("/tokens/fingerprint"), "*/*").await;
    let digits = fingerprint.body.trim();
    assert!(
        digits.len() == 8 && digits.chars().all(|c| c.is_ascii_hexdigit()),
        "{digits}"
    );

    // The callback once more, as by a reload: signed in already, and no code is sent again.
    let again = browser.get(&callback, "text/html").await;
    assert_eq!(
        (again.status, again.location()),
        (StatusCode::SEE_OTHER, Some(home.clone()))
    );
    assert_eq!(browser.json(&home).await["signed_in"], true);

    let out = browser.post(&app.url("/logout")).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER, "{}", out.body);
    assert_eq!(browser.json(&home).await, nobody);

    // And signed out, as by a history that kept it: an error in words, and still no second request.
    let again = browser.get(&callback, "text/html").await;
    assert!(
        again.status.is_client_error(),
        "{}: {}",
        again.status,
        again.body
    );
    assert_eq!(token_requests(&peer).await, 1);
}

/// The application at Didit's Sign in API, each endpoint replaced by the peer's.
fn application(port: &Port, peer: &Peer) -> RelyingParty {
    let endpoints = [
        ("DIDIT_AUTHORIZATION_ENDPOINT", "/auth/v2/authorize"),
        ("DIDIT_TOKEN_ENDPOINT", "/auth/v2/token"),
        ("DIDIT_USERINFO_ENDPOINT", "/auth/v2/users/retrieve"),
        ("DIDIT_INTROSPECTION_ENDPOINT", "/auth/v2/introspect"),
        ("DIDIT_JWKS_URI", "/auth/config/jwks"),
    ]
    .map(|(variable, path)| (variable, peer.url(path)));
    let mut settings = vec![("DIDIT_ISSUER", peer.origin())];
    settings.extend(
        endpoints
            .iter()
            .map(|(variable, url)| (*variable, url.as_str())),
    );
    RelyingParty::start(port, &settings)
}

async fn token_requests(peer: &Peer) -> usize {
    peer.answered("POST /auth/v2/token ").await
}
