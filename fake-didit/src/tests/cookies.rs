use axum::{
    Router,
    http::{StatusCode, header::SET_COOKIE},
    routing::get,
};

use super::{browser::browser, didit};
use crate::{Browser, SameSite};

#[tokio::test]
async fn cookies_can_be_read_and_changed() {
    let browser = browser();
    browser.visit("/cookies").await;
    assert_eq!(browser.cookies().len(), 2);
    assert_eq!(
        browser.cookie("lax").unwrap().same_site(),
        Some(SameSite::Lax)
    );
    assert_eq!(browser.cookie_header_len("/"), "lax=1; strict=1".len());
    assert_eq!(
        browser.rejected_cookies(),
        ["__Host-bad: a __Secure- or __Host- name without Secure"]
    );
    browser.set_cookie("lax", "2");
    browser.remove_cookie("strict");
    assert_eq!(browser.get("/echo").await.json()["cookie"], "lax=2");
}

#[tokio::test]
async fn a_clone_has_its_own_copy_of_the_jar_and_a_new_browser_an_empty_one() {
    let browser = browser();
    browser.set_cookie("a", "1");
    let (clone, new) = (browser.clone(), browser.new_browser());
    clone.set_cookie("a", "2");
    assert_eq!(browser.cookie("a").unwrap().value(), "1");
    assert!(new.cookies().is_empty());
    assert_eq!(new.get("/echo").await.status(), StatusCode::OK);
}

#[test]
fn debug_omits_cookie_values() {
    let browser = browser();
    browser.set_cookie("session", "secret-value");
    let shown = format!("{browser:?}");
    assert!(
        shown.contains("session") && !shown.contains("secret-value"),
        "{shown}"
    );
}

#[tokio::test]
async fn cookies_expire_by_the_clock_of_the_browser() {
    let fake = didit();
    let app = Router::new().route("/", get(|| async { [(SET_COOKIE, "a=1; Max-Age=60")] }));
    let browser = Browser::new("https://app.example", app).with_clock(fake.clock());
    browser.visit("/").await;
    fake.clock().advance(std::time::Duration::from_secs(59));
    assert!(browser.cookie("a").is_some());
    fake.clock().advance(std::time::Duration::from_secs(1));
    assert!(browser.cookie("a").is_none());
}

#[test]
#[should_panic(expected = "the cookie \"a\" has a control character")]
fn a_cookie_with_a_control_character_panics() {
    browser().set_cookie("a", "1\r\nevil: 1");
}
