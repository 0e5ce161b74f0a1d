//! Renewing the tokens of a session that is sealed into cookies.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
    time::Duration,
};

use crate::support::sign_in::sign_in;
use axum::{Router, body::Body, routing::get};
use http::{Method, Request, StatusCode, header};
use serde_json::json;
use tower::ServiceExt;
use tower_didit::{
    ConfigError, DiditAuth, DiditTokens, IdClaims, Provider, ReturnTo,
    fake::{Browser, Endpoint, FakeDidit, Fault, Page, Person},
};

const CALLBACK: &str = "https://app.example/callback";
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// How long an access token lives.
const LIFE: Duration = Duration::from_secs(3600);
const BEFORE_THE_LAST_HALF_MINUTE: Duration = Duration::from_secs(3569);
const BEFORE_THE_END: Duration = Duration::from_secs(3599);

/// Pages that show the access token, the scopes, and who the user is.
fn app(didit: &FakeDidit) -> Router {
    let config = didit
        .config(CALLBACK)
        .with_scopes(["openid", "email", "offline"])
        .build()
        .expect("a good configuration");
    Router::new()
        .route("/", get(token))
        .route(
            "/scopes",
            get(|tokens: DiditTokens| async move { tokens.scopes().to_string() }),
        )
        .route(
            "/user",
            get(|user: Option<IdClaims>| async move {
                user.map_or("nobody".to_owned(), |user| user.subject().to_owned())
            }),
        )
        .route(
            "/callback",
            get(|tokens: DiditTokens, _: ReturnTo| token(tokens)),
        )
        .layer(DiditAuth::new(config))
}

async fn token(tokens: DiditTokens) -> String {
    tokens.access_token().secret().to_owned()
}

fn didit() -> FakeDidit {
    FakeDidit::new("client", "secret")
}

/// A signed-in browser and its first access token.
async fn signed_in(didit: &FakeDidit) -> (Browser, String) {
    let browser = Browser::new("https://app.example", app(didit));
    let page = sign_in(&browser, didit).await;
    assert_eq!(page.status(), StatusCode::OK);
    (browser, page.text().to_owned())
}

fn sets_cookie(page: &Page) -> bool {
    page.headers().contains_key(header::SET_COOKIE)
}

fn refreshes(didit: &FakeDidit) -> usize {
    didit.count(Endpoint::Token) - 1
}

// Behaviour 84.
#[tokio::test]
async fn it_happens_before_the_handler_in_the_last_half_minute() {
    let didit = didit();
    let (browser, first) = signed_in(&didit).await;
    didit.clock().advance(BEFORE_THE_LAST_HALF_MINUTE);
    assert_eq!(browser.get("/").await.text(), first);
    assert_eq!(refreshes(&didit), 0);

    // Each token has a moment of its own, within fifteen seconds.
    didit.clock().advance(17 * SECOND);
    let page = browser.get("/").await;
    assert_ne!(page.text(), first);
    assert!(sets_cookie(&page));
    assert_eq!(page.header("cache-control"), Some("private, no-store"));
    assert_eq!(refreshes(&didit), 1);

    let request = didit.last(Endpoint::Token).expect("it was asked");
    assert_eq!(
        request.form_value("grant_type").as_deref(),
        Some("refresh_token")
    );
    assert!(request.form_value("refresh_token").is_some());
    assert_eq!(request.form_value("scope"), None);
    assert!(request.header("authorization").is_some());

    // The new one lives as long as the first.
    let second = browser.get("/").await.text().to_owned();
    assert_eq!(second, page.text());
    didit.clock().advance(BEFORE_THE_LAST_HALF_MINUTE);
    assert_eq!(browser.get("/").await.text(), second);
    assert_eq!(refreshes(&didit), 1);
    didit.clock().advance(31 * SECOND);
    assert_ne!(browser.get("/").await.text(), second);
    assert_eq!(
        browser.get("/user").await.text(),
        Person::Alejandra.subject()
    );
}

// Behaviour 84.
#[tokio::test]
async fn requests_at_the_same_time_cause_one() {
    let didit = didit();
    for (passed, waiting) in [(BEFORE_THE_END, 1), (LIFE, 50)] {
        let (browser, first) = signed_in(&didit).await;
        didit.clock().advance(passed);
        let before = didit.count(Endpoint::Token);
        didit.on_next(Endpoint::Token, Fault::delay(Duration::from_millis(5)));
        let old = browser.cookie("__Host-didit").expect("a session");
        let all = (0..50).map(|_| browser.get("/"));
        let pages = futures_util::future::join_all(all).await;
        assert_eq!(didit.count(Endpoint::Token), before + 1);
        let mut new: Vec<_> = pages
            .iter()
            .map(|page| {
                assert_eq!(page.status(), StatusCode::OK);
                page.text()
            })
            .filter(|token| *token != first)
            .collect();
        // While the old one lives, only the request that started it waits.
        assert_eq!(new.len(), waiting);
        new.dedup();
        assert_eq!(new.len(), 1);

        // A request that was sent with the old cookie, and comes later.
        browser.set_cookie("__Host-didit", old.value());
        let late = browser.get("/").await;
        assert_eq!(late.text(), new[0]);
        assert!(sets_cookie(&late));
        assert_eq!(didit.count(Endpoint::Token), before + 1);
    }
}

// Behaviour 84.
#[tokio::test]
async fn a_client_that_goes_away_cancels_nothing() {
    let didit = didit();
    let app = app(&didit);
    let browser = Browser::new("https://app.example", app.clone());
    let first = sign_in(&browser, &didit).await.text().to_owned();
    didit.clock().advance(LIFE);
    drop(under_way(&didit, app, &browser).await);
    assert_ne!(browser.get("/").await.text(), first);
    assert_eq!(refreshes(&didit), 1);
}

// Behaviour 85.
#[tokio::test]
async fn a_new_refresh_token_replaces_the_old_and_one_that_is_left_out_stays() {
    let keeping = didit();
    let rotating = didit().with_rotating_refresh_tokens();
    for (didit, kinds) in [(keeping, 1), (rotating, 3)] {
        let (browser, _) = signed_in(&didit).await;
        let mut used = Vec::new();
        for _ in 0..3 {
            didit.clock().advance(LIFE);
            assert_eq!(browser.get("/").await.status(), StatusCode::OK);
            let request = didit.last(Endpoint::Token).expect("it was asked");
            used.push(request.form_value("refresh_token"));
        }
        assert_eq!(refreshes(&didit), 3);
        used.sort();
        used.dedup();
        assert_eq!(used.len(), kinds);
    }
}

// Behaviour 85; RFC 6749 §6.
#[tokio::test]
async fn scopes_never_come_to_those_that_were_granted() {
    let didit = didit();
    let (browser, _) = signed_in(&didit).await;
    for (scope, expected) in [
        (json!("openid email offline admin"), "openid email offline"),
        (json!("openid offline"), "openid offline"),
        (json!(null), "openid offline"),
        (json!("openid email offline"), "openid offline"),
    ] {
        didit.clock().advance(LIFE);
        let with_scope = Fault::edit(move |answer| {
            answer.insert("scope".to_owned(), scope.clone());
        });
        didit.on_next(Endpoint::Token, with_scope);
        assert_eq!(browser.get("/scopes").await.text(), expected);
    }
}

// Behaviour 87.
#[tokio::test]
async fn only_a_dead_refresh_token_ends_the_session() {
    let didit = didit();
    let (browser, _) = signed_in(&didit).await;
    didit.clock().advance(LIFE);
    didit.revoke_all();
    let page = browser.get("/user").await;
    assert_eq!(page.text(), "nobody");
    assert_eq!(refreshes(&didit), 1);
    assert!(browser.cookies().is_empty(), "the session is over");

    let (browser, _) = signed_in(&didit).await;
    didit.clock().advance(LIFE);
    didit.revoke_all();
    let page = browser.get("/").await;
    assert!(page.location().starts_with("https://auth.didit.me/"));
    let names: Vec<_> = browser
        .cookies()
        .iter()
        .map(|c| c.name().to_owned())
        .collect();
    assert!(
        names
            .iter()
            .all(|name| name.starts_with("__Host-didit-flow-")),
        "{names:?}"
    );
}

// Behaviour 87.
#[tokio::test]
async fn while_didit_is_out_of_order_the_session_goes_on_and_it_is_asked_seldom() {
    let didit = didit();
    let (browser, first) = signed_in(&didit).await;
    didit.clock().advance(BEFORE_THE_END);
    didit.on_every(
        Endpoint::Token,
        Fault::error("server_error").with_status(500),
    );
    for _ in 0..10 {
        assert_eq!(browser.get("/").await.text(), first);
    }
    assert_eq!(refreshes(&didit), 1);

    // The access token ends; the identity stays.
    didit.clock().advance(SECOND);
    for _ in 0..10 {
        assert_eq!(
            browser.get("/user").await.text(),
            Person::Alejandra.subject()
        );
        let refused = browser.fetch(Method::GET, "/").await;
        assert_eq!(refused.json()["code"], "tokens-expired");
    }
    assert_eq!(refreshes(&didit), 1);
    didit.clock().advance(10 * SECOND);
    assert_eq!(
        browser.get("/user").await.text(),
        Person::Alejandra.subject()
    );
    assert_eq!(refreshes(&didit), 2);

    didit.clear_faults();
    didit.clock().advance(MINUTE);
    let page = browser.get("/").await;
    assert_eq!(page.status(), StatusCode::OK);
    assert_ne!(page.text(), first);
}

type Answer = Pin<Box<dyn Future<Output = axum::response::Response>>>;

/// A request whose refresh was sent, and takes a while.
async fn under_way(didit: &FakeDidit, app: Router, browser: &Browser) -> Answer {
    let before = didit.count(Endpoint::Token);
    didit.on_next(Endpoint::Token, Fault::delay(Duration::from_millis(20)));
    let cookie = browser.cookie("__Host-didit").expect("a session");
    let request = Request::get("/")
        .header(header::COOKIE, format!("__Host-didit={}", cookie.value()))
        .body(Body::empty())
        .expect("a good request");
    let mut answer: Answer = Box::pin(async { app.oneshot(request).await.expect("infallible") });
    while didit.count(Endpoint::Token) == before {
        let pending = poll_fn(|cx| Poll::Ready(answer.as_mut().poll(cx).is_pending()));
        assert!(pending.await);
        tokio::task::yield_now().await;
    }
    answer
}

// Behaviours 75 and 89.
#[tokio::test]
async fn an_answer_under_way_brings_nothing_back_that_has_ended() {
    let didit = didit();
    let app = app(&didit);
    let browser = Browser::new("https://app.example", app.clone());
    sign_in(&browser, &didit).await;
    didit.clock().advance(LIFE);
    let late = under_way(&didit, app.clone(), &browser).await;
    browser.post_form("/logout", &[]).await;
    let late = late.await;
    assert_eq!(late.status(), StatusCode::OK);
    assert!(!late.headers().contains_key(header::SET_COOKIE));

    // Nor does it take the place of somebody else.
    sign_in(&browser, &didit).await;
    didit.clock().advance(LIFE);
    let late = under_way(&didit, app.clone(), &browser).await;
    let login = browser.get("/login").await;
    let back = didit.approve(login.location(), Person::John);
    assert_eq!(browser.get(&back).await.status(), StatusCode::OK);
    let late = late.await;
    assert!(!late.headers().contains_key(header::SET_COOKIE));
    assert_eq!(browser.get("/user").await.text(), Person::John.subject());
}

// Behaviour 88.
#[tokio::test]
async fn everybody_gets_their_own() {
    let didit = didit();
    let app = app(&didit);
    let mut browsers = Vec::new();
    for person in [Person::Alejandra, Person::John] {
        let browser = Browser::new("https://app.example", app.clone());
        let login = browser.get("/login").await;
        let back = didit.approve(login.location(), person);
        let first = browser.get(&back).await.text().to_owned();
        browsers.push((browser, person, first));
    }
    didit.clock().advance(LIFE);
    let before = didit.count(Endpoint::Token);
    let all = browsers.iter().map(|(browser, person, first)| async move {
        let token = browser.get("/").await.text().to_owned();
        assert_ne!(token, *first);
        assert_eq!(browser.get("/user").await.text(), person.subject());
        token
    });
    let tokens = futures_util::future::join_all(all).await;
    assert_ne!(tokens[0], tokens[1]);
    assert_eq!(didit.count(Endpoint::Token), before + 2);
}

// Behaviour 87.
#[tokio::test]
async fn a_didit_that_does_not_answer_is_not_asked_again_at_once() {
    let didit = didit();
    let config = didit
        .config(CALLBACK)
        .with_scopes(["openid", "offline"])
        .with_http_timeout(Duration::from_millis(20))
        .build()
        .expect("a good configuration");
    let app = Router::new()
        .route("/", get(|_: IdClaims| async { "members" }))
        .route("/callback", get(|_: IdClaims| async {}))
        .layer(DiditAuth::new(config));
    let browser = Browser::new("https://app.example", app);
    sign_in(&browser, &didit).await;
    didit.clock().advance(LIFE);
    didit.on_every(Endpoint::Token, Fault::hang());
    for _ in 0..20 {
        assert_eq!(browser.get("/").await.text(), "members");
    }
    assert_eq!(refreshes(&didit), 1);
    didit.clock().advance(10 * SECOND);
    assert_eq!(browser.get("/").await.text(), "members");
    assert_eq!(refreshes(&didit), 2);
}

// Behaviour 39.
#[tokio::test]
async fn tokens_that_are_dead_when_they_arrive_are_renewed_seldom() {
    let didit = didit();
    let dead = Fault::edit(|answer| {
        answer.insert("expires_in".to_owned(), json!(0));
    });
    didit.on_every(Endpoint::Token, dead);
    let (browser, _) = signed_in(&didit).await;
    for refreshed in 0..3 {
        for _ in 0..20 {
            let page = browser.get("/user").await;
            assert_eq!(page.text(), Person::Alejandra.subject());
        }
        assert_eq!(refreshes(&didit), refreshed);
        didit.clock().advance(10 * SECOND);
    }
}

#[tokio::test]
async fn a_refresh_token_that_works_once_is_not_sent_from_a_cookie() {
    let didit = didit();
    let keys = [[7; 32]];
    let config = didit
        .config(CALLBACK)
        .with_cookie_keys(keys)
        .with_scopes(["openid", "offline"]);
    let once = Provider::didit().with_single_use_refresh_tokens();
    let refused = didit
        .config(CALLBACK)
        .with_provider(once.clone())
        .with_scopes(["openid", "offline"])
        .with_sessions_in_cookies()
        .build();
    assert!(matches!(refused, Err(ConfigError::SingleUseRefreshTokens)));

    // The cookie is from before that was known.
    let routes = || {
        Router::new()
            .route("/", get(|_: IdClaims| async { "members" }))
            .route("/callback", get(|_: IdClaims| async {}))
    };
    let before = routes().layer(DiditAuth::new(config.build().expect("good")));
    let known = didit
        .config(CALLBACK)
        .with_cookie_keys(keys)
        .with_provider(once);
    let after = routes().layer(DiditAuth::new(known.build().expect("good")));
    let old = Browser::new("https://app.example", before);
    sign_in(&old, &didit).await;
    let browser = Browser::new("https://app.example", after);
    let cookie = old.cookie("__Host-didit").expect("a session");
    browser.set_cookie("__Host-didit", cookie.value());
    didit.clock().advance(LIFE);
    assert_eq!(browser.get("/").await.text(), "members");
    assert_eq!(refreshes(&didit), 0);
}

// Behaviour 80.
#[tokio::test]
async fn it_makes_no_session_last_longer_than_it_may() {
    let didit = didit();
    let (browser, _) = signed_in(&didit).await;
    for _ in 0..7 * 24 {
        assert_eq!(browser.get("/").await.status(), StatusCode::OK);
        didit.clock().advance(LIFE);
    }
    assert_eq!(browser.get("/user").await.text(), "nobody");
}
