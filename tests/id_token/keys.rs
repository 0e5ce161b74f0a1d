//! The keys of the provider: cached, refetched at once after a rotation, and rarely because of forged tokens.

use std::time::Duration;

use http::Response;
use serde_json::{Value, json};
use tower_didit::fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault};

use crate::support::{
    identity::{ALEJANDRA, attempt, visit},
    site::{CALLBACK, didit},
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

fn visitor() -> (FakeDidit, Browser) {
    let didit = didit();
    let browser = visit(didit.config(CALLBACK));
    (didit, browser)
}

/// A key set with edited keys.
fn with_keys(edit: impl Fn(&mut Vec<Value>) + Send + Sync + 'static) -> Fault {
    Fault::edit(move |document| {
        let keys = document.get_mut("keys").and_then(Value::as_array_mut);
        edit(keys.expect("a key set"));
    })
}

/// A key set in which the keys have another `kid` than the tokens.
fn unknown_kid(kid: &'static str) -> Fault {
    Fault::edit_id_token(move |header, _| {
        header.insert("kid".to_owned(), kid.into());
    })
}

// Behaviour 65.
#[tokio::test]
async fn a_hundred_sign_ins_fetch_the_keys_once() {
    let (didit, browser) = visitor();
    for _ in 0..100 {
        assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
    }
    assert_eq!(didit.count(Endpoint::Token), 100);
    assert_eq!(didit.count(Endpoint::Jwks), 1);
    let asked = didit.last(Endpoint::Jwks).expect("it was asked");
    assert_eq!(asked.method(), "GET");
    assert!(asked.header("authorization").is_none());
    assert!(asked.body().is_empty());
}

// OpenID Connect Core §10.1.1; behaviour 66.
#[tokio::test]
async fn a_key_rotation_is_followed_at_once() {
    for with in [FakeDidit::with_rs256 as fn(_) -> _, |didit| didit] {
        let didit = with(didit());
        let browser = visit(didit.config(CALLBACK));
        for rotations in 0..3 {
            assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
            assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
            assert_eq!(didit.count(Endpoint::Jwks), 1 + rotations);
            didit.rotate_keys();
        }
    }
}

// OpenID Connect Core §10.1 and §10.1.1; behaviours 66 and 70.
#[tokio::test]
async fn a_rotation_of_keys_without_kid_is_followed() {
    for with in [FakeDidit::with_rs256 as fn(_) -> _, |didit| didit] {
        let didit = with(didit()).with_bare_jwks();
        let browser = visit(didit.config(CALLBACK));
        assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
        didit.rotate_keys();
        assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
        assert_eq!(didit.count(Endpoint::Jwks), 2);

        // Tokens without a `kid`, too.
        let nameless = Fault::edit_id_token(|header, _| {
            header.remove("kid");
        });
        didit.on_every(Endpoint::Token, nameless);
        assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
        didit.rotate_keys();
        assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
        assert_eq!(didit.count(Endpoint::Jwks), 3);
    }
}

// Behaviour 67.
#[tokio::test]
async fn ten_thousand_unknown_kids_cause_few_fetches() {
    let (didit, browser) = visitor();
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
    didit.on_every(Endpoint::Token, unknown_kid("https://evil.example/key"));
    for _ in 0..10_000 {
        assert_eq!(attempt(&browser, &didit).await, "unknown-key");
    }
    assert_eq!(didit.count(Endpoint::Jwks), 1 + 3);

    // Then once a minute, which is enough to follow a rotation.
    didit.clock().advance(MINUTE);
    for _ in 0..10 {
        assert_eq!(attempt(&browser, &didit).await, "unknown-key");
    }
    assert_eq!(didit.count(Endpoint::Jwks), 1 + 4);
    didit.clear_faults();
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
    didit.rotate_keys();
    assert_eq!(attempt(&browser, &didit).await, "unknown-key");
    didit.clock().advance(MINUTE);
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
}

// Behaviour 68.
#[tokio::test(start_paused = true)]
async fn concurrent_sign_ins_share_one_fetch_of_the_keys() {
    let (didit, browser) = visitor();
    for fetches in 1..=2 {
        let slow = Fault::delay(Duration::from_secs(1));
        didit.on_next(Endpoint::Jwks, slow);
        let all = (0..20).map(|_| attempt(&browser, &didit));
        for outcome in futures_util::future::join_all(all).await {
            assert_eq!(outcome, ALEJANDRA);
        }
        assert_eq!(didit.count(Endpoint::Jwks), fetches);
        didit.rotate_keys();
    }
}

// Behaviour 69.
#[tokio::test]
async fn cached_keys_are_used_for_a_day_while_fetches_fail() {
    let (didit, browser) = visitor();
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
    didit.on_every(
        Endpoint::Jwks,
        Fault::error("server_error").with_status(500),
    );
    didit.clock().advance(23 * HOUR);
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
    assert_eq!(didit.count(Endpoint::Jwks), 2);
    didit.clock().advance(HOUR);
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);

    // A day after the five minutes of `max-age`.
    didit.clock().advance(6 * MINUTE);
    assert_eq!(attempt(&browser, &didit).await, "invalid-response");
    didit.clear_faults();
    didit.clock().advance(Duration::from_secs(2));
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
}

#[tokio::test]
async fn without_cached_keys_a_failed_fetch_fails_the_sign_in() {
    let (didit, browser) = visitor();
    for (fault, code) in [
        (
            Fault::error("server_error").with_status(503),
            "invalid-response",
        ),
        (
            Fault::answer(Response::new("<h1>hello</h1>")),
            "invalid-response",
        ),
        (
            Fault::answer(
                Response::builder()
                    .status(302)
                    .header("location", "https://evil.example/")
                    .body("")
                    .expect("good"),
            ),
            "invalid-response",
        ),
    ] {
        didit.on_every(Endpoint::Jwks, fault);
        let before = didit.count(Endpoint::Jwks);
        for _ in 0..20 {
            assert_eq!(attempt(&browser, &didit).await, code);
        }
        assert!(didit.count(Endpoint::Jwks) <= before + 11);
        didit.clock().advance(HOUR);
    }
    didit.clear_faults();
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
    let hosts = didit.requests();
    assert!(
        hosts
            .iter()
            .all(|request| request.uri().host() != Some("evil.example"))
    );
}

// OpenID Connect Core §10.1, RFC 7517 §5, RFC 7518 §3.3; behaviours 70, 71 and 72.
#[tokio::test]
async fn unusable_keys_are_ignored() {
    let (didit, browser) = visitor();
    let spoiled = with_keys(|keys| {
        let good = keys[0].clone();
        let changed = |member: &str, value: Value| {
            let mut key = good.clone();
            key[member] = value;
            key
        };
        keys.splice(
            0..0,
            [
                json!(null),
                json!({"kty": "OKP", "crv": "Ed25519", "x": "AA"}),
                json!({"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}),
                changed("use", json!("enc")),
                changed("crv", json!("P-999")),
                changed("x", json!("not base64url!")),
                changed("x", json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
                changed("alg", json!("ES512")),
                changed("d", json!("AAAA")),
                // Another key with the same `kid`.
                changed("x", json!("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")),
                json!({"kty": "EC", "crv": "P-256", "kid": good["kid"],
                    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}),
            ],
        );
    });
    didit.on_next(Endpoint::Jwks, spoiled);
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
    assert_eq!(didit.count(Endpoint::Jwks), 1);
}
