//! User information that is missing or too old.

use std::time::Duration;

use axum::{Router, routing::get};
use http::{Method, StatusCode};
use serde_json::Value;
use tower_didit::{
    ConfigBuilder, RequireSignIn,
    fake::{Browser, Endpoint, FakeClock, FakeDidit, FakeDiditExt, Person},
};

use super::WithUserInfo;
use crate::support::{
    cookies::{COMPLETED, copy_cookies},
    handlers::Place,
    sign_in::{end_of, sign_in, sign_in_as},
    site::{CALLBACK, HOME, auth, didit, memory},
};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

fn start(guard: RequireSignIn, config: ConfigBuilder) -> Browser {
    let app = Router::new()
        .route(
            "/page",
            get(|| async { "the page" }).post(|| async { "done" }),
        )
        .route_layer(guard)
        .layer(auth(config.with_redirect_after_sign_in()));
    Browser::new(HOME, app)
}

fn config(place: Place, didit: &FakeDidit) -> ConfigBuilder {
    let config = WithUserInfo::SignInApi.config(didit);
    match place {
        Place::Cookies => config,
        Place::Memory => config.with_session_store(memory(didit)),
    }
}

async fn code(browser: &Browser) -> (u16, String) {
    let page = browser.fetch(Method::GET, "/page").await;
    if page.status() == StatusCode::OK {
        return (200, page.text().to_owned());
    }
    let problem = page.json();
    let code = problem.get("code").and_then(Value::as_str);
    (page.status().as_u16(), code.unwrap_or_default().to_owned())
}

fn passed() -> (u16, String) {
    (200, "the page".to_owned())
}

fn outdated() -> (u16, String) {
    (401, "user-info-outdated".to_owned())
}

// Behaviour 119.
#[tokio::test]
async fn a_session_from_before_the_setting_is_refused_until_the_next_sign_in() {
    for guard in [
        RequireSignIn::new().verified(),
        RequireSignIn::new().over_18(),
        RequireSignIn::new().over_21(),
        RequireSignIn::new().no_older_than(HOUR),
    ] {
        let didit = didit();
        let old = didit.config(CALLBACK).with_scopes(["openid"]);
        let old = start(RequireSignIn::new(), old);
        sign_in(&old, &didit).await;
        assert_eq!(old.get("/page").await.text(), "the page");

        let browser = start(guard, config(Place::Cookies, &didit));
        copy_cookies(&old, &browser);
        assert_eq!(code(&browser).await, outdated());
        // In the first minute after the sign-in a page says so, then a person is sent to another sign-in.
        let page = browser.get("/page").await;
        assert_eq!(page.status(), StatusCode::UNAUTHORIZED);
        assert!(page.text().contains("Please sign in again"));
        didit.clock().advance(60 * SECOND);
        let started = browser.get("/page").await;
        assert_eq!(end_of(&started, &browser, &didit).await, "/page");
        assert_eq!(browser.get("/page").await.text(), "the page");
    }
}

// Behaviour 120. The process that serves the page has another clock than the one that serves the callback.
#[tokio::test]
async fn processes_with_different_clocks_send_nobody_in_circles() {
    let didit = didit();
    let ahead = FakeClock::at(didit.clock().now() + HOUR / 4);
    let config = || config(Place::Cookies, &didit).with_cookie_keys([[7; 32]]);
    let guard = || RequireSignIn::new().no_older_than(HOUR / 12);
    let behind = start(guard(), config());
    let browser = start(guard(), config().with_clock(ahead));
    let mut sign_ins = 0;
    let end = loop {
        let page = browser.get("/page").await;
        if page.status() != StatusCode::SEE_OTHER {
            break page;
        }
        sign_ins += 1;
        assert!(sign_ins < 20, "it goes in circles");
        copy_cookies(&browser, &behind);
        let back = didit.approve(page.location(), &Person::alejandra());
        assert_eq!(behind.get(&back).await.location(), "/page");
        copy_cookies(&behind, &browser);
    };
    assert_eq!((sign_ins, end.status()), (5, StatusCode::FORBIDDEN));
}

// Behaviour 119. Otherwise it would stay recent until this process's clock has caught up.
#[tokio::test]
async fn user_info_of_a_process_whose_clock_was_ahead_is_outdated() {
    let didit = didit();
    let ahead = FakeClock::at(didit.clock().now() + HOUR / 4);
    let config = || config(Place::Cookies, &didit).with_cookie_keys([[7; 32]]);
    let guard = || RequireSignIn::new().no_older_than(HOUR / 12);
    let browser = start(guard(), config().with_clock(ahead));
    sign_in(&browser, &didit).await;
    assert_eq!(code(&browser).await, passed());
    let behind = start(guard(), config());
    copy_cookies(&browser, &behind);
    assert_eq!(code(&behind).await, outdated());
}

#[tokio::test]
async fn a_form_is_not_lost_in_a_sign_in() {
    let didit = didit();
    let guard = RequireSignIn::new().no_older_than(HOUR);
    let browser = start(guard, config(Place::Cookies, &didit));
    sign_in(&browser, &didit).await;
    assert_eq!(browser.post_form("/page", &[]).await.text(), "done");
    didit.clock().advance(HOUR + SECOND);
    let page = browser.post_form("/page", &[]).await;
    assert_eq!(page.status(), StatusCode::UNAUTHORIZED);
    assert!(page.text().contains("it was not submitted"));
}

#[tokio::test]
async fn the_age_counts_from_the_sign_in() {
    for place in Place::BOTH {
        let didit = didit();
        let guard = RequireSignIn::new().verified().no_older_than(HOUR);
        let browser = start(guard, config(place, &didit));
        sign_in(&browser, &didit).await;
        didit.clock().advance(HOUR);
        assert_eq!(code(&browser).await, passed(), "{place:?}");
        didit.clock().advance(SECOND);
        assert_eq!(code(&browser).await, outdated(), "{place:?}");
        let started = browser.get("/page").await;
        assert_eq!(end_of(&started, &browser, &didit).await, "/page");
        assert_eq!(code(&browser).await, passed(), "{place:?}");
        assert_eq!(didit.count(Endpoint::UserInfo), 2, "one for each sign-in");
    }
}

// A person who has come of age since may pass after another sign-in.
#[tokio::test]
async fn the_age_of_the_information_is_checked_before_what_it_says() {
    for guard in [
        RequireSignIn::new().no_older_than(HOUR).over_18(),
        RequireSignIn::new().over_18().no_older_than(HOUR),
    ] {
        let minor = Person::new("u-17").with_over_18(false);
        let didit = didit().add_person(minor.clone());
        let browser = start(guard, config(Place::Cookies, &didit));
        sign_in_as(&minor, &browser, &didit).await;
        assert_eq!(code(&browser).await, (403, "not-allowed".to_owned()));
        didit.clock().advance(HOUR + SECOND);
        assert_eq!(code(&browser).await, outdated());
    }
}

// Behaviour 119. The information is always too old when the browser comes back.
#[tokio::test]
async fn a_rule_that_no_sign_in_can_meet_causes_no_redirect_loop() {
    let didit = didit();
    let guard = RequireSignIn::new().no_older_than(Duration::ZERO);
    let browser = start(guard, config(Place::Cookies, &didit));
    sign_in(&browser, &didit).await;
    assert_eq!(browser.get("/page").await.text(), "the page");
    for round in 1..=100 {
        didit.clock().advance(60 * SECOND);
        browser.remove_cookie(COMPLETED); // It lives for 30 s.
        let started = browser.get("/page").await;
        assert_eq!(end_of(&started, &browser, &didit).await, "/page");
        didit.clock().advance(SECOND);
        let page = browser.get("/page").await;
        assert_eq!(page.status(), StatusCode::UNAUTHORIZED, "round {round}");
        assert!(page.text().contains("user-info-outdated"));
        assert_eq!(didit.count(Endpoint::Token), 1 + round);
    }
}
