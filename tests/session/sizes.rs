//! Sessions of all sizes in cookies: they are read back, or the sign-in fails with advice.

use axum::Router;
use http::StatusCode;
use tower_didit::fake::{Browser, Endpoint, FakeDidit, FakeDiditExt};

use super::application;
use crate::support::{
    cookies::{SESSION, chunk_name, lasting, names},
    faults::{with_refresh_token_of, without},
    logs::{capture, logs},
    sign_in::sign_in,
    site::{CALLBACK, HOME, NOBODY, didit},
};

const LARGEST_LIMIT: usize = 40 * 1024;
/// The capacity of one cookie.
const CHUNK: usize = 4096 - 110;
/// The length of a chunk's `Set-Cookie` line, without the chunk.
const LINE: usize = 91;
/// The length of the lines that count the sign-in and remove the flow cookie.
const OTHER_LINES: usize = 204;

fn app(didit: &FakeDidit, limit: usize) -> Router {
    let config = didit
        .config(CALLBACK)
        .with_scopes(["openid", "offline"])
        .with_session_cookie_limit(limit);
    application::app(config)
}

/// Signs in with a refresh token of this length, or without one. Whether a session began that the next request
/// has too.
async fn fits(browser: &Browser, didit: &FakeDidit, length: usize) -> bool {
    let fault = match length {
        0 => without("refresh_token"),
        _ => with_refresh_token_of(length),
    };
    didit.on_next(Endpoint::Token, fault);
    let page = sign_in(browser, didit).await;
    if page.status() != StatusCode::OK {
        assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(page.text().contains("session-too-large"), "{length}");
        return false;
    }
    assert!(page.text().ends_with(&"r".repeat(length)));
    assert!(browser.get("/").await.text() == page.text(), "{length}");
    assert!(browser.rejected_cookies().is_empty(), "{length}");
    true
}

/// The lengths of the session's cookies, and of all their text.
fn chunks(browser: &Browser) -> (Vec<usize>, usize) {
    let cookies = lasting(browser);
    let expected: Vec<_> = (0..cookies.len()).map(chunk_name).collect();
    assert_eq!(names(browser), expected);
    let lengths = cookies.iter().map(|cookie| cookie.value().len());
    let lengths: Vec<_> = lengths.collect();
    let count = format!("{}.", cookies.len());
    (lengths.clone(), lengths.iter().sum::<usize>() - count.len())
}

// Behaviours 79 and 83.
#[tokio::test]
async fn a_session_of_any_size_is_read_back_or_refused_with_advice() {
    for limit in [3072, LARGEST_LIMIT] {
        let didit = didit();
        let browser = Browser::new(HOME, app(&didit, limit));
        let (mut largest, mut smallest_refused) = (0, usize::MAX);
        let lengths = std::iter::successors(Some(0), |length| Some(length + length / 8 + 20));
        for length in lengths.take_while(|length| *length < 60_000) {
            capture();
            if fits(&browser, &didit, length).await {
                largest = length;
                assert!(!logs().contains("MemoryStore"));
            } else {
                smallest_refused = smallest_refused.min(length);
                assert!(logs().contains("`with_session_store`: `MemoryStore`, `RedisStore`"));
            }
        }
        // Up to three quarters of the limit, as base64 has it, less what else is in a session.
        assert!(
            largest < smallest_refused,
            "{largest} and {smallest_refused}"
        );
        assert!(largest > limit * 6 / 10 - 600, "{largest} of {limit}");
        let user = browser.get("/").await;
        assert_ne!(
            user.text(),
            NOBODY,
            "a refusal leaves the session of before"
        );
    }
}

// Behaviour 79.
#[tokio::test]
async fn sessions_of_exactly_full_cookies_and_one_byte_more_are_read_back() {
    let didit = didit();
    let nine_cookies = 9 * (CHUNK + LINE) + OTHER_LINES;
    let browser = Browser::new(HOME, app(&didit, nine_cookies));
    assert!(fits(&browser, &didit, 100).await);
    // Four characters of base64 are three bytes of session.
    let bytes = |text: usize| text * 3 / 4;
    let rest = bytes(chunks(&browser).1) - 100;

    for count in 1..=9 {
        let length = bytes(count * CHUNK) - rest;
        assert!(fits(&browser, &didit, length).await);
        let (lengths, text) = chunks(&browser);
        assert_eq!((lengths.len(), text), (count, count * CHUNK));
        assert!(lengths.iter().skip(1).all(|length| *length == CHUNK));

        // The limit allows exactly nine.
        let more = fits(&browser, &didit, length + 1).await;
        assert_eq!(more, count < 9);
        if more {
            let (lengths, _) = chunks(&browser);
            assert_eq!(lengths.len(), count + 1);
            assert!(lengths.last().is_some_and(|length| *length < 4));
        }
    }

    // From nine cookies to one: no chunk is left, not even a planted one.
    browser.set_cookie(&format!("{SESSION}.10"), "planted");
    assert_eq!(lasting(&browser).len(), 10);
    assert!(fits(&browser, &didit, 0).await);
    assert_eq!(chunks(&browser).0.len(), 1);
}
