//! A clock was an hour ahead, and is right again: nothing is trusted for longer, and nobody is stuck.

use std::sync::atomic::Ordering::Relaxed;

use tower_didit::fake::{Endpoint, Person};

use crate::{
    app::{App, RETURN, is_verified, shows_the_account, through},
    guard::broken,
};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

// Behaviour 130.
#[tokio::test]
async fn a_webhook_against_the_user_is_newer_than_a_question_of_the_future() {
    let app = App::new();
    let browser = app.sign_in(&Person::alejandra()).await;
    app.ahead.store(HOUR, Relaxed);
    assert!(shows_the_account(&through(&browser, "approve").await));
    app.ahead.store(0, Relaxed);
    app.advance(60);
    app.fake.set_status(&app.session(), "Declined");
    app.didit
        .on_every(Endpoint::VerificationDecision, broken(503));
    app.fake.deliver().await;
    assert!(!is_verified(&browser).await);
}

#[tokio::test]
async fn a_person_who_waits_is_not_stuck() {
    let app = App::new();
    let browser = app.sign_in(&Person::alejandra()).await;
    app.ahead.store(HOUR, Relaxed);
    let hosted = browser.visit(crate::app::PAGE).await;
    browser.visit(RETURN).await; // Didit is asked
    app.ahead.store(0, Relaxed);
    app.fake.complete(hosted.url(), "approve");
    let page = browser.visit(RETURN).await;
    assert!(shows_the_account(&page), "{}", page.text());
}

#[tokio::test]
async fn a_failed_recheck_is_not_remembered_for_an_hour() {
    let app = App::new();
    let browser = app.sign_in(&Person::alejandra()).await;
    assert!(shows_the_account(&through(&browser, "approve").await));
    app.advance(9 * DAY);
    let browser = app.sign_in(&Person::alejandra()).await;
    app.ahead.store(HOUR, Relaxed);
    app.didit
        .on_every(Endpoint::VerificationDecision, broken(503));
    assert!(!is_verified(&browser).await);
    app.didit.clear_faults();
    app.ahead.store(0, Relaxed);
    assert!(is_verified(&browser).await);
}
