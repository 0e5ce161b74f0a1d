//! Requests that start a sign-in, and requests that do not.

use http::{Method, Request, StatusCode};
use tower_didit::fake::{Endpoint, Page};

use super::{asked, visitor};
use crate::support::sign_in::end_of;

fn assert_refused(page: &Page, status: StatusCode, code: &str) {
    assert_eq!(page.status(), status);
    assert_eq!(page.json().get("code"), Some(&code.into()));
    assert_eq!(page.header("location"), None);
    assert_eq!(page.header("set-cookie"), None);
}

#[tokio::test]
async fn a_handler_starts_a_sign_in_for_a_page_navigation() {
    let (didit, browser) = visitor(|config| config);
    for (path, method, back) in [
        ("/start?x=%2F", Method::GET, "/start?x=%2F"),
        ("/start?x=%2F", Method::POST, "/"),
        ("/start-elsewhere", Method::GET, "/elsewhere?x=1"),
        ("/start-elsewhere", Method::POST, "/elsewhere?x=1"),
        ("/start-home", Method::GET, "/"),
        ("/start-home", Method::POST, "/"),
    ] {
        // A script gets a 401, whatever the handler returns.
        let fetched = browser.fetch(method.clone(), path).await;
        assert_refused(&fetched, StatusCode::UNAUTHORIZED, "not-signed-in");

        let page = match method {
            Method::GET => browser.get(path).await,
            _ => browser.post_form(path, &[("card", "4111")]).await,
        };
        assert!(!asked(&page).values().any(|value| value.contains("4111")));
        assert_eq!(
            end_of(&page, &browser, &didit).await,
            back,
            "{method} of {path}"
        );
        browser.post_form("/logout", &[]).await;
    }
    assert_eq!(didit.count(Endpoint::Authorize), 6);
}

// Behaviours 10 and 11.
#[tokio::test]
async fn only_a_page_navigation_starts_a_sign_in() {
    let (_, browser) = visitor(|config| config);
    let navigation = || {
        Request::get("/login")
            .header("accept", "text/html")
            .header("sec-fetch-mode", "navigate")
    };
    asked(&browser.send(navigation().body("").unwrap()).await);
    for (name, value) in [
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-dest", "image"),
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
        ("next-router-prefetch", "1"),
        ("x-requested-with", "XMLHttpRequest"),
    ] {
        let request = navigation().header(name, value).body("").unwrap();
        let page = browser.send(request).await;
        assert_refused(&page, StatusCode::UNAUTHORIZED, "not-a-navigation");
        assert_eq!(page.header("set-cookie"), None);
    }
    let page = browser.fetch(Method::GET, "/login").await;
    assert_refused(&page, StatusCode::UNAUTHORIZED, "not-a-navigation");
    for method in [Method::OPTIONS, Method::POST, Method::PUT] {
        let page = browser.fetch(method, "/login").await;
        assert_refused(&page, StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed");
        assert_eq!(page.header("allow"), Some("GET"));
    }
    let page = browser.fetch(Method::HEAD, "/login").await;
    assert_eq!(page.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(page.header("set-cookie"), None);
}

// Behaviour 10.
#[tokio::test]
async fn a_page_in_an_android_webview_starts_a_sign_in() {
    // A WebView sends its app's name with every request; scripts send `XMLHttpRequest`.
    let (_, browser) = visitor(|config| config);
    for path in ["/login", "/members", "/start"] {
        let request = Request::get(path)
            .header("accept", "text/html")
            .header("sec-fetch-mode", "navigate")
            .header("sec-fetch-dest", "document")
            .header("x-requested-with", "com.example.reader");
        asked(&browser.send(request.body("").unwrap()).await);
    }
}

#[tokio::test]
async fn login_and_logout_can_be_renamed() {
    let (didit, browser) = visitor(|config| {
        config
            .with_login_path("/auth/enter")
            .with_logout_path("/auth/leave")
    });
    let page = browser.get("/auth/enter?return_to=/members").await;
    assert_eq!(end_of(&page, &browser, &didit).await, "/members");

    assert_eq!(browser.get("/login").await.text(), "the application");
    let page = browser.post_form("/logout", &[]).await;
    assert_eq!(page.text(), "the application");
    assert_eq!(browser.get("/members").await.text(), "members");

    let page = browser.post_form("/auth/leave", &[]).await;
    assert_eq!(
        (page.status(), page.location()),
        (StatusCode::SEE_OTHER, "/")
    );
    assert!(browser.cookies().is_empty());
}

#[tokio::test]
async fn login_and_logout_can_be_switched_off() {
    let (didit, browser) = visitor(|config| config.without_login_path().without_logout_path());
    assert_eq!(browser.get("/login").await.text(), "the application");
    assert!(browser.cookies().is_empty());

    let page = browser.get("/members").await;
    assert_eq!(end_of(&page, &browser, &didit).await, "/members");
    let page = browser.post_form("/logout", &[]).await;
    assert_eq!(page.text(), "the application");
    assert_eq!(browser.get("/members").await.text(), "members");
}
