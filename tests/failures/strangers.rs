//! The log lines that strangers cause: few of them are above `DEBUG`, however many requests they send.

use axum::{Router, routing::get};
use bytes::Bytes;
use http::{Method as Verb, Request, Response};
use serde_json::json;
use tower::service_fn;
use tower_didit::{
    ConfigBuilder, IdClaims, Provider,
    fake::{Browser, Endpoint, FakeDiditExt, Fault, Page},
    transport::TransportError,
};

use super::store::failing_store::{FailingStore, Method};
use crate::support::{
    cookies::{SESSION, header_of},
    logs::{capture, logs},
    query::parameter,
    site::{CALLBACK, HOME, auth, didit, memory},
};

const REQUESTS: usize = 10_000;
/// Of one code, in a minute.
const MOST: usize = 60;

fn browser(config: ConfigBuilder) -> Browser {
    let app = Router::new()
        .route("/user", get(|_: IdClaims| async {}))
        .route("/callback", get(|_: IdClaims| async {}))
        .layer(auth(config));
    Browser::new(HOME, app)
}

/// Sends a request many times. Asserts that each is answered with this code and logged, and how many lines are above
/// `DEBUG`.
async fn assert_lines(code: &str, lines: usize, send: impl AsyncFnMut() -> Page) {
    let (all, above_debug) = count_lines(code, send).await;
    assert_eq!((all, above_debug), (REQUESTS, lines), "{code}");
}

/// Sends a request many times, which is answered with this code. Gives the number of lines about it, and of all lines
/// above `DEBUG`.
async fn count_lines(code: &str, mut send: impl AsyncFnMut() -> Page) -> (usize, usize) {
    let (mut all, mut above_debug) = (0, 0);
    let field = format!("code=\"{code}\"");
    for _ in 0..REQUESTS {
        capture();
        let page = send().await;
        assert_eq!(
            page.json().get("code"),
            Some(&json!(code)),
            "{}",
            page.text()
        );
        for line in logs().lines() {
            all += usize::from(line.contains(&field));
            above_debug += usize::from(is_above_debug(line));
        }
    }
    (all, above_debug)
}

fn is_above_debug(line: &str) -> bool {
    [" ERROR ", " WARN ", " INFO "]
        .iter()
        .any(|level| line.contains(level))
}

/// The state of a sign-in that nobody finishes.
async fn start(browser: &Browser) -> String {
    parameter(browser.get("/login").await.location(), "state")
}

#[tokio::test]
async fn callbacks_without_a_sign_in_are_logged_at_debug() {
    let browser = browser(didit().config(CALLBACK));
    for (path, code) in [
        ("/callback", "malformed-callback"),
        ("/callback?code=c&state=s", "unknown-sign-in"),
    ] {
        assert_lines(code, 0, async || browser.fetch(Verb::GET, path).await).await;
    }
}

#[tokio::test]
async fn requests_of_nobody_are_logged_at_debug() {
    let browser = browser(didit().config(CALLBACK));
    for (verb, path, code) in [
        (Verb::GET, "/user", "not-signed-in"),
        (Verb::PUT, "/login", "method-not-allowed"),
        (Verb::GET, "/login", "not-a-navigation"),
    ] {
        let send = async || browser.fetch(verb.clone(), path).await;
        assert_lines(code, 0, send).await;
    }
    let foreign = async || {
        let request = Request::post("/logout").header("origin", "https://evil.example");
        browser.send(request.body("").unwrap()).await
    };
    assert_lines("cross-site-sign-out", 0, foreign).await;
}

// RFC 9207 §2.4, RFC 6749 §4.1.2.1. They need a sign-in that was started, and no code.
#[tokio::test]
async fn forged_callbacks_of_a_started_sign_in_are_logged_sixty_times_a_minute() {
    for (forged, code, lines) in [
        (
            "code=c&iss=https%3A%2F%2Fevil.example",
            "callback-issuer-mismatch",
            MOST,
        ),
        ("error=invalid_scope", "invalid-scope", MOST),
        ("error=unauthorized_client", "provider-refused", MOST),
        ("error=made_up", "provider-refused", 0),
        ("error=access_denied", "access-denied", 0),
    ] {
        let browser = browser(didit().config(CALLBACK));
        let state = start(&browser).await;
        // The response removes the flow cookie, which a stranger keeps.
        let cookies = header_of(&browser);
        let path = format!("/callback?{forged}&state={state}");
        let send = async || {
            let request = Request::get(&path).header("cookie", &cookies);
            browser.new_browser().send(request.body("").unwrap()).await
        };
        assert_lines(code, lines, send).await;
    }
}

// RFC 6749 §5.2.
#[tokio::test]
async fn made_up_codes_are_logged_sixty_times_a_minute() {
    for (fault, code, lines) in [
        (None, "invalid-grant", 0),
        (
            Some(Fault::error("invalid_request")),
            "invalid-request",
            MOST,
        ),
    ] {
        let didit = didit();
        if let Some(fault) = fault {
            didit.on_every(Endpoint::Token, fault);
        }
        let browser = browser(didit.config(CALLBACK));
        let send = async || {
            let browser = browser.new_browser();
            let state = start(&browser).await;
            let path = format!("/callback?code=made-up&state={state}");
            browser.fetch(Verb::GET, &path).await
        };
        assert_lines(code, lines, send).await;
    }
}

#[tokio::test]
async fn sign_ins_during_an_outage_are_logged_sixty_times_a_minute() {
    let provider = Provider::discovered("https://apx.didit.me");
    let down = service_fn(async |_: Request<Bytes>| {
        Err::<Response<Bytes>, _>(TransportError::not_connected("refused"))
    });
    let config = didit().config(CALLBACK).with_provider(provider);
    let browser = browser(config.with_transport(down));
    let send = async || {
        let request = Request::get("/login").header("accept", "application/json");
        browser.send(request.body("").unwrap()).await
    };
    // Requests share the error of a fetch.
    let (all, above_debug) = count_lines("provider-unreachable", send).await;
    assert!(
        above_debug <= MOST && above_debug == all,
        "{above_debug} of {all}"
    );
}

#[tokio::test]
async fn forged_sessions_during_an_outage_of_the_store_are_logged_sixty_times_a_minute() {
    let didit = didit();
    let store = FailingStore::new(memory(&didit));
    store.fail(&[Method::Load, Method::Delete]);
    let browser = browser(didit.config(CALLBACK).with_session_store(store));
    let mut number = 0;
    let mut forged = async |verb: Verb, path: &str| {
        number += 1;
        let request = Request::builder().method(verb).uri(path).header(
            "cookie",
            format!("{SESSION}={number:0>5}{}", "A".repeat(38)),
        );
        browser.new_browser().send(request.body("").unwrap()).await
    };
    let visit = async || forged(Verb::GET, "/user").await;
    assert_lines("session-unavailable", MOST, visit).await;
    let sign_out = async || forged(Verb::POST, "/logout").await;
    assert_lines("sign-out-incomplete", MOST + 1, sign_out).await;
}
