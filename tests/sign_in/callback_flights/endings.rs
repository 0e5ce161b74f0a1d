//! Tokens of a sign-in that begins no session, and of a session that it replaces, end at the provider.

use std::time::Duration;

use http::StatusCode;
use tower_didit::fake::{Endpoint, FakeDidit, Person};

use super::Site;
use crate::support::{
    cookies::FLOW,
    sign_in::sign_in_as,
    site::{NOBODY, didit},
    tasks::{assert_is_pending, poll_until, yield_until},
};

/// A Didit that counts revocations.
fn revoking() -> FakeDidit {
    didit().with_revocation_endpoint()
}

fn revocations(site: &Site) -> usize {
    site.didit.count(Endpoint::Revocation)
}

// Behaviour 125.
#[tokio::test(start_paused = true)]
async fn a_sign_in_that_the_handler_refuses_leaves_no_session_at_the_provider() {
    for status in [StatusCode::FORBIDDEN, StatusCode::INTERNAL_SERVER_ERROR] {
        let site = Site::with(revoking(), status, |config| config);
        let back = site.approved().await;
        let page = site.browser.get(&back).await;
        assert_eq!(page.status(), status);
        assert_eq!(site.user().await, NOBODY);
        yield_until(|| revocations(&site) == 1).await;
    }
}

#[tokio::test(start_paused = true)]
async fn unclaimed_tokens_are_discarded_after_a_minute() {
    let site = Site::with(revoking(), StatusCode::OK, |config| config);
    let back = site.approved().await;
    let mut first = Box::pin(site.browser.get(&back));
    assert_is_pending(&mut first).await;
    drop(first);
    yield_until(|| site.didit.count(Endpoint::Token) == 1).await;
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(revocations(&site), 0);
    tokio::time::advance(Duration::from_secs(2)).await;
    yield_until(|| revocations(&site) == 1).await;

    let late = site.browser.get(&back).await;
    assert_eq!(late.status(), StatusCode::CONFLICT);
    assert_eq!(site.didit.count(Endpoint::Token), 1);
}

#[tokio::test(start_paused = true)]
async fn unclaimed_tokens_are_discarded_at_shutdown() {
    let site = Site::with(revoking(), StatusCode::OK, |config| config);
    let back = site.approved().await;
    let mut first = Box::pin(site.browser.get(&back));
    assert_is_pending(&mut first).await;
    drop(first);
    yield_until(|| site.didit.count(Endpoint::Token) == 1).await;
    site.auth.shutdown().await;
    assert_eq!(revocations(&site), 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_a_sign_in_of_another_user_replaces_ends_at_the_provider() {
    let site = Site::with(revoking(), StatusCode::OK, |config| config);
    let people = [Person::alejandra(), Person::john(), Person::alejandra()];
    for (replaced, person) in people.iter().enumerate() {
        let page = sign_in_as(person, &site.browser, &site.didit).await;
        assert_eq!(page.text(), "signed in");
        yield_until(|| revocations(&site) == replaced).await;
        assert_eq!(site.user().await, person.subject());
    }
}

// RFC 7009 §2.1. The revocation of one token may end all tokens of the user.
#[tokio::test(start_paused = true)]
async fn tokens_of_a_user_who_signs_in_again_are_not_revoked() {
    let site = Site::with(revoking(), StatusCode::OK, |config| config);
    for _ in 0..2 {
        let back = site.approved().await;
        assert_eq!(site.browser.get(&back).await.text(), "signed in");
    }
    site.auth.shutdown().await;
    assert_eq!(revocations(&site), 0);
    site.assert_signed_in().await;
}

#[tokio::test(start_paused = true)]
async fn a_sign_out_in_another_tab_ends_a_callback_under_way() {
    for planted in [0, 6] {
        let site = Site::with(revoking(), StatusCode::OK, |config| config);
        for number in 0..planted {
            // No response repeats a name with a dot.
            let name = format!("{FLOW}planted.{number}");
            site.browser.set_cookie(&name, "planted");
        }
        let back = site.approved().await;
        site.hold_up();
        let callback = poll_until(site.browser.get(&back), || site.runs() == 1).await;
        site.browser.new_tab().post_form("/logout", &[]).await;
        site.go_on();
        let page = callback.await;
        assert_eq!(page.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(site.user().await, NOBODY);
        yield_until(|| revocations(&site) == 1).await;
    }
}
