//! Examples as processes of their own, clicked through in a real browser. Their refusals are tested in `examples/`.
//!
//! Screenshots are in `target/screenshots/`.

use tower_didit::fake::Person;

use crate::harness::{chromium::Chromium, example::Example};

#[tokio::test]
async fn customers_and_staff_sign_in_side_by_side() {
    let app = Example::start("two_providers");
    let browser = Chromium::open("two-providers").await;

    browser.goto(&app.url("/")).await;
    browser.click("sign-in").await;
    browser.click("approve-alejandra").await;
    browser.arrives_at(&app.url("/orders")).await;
    browser.screenshot("1-orders").await;

    browser.goto(&app.url("/staff")).await;
    browser.click("approve-john").await;
    browser.arrives_at(&app.url("/staff")).await;
    browser.screenshot("2-staff").await;

    browser.click("home").await;
    for (role, person) in [("customer", Person::alejandra()), ("staff", Person::john())] {
        let subject = browser.shows(role).await.text().await;
        assert_eq!(subject.expect("a text"), person.subject());
    }
    browser.screenshot("3-home").await;

    browser.click("staff-sign-out").await;
    browser.shows("staff-sign-in").await;
    browser.shows("customer").await;
    browser.close().await;
}

#[tokio::test]
async fn a_banned_user_is_told_so() {
    let app = Example::start("provisioning");
    let browser = Chromium::open("provisioning").await;

    browser.goto(&app.url("/")).await;
    browser.click("sign-in").await;
    browser.click("approve-alejandra").await;
    let name = browser.shows("name").await.text().await;
    assert_eq!(name.expect("a text"), "Alejandra Rosas");
    browser.screenshot("1-account").await;

    browser.click("ban").await;
    browser.shows("banned").await;
    browser.screenshot("2-banned").await;

    browser.click("sign-out").await;
    browser.click("sign-in").await;
    browser.click("approve-alejandra").await;
    browser.shows("banned").await;
    assert_eq!(browser.session_cookies().await, [""; 0]);
    browser.close().await;
}

#[tokio::test]
async fn a_user_of_axum_login_signs_in_and_out() {
    let app = Example::start("axum_login");
    let browser = Chromium::open("axum-login").await;

    browser.goto(&app.url("/")).await;
    browser.click("sign-in").await;
    browser.click("approve-alejandra").await;
    let role = browser.shows("role").await.text().await;
    assert_eq!(role.expect("a text"), "Administrator");
    browser.screenshot("1-home").await;
    browser.click("reports").await;
    browser.shows("subject").await;

    browser.click("home").await;
    browser.click("sign-out").await;
    browser.shows("sign-in").await;
    assert_eq!(browser.cookies().await, [""; 0]);
    browser.close().await;
}

#[tokio::test]
async fn a_front_end_meets_a_401_signs_in_and_comes_back() {
    let app = Example::start("spa");
    let browser = Chromium::open("spa").await;

    browser.goto(&app.url("/")).await;
    browser.shows("notes").await;
    browser.screenshot("1-home").await;

    // The view calls the API, which answers 401.
    browser.goto(&app.url("/notes?from=mail#top")).await;
    browser.click("approve-alejandra").await;
    browser.arrives_at(&app.url("/notes?from=mail#top")).await;
    let text = browser.shows("text").await;
    text.send_keys("<b>milk</b>").await.expect("a field");
    browser.click("add").await;
    let list = browser.shows("note-1").await.text().await;
    assert_eq!(list.expect("a text"), "<b>milk</b>");
    browser.screenshot("2-notes").await;

    let readable = "document.cookie + JSON.stringify([localStorage, sessionStorage])";
    assert_eq!(browser.evaluate(readable).await, "[{},{}]");

    browser.click("home").await;
    let greeting = browser.shows("signed-in").await.text().await;
    assert_eq!(greeting.expect("a text"), "Hello, Alejandra Rosas");
    browser.screenshot("3-signed-in").await;

    browser.click("sign-out").await;
    browser.arrives_at(&app.url("/")).await;
    browser.shows("notes").await;
    assert_eq!(browser.cookies().await, [""; 0]);
    // The notes are behind the Back button no more: their view leads to the sign-in.
    browser.back().await;
    browser.shows("approve-alejandra").await;
    browser.close().await;
}
