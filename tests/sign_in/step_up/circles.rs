//! A step-up ends: with the page, or with a refusal.

use tower_didit::SignIn;

use super::*;
use crate::support::cookies::{SESSION, copy_cookies, session};

// Behaviour 120.
#[tokio::test]
async fn a_provider_that_ignores_a_step_up_ends_in_a_refusal_a_hundred_times() {
    let (didit, browser) = visitor().await;
    didit.clock().advance(10 * MINUTE);
    let old = || {
        Fault::edit_id_token(|_, claims| {
            let now = claims["iat"].as_u64().expect("a time");
            claims.insert("auth_time".to_owned(), (now - 600).into());
        })
    };
    let silent = || with_claims(json!(null), json!(null));
    for round in 0..100_usize {
        let (page, fault) = match round % 4 {
            0 => ("/recent", old()),
            1 => ("/recent", silent()),
            2 => ("/strong", silent()),
            _ => ("/both", with_claim("acr", "bronze")),
        };
        let before = didit.count(Endpoint::Token);
        let started = browser.get(page).await;
        assert_eq!(started.status(), StatusCode::SEE_OTHER, "{round}");
        let callback = approve(&started, &browser, &didit, fault).await;
        // The end: no redirect, and no session.
        assert_eq!(callback.status(), StatusCode::FORBIDDEN, "{round}");
        let code = "<code>insufficient-authentication</code>";
        assert!(callback.text().contains(code), "{round}");
        assert_eq!(callback.header("location"), None, "{round}");
        assert_eq!(didit.count(Endpoint::Token), before + 1, "{round}");
        // The session from before stays, and meets the requirement no better.
        assert_eq!(browser.get("/").await.text(), subject(), "{round}");
        let script = browser.fetch(Method::GET, page).await;
        assert_eq!(script.status(), StatusCode::UNAUTHORIZED, "{round}");
    }
}

/// Follows redirects of the application, and approves of each step-up with an ID token of the requested class. Gives
/// the page at the end, and the number of sign-ins.
async fn follow(page: &str, browser: &Browser, didit: &FakeDidit) -> (Page, usize) {
    let mut response = browser.get(page).await;
    for sign_ins in 0..100 {
        if response.status() != StatusCode::SEE_OTHER {
            return (response, sign_ins);
        }
        let acr_values = parameter(response.location(), "acr_values");
        let acr = acr_values.split(' ').next().unwrap_or_default().to_owned();
        let callback = approve(&response, browser, didit, with_claim("acr", acr)).await;
        response = browser.get(callback.location()).await;
    }
    panic!("{page} goes in circles");
}

/// A page with one guard inside of another, and Alejandra's browser.
async fn nested(outer: RequireSignIn, inner: RequireSignIn) -> (FakeDidit, Browser) {
    let didit = didit();
    let routes = Router::new()
        .route("/page", get(who))
        .route_layer(inner)
        .route_layer(outer)
        .route("/", get(who))
        .route(
            "/callback",
            get(|_: IdClaims, back: ReturnTo| async { back }),
        );
    let browser = Browser::new(HOME, routes.layer(auth(config(&didit))));
    sign_in(&browser, &didit).await;
    (didit, browser)
}

// Behaviour 120.
#[tokio::test]
async fn guards_that_contradict_each_other_end_in_a_refusal() {
    let gold = RequireSignIn::new().acr_values(["gold"]);
    let silver = RequireSignIn::new().acr_values(["silver"]);
    let (didit, browser) = nested(gold, silver).await;
    let (end, sign_ins) = follow("/page", &browser, &didit).await;
    assert_eq!(end.status(), StatusCode::FORBIDDEN);
    let code = "<code>insufficient-authentication</code>";
    assert!(end.text().contains(code), "{}", end.text());
    // The sign-in of before counts.
    assert_eq!(sign_ins, 4);
    assert_eq!(browser.get("/").await.text(), subject());
}

// Behaviour 120.
#[tokio::test]
async fn a_handler_that_always_starts_a_sign_in_ends_in_a_refusal() {
    let didit = didit();
    let routes = Router::new()
        .route("/page", get(async || SignIn::new()))
        .route("/", get(who))
        .route(
            "/callback",
            get(|_: IdClaims, back: ReturnTo| async { back }),
        );
    let browser = Browser::new(HOME, routes.layer(auth(config(&didit))));
    let mut sign_ins = 0;
    let end = loop {
        let page = browser.get("/page").await;
        if page.status() != StatusCode::SEE_OTHER {
            break page;
        }
        sign_ins += 1;
        assert!(sign_ins < 20, "it goes in circles");
        let back = didit.approve(page.location(), &Person::alejandra());
        assert_eq!(browser.get(&back).await.location(), "/page");
    };
    assert_eq!((sign_ins, end.status()), (5, StatusCode::FORBIDDEN));
    assert_eq!(browser.get("/").await.text(), subject());
    // A person may start another one.
    let started = browser.get("/login").await;
    assert_eq!(started.status(), StatusCode::SEE_OTHER);
}

// Behaviour 120.
#[tokio::test]
async fn guards_that_one_authentication_meets_lead_to_the_page() {
    let silver = RequireSignIn::new().acr_values(["silver"]);
    let (didit, browser) = nested(strong(), silver).await;
    let (end, sign_ins) = follow("/page", &browser, &didit).await;
    assert_eq!(end.text(), subject());
    assert_eq!(sign_ins, 2);
}

// Behaviour 120. An ordinary sign-in does not ask for what this guard requires.
#[tokio::test]
async fn a_guard_around_the_callback_refuses_and_asks_nobody() {
    let didit = didit();
    let routes = Router::new()
        .route("/callback", get(who))
        .route_layer(strong())
        .route("/", get(who));
    let browser = Browser::new(HOME, routes.layer(auth(config(&didit))));
    let callback = sign_in(&browser, &didit).await;
    assert_eq!(callback.status(), StatusCode::UNAUTHORIZED);
    assert!(callback.text().contains("<code>step-up-required</code>"));
    assert_eq!(callback.header("location"), None);
    assert_eq!(browser.get("/").await.text(), NOBODY);
}

// Behaviour 120. Another process completes the step-ups, and does not tell this one that the session has ended.
#[tokio::test]
async fn a_browser_that_does_not_keep_the_new_session_is_refused() {
    let (didit, browser) = visitor().await;
    let other = Browser::new(HOME, app(config(&didit)));
    didit.clock().advance(10 * MINUTE);
    let old = session(&browser);
    for _ in 0..4 {
        let started = browser.get("/recent").await;
        assert_eq!(started.status(), StatusCode::SEE_OTHER);
        copy_cookies(&browser, &other);
        let back = didit.approve(started.location(), &Person::alejandra());
        assert_eq!(other.get(&back).await.location(), "/recent");
        copy_cookies(&other, &browser);
        browser.set_cookie(SESSION, &old);
    }
    let end = browser.get("/recent").await;
    assert_eq!(end.status(), StatusCode::FORBIDDEN, "{}", end.text());
    assert_eq!(browser.get("/").await.text(), subject());
}

// Behaviour 120.
#[tokio::test]
async fn a_requirement_that_nobody_can_meet_starts_no_sign_in() {
    let (_, browser) = visitor().await;
    let page = browser.get("/never").await;
    assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR);
}
