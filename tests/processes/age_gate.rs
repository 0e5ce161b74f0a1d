//! The age gate, `cargo run --example age_gate`, clicked through in a real browser.
//!
//! What each stage looked like is left in `target/screenshots/`.

use crate::harness::{chromium::Chromium, example::Example};

// Behaviour 119.
#[tokio::test]
async fn a_verified_adult_gets_in_and_others_are_told_why_not() {
    let bar = Example::start("age_gate");
    let browser = Chromium::open("age-gate").await;

    browser.goto(&bar.url("/")).await;
    browser.screenshot("1-home").await;
    browser.click("enter").await;
    browser.shows("approve-mia").await;
    browser.screenshot("2-didit").await;

    browser.click("approve-mia").await;
    browser.arrives_at(&bar.url("/bar")).await;
    browser.shows("not-allowed").await;
    browser.screenshot("3-minor").await;
    browser.click("sign-out").await;

    browser.click("enter").await;
    browser.click("approve-uwe").await;
    browser.shows("not-allowed").await;
    browser.screenshot("4-unverified").await;
    browser.click("sign-out").await;

    browser.click("enter").await;
    browser.click("decline").await;
    browser.shows("access-denied").await;
    browser.screenshot("5-declined").await;

    browser.click("next").await;
    browser.click("approve-alejandra").await;
    browser.shows("inside").await;
    browser.screenshot("6-inside").await;

    // After the sign-out the Back button shows no page from behind the guard.
    browser.click("sign-out").await;
    browser.shows("enter").await;
    browser.back().await;
    browser.shows("approve-alejandra").await;
    browser.close().await;
}
