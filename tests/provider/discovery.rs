//! A discovered provider.

mod down;
mod metadata;

use std::time::Duration;

use http::StatusCode;
use tower_didit::{
    ConfigBuilder, Provider,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Person},
};

use crate::support::{
    cookies::copy_cookies,
    identity::{ALEJANDRA, attempt, visit},
    query::parameters,
    sign_in::approved,
    site::{CALLBACK, NOBODY, didit},
};

const ISSUER: &str = "https://apx.didit.me";
const HOUR: Duration = Duration::from_secs(60 * 60);
/// The interval of fetches after several failures.
const MOMENT: Duration = Duration::from_secs(2);

fn visitor_of(didit: &FakeDidit, issuer: &str) -> Browser {
    visit(config(didit).with_provider(Provider::discovered(issuer)))
}

fn config(didit: &FakeDidit) -> ConfigBuilder {
    didit.config(CALLBACK)
}

fn visitor() -> (FakeDidit, Browser) {
    let didit = didit();
    let browser = visitor_of(&didit, ISSUER);
    (didit, browser)
}

/// The numbers of requests to the provider, without the sign-in pages.
fn asked(didit: &FakeDidit) -> [usize; 3] {
    [Endpoint::Discovery, Endpoint::Jwks, Endpoint::Token].map(|endpoint| didit.count(endpoint))
}

// OpenID Connect Core §3.1.2.1; behaviours 1 and 63.
#[tokio::test]
async fn metadata_is_fetched_at_the_first_sign_in_and_cached() {
    let (didit, browser) = visitor();
    assert_eq!(browser.get("/").await.text(), NOBODY);
    assert_eq!(asked(&didit), [0, 0, 0], "nobody wants to sign in yet");
    for sign_ins in 1..=3 {
        assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
        assert_eq!(asked(&didit), [1, 1, sign_ins]);
    }
    let found = didit.last(Endpoint::Discovery).expect("it was asked");
    assert_eq!(
        found.uri().to_string(),
        "https://apx.didit.me/.well-known/openid-configuration"
    );
    let login = browser.get("/login").await;
    let sent = parameters(login.location());
    assert_eq!(sent["scope"], "openid");
    assert!(sent.contains_key("nonce") && sent["code_challenge_method"] == "S256");

    // It expires, and is fetched again in the background of the next sign-in.
    didit.clock().advance(HOUR);
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
    assert_eq!(didit.count(Endpoint::Discovery), 2);
}

// Behaviour 63.
#[tokio::test(start_paused = true)]
async fn concurrent_sign_ins_fetch_the_metadata_once() {
    let (didit, browser) = visitor();
    didit.on_next(Endpoint::Discovery, Fault::delay(Duration::from_secs(1)));
    let all = (0..20).map(|_| attempt(&browser, &didit));
    for outcome in futures_util::future::join_all(all).await {
        assert_eq!(outcome, ALEJANDRA);
    }
    assert_eq!(asked(&didit), [1, 1, 20]);
}

// OpenID Connect Discovery §4.1; behaviour 62.
#[tokio::test]
async fn an_issuer_may_have_a_path_and_a_trailing_slash() {
    for (issuer, document) in [
        (
            "https://op.example/",
            "https://op.example/.well-known/openid-configuration",
        ),
        (
            "https://op.example/a/b",
            "https://op.example/a/b/.well-known/openid-configuration",
        ),
        (
            "https://op.example/a/",
            "https://op.example/a/.well-known/openid-configuration",
        ),
    ] {
        let didit = didit().with_issuer(issuer);
        let browser = visitor_of(&didit, issuer);
        assert_eq!(attempt(&browser, &didit).await, ALEJANDRA, "{issuer}");
        let found = didit.last(Endpoint::Discovery).expect("it was asked");
        assert_eq!(found.uri().to_string(), document);
    }
}

// RFC 9207 §2.4; behaviour 23.
#[tokio::test]
async fn an_announced_iss_is_required_and_compared() {
    let didit = didit().with_iss_parameter();
    let browser = visitor_of(&didit, ISSUER);
    assert_eq!(attempt(&browser, &didit).await, ALEJANDRA);
    let named = "&iss=https%3A%2F%2Fapx.didit.me";
    for replacement in [
        "",
        "&iss=",
        "&iss=https%3A%2F%2Fapx.didit.me%2F",
        "&iss=https%3A%2F%2Fevil.example",
    ] {
        for decision in [FakeDidit::decline, |didit: &FakeDidit, url: &str| {
            didit.approve(url, &Person::alejandra())
        }] {
            let browser = browser.new_browser();
            let login = browser.get("/login").await;
            let back = decision(&didit, login.location());
            assert!(back.contains(named), "{back}");
            let page = browser.get(&back.replace(named, replacement)).await;
            assert_eq!(page.text(), "callback-issuer-mismatch", "{replacement}");
            assert!(browser.cookies().is_empty());
        }
    }
    assert_eq!(didit.count(Endpoint::Token), 1);
    let login = browser.get("/login").await;
    let declined = didit.decline(login.location());
    assert_eq!(browser.get(&declined).await.text(), "access-denied");
}

// RFC 9700 §4.4; behaviour 29.
#[tokio::test]
async fn a_code_is_not_sent_to_another_provider() {
    let one = didit();
    let other = didit().with_issuer("https://other.example");
    let keys = [[7; 32]];
    let at_one = visit(config(&one).with_cookie_keys(keys));
    let at_other = visit(
        config(&other)
            .with_cookie_keys(keys)
            .with_provider(Provider::discovered("https://other.example")),
    );
    assert_eq!(attempt(&at_one, &one).await, ALEJANDRA);
    assert_eq!(attempt(&at_other, &other).await, ALEJANDRA);

    // The same keys, client id and site: the flow cookie opens but is refused.
    let back = approved("/login", &at_one, &one).await;
    copy_cookies(&at_one, &at_other);
    let refused = at_other.get(&back).await;
    assert_eq!(refused.text(), "unknown-sign-in");
    assert_eq!(other.count(Endpoint::Token), 1);

    // So is the session.
    assert_eq!(at_one.get(&back).await.status(), StatusCode::OK);
    copy_cookies(&at_one, &at_other);
    assert_eq!(at_other.get("/").await.text(), NOBODY);
    assert_eq!(at_one.get("/").await.text(), Person::alejandra().subject());
}
