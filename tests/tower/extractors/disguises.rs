//! Requests that try to get past a guard.

use axum::body::Body;
use http::{Request, StatusCode};
use tower::ServiceExt;
use tower_didit::{ErrorKind, fake::FakeDiditExt};

use super::{assert_problem, routes, site};
use crate::support::site::{CALLBACK, auth, didit};

// RFC 9110 §15.5.2, CVE-2025-54576, CVE-2025-64484; behaviours 93 and 94.
#[tokio::test]
async fn request_headers_sign_nobody_in() {
    let didit = didit();
    let browser = site(&didit);
    for (name, value) in [
        ("authorization", "Bearer token"),
        ("x-forwarded-user", "alejandra"),
        ("x-forwarded-uri", "/optional"),
        ("x-original-url", "/optional"),
        ("x-http-method-override", "OPTIONS"),
        ("user-agent", "GoogleHC/1.0"),
        ("user-agent", "kube-probe/1.33"),
        ("cookie", "didit=1.A"),
    ] {
        let request = Request::get("/members/orders").header(name, value);
        let page = browser.send(request.body("").unwrap()).await;
        assert_problem(&page, ErrorKind::NotSignedIn, name);
    }
}

// RFC 9110 §15.5.2, CVE-2025-54576, CVE-2026-40575; behaviour 93.
#[tokio::test]
async fn no_path_trick_gets_past_a_guard() {
    let app = routes().layer(auth(didit().config(CALLBACK)));
    let status_of = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        app.clone().oneshot(request).await.unwrap().status()
    };
    for path in [
        "/members/orders?/optional",
        "/members/orders?x=/optional#/optional",
        "/members/orders#/optional",
        "https://app.example/members/orders",
    ] {
        assert_eq!(status_of(path).await, StatusCode::UNAUTHORIZED, "{path}");
    }
    // A path that equals the guarded one only after decoding is another path here.
    for path in [
        "//members/orders",
        "/members//orders",
        "/members/orders/",
        "/members/./orders",
        "/members%2forders",
        "/members/%6frders",
        "/Members/orders",
        "/members/orders;a=b",
        "/members/orders%00",
        "/members/orders%23",
        "/members/orders%3f/optional",
        "/optional/../members/orders",
        "/optional/%2e%2e/members/orders",
        "/optional/..;/members/orders",
        "/login/..;/members/orders",
        "/callback/%2e%2e%2fmembers/orders",
    ] {
        assert_eq!(status_of(path).await, StatusCode::NOT_FOUND, "{path}");
    }
}
