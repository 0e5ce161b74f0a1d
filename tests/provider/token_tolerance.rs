//! Token responses with absent, additional or differently written members.

use std::time::{Duration, UNIX_EPOCH};

use axum::response::Response;
use serde_json::json;
use tower_didit::{
    Clock, DiditTokens,
    fake::{Endpoint, Fault},
};

use crate::support::{
    exchange::{CANARY, JSON, Site, answer, good, good_with, good_with_more, start},
    id_token::ID_TOKEN,
    logs::{capture, logs},
};

// RFC 6749 §5.1 and §7.1; behaviours 37 and 40.
#[tokio::test]
async fn members_may_be_missing_or_unknown() {
    let site = Site::trusting();
    let many: Vec<_> = (0..10_000)
        .map(|n| format!(r#""unknown{n}":[{n}]"#))
        .collect();
    let (open, close) = ("[".repeat(10_000), "]".repeat(10_000));
    for (body, has_refresh_token) in [
        (good().to_string(), true),
        (format!(" \r\n\t{}\n", good()), true),
        (good_with("token_type", json!("bearer")), true),
        (good_with("token_type", json!("BEARER")), true),
        (good_with("token_type", json!(null)), true),
        (good_with("refresh_token", json!(null)), false),
        (good_with("refresh_token", json!("")), false),
        (
            json!({"access_token": "at", "id_token": ID_TOKEN}).to_string(),
            false,
        ),
        (good_with_more(&many.join(",")), true),
        (good_with_more(&format!(r#""deep":{open}{close}"#)), true),
        (good_with_more(r#""x":1,"x":2"#), true),
    ] {
        let what = start(body.as_bytes());
        let tokens = site.accept(answer(200, JSON, body), &what).await;
        let refresh_token = tokens.refresh_token();
        assert_eq!(refresh_token.is_some(), has_refresh_token, "{what}");
        assert_eq!(tokens.token_type(), "Bearer");
    }
}

// RFC 6749 §5.1; behaviour 34.
#[tokio::test]
async fn the_content_type_is_optional_and_case_insensitive() {
    let site = Site::trusting();
    let typed = answer(200, "Application/JSON; charset=utf-8", good().to_string());
    let untyped = Fault::answer(Response::new(good().to_string()));
    for fault in [typed, untyped] {
        let tokens = site.accept(fault, "a content type").await;
        assert_eq!(tokens.access_token().secret(), format!("at-{CANARY}"));
    }
}

// RFC 6749 §5.1; behaviour 39.
#[tokio::test]
async fn every_form_of_expires_in_is_read_and_bounded() {
    let site = Site::trusting();
    for (expires_in, seconds) in [
        ("3600", "3600"),
        (r#""3600""#, "3600"),
        ("3600.5", "3600"),
        (r#""3600.5""#, "3600"),
        ("0", "0"),
        ("-0.0", "0"),
        ("-1", "0"),
        ("-1e300", "0"),
        (r#""-1""#, "0"),
        ("1e300", "the year 9999"),
        ("9223372036854775808", "the year 9999"),
        ("18446744073709551615", "the year 9999"),
        ("18446744073709551616", "the year 9999"),
        (r#""1e300""#, "the year 9999"),
        // An unreadable lifetime is unknown.
        ("null", "unknown"),
        ("true", "unknown"),
        ("[3600]", "unknown"),
        ("{}", "unknown"),
        (r#""""#, "unknown"),
        (r#""abc""#, "unknown"),
        (r#""NaN""#, "unknown"),
        (r#""inf""#, "unknown"),
        (r#""1e400""#, "unknown"),
    ] {
        let body = with_expires_in(expires_in);
        let tokens = site.accept(answer(200, JSON, body), expires_in).await;
        let clock = site.didit.clock();
        assert_eq!(lifetime(&tokens, &clock), seconds, "{expires_in}");
        // The session has the same.
        let page = site.browser.fetch(http::Method::GET, "/").await;
        if seconds == "0" {
            assert_eq!(page.json()["code"], "tokens-expired", "{expires_in}");
        } else {
            assert_eq!(lifetime(&site.tokens(), &clock), seconds, "{expires_in}");
        }
    }

    let missing = Fault::edit(|answer| drop(answer.remove("expires_in")));
    let tokens = site.accept(missing, "missing").await;
    assert_eq!(tokens.expires_at(), None);
    // More than the JSON reader takes.
    let too_much = answer(200, JSON, with_expires_in("1e400"));
    let error = site.refuse(too_much, "1e400").await;
    assert_eq!(error.kind().code(), "invalid-response");
}

// Behaviour 95.
#[tokio::test]
async fn a_good_sign_in_logs_no_secret() {
    let site = Site::new();
    capture();
    let callback = site.approved(&site.browser).await;
    let flow_cookie = site.browser.cookies().remove(0);
    site.browser.get(&callback).await;
    let tokens = site.tokens();
    site.browser.get("/").await;

    let request = site.didit.last(Endpoint::Token).unwrap();
    let session = site.browser.cookies().remove(0);
    let (_, state) = callback.split_once("state=").unwrap();
    let secrets = [
        "the-client-secret",
        state,
        &request.form_value("code").unwrap(),
        &request.form_value("code_verifier").unwrap(),
        flow_cookie.value(),
        session.value(),
        tokens.access_token().secret(),
        tokens.refresh_token().unwrap().secret(),
        tokens.id_token().unwrap().secret(),
    ];
    let logs = logs();
    assert!(logs.contains("signed in"), "{logs}");
    for secret in secrets {
        assert!(!secret.is_empty() && !logs.contains(secret), "{logs}");
        assert!(!format!("{tokens:?}").contains(secret));
    }
}

/// A good response with this JSON text as its lifetime.
fn with_expires_in(json: &str) -> String {
    good_with("expires_in", json!("HERE")).replace(r#""HERE""#, json)
}

/// The remaining lifetime of the access token in seconds.
fn lifetime(tokens: &DiditTokens, clock: &impl Clock) -> String {
    let Some(end) = tokens.expires_at() else {
        return "unknown".to_owned();
    };
    let last_second_of_9999 = UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    if end == last_second_of_9999 {
        return "the year 9999".to_owned();
    }
    let lifetime = end.duration_since(clock.now()).expect("not in the past");
    lifetime.as_secs().to_string()
}
