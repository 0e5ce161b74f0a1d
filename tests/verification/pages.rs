//! Every page and redirect on the way to a verification: its headers, and its place in the application.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use axum::{
    Router,
    routing::{get, get_service},
};
use http::{Method, StatusCode};
use tower_didit::{
    DiditAuth, RequireSignIn,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Page, Person},
    store::MemoryStore,
    verification::{RequireVerified, Requirements, Verification, VerificationClient},
};

use crate::{
    app::{App, PAGE, RETURN, shows_the_account, through},
    guard::broken,
};

#[track_caller]
fn is_kept_by_no_cache(page: &Page) {
    let cache = page.header("cache-control").unwrap_or_default();
    assert!(cache.contains("no-store"), "{}: {cache}", page.url());
    let referrer = page.header("referrer-policy");
    assert_eq!(referrer, Some("no-referrer"), "{}", page.text());
    if page.status().is_redirection() {
        return;
    }
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
}

// Behaviour 128.
#[tokio::test]
async fn no_page_of_the_verification_is_cached_framed_or_sniffed() {
    for status in [
        "Not Started",
        "In Progress",
        "Resubmitted",
        "In Review",
        "Awaiting User",
        "Approved",
        "Declined",
        "Expired",
        "Abandoned",
        "Kyc Expired",
        "blocked",
        "down",
    ] {
        let app = App::new();
        let browser = app.sign_in(&Person::alejandra()).await;
        is_kept_by_no_cache(&browser.get(PAGE).await);
        match status {
            "blocked" => {
                app.fake.block_user(Person::alejandra().subject());
                app.fake.deliver().await;
            }
            "down" => {
                app.didit
                    .on_every(Endpoint::VerificationDecision, broken(503));
            }
            status => app.fake.set_status(&app.session(), status),
        }
        is_kept_by_no_cache(&browser.get(RETURN).await);
        app.advance(10);
        let page = browser.get(PAGE).await;
        if page.status() != StatusCode::OK {
            is_kept_by_no_cache(&page);
        }
        is_kept_by_no_cache(&app.stranger().get(RETURN).await);
    }
}

/// Everything is guarded, with the page that the browser returns to.
fn guarded(didit: &FakeDidit, return_url: &str) -> Browser {
    let fake = didit.verification();
    let config = didit.config("https://app.example/callback");
    let config = config.with_redirect_after_sign_in().build().unwrap();
    let client = VerificationClient::new(fake.api_key(), &config).unwrap();
    let requirements = Requirements::identity().with_workflow(fake.workflow_id());
    let verification =
        Verification::new(client, requirements, return_url, MemoryStore::new()).unwrap();
    let verification = verification.with_clock(didit.clock());
    let app = Router::new()
        .route("/account", get(|| async { "your account" }))
        .route("/verified", get_service(verification.return_page()))
        .route_layer(RequireVerified::new(&verification))
        .route_layer(RequireSignIn::new())
        .layer(DiditAuth::new(config));
    let browser = Browser::new("https://app.example", app).add_didit(didit);
    browser.with_clock(didit.clock())
}

#[tokio::test]
async fn a_return_page_behind_the_guard_is_an_error_and_no_loop() {
    for (status, is_page) in [
        ("In Review", true),
        ("In Progress", true),
        ("In Review", false),
    ] {
        let didit = FakeDidit::new("client", "secret");
        let browser = guarded(&didit, RETURN);
        browser.visit("https://app.example/login").await;
        browser.sign_in_as(&Person::alejandra()).await;
        browser.get(PAGE).await;
        let fake = didit.verification();
        fake.set_status(&fake.last_session_id().unwrap(), status);
        if is_page {
            let page = browser.get(RETURN).await;
            assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert!(
                page.text().contains("return-page-guarded"),
                "{}",
                page.text()
            );
        } else {
            let refused = browser.fetch(Method::GET, RETURN).await;
            assert_eq!(refused.json()["code"], "verification-required");
        }
    }
}

#[tokio::test]
async fn a_guarded_page_with_the_path_of_another_hosts_return_page_is_no_error() {
    let didit = FakeDidit::new("client", "secret");
    let browser = guarded(&didit, "https://verify.example/account");
    browser.visit("https://app.example/login").await;
    browser.sign_in_as(&Person::alejandra()).await;
    let page = browser.get(PAGE).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert!(page.location().contains("/session/"), "{}", page.location());
}

/// As in a deploy: the processes change one after the other.
#[tokio::test]
async fn two_processes_with_different_requirements_do_not_redirect_to_each_other() {
    let built = AtomicUsize::new(0);
    let app = App::with(
        FakeDidit::new("client", "secret"),
        2,
        |requirements| match built.fetch_add(1, Relaxed) {
            0 => requirements,
            _ => requirements.with_minimum_age(1),
        },
    );
    let browser = app.sign_in(&Person::alejandra()).await;
    assert!(shows_the_account(&through(&browser, "approve").await));
    for _ in 0..5 {
        assert!(shows_the_account(&browser.visit(PAGE).await));
    }
    // The next request is for the other process.
    app.stranger().get("https://app.example/").await;
    for _ in 0..5 {
        assert!(shows_the_account(&browser.visit(PAGE).await));
    }
}
