//! Reloads, double clicks and connections that drop.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use http::{Request, StatusCode};
use tower::ServiceExt;
use tower_didit::{
    fake::{Endpoint, Fault},
    transport::TransportError,
};

use super::{Site, milliseconds};
use crate::support::{
    cookies::{session, set_cookies, sets_session},
    site::{didit, memory},
    tasks::{assert_is_pending, poll_until, yield_until},
};

// Behaviour 97.
#[tokio::test(start_paused = true)]
async fn a_reload_during_the_exchange_completes_the_sign_in_with_one_token_request() {
    let site = Site::new();
    let back = site.approved().await;
    let slow = Fault::delay(milliseconds(500));
    site.didit.on_next(Endpoint::Token, slow);

    let is_sent = || site.didit.count(Endpoint::Token) == 1;
    let first = poll_until(site.browser.get(&back), is_sent).await;
    tokio::time::advance(milliseconds(100)).await;
    drop(first);
    let page = site.browser.get(&back).await;
    assert_eq!((page.status(), page.text()), (StatusCode::OK, "signed in"));
    assert_eq!((site.didit.count(Endpoint::Token), site.runs()), (1, 1));
    site.assert_signed_in().await;
}

// Behaviours 28 and 97.
#[tokio::test(start_paused = true)]
async fn a_double_click_is_one_run_of_the_handler_and_one_session() {
    let site = Site::new();
    let back = site.approved().await;
    site.hold_up();
    let tab = site.browser.new_tab();
    let first = poll_until(site.browser.get(&back), || site.runs() == 1).await;
    let second = poll_until(tab.get(&back), || true).await;
    site.go_on();
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first.text(), "signed in");
    assert_eq!(second.status(), StatusCode::SEE_OTHER);
    assert_eq!(second.location(), "/orders");
    assert_eq!(set_cookies(&first), set_cookies(&second));
    assert_eq!((site.didit.count(Endpoint::Token), site.runs()), (1, 1));
    site.assert_signed_in().await;
}

// Behaviour 97.
#[tokio::test(start_paused = true)]
async fn the_next_request_runs_the_handler_if_the_first_one_drops_during_it() {
    let site = Site::new();
    let back = site.approved().await;
    site.hold_up();
    let tab = site.browser.new_tab();
    let first = poll_until(site.browser.get(&back), || site.runs() == 1).await;
    let second = poll_until(tab.get(&back), || true).await;
    assert_eq!(site.runs(), 1, "the second request waits");
    drop(first);
    site.go_on();
    let second = second.await;
    assert_eq!(second.text(), "signed in");
    assert!(sets_session(&second));
    assert_eq!((site.didit.count(Endpoint::Token), site.runs()), (1, 2));
    site.assert_signed_in().await;
}

// Behaviour 97.
#[tokio::test(start_paused = true)]
async fn a_reload_after_the_response_was_lost_gets_the_session_that_has_begun() {
    let site = Site::new();
    let back = site.approved().await;
    // The response sets its cookies, then the browser's cookies are restored.
    let before = site.browser.cookies();
    site.browser.get(&back).await;
    let begun = session(&site.browser);
    for cookie in site.browser.cookies() {
        site.browser.remove_cookie(cookie.name());
    }
    for cookie in before {
        site.browser.set_cookie(cookie.name(), cookie.value());
    }

    let page = site.browser.get(&back).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert_eq!(page.location(), "/orders");
    assert_eq!(session(&site.browser), begun);
    assert_eq!((site.didit.count(Endpoint::Token), site.runs()), (1, 1));
}

// Behaviour 97.
#[tokio::test(start_paused = true)]
async fn a_failed_exchange_fails_for_all_requests_of_the_callback() {
    let site = Site::new();
    let back = site.approved().await;
    let refusal = Fault::error("invalid_grant");
    site.didit.on_next(Endpoint::Token, refusal);
    let tab = site.browser.new_tab();
    let (first, second) = tokio::join!(site.browser.get(&back), tab.get(&back));
    for page in [first, second] {
        assert_eq!(page.status(), StatusCode::BAD_REQUEST);
        assert!(!sets_session(&page));
    }
    assert_eq!((site.didit.count(Endpoint::Token), site.runs()), (1, 0));
}

// Behaviour 97.
#[tokio::test(start_paused = true)]
async fn a_provider_that_cannot_be_reached_uses_nothing_up() {
    let didit = didit();
    let (there, is_down) = (didit.clone(), Arc::new(AtomicBool::new(true)));
    let down = Arc::clone(&is_down);
    let transport = tower::service_fn(move |request: Request<bytes::Bytes>| {
        let (there, is_down) = (there.clone(), down.load(Ordering::SeqCst));
        async move {
            if is_down {
                return Err(TransportError::not_connected("refused"));
            }
            Ok(there.oneshot(request).await.expect("infallible"))
        }
    });
    let store = memory(&didit);
    let site = Site::with(didit, StatusCode::OK, |config| {
        config.with_transport(transport).with_session_store(store)
    });
    let back = site.approved().await;
    let page = site.browser.get(&back).await;
    assert_eq!(page.status(), StatusCode::BAD_GATEWAY);
    is_down.store(false, Ordering::SeqCst);
    assert_eq!(site.browser.get(&back).await.text(), "signed in");
    site.assert_signed_in().await;
}

// Behaviour 98.
#[tokio::test(start_paused = true)]
async fn a_connection_that_drops_before_the_code_is_sent_cancels_nothing() {
    let site = Site::new();
    let back = site.approved().await;
    let mut first = Box::pin(site.browser.get(&back));
    // The first poll starts the task.
    assert_is_pending(&mut first).await;
    drop(first);
    yield_until(|| site.didit.count(Endpoint::Token) == 1).await;
    assert_eq!(site.browser.get(&back).await.text(), "signed in");
    assert_eq!((site.didit.count(Endpoint::Token), site.runs()), (1, 1));
}
