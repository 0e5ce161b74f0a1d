//! Sign-ins while the store fails.

use http::{Method as Verb, StatusCode};
use tower_didit::fake::{Browser, Endpoint, FakeDidit, Person};

use super::{
    application::{NOBODY, assert_unavailable, browser, config, didit, memory},
    failing_store::{FailingStore, Method},
};

/// Starts a sign-in: gives the way back.
async fn started(browser: &Browser, didit: &FakeDidit) -> String {
    let login = browser.get("/login").await;
    assert_eq!(login.status(), StatusCode::SEE_OTHER);
    didit.approve(login.location(), Person::Alejandra)
}

fn flow_cookies(browser: &Browser) -> usize {
    let cookies = browser.cookies().into_iter();
    let of_flows = |name: &str| name.starts_with("__Host-didit-flow-");
    cookies.filter(|cookie| of_flows(cookie.name())).count()
}

// Behaviours 17 and 82.
#[tokio::test(start_paused = true)]
async fn a_callback_that_could_not_be_claimed_can_be_reloaded() {
    let didit = didit();
    let store = FailingStore::shared(memory(&didit));
    let browser = browser(config(&didit, &store));
    store.fail_all();
    let back = started(&browser, &didit).await;
    for page in [
        browser.get(&back).await,
        browser.fetch(Verb::GET, &back).await,
    ] {
        assert_unavailable(&page);
        assert_eq!(page.header("cache-control"), Some("private, no-store"));
    }
    assert_eq!(flow_cookies(&browser), 1);
    assert_eq!(didit.count(Endpoint::Token), 0);

    store.work();
    assert_eq!(browser.get(&back).await.text(), "signed in");
    assert_eq!(
        browser.get("/user").await.text(),
        Person::Alejandra.subject()
    );
    assert_eq!(flow_cookies(&browser), 0);
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
            let back = started(&browser, &didit).await;
            store.fail(&[Method::Create]);
            let page = browser.fetch(Verb::GET, &back).await;
            assert_unavailable(&page);
            assert_eq!(page.header("cache-control"), Some("private, no-store"));
            assert!(browser.cookies().is_empty(), "the sign-in is over");
            assert_eq!(didit.count(Endpoint::Token), 1);

            store.work();
            assert_eq!(browser.get("/user").await.text(), NOBODY);
            let again = browser.fetch(Verb::GET, &back).await;
            assert_eq!(again.json()["code"], "sign-in-already-completed");
            assert_eq!(didit.count(Endpoint::Token), 1);
        }
    }
}

// Behaviours 75 and 82.
#[tokio::test(start_paused = true)]
async fn the_session_of_before_stays_where_no_other_begins() {
    let didit = didit();
    let store = FailingStore::new(memory(&didit));
    let browser = browser(config(&didit, &store));
    let back = started(&browser, &didit).await;
    browser.get(&back).await;
    store.fail(&[Method::Create]);
    let login = browser.get("/login").await;
    let back = didit.approve(login.location(), Person::John);
    assert_unavailable(&browser.get(&back).await);
    store.work();
    assert_eq!(
        browser.get("/user").await.text(),
        Person::Alejandra.subject()
    );
}
