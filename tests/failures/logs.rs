//! No secret is logged at the TRACE level, with the real transport.

mod leaks;
mod story;

use std::time::Duration;

use http::{Method, StatusCode};
use tower_didit::{
    fake::{Endpoint, FakeDidit, Person},
    store::{MemoryStore, RedisStore},
};

use self::{
    leaks::leaks,
    story::{CLIENT_SECRET, Story, assert_none_is_logged},
};
use crate::support::{cookies::SESSION, faults::with, logs::logs, port::Port, site::CALLBACK};

// Behaviour 95.
#[tokio::test]
async fn a_whole_sign_in_and_its_end() {
    let story = Story::begin().await;
    assert_eq!(story.come_back().await.status(), StatusCode::SEE_OTHER);
    assert!(story.browser.get("/").await.text().contains("[redacted]"));
    story.didit.clock().advance(Duration::from_secs(10_000));
    let renewed = story.browser.get("/").await;
    assert!(renewed.headers().contains_key("set-cookie"));
    story.keep_cookies();
    let page = story.browser.post_form("/logout", &[]).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    // The sign-in and a refresh.
    assert_eq!(story.didit.count(Endpoint::Token), 2);
    assert_eq!(story.didit.count(Endpoint::Jwks), 1);

    // Client secret, key, state, nonce, code, three tokens, two sessions, flow cookie, verifier,
    // credentials, subject.
    assert_none_is_logged(&story.end(), 14);
    let logs = logs();
    for said in [
        "sign-in started",
        "signed in",
        "sign-out requested",
        "an application may log its configuration",
        "access_token: [redacted]",
        // The transport's own logs are included.
        "starting new connection",
    ] {
        assert!(logs.contains(said), "{said:?} is not in {logs}");
    }
}

// Behaviour 95.
#[tokio::test]
async fn sessions_in_a_store() {
    let story = Story::begin_with(MemoryStore::new()).await;
    assert_eq!(story.come_back().await.status(), StatusCode::SEE_OTHER);
    assert!(story.browser.get("/").await.text().contains("[redacted]"));
    story.didit.clock().advance(Duration::from_secs(10_000));
    assert!(story.browser.get("/").await.text().contains("[redacted]"));
    let page = story.browser.post_form("/logout", &[]).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert_eq!(story.didit.count(Endpoint::Token), 2);
    assert_none_is_logged(&story.end(), 12);
}

// Behaviours 82 and 95.
#[tokio::test]
async fn a_store_that_cannot_be_reached() {
    const PASSWORD: &str = "the-password-of-redis-in-this-test";
    let nobody = Port::keep();
    let url = format!("redis://user:{PASSWORD}@127.0.0.1:{}/", nobody.number());
    let store = RedisStore::new(&url).unwrap();
    let story = Story::begin_with(store).await;
    story.keep(PASSWORD);
    let page = story.come_back().await;
    assert_eq!(page.text(), "session-unavailable");
    let id = "A".repeat(43);
    story.keep(&id);
    story.browser.set_cookie(SESSION, &id);
    let page = story.browser.get("/").await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_none_is_logged(&story.end(), 7);
    assert!(logs().contains("the session cannot be checked right now"));
}

// RFC 6749 §5.1; behaviours 34 and 95.
#[tokio::test]
async fn sign_ins_that_fail() {
    const LEAKED: &str = "what-the-provider-should-not-repeat";
    let story = Story::begin().await;
    story.keep(LEAKED);

    for (fault, expected) in leaks(LEAKED) {
        let case = format!("{fault:?}");
        story.didit.on_next(Endpoint::Token, fault);
        let page = story.come_back().await;
        assert_eq!(page.text(), expected, "{case}");
    }
    let faults = story.didit.count(Endpoint::Token);
    assert_eq!(faults, leaks(LEAKED).len());

    let too_large = with("refresh_token", LEAKED.repeat(200));
    story.didit.on_next(Endpoint::Token, too_large);
    assert_eq!(story.come_back().await.text(), "session-too-large");

    let declined = story.didit.decline(&story.start().await);
    assert_eq!(story.browser.get(&declined).await.text(), "access-denied");
    let said = format!("{declined}&error_description={LEAKED}&error=x");
    assert_eq!(story.browser.get(&said).await.text(), "malformed-callback");
    let unknown = format!("{CALLBACK}?code={LEAKED}&state={LEAKED}");
    assert_eq!(story.browser.get(&unknown).await.text(), "unknown-sign-in");
    let to = story
        .didit
        .approve(&story.start().await, &Person::alejandra());
    let foreign = format!("{to}&iss=https%3A%2F%2Fevil.example%2F{LEAKED}");
    assert_eq!(
        story.browser.get(&foreign).await.text(),
        "callback-issuer-mismatch"
    );
    assert_eq!(story.didit.count(Endpoint::Token), faults + 1);

    story.browser.set_cookie(SESSION, &format!("1.{LEAKED}"));
    assert_eq!(story.browser.get("/").await.text(), "None");
    let page = story.browser.fetch(Method::GET, "/logout").await;
    assert_eq!(page.json()["code"], "method-not-allowed");

    assert_none_is_logged(&story.end(), 5 * faults);
    let logs = logs();
    for said in [
        "invalid-grant",
        "provider-refused",
        "invalid-response",
        "invalid-nonce",
        "session-too-large",
        "access-denied",
        "malformed-callback",
        "unknown-sign-in",
        "callback-issuer-mismatch",
        "an application may log the error",
    ] {
        assert!(logs.contains(said), "{said:?} is not in {logs}");
    }
}

// Behaviour 95.
#[tokio::test]
async fn a_provider_that_cannot_be_reached() {
    let nobody = Port::keep();
    let didit = FakeDidit::new("client-id", CLIENT_SECRET);
    let story = Story::at(didit, &nobody.origin(), |config| config);
    let page = story.come_back().await;
    assert_eq!(page.text(), "provider-unreachable");
    assert_eq!(story.didit.count(Endpoint::Token), 0);
    assert_none_is_logged(&story.end(), 6);
    assert!(logs().contains("the provider cannot be reached"));
}
