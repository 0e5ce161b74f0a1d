//! Requests and sign-outs while the provider is slow to refresh.

use axum::{Router, body::Body, response::Response};
use http::{Request, StatusCode, header};
use tower::ServiceExt;
use tower_didit::fake::{Browser, Endpoint, FakeDidit, Fault, Person};

use super::{LIFE, SECOND, app, refreshes};
use crate::support::{
    cookies::header_of,
    sign_in::{sign_in, sign_in_as},
    site::{HOME, didit},
    tasks::{poll_until, yield_until},
};

/// A request whose refresh was sent and not yet answered.
async fn under_way(
    didit: &FakeDidit,
    app: Router,
    browser: &Browser,
) -> impl Future<Output = Response> {
    let before = didit.count(Endpoint::Token);
    didit.on_next(Endpoint::Token, Fault::delay(SECOND));
    let request = Request::get("/")
        .header(header::COOKIE, header_of(browser))
        .body(Body::empty())
        .expect("a good request");
    let answer = async { app.oneshot(request).await.expect("infallible") };
    poll_until(answer, || didit.count(Endpoint::Token) > before).await
}

// Behaviour 84.
#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_cancels_nothing() {
    let didit = didit();
    let app = app(&didit);
    let browser = Browser::new(HOME, app.clone());
    let first = sign_in(&browser, &didit).await.text().to_owned();
    didit.clock().advance(LIFE);
    drop(under_way(&didit, app, &browser).await);
    assert_ne!(browser.get("/").await.text(), first);
    assert_eq!(refreshes(&didit), 1);
}

// Behaviours 75 and 89.
#[tokio::test(start_paused = true)]
async fn a_late_response_restores_no_ended_session() {
    let didit = didit();
    let app = app(&didit);
    let browser = Browser::new(HOME, app.clone());
    sign_in(&browser, &didit).await;
    didit.clock().advance(LIFE);
    let late = under_way(&didit, app.clone(), &browser).await;
    browser.post_form("/logout", &[]).await;
    let late = late.await;
    assert_eq!(late.status(), StatusCode::OK);
    assert!(!late.headers().contains_key(header::SET_COOKIE));

    // Nor does it overwrite the session of another user.
    sign_in(&browser, &didit).await;
    didit.clock().advance(LIFE);
    let late = under_way(&didit, app.clone(), &browser).await;
    let page = sign_in_as(&Person::john(), &browser, &didit).await;
    assert_eq!(page.status(), StatusCode::OK);
    let late = late.await;
    assert!(!late.headers().contains_key(header::SET_COOKIE));
    assert_eq!(browser.get("/user").await.text(), Person::john().subject());
}

// Behaviour 89.
#[tokio::test(start_paused = true)]
async fn new_tokens_that_come_after_a_sign_out_are_revoked() {
    let didit = didit().with_revocation_endpoint();
    let app = app(&didit);
    let browser = Browser::new(HOME, app.clone());
    sign_in(&browser, &didit).await;
    didit.clock().advance(LIFE);
    let late = under_way(&didit, app, &browser).await;
    browser.post_form("/logout", &[]).await;
    late.await;
    yield_until(|| didit.count(Endpoint::Revocation) == 2).await;
}
