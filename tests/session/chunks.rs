//! Sessions that need more than one cookie.

mod forged;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, routing::get};
use http::{Request, StatusCode, header};
use tower_didit::{
    ConfigBuilder, DiditTokens,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Page, StoredCookie},
};

use super::application::app;
use crate::support::{
    cookies::{SESSION, chunk_name, lasting, names},
    faults::with,
    sign_in::{approved, sign_in},
    site::{self, CALLBACK, HOME, auth},
};

const LARGEST_LIMIT: usize = 40 * 1024;

const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A provider whose access tokens outlive every session.
fn didit() -> FakeDidit {
    site::didit().with_access_token_lifetime(YEAR)
}

fn config(didit: &FakeDidit) -> ConfigBuilder {
    didit.config(CALLBACK).with_scopes(["openid", "offline"])
}

fn large_sessions(didit: &FakeDidit) -> Browser {
    let config = config(didit).with_session_cookie_limit(LARGEST_LIMIT);
    Browser::new(HOME, app(config))
}

/// Gives the next refresh token this length and a recognizable beginning and end. (The ID token names the access
/// token.)
fn issue_next(didit: &FakeDidit, length: usize) -> String {
    let token = format!("a{:.>1$}", "z", length - 1);
    didit.on_next(Endpoint::Token, with("refresh_token", &*token));
    token
}

/// Signs in with a refresh token of this length, and reads it back.
async fn sign_in_with(browser: &Browser, didit: &FakeDidit, length: usize) -> Page {
    let token = issue_next(didit, length);
    let page = sign_in(browser, didit).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.text().ends_with(&token));
    assert_eq!(browser.get("/").await.text(), page.text());
    page
}

fn cookies(browser: &Browser) -> Vec<(String, String)> {
    let cookies = lasting(browser).into_iter();
    let pair = |cookie: StoredCookie| (cookie.name().to_owned(), cookie.value().to_owned());
    cookies.map(pair).collect()
}

/// The names of the cookies of a session with this many chunks.
fn chunk_names(count: usize) -> Vec<String> {
    (0..count).map(chunk_name).collect()
}

// Behaviour 83.
#[tokio::test]
async fn over_the_default_budget_the_sign_in_fails_before_the_handler_runs() {
    for (length, fits) in [(1600, true), (1700, false), (20_000, false)] {
        let didit = didit();
        let handled = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&handled);
        let callback = move |_: DiditTokens| {
            counter.fetch_add(1, Ordering::SeqCst);
            async {}
        };
        let app = Router::new()
            .route("/callback", get(callback))
            .layer(auth(config(&didit)));
        let browser = Browser::new(HOME, app);

        issue_next(&didit, length);
        let back = approved("/login", &browser, &didit).await;
        let request = Request::get(&back).header(header::ACCEPT, "application/json");
        let page = browser.send(request.body("").unwrap()).await;

        assert_eq!(didit.count(Endpoint::Token), 1);
        assert_eq!(handled.load(Ordering::SeqCst), usize::from(fits));
        if fits {
            assert_eq!(page.status(), StatusCode::OK);
            assert_eq!(names(&browser), [SESSION]);
        } else {
            assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(page.json()["code"], "session-too-large");
            assert_eq!(page.header("cache-control"), Some("private, no-store"));
            assert_eq!(names(&browser), [""; 0], "the sign-in is over");
        }
    }
}

// Behaviour 83.
#[tokio::test]
async fn a_sign_in_that_does_not_fit_keeps_the_old_session() {
    let didit = didit();
    let browser = Browser::new(HOME, app(config(&didit)));
    sign_in_with(&browser, &didit, 40).await;
    let before = cookies(&browser);

    issue_next(&didit, 3000);
    let page = sign_in(&browser, &didit).await;
    assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(page.text().contains("session-too-large"));
    assert_eq!(cookies(&browser), before);
}

// Behaviour 105.
#[tokio::test]
async fn the_limit_counts_all_cookie_lines_of_the_response() {
    for limit in [1024, 3072, 8192, LARGEST_LIMIT] {
        let (mut largest, mut refused) = (0, 0);
        for length in (10..limit).step_by(limit / 64) {
            let didit = didit();
            let config = config(&didit).with_session_cookie_limit(limit);
            let browser = Browser::new(HOME, app(config));
            issue_next(&didit, length);
            let page = sign_in(&browser, &didit).await;
            if page.status() == StatusCode::OK {
                largest = largest.max(cookie_bytes(&page));
            } else {
                assert!(page.text().contains("session-too-large"));
                refused += 1;
            }
        }
        assert!(refused > 0, "nothing was too large for {limit}");
        assert!(largest <= limit, "{largest} bytes with a limit of {limit}");
        assert!(
            largest > limit * 8 / 10,
            "only {largest} bytes with a limit of {limit}"
        );
    }
}

/// The length of all `Set-Cookie` lines.
fn cookie_bytes(page: &Page) -> usize {
    let lines = page.headers().get_all(header::SET_COOKIE).iter();
    lines
        .map(|line| "set-cookie: \r\n".len() + line.len())
        .sum()
}

// Behaviour 79.
#[tokio::test]
async fn a_large_session_travels_in_chunks_of_at_most_4096_bytes() {
    for (length, count) in [
        (40, 1),
        (2500, 1),
        (2700, 2),
        (5450, 2),
        (5700, 3),
        (20_000, 7),
        (29_000, 10),
    ] {
        let didit = didit();
        let browser = large_sessions(&didit);
        let page = sign_in_with(&browser, &didit, length).await;
        assert_eq!(names(&browser), chunk_names(count), "{length}");
        assert!(browser.rejected_cookies().is_empty());
        for line in page.headers().get_all(header::SET_COOKIE) {
            assert!(line.len() <= 4096, "{} bytes", line.len());
        }
        for cookie in browser.cookies() {
            assert!(cookie.is_secure() && cookie.is_http_only() && cookie.is_host_only());
            assert_eq!(cookie.path(), "/");
        }
        assert_eq!(didit.count(Endpoint::Token), 1);
    }
}

// Behaviour 79.
#[tokio::test]
async fn a_session_of_exactly_full_chunks_is_read_back() {
    let didit = didit();
    let browser = large_sessions(&didit);
    sign_in_with(&browser, &didit, 12_000).await;
    let full = cookies(&browser)[1].1.len();

    // One more byte of token is one or two more characters of base64.
    let mut lasts = Vec::new();
    for length in 5520..5640 {
        sign_in_with(&browser, &didit, length).await;
        let cookies = cookies(&browser);
        lasts.push((cookies.len(), cookies.last().unwrap().1.len()));
    }
    assert!(lasts.contains(&(2, full)), "{lasts:?}");
    assert!(
        lasts
            .iter()
            .any(|(count, length)| *count == 3 && *length < 4),
        "{lasts:?}"
    );
}

// Behaviour 79.
#[tokio::test]
async fn a_session_that_shrinks_or_ends_leaves_no_orphan() {
    let didit = didit();
    let browser = large_sessions(&didit);
    browser.set_cookie("theme", "dark");
    browser.set_cookie("__Host-didit.10", "planted");
    for (length, count) in [(29_000, 10), (6000, 3), (20_000, 7), (40, 1), (3000, 2)] {
        sign_in_with(&browser, &didit, length).await;
        let kept = names(&browser);
        assert_eq!(kept[0], "theme");
        assert_eq!(kept[1..], chunk_names(count), "{length}");
    }
    sign_in_with(&browser, &didit, 29_000).await;
    browser.post_form("/logout", &[]).await;
    assert_eq!(names(&browser), ["theme"]);
}

// Behaviours 79 and 81.
#[tokio::test]
async fn a_recorded_use_writes_all_chunks_again() {
    let didit = didit();
    let browser = large_sessions(&didit);
    let page = sign_in_with(&browser, &didit, 10_000).await;
    let before = cookies(&browser);

    didit.clock().advance(Duration::from_secs(8639));
    let early = browser.get("/").await;
    assert_eq!(early.header("set-cookie"), None);
    didit.clock().advance(Duration::from_secs(1));
    let renewed = browser.get("/").await;
    assert_eq!(
        renewed.headers().get_all(header::SET_COOKIE).iter().count(),
        4
    );

    let after = cookies(&browser);
    assert_eq!(names(&browser), chunk_names(4));
    assert!(
        before
            .iter()
            .zip(&after)
            .all(|(before, after)| before.1 != after.1)
    );
    assert!(browser.get("/").await.text() == page.text());
}
