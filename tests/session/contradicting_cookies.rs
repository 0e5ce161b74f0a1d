//! Cookies that contradict each other, are left over, or are not kept.

use axum::{
    Router, http::HeaderValue, http::Request, http::StatusCode, http::header, routing::get,
};
use tower::ServiceExt;
use tower_didit::{
    ConfigBuilder, IdClaims, RequireSignIn,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Page, Person},
};

use crate::support::{
    cookies::{SESSION, header_of, session},
    faults::with,
    handlers::Place,
    logs::{capture, logs},
    sign_in::{sign_in, sign_in_as},
    site::{CALLBACK, HOME, NOBODY, auth, didit},
};

fn app(config: ConfigBuilder) -> Router {
    let who = |user: Option<IdClaims>| async move {
        user.map_or(NOBODY.to_owned(), |user| user.subject().to_owned())
    };
    let guarded = Router::new()
        .route("/orders", get(|| async { "orders" }))
        .route_layer(RequireSignIn::new());
    Router::new()
        .route("/", get(who))
        .merge(guarded)
        .layer(auth(config.with_redirect_after_sign_in()))
}

async fn ask(browser: &Browser, cookies: &str) -> Page {
    let cookies = HeaderValue::from_str(cookies).expect("visible ASCII");
    let request = Request::get("/").header(header::COOKIE, cookies);
    browser.send(request.body("").expect("a URL")).await
}

async fn session_of(person: &Person, didit: &FakeDidit, app: &Router) -> String {
    let browser = Browser::new(HOME, app.clone());
    sign_in_as(person, &browser, didit).await;
    session(&browser)
}

#[tokio::test]
async fn of_two_cookies_with_one_name_the_valid_one_counts() {
    let didit = didit();
    let app = app(didit.config(CALLBACK));
    let own = session_of(&Person::alejandra(), &didit, &app).await;
    let browser = Browser::new(HOME, app);
    let alejandra = Person::alejandra();
    for (first, last) in [
        (&*own, &*own),
        (&*own, "1.AAAA"),
        ("1.AAAA", &*own),
        ("", &*own),
        (&*own, "not a session"),
    ] {
        let page = ask(&browser, &format!("{SESSION}={first}; {SESSION}={last}")).await;
        assert_eq!(page.text(), alejandra.subject(), "{first:?}, {last:?}");
    }
}

#[tokio::test]
async fn two_sessions_under_one_name_sign_nobody_in_and_are_logged_once() {
    capture();
    let didit = didit();
    let app = app(didit.config(CALLBACK));
    let own = session_of(&Person::alejandra(), &didit, &app).await;
    let planted = session_of(&Person::john(), &didit, &app).await;
    let browser = Browser::new(HOME, app);
    for (first, last) in [(&own, &planted), (&planted, &own)] {
        let page = ask(&browser, &format!("{SESSION}={first}; {SESSION}={last}")).await;
        assert_eq!(page.text(), NOBODY);
    }
    let logs = logs();
    let warnings = logs.matches("two sessions under one cookie name").count();
    assert_eq!(warnings, 1, "{logs}");
}

#[tokio::test]
async fn a_chunk_that_is_left_over_and_cannot_be_removed_does_not_sign_out() {
    let didit = didit();
    let app = app(didit.config(CALLBACK));
    let own = session_of(&Person::alejandra(), &didit, &app).await;
    let browser = Browser::new(HOME, app);
    let page = ask(
        &browser,
        &format!("{SESSION}={own}; {SESSION}.1=old; {SESSION}.7=older"),
    )
    .await;
    assert_eq!(page.text(), Person::alejandra().subject());
}

/// Signs in until a page ends the redirects: after two sign-ins. `lose` is called after each.
async fn assert_loop_ends(browser: &Browser, didit: &FakeDidit, lose: impl Fn(&Browser)) {
    for sign_ins in 0..5 {
        let page = browser.get("/orders").await;
        if page.status() != StatusCode::SEE_OTHER {
            assert_eq!((sign_ins, page.status()), (2, StatusCode::BAD_REQUEST));
            assert!(page.text().contains("<code>session-not-kept</code>"));
            return;
        }
        let back = didit.approve(page.location(), &Person::alejandra());
        assert_eq!(browser.get(&back).await.location(), "/orders");
        lose(browser);
    }
    panic!("the redirects do not end");
}

#[tokio::test]
async fn a_browser_that_keeps_no_session_gets_a_page_and_no_redirect_loop() {
    capture();
    let didit = didit();
    let browser = Browser::new(HOME, app(didit.config(CALLBACK))).with_clock(didit.clock());
    assert_loop_ends(&browser, &didit, |browser| browser.remove_cookie(SESSION)).await;
    assert_eq!(
        browser.get("/login").await.status(),
        StatusCode::BAD_REQUEST
    );
    let logs = logs();
    assert_eq!(logs.matches("login loop").count(), 1, "{logs}");

    // After 30 s, or once the browser keeps the session, it can sign in.
    didit.clock().advance(std::time::Duration::from_secs(30));
    let started = browser.get("/orders").await;
    assert_eq!(started.status(), StatusCode::SEE_OTHER);
}

/// Two processes with a store each: one answers all callbacks, the other one all pages.
#[tokio::test]
async fn processes_that_do_not_share_their_sessions_cause_no_redirect_loop() {
    let didit = didit();
    let [callbacks, pages] = [(); 2].map(|()| app(Place::Memory.config(&didit)));
    let callback = move |request: axum::extract::Request| callbacks.oneshot(request);
    let router = Router::new()
        .route("/callback", get(callback))
        .fallback_service(pages);
    let browser = Browser::new(HOME, router).with_clock(didit.clock());
    assert_loop_ends(&browser, &didit, |_| {}).await;
}

#[tokio::test]
async fn access_tokens_that_are_expired_on_arrival_cause_no_redirect_loop() {
    let didit = FakeDidit::authentication("app");
    didit.on_every(Endpoint::Token, with("expires_in", 0));
    let config = didit.config(CALLBACK).with_cookie_keys([[7; 32]]);
    let browser = Browser::new(HOME, app(config)).with_clock(didit.clock());
    assert_loop_ends(&browser, &didit, |_| {}).await;
}

#[tokio::test]
async fn a_signed_in_user_may_sign_in_again_any_number_of_times() {
    for place in Place::BOTH {
        let didit = didit();
        let browser = Browser::new(HOME, app(place.config(&didit)));
        for _ in 0..5 {
            sign_in(&browser, &didit).await;
            assert_eq!(browser.get("/orders").await.text(), "orders");
        }
        let copy = browser.clone();
        browser.post_form("/logout", &[]).await;
        assert_eq!(header_of(&browser), "", "nothing is left");
        assert_eq!(browser.get("/orders").await.status(), StatusCode::SEE_OTHER);
        // The session was kept each time: that it is gone now starts a sign-in.
        let started = copy.get("/orders").await;
        assert_eq!(started.status(), StatusCode::SEE_OTHER, "{place:?}");
    }
}
