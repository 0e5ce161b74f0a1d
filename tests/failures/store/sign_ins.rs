//! Sign-ins while the store fails.

use std::time::Duration;

use http::{Method as Verb, StatusCode};
use tower_didit::fake::{Endpoint, Fault, Person};

use super::{
    application::{assert_unavailable, browser, config},
    failing_store::{FailingStore, Method},
};
use crate::support::{
    cookies::{copy_cookies, flow_cookies, sets_session},
    sign_in::{approved, sign_in_as},
    site::{NOBODY, didit, memory},
    tasks::poll_until,
};

const SECOND: Duration = Duration::from_secs(1);

// Behaviour 82.
#[tokio::test(start_paused = true)]
async fn a_callback_whose_state_could_not_be_recorded_can_be_reloaded() {
    let didit = didit();
    let store = FailingStore::shared(memory(&didit));
    let browser = browser(config(&didit, &store));
    store.fail_all();
    let back = approved("/login", &browser, &didit).await;
    for page in [
        browser.get(&back).await,
        browser.fetch(Verb::GET, &back).await,
    ] {
        assert_unavailable(&page);
        assert_eq!(page.header("cache-control"), Some("private, no-store"));
    }
    assert_eq!(flow_cookies(&browser).len(), 1);
    assert_eq!(didit.count(Endpoint::Token), 0);

    store.work();
    assert_eq!(browser.get(&back).await.text(), "signed in");
    assert_eq!(
        browser.get("/user").await.text(),
        Person::alejandra().subject()
    );
    assert_eq!(flow_cookies(&browser).len(), 0);
}

// Behaviour 82.
#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_read_before_the_exchange_leaves_the_code_unused() {
    for stores in [FailingStore::new, FailingStore::shared] {
        let didit = didit();
        let store = stores(memory(&didit));
        let browser = browser(config(&didit, &store));
        let other = self::browser(config(&didit, &store));
        let back = approved("/login", &browser, &didit).await;
        copy_cookies(&browser, &other);
        store.fail(&[Method::Load]);
        assert_unavailable(&browser.fetch(Verb::GET, &back).await);
        assert_eq!(didit.count(Endpoint::Token), 0);
        store.work();
        // Any process may complete the sign-in.
        assert_eq!(other.get(&back).await.text(), "signed in");
    }
}

// Behaviour 98.
#[tokio::test(start_paused = true)]
async fn a_callback_whose_state_was_recorded_without_a_response_can_be_reloaded() {
    let didit = didit();
    let store = FailingStore::shared(memory(&didit));
    let first = browser(config(&didit, &store));
    let other = browser(config(&didit, &store));
    let back = approved("/login", &first, &didit).await;
    copy_cookies(&first, &other);
    store.lose_answers();
    store.fail(&[Method::Note, Method::Load]);
    assert_unavailable(&first.get(&back).await);
    assert_eq!(didit.count(Endpoint::Token), 0);

    // Only the process that took the state knows that the code was not sent.
    store.work();
    let refused = other.fetch(Verb::GET, &back).await;
    assert_eq!(refused.json()["code"], "callback-already-used");
    assert_eq!(first.get(&back).await.text(), "signed in");
    assert_eq!(didit.count(Endpoint::Token), 1);
}

// Behaviour 82.
#[tokio::test(start_paused = true)]
async fn a_session_that_cannot_be_kept_does_not_begin() {
    for stores in [FailingStore::new, FailingStore::shared] {
        for redirects in [false, true] {
            let didit = didit();
            let store = stores(memory(&didit));
            let mut config = config(&didit, &store);
            if redirects {
                config = config.with_redirect_after_sign_in();
            }
            let browser = browser(config);
            let back = approved("/login", &browser, &didit).await;
            store.fail(&[Method::Create]);
            let page = browser.fetch(Verb::GET, &back).await;
            assert_unavailable(&page);
            assert_eq!(page.header("cache-control"), Some("private, no-store"));
            assert_eq!(didit.count(Endpoint::Token), 1);

            store.work();
            assert_eq!(browser.get("/user").await.text(), NOBODY);
            // The code is not sent again, and the sign-in is not lost.
            let again = browser.get(&back).await;
            assert!(sets_session(&again), "{}", again.text());
            let user = browser.get("/user").await;
            assert_eq!(user.text(), Person::alejandra().subject());
            assert_eq!(didit.count(Endpoint::Token), 1);
        }
    }
}

// Behaviour 82.
#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_read_after_the_exchange_loses_no_sign_in() {
    let didit = didit().with_revocation_endpoint();
    let store = FailingStore::new(memory(&didit));
    let browser = browser(config(&didit, &store));
    let back = approved("/login", &browser, &didit).await;
    didit.on_next(Endpoint::Token, Fault::delay(SECOND));
    let is_sent = || didit.count(Endpoint::Token) == 1;
    let callback = poll_until(browser.fetch(Verb::GET, &back), is_sent).await;
    store.fail(&[Method::Load]);
    assert_unavailable(&callback.await);

    store.work();
    let again = browser.get(&back).await;
    assert!(sets_session(&again), "{}", again.text());
    let user = browser.get("/user").await;
    assert_eq!(user.text(), Person::alejandra().subject());
    assert_eq!(didit.count(Endpoint::Token), 1);
    assert_eq!(didit.count(Endpoint::Revocation), 0);
}

// Behaviour 82.
#[tokio::test(start_paused = true)]
async fn the_old_session_stays_if_no_new_one_begins() {
    let didit = didit();
    let store = FailingStore::new(memory(&didit));
    let browser = browser(config(&didit, &store));
    let back = approved("/login", &browser, &didit).await;
    browser.get(&back).await;
    store.fail(&[Method::Create]);
    assert_unavailable(&sign_in_as(&Person::john(), &browser, &didit).await);
    store.work();
    assert_eq!(
        browser.get("/user").await.text(),
        Person::alejandra().subject()
    );
}

// Behaviour 82.
#[tokio::test(start_paused = true)]
async fn a_sign_out_while_a_slow_store_keeps_the_session_signs_out() {
    let didit = didit();
    let store = FailingStore::new(memory(&didit));
    let browser = browser(config(&didit, &store));
    let back = approved("/login", &browser, &didit).await;
    let tab = browser.new_tab();
    store.answer_late(SECOND);
    let sign_out = async {
        while store.count(Method::Create) == 0 {
            tokio::time::advance(SECOND / 10).await;
        }
        tab.post_form("/logout", &[]).await
    };
    let (callback, sign_out) = tokio::join!(browser.get(&back), sign_out);
    assert_eq!(sign_out.status(), StatusCode::SEE_OTHER);
    assert_eq!(callback.status(), StatusCode::UNAUTHORIZED);
    assert!(!sets_session(&callback));
    store.work();
    assert_eq!(browser.get("/user").await.text(), NOBODY);
    assert_eq!(store.count(Method::Delete), 1);
}

// Behaviours 97 and 98.
#[tokio::test(start_paused = true)]
async fn a_callback_that_is_dropped_at_any_moment_can_be_reloaded() {
    for stores in [FailingStore::new, FailingStore::shared] {
        for redirects in [false, true] {
            let mut polls = 0;
            loop {
                polls += 1;
                let didit = didit();
                let store = stores(memory(&didit));
                let mut config = config(&didit, &store);
                if redirects {
                    config = config.with_redirect_after_sign_in();
                }
                let browser = browser(config);
                let back = approved("/login", &browser, &didit).await;
                store.answer_late(SECOND / 50);
                let mut callback = Box::pin(browser.get(&back));
                let mut is_ready = false;
                for _ in 0..polls {
                    is_ready = futures_util::poll!(&mut callback).is_ready();
                    if is_ready {
                        break;
                    }
                    tokio::time::advance(SECOND / 100).await;
                }
                if is_ready {
                    break;
                }
                drop(callback);
                let again = browser.get(&back).await;
                assert!(sets_session(&again), "{polls}: {}", again.text());
                store.work();
                let user = browser.get("/user").await;
                assert_eq!(user.text(), Person::alejandra().subject(), "{polls}");
                assert_eq!(didit.count(Endpoint::Token), 1, "{polls}");
                assert_eq!(store.count(Method::Create), 1, "{polls}");
            }
            assert!(polls > 5, "{polls}");
        }
    }
}
