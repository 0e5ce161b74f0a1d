//! Requests while the store accepts every call and never answers.

use std::time::Duration;

use futures_util::future::join_all;
use http::{Method as Verb, Request, header};
use tokio::time::Instant;
use tower_didit::fake::{Browser, FakeDidit, Page, Person};

use super::{
    application::{assert_unavailable, signed_in},
    failing_store::{FailingStore, Method},
};
use crate::support::{
    cookies::SESSION,
    outage::pass,
    site::{NOBODY, didit, memory},
    tasks::{poll_until, run_background},
};

const SECOND: Duration = Duration::from_secs(1);
/// Tokio's timers count milliseconds, and round up.
const A_SECOND: Duration = Duration::from_millis(1001);
/// Pages that ask for the session.
const PATHS: [&str; 5] = ["/user", "/claims", "/members", "/tokens", "/tokens-if-any"];

async fn timed(browser: &Browser, path: &str) -> (Page, Duration) {
    let start = Instant::now();
    let page = browser.fetch(Verb::GET, path).await;
    (page, start.elapsed())
}

/// Asks for the session in a hundred concurrent requests. Gives the wait of each.
async fn ask(browser: &Browser) -> Vec<Duration> {
    let paths = PATHS.into_iter().cycle().take(100);
    let pages = join_all(paths.map(|path| timed(browser, path))).await;
    let times = pages.into_iter().map(|(page, waited)| {
        assert_unavailable(&page);
        waited
    });
    times.collect()
}

async fn assert_others_go_on(browser: &Browser) {
    let (page, waited) = timed(browser, "/plain").await;
    assert_eq!(page.text(), "plain");
    assert_eq!(waited, Duration::ZERO);
    // Without a cookie there is no session to look up.
    let (page, waited) = timed(&browser.new_browser(), "/user").await;
    assert_eq!(page.text(), NOBODY);
    assert_eq!(waited, Duration::ZERO);
}

async fn stored() -> (FakeDidit, FailingStore, Browser) {
    let didit = didit();
    let store = FailingStore::new(memory(&didit));
    let browser = signed_in(&didit, &store).await;
    (didit, store, browser)
}

// Behaviours 82 and 102.
#[tokio::test(start_paused = true)]
async fn only_requests_for_the_session_wait_and_the_outage_is_noticed_once() {
    let (didit, store, browser) = stored().await;
    store.fall_silent();
    let (waited, ()) = tokio::join!(ask(&browser), assert_others_go_on(&browser));
    assert!(waited.iter().all(|waited| *waited <= A_SECOND));

    // From then on one request per second is a probe.
    for _ in 0..5 {
        let asked = store.count(Method::Load);
        let waited = ask(&browser).await;
        assert!(waited.iter().all(Duration::is_zero));
        assert_eq!(store.count(Method::Load), asked);
        assert_others_go_on(&browser).await;

        pass(&didit, SECOND).await;
        let waited = ask(&browser).await;
        let waited: Vec<_> = waited.iter().filter(|waited| !waited.is_zero()).collect();
        assert_eq!(waited.len(), 1);
        assert!(waited.iter().all(|waited| **waited <= A_SECOND));
        assert_eq!(store.count(Method::Load), asked + 1);
    }
}

// Behaviours 82 and 102.
#[tokio::test(start_paused = true)]
async fn a_store_that_answers_again_is_used_again() {
    let (didit, store, browser) = stored().await;
    store.fall_silent();
    ask(&browser).await;
    pass(&didit, 60 * SECOND).await;
    ask(&browser).await;
    store.work();
    pass(&didit, SECOND).await;
    let (page, waited) = timed(&browser, "/user").await;
    assert_eq!(page.text(), Person::alejandra().subject());
    assert_eq!(waited, Duration::ZERO);
    for path in PATHS {
        let (page, waited) = timed(&browser, path).await;
        assert!(page.status().is_success(), "{path}");
        assert_eq!(waited, Duration::ZERO, "{path}");
    }
}

/// Asserts that the store answers the probe, and all requests after it.
async fn assert_is_used_again(browser: &Browser) {
    run_background().await;
    tokio::time::advance(SECOND / 5).await;
    run_background().await;
    let (page, _) = timed(browser, "/user").await;
    assert_eq!(page.text(), Person::alejandra().subject());
}

/// Two session cookies under one name, with made-up cookie ids.
async fn contradict(stranger: &Browser) {
    let (first, last) = ("A".repeat(43), "B".repeat(42) + "A");
    let cookies = format!("{SESSION}={first}; {SESSION}={last}");
    let request = Request::get("/user").header(header::COOKIE, cookies);
    stranger.send(request.body("").expect("a URL")).await;
}

// Behaviour 102.
#[tokio::test(start_paused = true)]
async fn contradicting_cookies_of_a_stranger_do_not_prolong_an_outage() {
    let (didit, store, browser) = stored().await;
    store.fall_silent();
    ask(&browser).await;
    store.answer_late(SECOND / 10);
    pass(&didit, SECOND).await;
    contradict(&browser.new_browser()).await;
    assert_is_used_again(&browser).await;
}

// Behaviour 102.
#[tokio::test(start_paused = true)]
async fn a_stranger_who_goes_away_does_not_prolong_an_outage() {
    let (didit, store, browser) = stored().await;
    store.fall_silent();
    ask(&browser).await;
    store.answer_late(SECOND / 10);
    pass(&didit, SECOND).await;
    let stranger = browser.new_browser();
    stranger.set_cookie(SESSION, &"A".repeat(43));
    let asked = store.count(Method::Load);
    let request = stranger.get("/user");
    drop(poll_until(request, || store.count(Method::Load) > asked).await);
    assert_is_used_again(&browser).await;
}
