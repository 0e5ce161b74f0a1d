//! Requests while the store fails.

use std::time::Duration;

use http::{Method as Verb, StatusCode};
use tower_didit::fake::{Endpoint, FakeDidit, Person};

use super::{
    application::{assert_unavailable, browser, config, signed_in},
    failing_store::{FailingStore, Method},
};
use crate::support::{
    cookies::SESSION,
    outage::{self, pass},
    sign_in::sign_in,
    site::{NOBODY, didit, memory},
    tasks::yield_until,
};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

fn stored() -> (FakeDidit, FailingStore) {
    let didit = didit();
    let store = FailingStore::new(memory(&didit));
    (didit, store)
}

// RFC 9110 §15.6.4; behaviour 82.
#[tokio::test(start_paused = true)]
async fn what_asks_for_the_session_is_a_503_and_the_rest_goes_on() {
    let (didit, store) = stored();
    let browser = signed_in(&didit, &store).await;
    store.fail_all();
    let asked = didit.requests().len();
    for path in [
        "/claims",
        "/user",
        "/tokens",
        "/tokens-if-any",
        "/members",
        "/refresh",
    ] {
        // A page navigation, and a script.
        for page in [
            browser.get(path).await,
            browser.fetch(Verb::GET, path).await,
        ] {
            assert_unavailable(&page);
            assert_eq!(page.header("set-cookie"), None, "{path}");
        }
    }
    assert_eq!(browser.get("/plain").await.text(), "plain");
    assert_eq!(didit.requests().len(), asked);

    // The breaker stays open for a second.
    store.work();
    pass(&didit, SECOND).await;
    assert_eq!(
        browser.get("/user").await.text(),
        Person::alejandra().subject()
    );
    assert_eq!(browser.get("/members").await.text(), "members");
}

// Behaviour 82.
#[tokio::test(start_paused = true)]
async fn a_failing_store_signs_nobody_in() {
    let (didit, store) = stored();
    let signed_in = signed_in(&didit, &store).await;
    let stranger = signed_in.new_browser();
    store.fail_all();
    // Without a cookie there is no call to the store.
    assert_eq!(stranger.get("/user").await.text(), NOBODY);
    let refused = stranger.fetch(Verb::GET, "/members").await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(refused.json()["code"], "not-signed-in");
    // An unknown id may be that of a session.
    stranger.set_cookie(SESSION, &"A".repeat(43));
    assert_unavailable(&stranger.get("/user").await);
    store.work();
    pass(&didit, SECOND).await;
    assert_eq!(stranger.get("/user").await.text(), NOBODY);
}

// Behaviours 82 and 87.
#[tokio::test(start_paused = true)]
async fn a_refresh_whose_attempt_cannot_be_recorded_is_not_sent() {
    let (didit, store) = stored();
    let browser = signed_in(&didit, &store).await;
    didit.clock().advance(HOUR);
    store.fail(&[Method::BeginRefresh]);
    for page in [
        browser.get("/tokens").await,
        browser.fetch(Verb::GET, "/tokens").await,
    ] {
        outage::assert_unavailable(&page, "tokens-unavailable");
    }
    // The claims need no refresh.
    let user = browser.fetch(Verb::GET, "/user").await;
    assert_eq!(user.text(), Person::alejandra().subject());
    assert_eq!(didit.count(Endpoint::Token), 1);
    store.work();
    pass(&didit, 10 * SECOND).await;
    assert_eq!(browser.get("/tokens").await.text(), "tokens");
    assert_eq!(didit.count(Endpoint::Token), 2);
}

// Behaviour 82.
#[tokio::test(start_paused = true)]
async fn a_handlers_refresh_says_that_the_store_failed() {
    let (didit, store) = stored();
    let browser = signed_in(&didit, &store).await;
    store.fail(&[Method::BeginRefresh]);
    assert_unavailable(&browser.fetch(Verb::GET, "/refresh").await);
    assert_eq!(didit.count(Endpoint::Token), 1);
}

// Behaviour 82.
#[tokio::test(start_paused = true)]
async fn a_use_that_cannot_be_recorded_refuses_no_request() {
    let (didit, store) = stored();
    let browser = browser(config(&didit, &store).with_scopes(["openid"]));
    sign_in(&browser, &didit).await;
    didit.clock().advance(3 * HOUR);
    store.fail(&[Method::Replace]);
    assert_eq!(
        browser.get("/user").await.text(),
        Person::alejandra().subject()
    );
    yield_until(|| store.count(Method::Replace) == 1).await;
    didit.clock().advance(21 * HOUR);
    assert_eq!(browser.get("/user").await.text(), NOBODY);
}
