//! Sign-ins of `examples/relying_party` at an OpenID provider of which it knows the issuer and no
//! more: npm's `oidc-provider` in `tests/peer`, which is found by its metadata, changes its keys, is
//! down, and starts again. Real processes over real HTTP.

use reqwest::{
    StatusCode, Url,
    header::{CONTENT_TYPE, SET_COOKIE},
};
use tokio::join;

use crate::{
    harness::{
        answer::Answer, browser::Browser, peer::Peer, relying_party::RelyingParty, sign_in::sign_in,
    },
    support::port::Port,
};

// OpenID Connect Discovery §3; behaviours 63, 64 and 65.
#[tokio::test]
async fn signs_in_at_a_provider_that_signs_with_rsa() {
    documents_are_fetched_once_for_several_sign_ins("RS256").await;
}

// OpenID Connect Discovery §3; behaviours 63, 64 and 65.
#[tokio::test]
async fn signs_in_at_a_provider_that_signs_with_an_elliptic_curve() {
    documents_are_fetched_once_for_several_sign_ins("ES256").await;
}

async fn documents_are_fetched_once_for_several_sign_ins(keys: &str) {
    let (here, there) = (Port::keep(), Port::keep());
    let peer = Peer::start(&there, &here, &[("KEYS", keys)]);
    let app = application(&here, peer.origin(), &[]);
    three_sign_in_at_once(&app, &peer).await;
    sign_in(&mut Browser::new(), &app, &peer).await;
    assert_eq!(metadata_requests(&peer).await, 1);
    assert_eq!(key_requests(&peer).await, 1);
    assert_eq!(token_requests(&peer).await, 4);
}

// OpenID Connect Core §10.1.1; behaviours 66 and 68.
#[tokio::test]
async fn an_unknown_key_is_fetched_once() {
    let (here, there) = (Port::keep(), Port::keep());
    let peer = Peer::start(&there, &here, &[]);
    let app = application(&here, peer.origin(), &[]);
    let mut early = Browser::new();
    sign_in(&mut early, &app, &peer).await;
    assert_eq!(key_requests(&peer).await, 1);

    rotate_keys(&peer).await;
    three_sign_in_at_once(&app, &peer).await;
    sign_in(&mut Browser::new(), &app, &peer).await;
    assert_eq!(key_requests(&peer).await, 2);
    assert_eq!(metadata_requests(&peer).await, 1);
    assert_eq!(early.json(&app.url("/")).await["signed_in"], true);

    rotate_keys(&peer).await;
    sign_in(&mut Browser::new(), &app, &peer).await;
    assert_eq!(key_requests(&peer).await, 3);
}

// Behaviours 14 and 63.
#[tokio::test]
async fn an_application_may_start_before_its_provider() {
    let (here, there) = (Port::keep(), Port::keep());
    let app = application(&here, &there.origin(), &[]);
    let (login, mut browser) = (app.url("/login?return_to=/me"), Browser::new());
    assert_eq!(browser.json(&app.url("/")).await["signed_in"], false);

    for _ in 0..2 {
        let told = browser.get(&login, "application/json").await;
        assert_is_no_sign_in(&told, "application/problem+json");
        assert_eq!(told.json()["code"], "provider-unreachable");
        let shown = browser.get(&login, "text/html").await;
        assert_is_no_sign_in(&shown, "text/html");
    }

    let peer = Peer::start(&there, &here, &[]);
    sign_in(&mut browser, &app, &peer).await;
    assert_eq!(metadata_requests(&peer).await, 1);
}

// OpenID Connect Core §10.1.1; behaviour 66.
#[tokio::test]
async fn sessions_and_sign_ins_survive_a_restart_of_the_provider() {
    let (here, there) = (Port::keep(), Port::keep());
    let peer = Peer::start(&there, &here, &[]);
    let app = application(&here, peer.origin(), &[]);
    let mut early = Browser::new();
    sign_in(&mut early, &app, &peer).await;

    drop(peer);
    assert_eq!(early.json(&app.url("/")).await["signed_in"], true);
    assert_eq!(early.get(&app.url("/hello"), "*/*").await.body, "hello");

    let peer = Peer::start(&there, &here, &[]);
    assert_eq!(early.json(&app.url("/")).await["signed_in"], true);
    sign_in(&mut Browser::new(), &app, &peer).await;
    assert_eq!(key_requests(&peer).await, 1);
}

// RFC 8414 §2; behaviour 32.
#[tokio::test]
async fn client_authentication_follows_the_metadata() {
    let public = [
        ("DIDIT_CLIENT_SECRET", ""),
        (
            "DIDIT_COOKIE_KEYS",
            "Y29va2llIGtleXMgb2YgYSBwdWJsaWMgY2xpZW50Li4=",
        ),
    ];
    for (method, settings) in [
        ("client_secret_basic", &[][..]),
        ("client_secret_post", &[]),
        ("none", &public),
    ] {
        let (here, there) = (Port::keep(), Port::keep());
        let peer = Peer::start(&there, &here, &[("AUTH_METHOD", method)]);
        let app = application(&here, peer.origin(), settings);
        sign_in(&mut Browser::new(), &app, &peer).await;
    }
}

// RFC 9207 §2.4; behaviour 23.
#[tokio::test]
async fn a_callback_must_name_the_issuer_as_the_metadata_promises() {
    let (here, there) = (Port::keep(), Port::keep());
    let peer = Peer::start(&there, &here, &[]);
    let app = application(&here, peer.origin(), &[]);
    for named in [
        None,
        Some("https://evil.example"),
        Some(&*format!("{}/", peer.origin())),
    ] {
        let mut browser = Browser::new();
        let mut callback = way_back(&mut browser, &app).await;
        let pairs: Vec<(String, String)> = callback.query_pairs().into_owned().collect();
        assert!(
            pairs.contains(&("iss".into(), peer.origin().into())),
            "{callback}"
        );
        let others = pairs.iter().filter(|(name, _)| name != "iss");
        callback
            .query_pairs_mut()
            .clear()
            .extend_pairs(others)
            .extend_pairs(named.map(|issuer| ("iss", issuer)));
        let refused = browser.get(&callback, "application/json").await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert_eq!(refused.json()["code"], "callback-issuer-mismatch");
    }
    assert_eq!(token_requests(&peer).await, 0);
}

// OpenID Connect Discovery §4.3; behaviour 61.
#[tokio::test]
async fn a_provider_with_another_issuer_is_refused() {
    let (here, there) = (Port::keep(), Port::keep());
    let peer = Peer::start(&there, &here, &[]);
    for name in [
        format!("{}/", peer.origin()),
        format!("http://localhost:{}", there.number()),
    ] {
        let app = application(&here, &name, &[]);
        let told = Browser::new()
            .get(&app.url("/login"), "application/json")
            .await;
        assert_is_no_sign_in(&told, "application/problem+json");
        assert_eq!(told.json()["code"], "invalid-metadata");
    }
    assert_eq!(metadata_requests(&peer).await, 2);
}

/// The application, which knows no more of its provider than its name.
fn application(port: &Port, issuer: &str, more: &[(&str, &str)]) -> RelyingParty {
    let discovered = [("DIDIT_PROVIDER", "discovered"), ("DIDIT_ISSUER", issuer)];
    RelyingParty::start(port, &[&discovered, more].concat())
}

async fn three_sign_in_at_once(app: &RelyingParty, peer: &Peer) {
    let [mut a, mut b, mut c] = [(); 3].map(|()| Browser::new());
    join!(
        sign_in(&mut a, app, peer),
        sign_in(&mut b, app, peer),
        sign_in(&mut c, app, peer)
    );
}

/// Signs in as far as to the URL that leads back.
async fn way_back(browser: &mut Browser, app: &RelyingParty) -> Url {
    let mut next = app.url("/login");
    loop {
        let visit = browser.get(&next, "text/html").await;
        next = visit.location().expect("it leads on to the callback");
        if next.path() == "/callback" {
            return next;
        }
    }
}

async fn rotate_keys(peer: &Peer) {
    let rotated = Browser::new().post(&peer.url("/control/rotate")).await;
    assert_eq!(rotated.status, StatusCode::NO_CONTENT);
}

#[track_caller]
fn assert_is_no_sign_in(visit: &Answer, kind: &str) {
    assert_eq!(visit.status, StatusCode::BAD_GATEWAY, "{}", visit.body);
    let content_type = visit.headers[CONTENT_TYPE].to_str().ok();
    assert!(
        content_type.is_some_and(|found| found.starts_with(kind)),
        "{content_type:?}"
    );
    assert_eq!(visit.location(), None);
    assert_eq!(visit.headers.get(SET_COOKIE), None);
}

async fn metadata_requests(peer: &Peer) -> usize {
    peer.answered("GET /.well-known/openid-configuration ")
        .await
}

async fn key_requests(peer: &Peer) -> usize {
    peer.answered("GET /auth/config/jwks ").await
}

async fn token_requests(peer: &Peer) -> usize {
    peer.answered("POST /auth/v2/token ").await
}
