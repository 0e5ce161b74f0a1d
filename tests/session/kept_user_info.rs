//! User information that is asked for at the sign-in, and kept with the session.

use std::time::{Duration, SystemTime};

use axum::{Router, body::Body, routing::get};
use http::{Request, StatusCode};
use serde_json::json;
use tower_didit::{
    ConfigBuilder, DiditClient, DiditTokens, IdClaims, UserInfo,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Person},
    scope,
};

use crate::support::{
    cookies::{SESSION, copy_cookies},
    faults::with,
    handlers::Place,
    logs::{capture, logs},
    sign_in::{approved, sign_in, sign_in_as},
    site::{CALLBACK, HOME, NOBODY, auth, didit, memory},
};

const SECOND: Duration = Duration::from_secs(1);
const ALEJANDRA: &str = "Alejandra Rosas";

fn start(config: ConfigBuilder) -> Browser {
    let app = Router::new()
        .route("/", get(name))
        .route("/age", get(received_at))
        .route("/tokens", get(|_: DiditTokens| async {}))
        .route("/callback", get(name))
        .layer(auth(config));
    Browser::new(HOME, app)
}

async fn name(user: Option<UserInfo>) -> String {
    let name = |user: &UserInfo| user.full_name().unwrap_or("no name").to_owned();
    user.as_ref().map_or(NOBODY.to_owned(), name)
}

/// The callback's handler of a sign-in that fails.
async fn not_reached(_: IdClaims) {
    unreachable!("there is no session");
}

async fn received_at(user: UserInfo) -> String {
    let time = user.received_at().duration_since(SystemTime::UNIX_EPOCH);
    time.expect("after 1970").as_secs().to_string()
}

fn asking(place: Place, didit: &FakeDidit) -> ConfigBuilder {
    let scopes = [scope::OPENID, scope::NAMES, scope::OFFLINE];
    place.config(didit).with_scopes(scopes)
}

fn keeping(place: Place, didit: &FakeDidit) -> ConfigBuilder {
    asking(place, didit).with_user_info_at_sign_in()
}

#[tokio::test]
async fn it_is_asked_for_once_before_the_handler_runs_and_kept() {
    for place in Place::BOTH {
        let didit = didit();
        let browser = start(keeping(place, &didit));
        assert_eq!(sign_in(&browser, &didit).await.text(), ALEJANDRA);
        let time = browser.get("/age").await.text().to_owned();
        didit.clock().advance(600 * SECOND);
        // It may be down later.
        didit.on_every(Endpoint::UserInfo, Fault::hang());
        for _ in 0..3 {
            assert_eq!(browser.get("/").await.text(), ALEJANDRA, "{place:?}");
            assert_eq!(browser.get("/age").await.text(), time, "{place:?}");
        }
        assert_eq!(didit.count(Endpoint::UserInfo), 1, "{place:?}");
    }
}

#[tokio::test]
async fn a_refresh_and_a_recorded_use_keep_it() {
    for place in Place::BOTH {
        let didit = didit();
        let browser = start(keeping(place, &didit));
        sign_in(&browser, &didit).await;
        let time = browser.get("/age").await.text().to_owned();
        for refreshes in 1..=3 {
            didit.clock().advance(3 * 3600 * SECOND);
            browser.get("/tokens").await;
            assert_eq!(didit.count(Endpoint::Token), 1 + refreshes, "{place:?}");
            assert_eq!(browser.get("/").await.text(), ALEJANDRA, "{place:?}");
            assert_eq!(browser.get("/age").await.text(), time, "{place:?}");
        }
        assert_eq!(didit.count(Endpoint::UserInfo), 1, "{place:?}");
    }
}

#[tokio::test]
async fn it_outlives_the_access_token() {
    for place in Place::BOTH {
        let didit = didit();
        let config = keeping(place, &didit).with_scopes([scope::OPENID, scope::NAMES]);
        let browser = start(config);
        sign_in(&browser, &didit).await;
        didit.clock().advance(2 * 3600 * SECOND);
        let tokens = browser.fetch(http::Method::GET, "/tokens").await;
        assert_eq!(tokens.json()["code"], "tokens-expired");
        assert_eq!(browser.get("/").await.text(), ALEJANDRA, "{place:?}");
        assert_eq!(didit.count(Endpoint::UserInfo), 1);
    }
}

// Behaviour 75.
#[tokio::test]
async fn after_a_sign_out_by_the_handler_it_is_refused_as_without_the_setting() {
    async fn sign_out_first(client: DiditClient, request: Request<Body>) -> String {
        client.sign_out().await.expect("the store works");
        let user = UserInfo::of(request.extensions()).await;
        format!("{:?}", user.map(|_| ()).map_err(|error| error.kind()))
    }
    for place in Place::BOTH {
        for is_kept in [true, false] {
            let didit = didit();
            let config = if is_kept {
                keeping(place, &didit)
            } else {
                asking(place, &didit)
            };
            let app = Router::new()
                .route("/sign-out", get(sign_out_first))
                .route("/callback", get(|_: IdClaims| async {}))
                .layer(auth(config));
            let browser = Browser::new(HOME, app);
            sign_in(&browser, &didit).await;
            let page = browser.get("/sign-out").await;
            assert_eq!(page.text(), "Err(SessionEnded)", "{place:?} {is_kept}");
        }
    }
}

// Behaviour 114.
#[tokio::test]
async fn a_response_that_asked_for_nothing_else_varies_by_cookie_and_is_private() {
    for place in Place::BOTH {
        for config in [keeping, asking] {
            let didit = didit();
            let browser = start(config(place, &didit));
            sign_in(&browser, &didit).await;
            for (browser, name) in [(&browser, ALEJANDRA), (&browser.new_browser(), NOBODY)] {
                let page = browser.get("/").await;
                assert_eq!(page.text(), name);
                assert_eq!(page.header("vary"), Some("Cookie"), "{place:?} {name}");
                assert_eq!(
                    page.header("cache-control"),
                    Some("private"),
                    "{place:?} {name}"
                );
            }
        }
    }
}

// Behaviour 75.
#[tokio::test]
async fn another_sign_in_replaces_it() {
    for place in Place::BOTH {
        let didit = didit();
        let browser = start(keeping(place, &didit));
        sign_in(&browser, &didit).await;
        let before = browser.get("/age").await.text().to_owned();
        didit.clock().advance(60 * SECOND);
        sign_in_as(&Person::john(), &browser, &didit).await;
        assert_eq!(browser.get("/").await.text(), "John Doe", "{place:?}");
        assert_ne!(browser.get("/age").await.text(), before, "{place:?}");
        browser.post_form("/logout", &[]).await;
        assert_eq!(browser.get("/").await.text(), NOBODY, "{place:?}");
    }
}

#[tokio::test]
async fn sessions_from_before_the_setting_stay_and_the_provider_is_asked() {
    let didit = didit();
    let store = memory(&didit);
    for stored in [false, true] {
        let place = |config: ConfigBuilder| {
            if stored {
                config.with_session_store(store.clone())
            } else {
                config
            }
        };
        let old = start(place(asking(Place::Cookies, &didit)));
        sign_in(&old, &didit).await;
        let new = start(place(keeping(Place::Cookies, &didit)));
        copy_cookies(&old, &new);
        let asked = didit.count(Endpoint::UserInfo);
        assert_eq!(new.get("/").await.text(), ALEJANDRA);
        assert_eq!(new.get("/").await.text(), ALEJANDRA);
        assert_eq!(didit.count(Endpoint::UserInfo), asked + 2, "{stored}");

        // Without the setting, what was kept is read until the session ends.
        sign_in(&new, &didit).await;
        let asked = didit.count(Endpoint::UserInfo);
        copy_cookies(&new, &old);
        assert_eq!(old.get("/").await.text(), ALEJANDRA);
        assert_eq!(didit.count(Endpoint::UserInfo), asked, "{stored}");
    }
}

// OpenID Connect Core §5.3.2 and §5.3.3; behaviours 73, 74 and 126.
#[tokio::test(start_paused = true)]
async fn a_sign_in_without_its_answer_fails_with_the_error_of_the_call() {
    for (fault, code, status) in [
        (Fault::hang(), "provider-timeout", 504),
        (Fault::truncate(), "invalid-response", 502),
        (
            Fault::error("x").with_status(401),
            "access-token-refused",
            401,
        ),
        (
            Fault::error("x").with_status(403),
            "insufficient-scope",
            403,
        ),
        (
            with("sub", json!(Person::john().subject())),
            "user-info-mismatch",
            502,
        ),
    ] {
        let didit = didit();
        let app = Router::new()
            .route("/", get(name))
            .route("/callback", get(not_reached))
            .layer(auth(keeping(Place::Cookies, &didit)));
        let browser = Browser::new(HOME, app);
        didit.on_every(Endpoint::UserInfo, fault);
        let page = sign_in(&browser, &didit).await;
        // No redirect: that would be a loop.
        assert_eq!(page.status().as_u16(), status, "{code}");
        assert!(page.text().contains(code), "{}", page.text());
        assert!(browser.cookie(SESSION).is_none(), "{code}");
        // The code is used up.
        let reloaded = browser.reload().await;
        assert!(reloaded.text().contains("callback-already-used"));
        assert_eq!(browser.get("/").await.text(), NOBODY, "{code}");
        assert_eq!(didit.count(Endpoint::UserInfo), 1, "{code}");
        assert_eq!(didit.count(Endpoint::Token), 1, "{code}");
    }
}

#[tokio::test]
async fn a_callback_that_is_sent_twice_asks_once() {
    let didit = didit();
    let browser = start(keeping(Place::Cookies, &didit));
    let callback = approved("/login", &browser, &didit).await;
    let (one, other) = tokio::join!(browser.get(&callback), browser.get(&callback));
    assert!(one.status().as_u16() < 400 && other.status().as_u16() < 400);
    assert_eq!(didit.count(Endpoint::UserInfo), 1);
}

// Behaviours 79 and 83.
#[tokio::test]
async fn an_answer_that_does_not_fit_its_cookies_is_refused_with_advice_and_fits_a_store() {
    let large = "x".repeat(5000);
    for place in Place::BOTH {
        let didit = didit();
        let browser = start(keeping(place, &didit));
        didit.on_next(Endpoint::UserInfo, with("note", json!(large)));
        capture();
        let page = sign_in(&browser, &didit).await;
        if place == Place::Memory {
            assert_eq!(page.text(), ALEJANDRA);
            continue;
        }
        assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(page.text().contains("session-too-large"));
        for part in ["`with_session_store`", "`with_session_cookie_limit`"] {
            assert!(logs().contains(part), "{part}");
        }
        assert!(browser.cookie(SESSION).is_none());
    }
}

#[tokio::test]
async fn a_session_without_a_sign_in_keeps_it_too() {
    let didit = didit();
    let auth = auth(keeping(Place::Cookies, &didit));
    let cookies = didit.session_cookies(&auth, &Person::john()).await;
    let cookies = cookies.expect("a session");
    let app = Router::new().route("/", get(name)).layer(auth);
    let browser = Browser::new(HOME, app);
    let request = http::Request::get("/").header("cookie", cookies);
    let page = browser.send(request.body("").unwrap()).await;
    assert_eq!(page.text(), "John Doe");
    assert_eq!(didit.count(Endpoint::UserInfo), 1);
}

#[tokio::test]
async fn the_fakes_user_information_is_that_of_its_endpoint() {
    let didit = didit();
    let scopes = [scope::OPENID, scope::NAMES, scope::EMAIL];
    let made = didit.user_info(&Person::alejandra(), scopes);
    let tokens = didit.tokens(&Person::alejandra(), scopes);
    let client = auth(didit.config(CALLBACK)).client();
    let asked = client.user_info(&tokens).await.expect("its answer");
    let whole = |user: &UserInfo| user.extra::<serde_json::Value>().unwrap();
    assert_eq!(whole(&made), whole(&asked));
    assert_eq!(made.received_at(), didit.clock().now());
}
