//! Sign-ins at two layers that share a store: one code, one token request.

use futures_util::future::join;
use http::{Method as Verb, StatusCode};
use tower_didit::fake::{Browser, Endpoint, FakeDidit, Person};

use super::{
    application::{browser, config},
    failing_store::{FailingStore, Method},
};
use crate::support::{
    cookies::copy_cookies,
    sign_in::approved,
    site::{didit, memory},
};

/// The same browser, at one process and at the other.
fn two(didit: &FakeDidit, store: &FailingStore) -> [Browser; 2] {
    [(); 2].map(|()| browser(config(didit, store)))
}

/// Starts a sign-in and gives its callback. The browser at the other process has the cookie too.
async fn started([one, other]: &[Browser; 2], didit: &FakeDidit) -> String {
    let back = approved("/login", one, didit).await;
    copy_cookies(one, other);
    back
}

// RFC 6749 §4.1.2; behaviour 17.
#[tokio::test(start_paused = true)]
async fn a_callback_that_one_process_has_used_is_refused_by_the_other() {
    let didit = didit();
    let store = FailingStore::shared(memory(&didit));
    let browsers = two(&didit, &store);
    let [one, other] = &browsers;
    let back = started(&browsers, &didit).await;
    assert_eq!(one.get(&back).await.text(), "signed in");

    // With the flow cookie, which may be a copy, then without.
    for _ in 0..2 {
        let refused = other.fetch(Verb::GET, &back).await;
        assert_eq!(refused.status(), StatusCode::CONFLICT);
        assert_eq!(refused.json()["code"], "callback-already-used");
        other.remove_cookie(other.cookies().last().map_or("", |cookie| cookie.name()));
    }
    copy_cookies(one, other);
    let page = other.get(&back).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert_eq!(page.location(), "/");
    assert_eq!(didit.count(Endpoint::Token), 1);
    assert_eq!(
        other.get("/user").await.text(),
        Person::alejandra().subject()
    );

    // A state that no process knows is refused.
    let forged = format!("{back}x");
    let landed = other.fetch(Verb::GET, &forged).await;
    assert_eq!(landed.location(), "/");
    let refused = other.new_browser().fetch(Verb::GET, &forged).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(didit.count(Endpoint::Token), 1);
}

// RFC 6749 §4.1.2; behaviours 17 and 28.
#[tokio::test(start_paused = true)]
async fn of_two_processes_at_once_one_sends_the_code() {
    let didit = didit();
    let store = FailingStore::shared(memory(&didit));
    let browsers = two(&didit, &store);
    let [one, other] = &browsers;
    let back = started(&browsers, &didit).await;
    let both = join(one.fetch(Verb::GET, &back), other.fetch(Verb::GET, &back)).await;
    let mut statuses = [both.0, both.1].map(|page| page.status().as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(didit.count(Endpoint::Token), 1);
}

// Behaviour 82. A repeated callback is answered 503 as well.
#[tokio::test(start_paused = true)]
async fn a_repeated_callback_is_unavailable_while_the_store_fails() {
    let didit = didit();
    let store = FailingStore::shared(memory(&didit));
    let browsers = two(&didit, &store);
    let back = started(&browsers, &didit).await;
    browsers[0].get(&back).await;
    store.fail_all();
    for browser in &browsers {
        super::application::assert_unavailable(&browser.fetch(Verb::GET, &back).await);
    }
    assert_eq!(didit.count(Endpoint::Token), 1);
}

#[tokio::test(start_paused = true)]
async fn a_store_of_one_process_keeps_no_states() {
    let didit = didit();
    for (store, notes) in [
        (FailingStore::new(memory(&didit)), 0),
        (FailingStore::shared(memory(&didit)), 1),
    ] {
        let browsers = two(&didit, &store);
        let back = started(&browsers, &didit).await;
        browsers[0].get(&back).await;
        assert_eq!(store.count(Method::Create), 1);
        assert_eq!(store.count(Method::Note), notes);
    }
}
