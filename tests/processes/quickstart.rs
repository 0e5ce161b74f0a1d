//! The README's first program, `cargo run --example quickstart`, clicked through in a real browser.
//!
//! What each stage looked like is left in `target/screenshots/`.

use tower_didit::fake::Person;

use crate::harness::{chromium::Chromium, example::Example};

// Behaviour 95. The fake provider that ships, in a real browser.
#[tokio::test]
async fn a_user_signs_in_and_out() {
    let app = Example::start("quickstart");
    let browser = Chromium::open("approve").await;

    browser.goto(&app.url("/")).await;
    browser.shows("sign-in").await;
    browser.screenshot("1-home").await;

    browser.click("sign-in").await;
    browser.shows("approve-john").await;
    browser.screenshot("2-didit").await;

    browser.click("approve-alejandra").await;
    browser.arrives_at(&app.url("/profile")).await;
    let greeting = browser.shows("signed-in").await.text().await;
    assert_eq!(greeting.expect("a text"), "Hello, Alejandra Rosas");
    let subject = browser.shows("subject").await.text().await;
    assert_eq!(subject.expect("a text"), Person::alejandra().subject());
    browser.screenshot("3-profile").await;

    browser.click("sign-out").await;
    browser.arrives_at(&app.url("/")).await;
    browser.shows("sign-in").await;
    assert_eq!(
        browser.cookies().await,
        [""; 0],
        "a cookie outlived the sign-out"
    );
    browser.screenshot("4-signed-out").await;

    // The profile is closed again: it leads back to Didit.
    browser.goto(&app.url("/profile")).await;
    browser.shows("approve-alejandra").await;
    browser.close().await;
}

#[tokio::test]
async fn a_user_declines_and_tries_again() {
    let app = Example::start("quickstart");
    let browser = Chromium::open("decline").await;

    browser.goto(&app.url("/")).await;
    browser.click("sign-in").await;
    browser.click("decline").await;
    browser.shows("try-again").await;
    browser.screenshot("1-declined").await;

    browser.click("try-again").await;
    browser.click("approve-john").await;
    browser.shows("signed-in").await;
    browser.screenshot("2-profile").await;
    browser.close().await;
}

#[tokio::test]
async fn two_tabs_both_finish_the_later_one_first() {
    let app = Example::start("quickstart");
    let browser = Chromium::open("two-tabs").await;

    browser.goto(&app.url("/")).await;
    browser.click("sign-in").await;
    browser.shows("approve-alejandra").await;

    let first = browser.open_tab().await;
    browser.goto(&app.url("/")).await;
    browser.click("sign-in").await;
    browser.click("approve-john").await;
    browser.arrives_at(&app.url("/profile")).await;
    browser.shows("signed-in").await;
    browser.screenshot("1-second-tab").await;

    browser.turn_to(first).await;
    browser.click("approve-alejandra").await;
    browser.arrives_at(&app.url("/profile")).await;
    browser.shows("signed-in").await;
    browser.screenshot("2-first-tab").await;
    browser.close().await;
}

// Behaviour 99.
#[tokio::test]
async fn the_back_button_after_a_sign_in_starts_no_new_one() {
    let app = Example::start("quickstart");
    let browser = Chromium::open("back").await;

    browser.goto(&app.url("/")).await;
    browser.click("sign-in").await;
    browser.click("approve-alejandra").await;
    browser.shows("signed-in").await;
    let session = browser.session_cookies().await;
    assert_ne!(session, [""; 0], "signed in without a cookie");

    browser.back().await;
    browser.shows("approve-alejandra").await;
    browser.screenshot("1-back").await;
    browser.forward().await;
    browser.shows("signed-in").await;

    // Going back and approving again gives another code for a completed sign-in. It may be of another account,
    // and is not sent: a page says so, and the session stays.
    browser.back().await;
    browser.reload().await;
    browser.click("approve-john").await;
    browser.shows("try-again").await;
    browser.screenshot("2-approved-again").await;
    browser.click("home").await;
    browser.arrives_at(&app.url("/")).await;
    browser.goto(&app.url("/profile")).await;
    let greeting = browser.shows("signed-in").await.text().await;
    assert_eq!(greeting.expect("a text"), "Hello, Alejandra Rosas");
    let kept = browser.session_cookies().await;
    assert_eq!(kept, session, "the session was replaced");
    browser.close().await;
}

#[tokio::test]
async fn the_back_button_after_a_sign_out_shows_no_private_page() {
    let app = Example::start("quickstart");
    let browser = Chromium::open("back-after-sign-out").await;

    browser.goto(&app.url("/")).await;
    browser.click("sign-in").await;
    browser.click("approve-alejandra").await;
    browser.arrives_at(&app.url("/profile")).await;
    browser.shows("subject").await;
    browser.click("sign-out").await;
    browser.shows("sign-in").await;

    // Chromium has kept the page, and the page loads itself anew: the profile leads to Didit.
    browser.back().await;
    browser.shows("approve-alejandra").await;
    browser.screenshot("1-back").await;
    browser.forward().await;
    browser.shows("sign-in").await;
    browser.close().await;
}
