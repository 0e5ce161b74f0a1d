//! Sign-outs while Didit is slow or does not answer.

use std::time::Duration;

use futures_util::future::join;
use http::{Method, Request};
use tokio::time::Instant;
use tower::ServiceExt;
use tower_didit::{
    fake::{Endpoint, Fault},
    transport::TransportError,
};

use super::application::{
    LATER, PLACES, SECOND, assert_signed_out, deleted_with, didit, in_memory, lives_there,
    sign_out, until_asked, user,
};
use crate::support::{site::NOBODY, tasks::poll_until};

// Behaviour 89.
#[tokio::test(start_paused = true)]
async fn the_local_session_ends_whatever_didit_answers() {
    let faults = [
        (
            Fault::error("server_error").with_status(500),
            Duration::ZERO,
        ),
        (Fault::error("not_found").with_status(404), Duration::ZERO),
        (Fault::delay(SECOND), SECOND),
        (Fault::delay(5 * SECOND), 2 * SECOND),
        (Fault::hang(), 2 * SECOND),
    ];
    for config in PLACES {
        for (fault, expected) in faults.clone() {
            let didit = didit();
            let browser = user(&didit, config(&didit)).await;
            let copy = browser.clone();
            didit.on_every(Endpoint::Session, fault.clone());
            let start = Instant::now();
            let meanwhile = async {
                until_asked(&didit, Endpoint::Session, 1).await;
                copy.get("/").await.text().to_owned()
            };
            let (page, meanwhile) = join(sign_out(&browser), meanwhile).await;
            assert_eq!(start.elapsed().as_secs(), expected.as_secs(), "{fault:?}");
            assert_signed_out(&browser, &page);
            assert_eq!(meanwhile, NOBODY, "{fault:?}");
        }
    }
}

// Behaviour 89.
#[tokio::test]
async fn a_sign_out_works_while_didit_is_down() {
    for config in PLACES {
        let didit = didit();
        let (there, gone) = (didit.clone(), didit.clone());
        let transport = tower::service_fn(move |request: Request<bytes::Bytes>| {
            let is_down = gone.count(Endpoint::Token) > 0 && request.method() == Method::DELETE;
            let there = there.clone();
            async move {
                if is_down {
                    return Err(TransportError::not_connected("refused"));
                }
                Ok(there.oneshot(request).await.expect("infallible"))
            }
        });
        let browser = user(&didit, config(&didit).with_transport(transport)).await;
        let page = sign_out(&browser).await;
        assert_signed_out(&browser, &page);
        assert_eq!(didit.count(Endpoint::Session), 0);
        assert_eq!(browser.get("/").await.text(), NOBODY);
    }
}

// Behaviour 89.
#[tokio::test(start_paused = true)]
async fn a_browser_that_goes_away_cancels_nothing() {
    let didit = didit();
    let browser = user(&didit, in_memory(&didit)).await;
    didit.clock().advance(LATER);
    didit.on_next(Endpoint::Session, Fault::delay(SECOND));
    drop(poll_until(sign_out(&browser), || didit.count(Endpoint::Session) > 0).await);
    tokio::time::advance(SECOND).await;
    until_asked(&didit, Endpoint::Session, 2).await;
    let tokens = deleted_with(&didit);
    assert!(!lives_there(&didit, &tokens[1]).await);
}

// Behaviour 89.
#[tokio::test]
async fn two_concurrent_sign_outs_call_didit_once() {
    for config in PLACES {
        let didit = didit();
        let browser = user(&didit, config(&didit)).await;
        let other = browser.clone();
        let (one, two) = join(sign_out(&browser), sign_out(&other)).await;
        assert_signed_out(&browser, &one);
        assert_signed_out(&other, &two);
        assert_eq!(didit.count(Endpoint::Session), 1);
    }
}

// Behaviour 89.
#[tokio::test(start_paused = true)]
async fn tokens_that_come_after_the_sign_out_are_discarded_too() {
    let didit = didit();
    let browser = user(&didit, in_memory(&didit)).await;
    didit.clock().advance(LATER);
    didit.on_next(Endpoint::Token, Fault::delay(SECOND));
    let late = browser.clone();
    let leave = async {
        until_asked(&didit, Endpoint::Token, 2).await;
        sign_out(&browser).await
    };
    let (late, page) = join(late.get("/"), leave).await;
    assert_signed_out(&browser, &page);
    assert_eq!(late.text(), NOBODY);
    assert_eq!(didit.count(Endpoint::Token), 2);
    // The first access token was replaced by then.
    let tokens = deleted_with(&didit);
    assert_eq!(tokens.len(), 2);
    assert!(!lives_there(&didit, &tokens[1]).await);
}
