//! Handlers that refresh the tokens of their requests.

use std::time::Duration;

use futures_util::future::join_all;
use http::{Method, StatusCode};
use tower_didit::fake::{Browser, Endpoint, FakeDidit, Fault, Person};

use crate::support::{
    cookies::{copy_cookies, set_cookies},
    handlers::{Case, Place, app, cases, once, sign_in_for, user_of},
    site::{HOME, NOBODY, didit, memory},
    tasks::poll_until,
};

const SECOND: Duration = Duration::from_secs(1);

// RFC 6749 §6; behaviours 81 and 85.
#[tokio::test]
async fn a_session_continues_with_the_tokens_that_a_handler_refreshed() {
    for place in Place::BOTH {
        let didit = didit();
        let app = app(place.config(&didit));
        let (browser, first) = user_of(&didit, &app.router).await;
        let page = browser.get("/refresh").await;
        assert_eq!(page.status(), StatusCode::OK, "{}", page.text());
        assert_ne!(page.text(), first);
        assert_eq!(browser.get("/").await.text(), page.text());
        assert_eq!(didit.count(Endpoint::Token), 2);
        let user = browser.get("/user").await;
        assert_eq!(user.text(), Person::alejandra().subject());

        // The handler's own cookie stays.
        assert!(browser.cookie("theme").is_some());
        assert_eq!(page.header("vary"), Some("Cookie"));
        let (cookies, caching) = match place {
            Place::Cookies => (2, "private, no-store"),
            Place::Memory => (1, "public, max-age=60"),
        };
        assert_eq!(set_cookies(&page).len(), cookies);
        assert_eq!(page.header("cache-control"), Some(caching));
    }
}

// Behaviour 84.
#[tokio::test(start_paused = true)]
async fn concurrent_refreshes_of_handlers_are_one_request() {
    for Case { didit, config, .. } in cases() {
        let app = app(config);
        let (browser, first) = user_of(&didit, &app.router).await;
        didit.on_next(Endpoint::Token, Fault::delay(SECOND));
        let all = (0..50).map(|_| browser.get("/refresh"));
        let pages = join_all(all).await;
        for page in &pages {
            assert_eq!(page.status(), StatusCode::OK, "{}", page.text());
            assert_eq!(page.text(), pages[0].text());
        }
        assert_ne!(pages[0].text(), first);
        assert_eq!(didit.count(Endpoint::Token), 2);
        assert_eq!(browser.get("/").await.text(), pages[0].text());
    }
}

// Behaviour 84. A refresh of the layer and one of a handler are the same.
#[tokio::test(start_paused = true)]
async fn a_handler_joins_the_refresh_of_the_layer() {
    for Case {
        didit,
        config,
        is_stored,
        works_once,
        last_second,
    } in cases()
    {
        let app = app(config);
        let (browser, first) = user_of(&didit, &app.router).await;
        didit.clock().advance(last_second);
        didit.on_next(Endpoint::Token, Fault::delay(SECOND));
        let all = ["/", "/refresh", "/refresh"].map(|path| browser.get(path));
        let pages = join_all(all).await;
        assert_eq!(didit.count(Endpoint::Token), 2);
        assert_ne!(pages[1].text(), first);
        assert_eq!(pages[2].text(), pages[1].text());
        // The request that started it waits if its response carries the new tokens, or if the old ones end with
        // the refresh.
        let waits = !is_stored || works_once;
        let expected = if waits { pages[1].text() } else { &first };
        assert_eq!(pages[0].text(), expected);
        assert_eq!(browser.get("/").await.text(), pages[1].text());
    }
}

// RFC 6749 §6; behaviour 85.
#[tokio::test]
async fn a_session_begins_with_the_tokens_that_the_callback_handler_refreshed() {
    for Case { didit, config, .. } in cases() {
        let app = app(config);
        let browser = Browser::new(HOME, app.router);
        let token = sign_in_for(&browser, &didit, "/?refresh", &Person::john()).await;
        assert_eq!(didit.count(Endpoint::Token), 2);
        assert_eq!(browser.get("/").await.text(), token);
        assert_eq!(browser.get("/user").await.text(), Person::john().subject());
        // They are valid.
        let page = browser.get("/refresh").await;
        assert_eq!(page.status(), StatusCode::OK);
        assert_eq!(browser.get("/").await.text(), page.text());
        assert_eq!(didit.count(Endpoint::Token), 3);
    }
}

// RFC 9700 §4.14.2; behaviour 87.
#[tokio::test]
async fn a_single_use_token_sent_by_the_callback_handler_is_not_sent_again() {
    let didit = FakeDidit::authentication("app");
    let store = memory(&didit);
    let config = || once(&didit).with_session_store(store.clone());
    let browser = Browser::new(HOME, app(config()).router);
    let login = browser.get("/login?return_to=/?refresh-in-vain").await;
    let back = didit.approve(login.location(), &Person::john());
    let broken = Fault::error("server_error").with_status(500);
    didit.on_every(Endpoint::Token, broken.clone());
    let first = Fault::edit(|_| {});
    didit.on_next(Endpoint::Token, first);
    assert_eq!(browser.get(&back).await.text(), "invalid-response");
    assert_eq!(didit.count(Endpoint::Token), 2);
    didit.clear_faults();

    assert_eq!(browser.get("/user").await.text(), Person::john().subject());
    // Another process does not send it either.
    didit.clock().advance(299 * SECOND);
    let other = Browser::new(HOME, app(config()).router);
    copy_cookies(&browser, &other);
    assert_eq!(other.get("/user").await.text(), Person::john().subject());
    let refused = browser.fetch(Method::GET, "/refresh").await;
    assert_eq!(refused.json()["code"], "tokens-expired");
    didit.clock().advance(SECOND);
    assert_eq!(browser.get("/user").await.text(), NOBODY);
    assert_eq!(didit.count(Endpoint::Token), 2);
}

// Behaviour 81. Cookies are set with the response headers.
#[tokio::test]
async fn a_refresh_after_the_head_was_sent_writes_no_cookie() {
    for Case {
        didit,
        config,
        is_stored,
        ..
    } in cases()
    {
        let app = app(config);
        let (browser, first) = user_of(&didit, &app.router).await;
        let page = browser.get("/stream").await;
        assert_ne!(page.text(), first);
        assert_eq!(set_cookies(&page).len(), 0);
        assert_eq!(didit.count(Endpoint::Token), 2);
        // A session in a store has them all the same.
        let now = browser.get("/").await.text().to_owned();
        assert_eq!(now, if is_stored { page.text() } else { &first });
        assert_eq!(didit.count(Endpoint::Token), 2);
    }
}

// Behaviour 84.
#[tokio::test(start_paused = true)]
async fn a_browser_that_goes_away_cancels_nothing() {
    for Case { didit, config, .. } in cases().into_iter().skip(1) {
        let app = app(config);
        let (browser, first) = user_of(&didit, &app.router).await;
        didit.on_next(Endpoint::Token, Fault::delay(SECOND));
        drop(poll_until(browser.get("/refresh"), || didit.count(Endpoint::Token) > 1).await);
        let now = browser.get("/refresh").await.text().to_owned();
        assert_ne!(now, first);
        assert_eq!(browser.get("/").await.text(), now);
        assert_eq!(didit.count(Endpoint::Token), 2);
    }
}

// Behaviour 87.
#[tokio::test]
async fn an_invalid_grant_ends_a_session_in_a_store() {
    for Case {
        didit,
        config,
        is_stored,
        ..
    } in cases()
    {
        let app = app(config);
        let (browser, first) = user_of(&didit, &app.router).await;
        didit.revoke_all();
        for _ in 0..3 {
            let refused = browser.fetch(Method::GET, "/refresh").await;
            let code = refused.json()["code"].as_str().expect("a code").to_owned();
            assert!(
                ["invalid-grant", "not-signed-in"].contains(&&*code),
                "{code}"
            );
        }
        assert_eq!(didit.count(Endpoint::Token), 2);
        let now = browser.get("/").await.text().to_owned();
        assert_eq!(now, if is_stored { NOBODY } else { &first });
    }
}
