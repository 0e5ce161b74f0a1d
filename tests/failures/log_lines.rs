//! The log of an error: one line, whoever renders the response.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, routing::get};
use http::Method as Verb;
use tower_didit::{
    ConfigBuilder, DiditClient, DiditTokens, Error, IdClaims, Provider,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault},
};

use super::store::failing_store::{FailingStore, Method};
use crate::support::{
    cookies::SESSION,
    faults::with_claim,
    identity::{ALEJANDRA, attempt, visit},
    logs::{capture, logs},
    sign_in::{approved, sign_in},
    site::{CALLBACK, HOME, auth, didit, memory},
};

const HOUR: Duration = Duration::from_secs(3600);
const APX: &str = r#"host="apx.didit.me""#;

fn browser(config: ConfigBuilder) -> Browser {
    let app = Router::new()
        .route("/user", get(|_: IdClaims| async {}))
        .route("/tokens", get(|_: DiditTokens| async {}))
        .route("/told", get(told))
        .route("/refresh", get(refresh))
        .route("/callback", get(|_: IdClaims| async {}))
        .layer(auth(config));
    Browser::new(HOME, app)
}

/// A signed-in browser with a refresh token. Clears the log.
async fn signed_in() -> (FakeDidit, Browser) {
    let didit = didit();
    let config = didit.config(CALLBACK).with_scopes(["openid", "offline"]);
    let browser = browser(config);
    sign_in(&browser, &didit).await;
    capture();
    (didit, browser)
}

async fn told(client: DiditClient, tokens: DiditTokens) -> Result<(), Error> {
    client.user_info(&tokens).await.map(drop)
}

async fn refresh(client: DiditClient, tokens: DiditTokens) -> Result<(), Error> {
    client.refresh(&tokens).await.map(drop)
}

/// The lines about errors since the last call.
fn lines() -> Vec<String> {
    let logs = logs();
    capture();
    let lines = logs.lines().filter(|line| line.contains("code="));
    lines.map(str::to_owned).collect()
}

/// Asserts that one error was logged since the last call, and that its line contains all of this.
#[track_caller]
fn assert_one(parts: &[&str]) {
    let lines = lines();
    let [line] = &*lines else {
        panic!("{parts:?}: {lines:#?}");
    };
    for part in parts {
        assert!(line.contains(part), "{part} is not in {line}");
    }
}

#[tokio::test]
async fn a_failed_sign_in_is_one_line_with_the_host_that_was_called() {
    let didit = didit();
    let browser = browser(didit.config(CALLBACK));
    capture();
    for (endpoint, fault, code) in [
        (
            Endpoint::Token,
            Fault::error("invalid_client"),
            "invalid-client",
        ),
        (Endpoint::Token, Fault::truncate(), "invalid-response"),
        (
            Endpoint::Token,
            with_claim("iss", "https://op.example"),
            "invalid-issuer",
        ),
        (Endpoint::Jwks, Fault::truncate(), "invalid-response"),
    ] {
        didit.on_next(endpoint, fault);
        let callback = approved("/login", &browser, &didit).await;
        for page in [
            browser.get(&callback).await,
            browser.fetch(Verb::GET, &callback).await,
        ] {
            assert!(page.status().as_u16() >= 400, "{code}");
        }
        let code = format!("code=\"{code}\"");
        let lines = lines();
        let (last, first) = lines.split_last().expect("lines");
        // The second request is refused for another reason.
        assert!(last.contains("callback-already-used"), "{last}");
        let [line] = first else {
            panic!("{code}: {first:#?}");
        };
        for part in ["WARN", &code, APX] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
    }
}

#[tokio::test]
async fn errors_that_anybody_can_cause_are_one_line_at_debug() {
    let didit = didit();
    let browser = browser(didit.config(CALLBACK));
    capture();
    for (path, code) in [
        ("/callback", "malformed-callback"),
        ("/callback?code=c&state=s", "unknown-sign-in"),
        ("/logout", "method-not-allowed"),
    ] {
        for verb in [Verb::GET, Verb::HEAD] {
            let code = if verb == Verb::GET {
                code
            } else {
                "method-not-allowed"
            };
            browser.fetch(verb, path).await;
            assert_one(&["DEBUG", &format!("code=\"{code}\"")]);
        }
        browser.get(path).await;
        assert_one(&["DEBUG", &format!("code=\"{code}\"")]);
    }
    for page in ["/user", "/tokens"] {
        browser.fetch(Verb::GET, page).await;
        assert_one(&["DEBUG", "code=\"not-signed-in\""]);
        browser.get(page).await;
        assert_one(&["DEBUG", "code=\"not-signed-in\""]);
    }
}

// Behaviour 126.
#[tokio::test]
async fn a_handlers_failed_call_is_one_line_with_the_host() {
    let (didit, browser) = signed_in().await;
    didit.on_every(Endpoint::UserInfo, Fault::truncate());
    didit.on_every(Endpoint::Token, Fault::truncate());
    for path in ["/told", "/refresh"] {
        browser.get(path).await;
        assert_one(&["WARN", "code=\"invalid-response\"", APX]);
        didit.clock().advance(Duration::from_secs(11));
        browser.fetch(Verb::GET, path).await;
        assert_one(&["WARN", "code=\"invalid-response\"", APX]);
        didit.clock().advance(Duration::from_secs(11));
    }
}

#[tokio::test]
async fn a_failed_refresh_is_one_line_and_its_request_another_with_the_cause() {
    let (didit, browser) = signed_in().await;
    didit.on_every(Endpoint::Token, Fault::truncate());
    // The old access token is still valid, so no response has the error.
    didit.clock().advance(Duration::from_secs(3590));
    assert_eq!(browser.get("/tokens").await.status(), 200);
    assert_one(&["WARN", "code=\"invalid-response\"", APX, "refresh failed"]);

    didit.clock().advance(Duration::from_secs(10));
    assert_eq!(browser.get("/tokens").await.status(), 503);
    let lines = lines();
    let [refresh, request] = &*lines else {
        panic!("{lines:#?}");
    };
    for part in ["code=\"invalid-response\"", APX, "refresh failed"] {
        assert!(refresh.contains(part), "{refresh}");
    }
    for part in [
        "WARN",
        "code=\"tokens-unavailable\"",
        APX,
        "source=\"the provider's response cannot be used: not a JSON object\"",
    ] {
        assert!(request.contains(part), "{request}");
    }
}

// Behaviour 82.
#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_one_line_for_each_request() {
    let didit = didit();
    let store = FailingStore::new(memory(&didit));
    let browser = browser(didit.config(CALLBACK).with_session_store(store.clone()));
    sign_in(&browser, &didit).await;
    store.fail_all();
    capture();
    for page in ["/user", "/tokens", "/told"] {
        // The first one asks the store, the others do not.
        browser.get(page).await;
        assert_one(&["WARN", "code=\"session-unavailable\"", "out of order"]);
        browser.fetch(Verb::GET, page).await;
        assert_one(&["WARN", "code=\"session-unavailable\"", "out of order"]);
    }
    browser.post_form("/logout", &[]).await;
    assert_one(&["WARN", "code=\"sign-out-incomplete\"", "source="]);
    assert!(browser.cookie(SESSION).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_session_that_a_callbacks_handler_fails_to_end_is_one_line() {
    let didit = didit();
    let store = FailingStore::new(memory(&didit));
    let signs_out = Arc::new(AtomicBool::new(false));
    let callback = {
        let signs_out = Arc::clone(&signs_out);
        async move |client: DiditClient| {
            if signs_out.load(Ordering::Relaxed) {
                client.sign_out().await.map(drop)
            } else {
                Ok(())
            }
        }
    };
    let app = Router::new().route("/callback", get(callback)).layer(auth(
        didit.config(CALLBACK).with_session_store(store.clone()),
    ));
    let browser = Browser::new(HOME, app);
    sign_in(&browser, &didit).await;
    signs_out.store(true, Ordering::Relaxed);
    store.fail(&[Method::Delete]);
    capture();
    sign_in(&browser, &didit).await;
    assert_one(&[
        "WARN",
        "failed to end a replaced session",
        "code=\"sign-out-incomplete\"",
    ]);
}

// Behaviour 14.
#[tokio::test]
async fn a_failed_discovery_is_one_line_with_its_host() {
    let didit = didit();
    let provider = Provider::discovered("https://apx.didit.me");
    let browser = browser(didit.config(CALLBACK).with_provider(provider));
    let failure = Fault::error("server_error").with_status(500);
    didit.on_every(Endpoint::Discovery, failure);
    capture();
    for page in ["/login", "/login?return_to=/user"] {
        assert_eq!(browser.get(page).await.status(), 502);
        assert_one(&["WARN", "code=\"invalid-response\"", APX, "the metadata"]);
    }
    // The page that starts the sign-in, and the sign-in that fails.
    assert_eq!(browser.get("/user").await.status(), 502);
    let lines = lines();
    let [refused, failed] = &*lines else {
        panic!("{lines:#?}");
    };
    assert!(refused.contains("code=\"not-signed-in\""), "{refused}");
    assert!(failed.contains("code=\"invalid-response\""), "{failed}");
}

#[tokio::test]
async fn a_missing_layer_is_one_line() {
    let app = Router::new().route("/user", get(|_: IdClaims| async {}));
    let browser = Browser::new(HOME, app);
    capture();
    browser.get("/user").await;
    assert_one(&["WARN", "code=\"layer-missing\"", "`tower_didit::DiditAuth`"]);
}

// RFC 7519 §4.1.4 to §4.1.6, OpenID Connect Core §3.1.3.7 steps 9 to 13; behaviours 51, 52, 53 and 116.
#[tokio::test]
async fn a_wrong_clock_is_one_line_with_both_times() {
    let didit = didit();
    let config = didit.config(CALLBACK).with_max_age(HOUR);
    let browser = visit(config);
    let now = didit.clock().now();
    let now = now.duration_since(std::time::UNIX_EPOCH).expect("after it");
    let now = now.as_secs();
    for claim in ["iat", "nbf", "auth_time"] {
        for ahead in [5, 11, 29] {
            didit.on_next(Endpoint::Token, with_claim(claim, now + ahead));
            let outcome = attempt(&browser, &didit).await;
            assert_eq!(outcome, ALEJANDRA, "{claim} {ahead}");
        }
        capture();
        didit.on_next(Endpoint::Token, with_claim(claim, now + 61));
        assert_eq!(attempt(&browser, &didit).await, "id-token-not-yet-valid");
        let time = now + 61;
        let both = format!("its {claim} is {time}, and the time here is {now}: {CLOCK}");
        assert_one(&["WARN", APX, &both]);
    }
    didit.on_next(Endpoint::Token, with_claim("exp", now - 61));
    assert_eq!(attempt(&browser, &didit).await, "id-token-expired");
    let time = now - 61;
    let both = format!("its exp is {time}, and the time here is {now}: {CLOCK}");
    assert_one(&["WARN", APX, &both]);
}

const CLOCK: &str = "set the clock, or raise `with_clock_skew`";
