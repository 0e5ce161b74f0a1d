//! `examples/age_gate`: who gets in.

#[path = "../../examples/age_gate/bar.rs"]
mod bar;
#[path = "../../examples/support/page.rs"]
mod page;
#[path = "../../examples/age_gate/pages.rs"]
mod pages;

use http::StatusCode;
use tower_didit::fake::{Browser, FakeDiditExt, Page, Person};

use bar::{SCOPES, app, didit, minor, undisclosed, unverified};

const SITE: &str = "https://bar.example";

/// A browser on the sign-in page of the fake, on the way to the bar.
async fn at_the_door() -> Browser {
    let didit = didit();
    let config = didit.config("https://bar.example/callback");
    let app = app(config.with_scopes(SCOPES)).expect("a good configuration");
    let browser = Browser::new(SITE, app).add_didit(&didit);
    let home = browser.visit("/").await;
    browser.click(&home, "enter").await;
    browser
}

/// Comes in as `person`, or not.
async fn enter(person: &Person) -> (Browser, Page) {
    let browser = at_the_door().await;
    let page = browser.sign_in_as(person).await;
    assert_eq!(page.url(), "https://bar.example/bar");
    (browser, page)
}

// Behaviour 119.
#[tokio::test]
async fn a_verified_adult_gets_in() {
    let (browser, page) = enter(&Person::alejandra()).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.text().contains("You are in."));
    // Until they sign out.
    browser.click(&page, "sign-out").await;
    let door = browser.visit("/bar").await;
    assert!(door.url().starts_with("https://auth.didit.me/"));
}

// Behaviour 119.
#[tokio::test]
async fn a_minor_is_told_why_not() {
    for person in [minor(), undisclosed()] {
        let (browser, page) = enter(&person).await;
        assert_eq!(page.status(), StatusCode::FORBIDDEN);
        assert!(page.text().contains("Sorry, adults only"));
        assert_eq!(
            browser.click(&page, "next").await.url(),
            "https://bar.example/"
        );
        assert_eq!(browser.visit("/bar").await.status(), StatusCode::FORBIDDEN);
    }
}

// Behaviour 119.
#[tokio::test]
async fn an_unverified_person_is_told_what_to_do() {
    let (browser, page) = enter(&unverified()).await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    assert!(page.text().contains("Verify it in the Didit app"));
    // Another person may sign in after that.
    browser.click(&page, "sign-out").await;
    browser.visit("/bar").await;
    let page = browser.sign_in_as(&Person::alejandra()).await;
    assert!(page.text().contains("You are in."));
}

#[tokio::test]
async fn a_person_who_declines_may_try_again() {
    let browser = at_the_door().await;
    let page = browser.decline().await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    assert!(page.text().contains("Nothing was shared."));
    browser.click(&page, "next").await;
    let page = browser.sign_in_as(&Person::alejandra()).await;
    assert_eq!(page.url(), "https://bar.example/bar");
    assert!(page.text().contains("You are in."));
}
