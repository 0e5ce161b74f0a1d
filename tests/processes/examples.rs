//! Examples as processes of their own, clicked through in a real browser. Their refusals are tested in `examples/`.
//!
//! Screenshots are in `target/screenshots/`.

use reqwest::{StatusCode, header};
use serde_json::json;
use tower_didit::fake::Person;

use crate::harness::{answer::client, chromium::Chromium, example::Example};

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
    browser.goto(&app.url("/notes")).await;
    browser.shows("approve-alejandra").await;
    browser.close().await;
}

#[tokio::test]
async fn a_sign_out_in_one_tab_ends_the_chat_of_the_other() {
    let app = Example::start("websocket");
    let browser = Chromium::open("websocket").await;

    browser.goto(&app.url("/")).await;
    browser.screenshot("1-home").await;
    browser.click("enter").await;
    browser.click("approve-alejandra").await;
    browser.arrives_at(&app.url("/chat")).await;
    say(&browser, "<b>hello</b>").await;
    let message = browser.shows("message-1").await.text().await;
    assert_eq!(message.expect("a text"), "Alejandra Rosas: <b>hello</b>");
    // A socket beside that of the page, to see how it is closed.
    let opened = browser.evaluate(
        "new Promise(opened => {
            const socket = new WebSocket('/chat/socket');
            socket.onopen = () => opened(true);
            window.end = new Promise(end => {
                socket.onclose = event => end([event.code, event.reason, event.wasClean]);
            });
        })",
    );
    assert_eq!(opened.await, true);

    let first = browser.open_tab().await;
    browser.goto(&app.url("/chat")).await;
    say(&browser, "and bye").await;
    browser.shows("message-1").await;
    browser.screenshot("2-second-tab").await;
    browser.click("sign-out").await;
    browser.arrives_at(&app.url("/")).await;

    browser.turn_to(first).await;
    browser.shows("sign-in").await;
    browser.screenshot("3-first-tab").await;
    let messages = "document.querySelectorAll('#message-1, #message-2').length";
    assert_eq!(browser.evaluate(messages).await, 0, "the messages stay");
    let end = browser.evaluate("window.end").await;
    assert_eq!(end, json!([4401, "session ended", true]));
    assert_eq!(browser.cookies().await, [""; 0]);

    browser.click("sign-in").await;
    browser.click("approve-alejandra").await;
    browser.arrives_at(&app.url("/chat")).await;
    browser.shows("connected").await;
    browser.close().await;
}

async fn say(browser: &Chromium, message: &str) {
    browser.shows("connected").await;
    let text = browser.shows("text").await;
    text.send_keys(message).await.expect("a field");
    browser.click("send").await;
}

// RFC 6455 §10.2; behaviour 115.
#[tokio::test]
async fn a_chat_refuses_other_origins_and_people_who_are_signed_out() {
    let (app, neighbour) = (Example::start("websocket"), Example::start("websocket"));
    let browser = Chromium::open("websocket-origins").await;
    browser.goto(&app.url("/chat")).await;
    browser.click("approve-alejandra").await;
    browser.shows("connected").await;

    let session = browser.session_cookies().await.join("; ");
    let handshake = async |origin: &str, cookies: &str| {
        let request = client()
            .get(app.url("/chat/socket"))
            .header(header::CONNECTION, "upgrade")
            .header(header::UPGRADE, "websocket")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
            .header(header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==")
            .header(header::ORIGIN, origin)
            .header(header::COOKIE, cookies);
        request.send().await.expect("an answer").status()
    };
    let own = app.url("");
    let opened = handshake(&own, &session).await;
    assert_eq!(opened, StatusCode::SWITCHING_PROTOCOLS);
    for origin in [&neighbour.url(""), "https://evil.example", "null"] {
        let refused = handshake(origin, &session).await;
        assert_eq!(refused, StatusCode::FORBIDDEN, "{origin}");
    }
    assert_eq!(handshake(&own, "").await, StatusCode::UNAUTHORIZED);

    // In the browser. A page at another port of the same host has the same cookies.
    let socket = app.url("/chat/socket");
    let opens = format!(
        "new Promise(opens => {{
            const socket = new WebSocket('{socket}');
            socket.onopen = () => opens(true);
            socket.onclose = () => opens(false);
        }})"
    );
    assert_eq!(browser.evaluate(&opens).await, true);
    browser.goto(&neighbour.url("/chat.js")).await;
    assert_eq!(browser.session_cookies().await.join("; "), session);
    assert_eq!(browser.evaluate(&opens).await, false);
    browser.close().await;
}
