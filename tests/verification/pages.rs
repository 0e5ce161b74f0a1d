//! Every page and redirect on the way to a verification: its headers, and its place in the application.

use http::StatusCode;
use tower_didit::fake::{Endpoint, Page, Person};

use crate::{
    app::{App, PAGE, RETURN},
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
