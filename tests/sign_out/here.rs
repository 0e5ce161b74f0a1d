//! Sign-outs of this application alone: Didit has no end-session endpoint.

use axum::{Router, response::Html, routing::get};
use http::{Method, Request, StatusCode, header};
use tower_didit::{
    ConfigBuilder, DiditTokens,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Page},
};

use crate::support::{
    cookies::{COMPLETED, FLOW, SESSION, copy_cookies, flow_cookies, names, set_cookies},
    faults::with_refresh_token_of,
    sign_in::sign_in,
    site::{CALLBACK, HOME, auth, didit},
};

fn browser(config: ConfigBuilder) -> Browser {
    let signed_in = |tokens: Option<DiditTokens>| async move { tokens.is_some().to_string() };
    let app = Router::new()
        .route("/", get(signed_in))
        .route("/callback", get(|_: DiditTokens| async {}))
        .layer(auth(config));
    Browser::new(HOME, app)
}

/// A browser with a session.
async fn user(didit: &FakeDidit) -> Browser {
    let browser = browser(didit.config(CALLBACK));
    assert_eq!(sign_in(&browser, didit).await.status(), StatusCode::OK);
    assert!(is_signed_in(&browser).await);
    browser
}

async fn is_signed_in(browser: &Browser) -> bool {
    browser.get("/").await.text() == "true"
}

fn assert_refused(page: &Page, status: StatusCode, code: &str, case: &str) {
    assert_eq!(page.status(), status, "{case}");
    assert_eq!(page.json().get("code").unwrap(), code, "{case}");
    assert_eq!(page.header("set-cookie"), None, "{case}");
    assert_eq!(
        page.header("cache-control"),
        Some("private, no-store"),
        "{case}"
    );
}

// RFC 9111 §5.2.2.5; behaviours 7 and 89.
#[tokio::test]
async fn a_sign_out_removes_session_chunks_and_flow_cookies_and_nothing_else() {
    let didit = didit();
    let config = didit.config(CALLBACK).with_scopes(["openid", "offline"]);
    let browser = browser(config.with_session_cookie_limit(40 * 1024));
    browser.set_cookie("theme", "dark");
    didit.on_next(Endpoint::Token, with_refresh_token_of(10_000));
    sign_in(&browser, &didit).await;
    browser.get("/login").await;
    browser.get("/login?return_to=/orders").await;
    assert_eq!(names(&browser).len(), 1 + 4 + 2);
    let asked = didit.requests().len();

    let page = browser.post_form("/logout", &[]).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert_eq!(page.location(), "/");
    assert_eq!(page.header("cache-control"), Some("private, no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(names(&browser), ["theme"]);
    assert!(!is_signed_in(&browser).await);
    assert_eq!(didit.requests().len(), asked, "Didit was asked nothing");

    // A removal has the attributes without which a browser ignores it (RFC 6265bis §4.1.3.2).
    for line in set_cookies(&page) {
        let (name, attributes) = line.split_once('=').unwrap();
        assert!(name.starts_with("__Host-didit"), "{name}");
        assert_eq!(
            attributes,
            "; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0"
        );
    }
}

// Behaviour 89.
#[tokio::test]
async fn a_sign_out_without_a_session_works() {
    let didit = didit();
    let browser = browser(didit.config(CALLBACK));
    let page = browser.post_form("/logout", &[]).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert_eq!(page.location(), "/");
    assert_eq!(page.header("set-cookie"), None);

    // Unreadable cookies do no harm.
    browser.set_cookie(SESSION, "rubbish");
    browser.set_cookie("__Host-didit.3", "rubbish");
    browser.set_cookie("__Host-didit-flow-rubbish", "rubbish");
    let page = browser.post_form("/logout", &[]).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert_eq!(names(&browser), [""; 0]);
    assert!(didit.requests().is_empty());
}

// Behaviours 89 and 105.
#[tokio::test]
async fn a_sign_out_among_planted_cookies_removes_the_sign_ins_under_way_within_the_limit() {
    let didit = didit();
    let browser = browser(didit.config(CALLBACK));
    for index in 1..11 {
        browser.set_cookie(&format!("{SESSION}.{index}"), "planted");
    }
    browser.set_cookie(COMPLETED, "9");
    for number in 0..40 {
        browser.set_cookie(&format!("{FLOW}planted{number}"), "planted");
    }
    // In another browser, because a sign-in removes planted cookies.
    let started = browser.new_browser();
    started.get("/login").await;
    copy_cookies(&started, &browser);

    let page = browser.post_form("/logout", &[]).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    for cookie in started.cookies() {
        assert!(browser.cookie(cookie.name()).is_none());
    }
    assert!(!flow_cookies(&browser).is_empty(), "all have room");
    let lines = set_cookies(&page).into_iter();
    let bytes: usize = lines
        .map(|line| "set-cookie: \r\n".len() + line.len())
        .sum();
    assert!(bytes <= 3072, "{bytes}");
}

// Behaviour 89.
#[tokio::test]
async fn a_sign_out_redirects_to_the_landing_page() {
    let didit = didit();
    let browser = browser(didit.config(CALLBACK).with_landing_page("/bye?from=here"));
    let page = browser
        .post_form("/logout", &[("return_to", "https://evil.example")])
        .await;
    assert_eq!(page.location(), "/bye?from=here");
}

// Behaviour 89.
#[tokio::test]
async fn any_other_method_is_refused_and_keeps_the_session() {
    let didit = didit();
    let browser = user(&didit).await;
    for method in [
        Method::GET,
        Method::HEAD,
        Method::OPTIONS,
        Method::PUT,
        Method::DELETE,
    ] {
        let page = browser.fetch(method.clone(), "/logout").await;
        assert_refused(
            &page,
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            method.as_str(),
        );
        assert_eq!(page.header("allow"), Some("POST"), "{method}");
        assert!(is_signed_in(&browser).await, "{method}");
    }
    let page = browser.get("/logout").await;
    assert_eq!(page.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(page.header("allow"), Some("POST"));
    assert!(page.text().contains(r#"<a id="go-on" href="/">"#));
    assert!(is_signed_in(&browser).await);

    browser.post_form("/logout", &[]).await;
    assert!(!is_signed_in(&browser).await);
}

// Behaviour 89.
#[tokio::test]
async fn only_requests_of_this_origin_sign_out() {
    const NONE: Option<&str> = None;
    let didit = didit();
    for (fetch_site, origin, allowed) in [
        (Some("same-origin"), Some(HOME), true),
        (Some("same-origin"), NONE, true),
        (Some("none"), NONE, true),
        (NONE, Some(HOME), true),
        (NONE, NONE, true),
        // `Sec-Fetch-Site` takes precedence over `Origin`.
        (Some("cross-site"), Some(HOME), false),
        (Some("cross-site"), NONE, false),
        (Some("same-site"), Some("https://www.app.example"), false),
        (Some("same-site"), NONE, false),
        (Some(""), NONE, false),
        (Some("Same-Origin"), NONE, false),
        (NONE, Some("https://evil.example"), false),
        (NONE, Some("https://app.example.evil.example"), false),
        (NONE, Some("https://app.example:8443"), false),
        (NONE, Some("http://app.example"), false),
        (NONE, Some("null"), false),
        (NONE, Some(""), false),
    ] {
        let case = format!("Sec-Fetch-Site {fetch_site:?}, Origin {origin:?}");
        let browser = user(&didit).await;
        let mut request = Request::post("/logout").header(header::ACCEPT, "application/json");
        for (name, value) in [("sec-fetch-site", fetch_site), ("origin", origin)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let page = browser.send(request.body("").unwrap()).await;
        if allowed {
            assert_eq!(page.status(), StatusCode::OK, "{case}");
            assert_eq!(page.json()["location"], "/", "{case}");
        } else {
            assert_refused(&page, StatusCode::FORBIDDEN, "cross-site-sign-out", &case);
        }
        assert_eq!(is_signed_in(&browser).await, !allowed, "{case}");
    }
}

// Behaviour 94. The origin is configured, not claimed by a request.
#[tokio::test]
async fn a_header_that_names_the_host_does_not_move_the_origin() {
    let didit = didit();
    let browser = user(&didit).await;
    for name in ["host", "x-forwarded-host", "forwarded", "x-forwarded-proto"] {
        let request = Request::post("/logout")
            .header(header::ACCEPT, "application/json")
            .header(header::ORIGIN, "https://evil.example")
            .header(name, "evil.example");
        let page = browser.send(request.body("").unwrap()).await;
        assert_refused(&page, StatusCode::FORBIDDEN, "cross-site-sign-out", name);
    }
    assert!(is_signed_in(&browser).await);
}

// Behaviour 89.
#[tokio::test]
async fn the_form_of_another_site_signs_nobody_out() {
    let didit = didit();
    let form = r#"<form method="post" action="https://app.example/logout"><button id="win">Win!</button></form>"#;
    let evil = Router::new().route("/", get(move || async move { Html(form) }));
    let browser = user(&didit).await.add_site("https://evil.example", evil);

    let trap = browser.visit("https://evil.example/").await;
    let page = browser.click(&trap, "win").await;
    assert_eq!(page.url(), "https://app.example/logout");
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    assert!(page.text().contains("You are still signed in"));
    assert!(is_signed_in(&browser).await);
}

#[tokio::test]
async fn the_logout_path_can_be_renamed_and_switched_off() {
    let didit = didit();
    let renamed = browser(didit.config(CALLBACK).with_logout_path("/bye"));
    assert_eq!(
        renamed.post_form("/bye", &[]).await.status(),
        StatusCode::SEE_OTHER
    );
    assert_eq!(
        renamed.post_form("/logout", &[]).await.status(),
        StatusCode::NOT_FOUND
    );

    let off = browser(didit.config(CALLBACK).without_logout_path());
    assert_eq!(
        off.post_form("/logout", &[]).await.status(),
        StatusCode::NOT_FOUND
    );
}
