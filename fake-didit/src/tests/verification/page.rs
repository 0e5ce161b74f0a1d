use axum::{Router, extract::RawQuery, routing::get};
use serde_json::json;

use super::{CALLBACK, created, didit, text};
use crate::{Browser, FakeDidit, Page};

fn browser(didit: &FakeDidit) -> Browser {
    let app = Router::new().route(
        "/verified",
        get(|RawQuery(query): RawQuery| async { query.unwrap_or_default() }),
    );
    Browser::new("https://app.example", app).add_didit(didit)
}

fn is_callback(page: &Page) -> bool {
    page.url().starts_with(CALLBACK)
}

#[tokio::test]
async fn each_button_ends_the_session_and_leads_back() {
    for (button, status) in [
        ("approve", "Approved"),
        ("decline", "Declined"),
        ("review", "In Review"),
        ("abandon", "Abandoned"),
    ] {
        let didit = didit();
        let session = created(&didit, json!({"callback": format!("{CALLBACK}?kept=1")})).await;
        let browser = browser(&didit);
        let page = browser.visit(text(&session, "url")).await;
        let id = text(&session, "session_id");
        assert_eq!(
            didit.verification().status(id).as_deref(),
            Some("In Progress")
        );
        let callback = browser.click(&page, button).await;
        let status_in_query = status.replace(' ', "%20");
        assert_eq!(
            callback.text(),
            format!("kept=1&verificationSessionId={id}&status={status_in_query}")
        );
        assert_eq!(didit.verification().status(id).as_deref(), Some(status));
    }
}

#[tokio::test]
async fn an_expired_page_has_a_link_back() {
    let didit = didit();
    let session = created(&didit, json!({})).await;
    let browser = browser(&didit);
    let page = browser.visit(text(&session, "url")).await;
    let expired = browser.click(&page, "expire").await;
    assert!(expired.text().contains("This link has expired."));
    assert!(is_callback(&browser.click(&expired, "back").await));
}

#[tokio::test]
async fn a_finished_page_cannot_be_finished_again() {
    let didit = didit();
    let session = created(&didit, json!({})).await;
    let browser = browser(&didit);
    let page = browser.visit(text(&session, "url")).await;
    browser.click(&page, "decline").await;
    let again = browser.click(&page, "approve").await;
    assert_eq!(again.status(), 400);
    let id = text(&session, "session_id");
    assert_eq!(didit.verification().status(id).as_deref(), Some("Declined"));
    let finished = browser.visit(text(&session, "url")).await;
    assert!(is_callback(&browser.click(&finished, "back").await));
}

#[tokio::test]
async fn a_person_who_repeats_steps_is_told_so() {
    let didit = didit();
    let session = created(&didit, json!({})).await;
    let browser = browser(&didit);
    let page = browser.visit(text(&session, "url")).await;
    browser.click(&page, "decline").await;
    let id = text(&session, "session_id");
    didit.verification().set_status(id, "Resubmitted");
    for _ in 0..2 {
        let again = browser.visit(text(&session, "url")).await;
        assert!(again.text().contains("Some steps must be repeated."));
    }
    let again = browser.visit(text(&session, "url")).await;
    assert!(is_callback(&browser.click(&again, "approve").await));
    let finished = browser.visit(text(&session, "url")).await;
    assert!(!finished.text().contains("Some steps"));
}

#[tokio::test]
async fn the_callback_method_decides_which_device_goes_back() {
    for (method, phone_goes_back, desktop_goes_back) in [
        ("initiator", false, true),
        ("completer", true, false),
        ("both", true, true),
    ] {
        let didit = didit();
        let session = created(&didit, json!({"callback_method": method})).await;
        let desktop = browser(&didit);
        desktop.visit(text(&session, "url")).await;
        let phone = desktop.new_browser();
        let page = phone.visit(text(&session, "url")).await;
        let finished = phone.click(&page, "approve").await;
        assert_eq!(is_callback(&finished), phone_goes_back, "{method}");
        let seen = desktop.reload().await;
        let link = "id=\"back\"";
        assert_eq!(
            seen.text().contains(link),
            desktop_goes_back,
            "{method}: {}",
            seen.text()
        );
    }
}

#[tokio::test]
async fn an_armed_scenario_has_one_button() {
    let didit = didit();
    let _ = didit.verification().with_sandbox();
    let session = created(&didit, json!({"sandbox_scenario": "decline_minimum_age"})).await;
    let browser = browser(&didit);
    let page = browser.visit(text(&session, "url")).await;
    assert!(!page.text().contains("id=\"approve\""));
    browser.click(&page, "continue").await;
    let status = didit.verification().status(text(&session, "session_id"));
    assert_eq!(status.as_deref(), Some("Declined"));
}

#[tokio::test]
async fn an_unknown_token_is_a_404_page() {
    let didit = didit();
    let page = browser(&didit)
        .visit("https://verify.didit.me/session/unknown")
        .await;
    assert_eq!(page.status(), 404);
}

#[tokio::test]
async fn the_page_is_at_the_issuer_if_that_is_a_fakes() {
    let didit = didit().with_issuer("http://127.0.0.1:4000");
    let url = didit.verification().create("user-42");
    assert!(url.starts_with("http://127.0.0.1:4000/session/"), "{url}");
}

#[tokio::test]
async fn the_page_may_be_at_another_origin_than_the_issuer() {
    let verification = didit().verification();
    let verification = verification.with_page_origin("http://127.0.0.1:4000");
    let url = verification.create("user-42");
    assert!(url.starts_with("http://127.0.0.1:4000/session/"), "{url}");
}

#[tokio::test]
async fn data_of_the_application_cannot_become_markup() {
    let didit = didit();
    let session = created(&didit, json!({"vendor_data": "<script>"})).await;
    let page = browser(&didit).visit(text(&session, "url")).await;
    assert!(!page.text().contains("<script>"));
    assert!(page.text().contains("&lt;script&gt;"));
}

#[tokio::test]
async fn didit_authentication_has_the_page_beside_its_session_endpoint() {
    let didit = FakeDidit::authentication("app");
    let url = didit.verification().create("user-42");
    let page = browser(&didit).visit(&url).await;
    assert_eq!(page.status(), 200);
}
