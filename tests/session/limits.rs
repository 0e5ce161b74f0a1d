//! The limits of a session, and when its cookie is written again.

use std::time::Duration;

use axum::{Router, routing::get};
use http::Method;
use tower_didit::{
    ConfigBuilder, IdClaims,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt},
};

use super::application::{routes, signed_in};
use crate::support::{
    cookies::{SESSION, session, set_cookies},
    site::{self, CALLBACK, HOME, NOBODY, auth},
};

fn app(config: ConfigBuilder) -> Router {
    routes()
        .route(
            "/theme",
            get(|_: Option<IdClaims>| async {
                (
                    [("set-cookie", "theme=dark"), ("cache-control", "public")],
                    "dark",
                )
            }),
        )
        .layer(auth(config))
}

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A provider whose access tokens outlive every session.
fn didit() -> FakeDidit {
    site::didit().with_access_token_lifetime(YEAR)
}

// Behaviour 80.
#[tokio::test]
async fn a_session_that_is_not_used_ends_at_its_idle_limit() {
    let didit = didit();
    let config = didit
        .config(CALLBACK)
        .with_session_idle_timeout(Duration::from_secs(100));
    let (browser, user) = signed_in(&didit, app(config)).await;
    assert_eq!(
        browser.cookie(SESSION).unwrap().max_age(),
        Some(Duration::from_secs(100))
    );
    let kept = browser.clone();

    didit.clock().advance(Duration::from_secs(99));
    assert_eq!(browser.get("/").await.text(), user);
    didit.clock().advance(Duration::from_secs(1));
    // The first session was used; the cookie of the other was not.
    assert_eq!(browser.get("/").await.text(), user);
    assert_eq!(kept.get("/").await.text(), NOBODY);
}

// Behaviour 80.
#[tokio::test]
async fn a_session_ends_at_its_absolute_limit_however_much_it_is_used() {
    let didit = didit();
    let config = didit
        .config(CALLBACK)
        .with_session_idle_timeout(Duration::from_secs(100))
        .with_session_lifetime(Duration::from_secs(250));
    let (browser, user) = signed_in(&didit, app(config)).await;

    for (step, rest) in [(90, 100), (90, 70), (69, 1)] {
        didit.clock().advance(Duration::from_secs(step));
        assert_eq!(browser.get("/").await.text(), user);
        let max_age = browser.cookie(SESSION).unwrap().max_age();
        assert_eq!(max_age, Some(Duration::from_secs(rest)));
    }
    didit.clock().advance(Duration::from_secs(1));
    let page = browser.get("/").await;
    assert_eq!(page.text(), NOBODY);
    assert!(set_cookies(&page).is_empty());
}

// Behaviour 80. The sealed limits hold, and so do those of a tightened configuration.
#[tokio::test]
async fn the_tighter_of_old_and_new_limits_counts() {
    for (old, new, lasts) in [
        ((100, 1000), (100, 1000), 100),
        ((100, 1000), (900, 1000), 100),
        ((900, 1000), (100, 1000), 100),
        ((100, 50), (100, 1000), 50),
        ((100, 1000), (100, 50), 50),
    ] {
        let didit = didit();
        let config = |(idle, absolute)| {
            let config = didit.config(CALLBACK);
            config
                .with_session_idle_timeout(Duration::from_secs(idle))
                .with_session_lifetime(Duration::from_secs(absolute))
        };
        let (browser, user) = signed_in(&didit, app(config(old))).await;
        let restarted = Browser::new(HOME, app(config(new)));
        restarted.set_cookie(SESSION, &session(&browser));
        let kept = restarted.clone();

        didit.clock().advance(Duration::from_secs(lasts - 1));
        assert_eq!(restarted.get("/").await.text(), user, "{old:?} {new:?}");
        didit.clock().advance(SECOND);
        assert_eq!(kept.get("/").await.text(), NOBODY, "{old:?} {new:?}");
    }
}

#[tokio::test]
async fn the_limits_are_a_day_and_a_week_by_default() {
    const DAY: u64 = 24 * 60 * 60;
    let didit = didit();
    let (browser, user) = signed_in(&didit, app(didit.config(CALLBACK))).await;
    let unused = browser.clone();
    let pass = |seconds| didit.clock().advance(Duration::from_secs(seconds));

    pass(DAY - 1);
    assert_eq!(unused.clone().get("/").await.text(), user);
    assert_eq!(browser.get("/").await.text(), user);
    pass(1);
    assert_eq!(unused.get("/").await.text(), NOBODY);
    for _ in 0..12 {
        pass(DAY / 2 - 1);
        assert_eq!(browser.get("/").await.text(), user);
    }
    pass(11);
    assert_eq!(browser.get("/").await.text(), user);
    pass(1);
    assert_eq!(browser.get("/").await.text(), NOBODY);
}

// Behaviour 81.
#[tokio::test]
async fn the_cookie_is_written_again_after_a_tenth_of_the_idle_limit() {
    let didit = didit();
    let config = didit
        .config(CALLBACK)
        .with_session_idle_timeout(Duration::from_secs(100));
    let (browser, user) = signed_in(&didit, app(config)).await;
    let first = session(&browser);

    for (step, renewed) in [(9, false), (1, true), (0, false), (9, false), (1, true)] {
        didit.clock().advance(Duration::from_secs(step));
        let page = browser.get("/").await;
        assert_eq!(page.text(), user);
        let lines = set_cookies(&page);
        assert_eq!(lines.len(), usize::from(renewed), "{lines:?}");
        let expected = if renewed {
            "private, no-store"
        } else {
            "private"
        };
        assert_eq!(page.header("cache-control"), Some(expected));
    }
    let last = browser.cookie(SESSION).unwrap();
    assert_ne!(last.value(), first);
    assert_eq!(last.max_age(), Some(Duration::from_secs(100)));
    assert!(last.is_secure() && last.is_http_only());
    assert_eq!(didit.count(Endpoint::Token), 1);
}

// Behaviour 81.
#[tokio::test]
async fn a_rewritten_cookie_is_appended_to_those_of_the_handler_and_forbids_storing() {
    let didit = didit();
    let config = didit
        .config(CALLBACK)
        .with_session_idle_timeout(Duration::from_secs(100));
    let (browser, _) = signed_in(&didit, app(config)).await;

    let page = browser.get("/theme").await;
    assert_eq!(set_cookies(&page), ["theme=dark"]);
    assert_eq!(page.header("cache-control"), Some("public"));

    didit.clock().advance(Duration::from_secs(10));
    let page = browser.fetch(Method::GET, "/theme").await;
    let lines = set_cookies(&page);
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0], "theme=dark");
    assert!(lines[1].starts_with("__Host-didit=1."));
    assert_eq!(page.header("cache-control"), Some("private, no-store"));
    assert_eq!(page.headers().get_all("cache-control").iter().count(), 1);
    assert_eq!(page.text(), "dark");
}

const SECOND: Duration = Duration::from_secs(1);
