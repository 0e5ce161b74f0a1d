//! Callbacks that complete no sign-in: unknown, foreign, expired, used before, or with a second code.

use std::time::Duration;

use http::{Request, StatusCode};
use tower_didit::fake::{Endpoint, Page, Person};

use super::Site;
use crate::support::{
    cookies::{flow_cookies, sets_session},
    sign_in::sign_in,
    site::NOBODY,
};

impl Site {
    /// Sends a callback as a program that reads problem details.
    async fn call(&self, back: &str) -> Page {
        let request = Request::get(back).header("accept", "application/json");
        self.browser.send(request.body("").expect("a URL")).await
    }

    /// A signed-in user is redirected to the landing page, anybody else gets the error.
    async fn assert_unusable(&self, back: &str, status: u16, code: &str) {
        let page = self.call(back).await;
        assert_eq!(page.status().as_u16(), status, "{code}");
        assert_eq!(page.json().get("code"), Some(&code.into()));
        assert!(!sets_session(&page));
        let tokens = self.didit.count(Endpoint::Token);

        let flow = flow_cookies(&self.browser);
        sign_in(&self.browser, &self.didit).await;
        for cookie in flow {
            self.browser.set_cookie(cookie.name(), cookie.value());
        }
        let page = self.call(back).await;
        assert_eq!(page.status(), StatusCode::SEE_OTHER, "{code}");
        assert_eq!(page.location(), "/home", "{code}");
        assert!(!sets_session(&page));
        self.assert_signed_in().await;
        assert_eq!(self.didit.count(Endpoint::Token), tokens + 1, "{code}");
    }
}

// Behaviour 100.
#[tokio::test]
async fn a_callback_without_its_flow_cookie_is_unknown() {
    let site = Site::new();
    let back = site.approved().await;
    for cookie in flow_cookies(&site.browser) {
        site.browser.remove_cookie(cookie.name());
    }
    site.assert_unusable(&back, 400, "unknown-sign-in").await;
}

// Behaviour 100.
#[tokio::test]
async fn a_flow_cookie_that_another_key_sealed_is_undecryptable() {
    let site = Site::new();
    let back = site.approved().await;
    let other = Site::with(crate::support::site::didit(), StatusCode::OK, |config| {
        config.with_cookie_keys([[7; 32]])
    });
    other.approved().await;
    let foreign = flow_cookies(&other.browser).remove(0);
    let own = flow_cookies(&site.browser).remove(0);
    site.browser.set_cookie(own.name(), foreign.value());
    site.assert_unusable(&back, 400, "flow-cookie-undecryptable")
        .await;
}

// Behaviour 100.
#[tokio::test]
async fn a_sign_in_that_took_too_long_has_expired() {
    let site = Site::new();
    let back = site.approved().await;
    site.didit.clock().advance(Duration::from_secs(20 * 60));
    site.assert_unusable(&back, 400, "sign-in-expired").await;
}

// Behaviours 17 and 100.
#[tokio::test(start_paused = true)]
async fn a_callback_that_was_used_before_is_refused() {
    let site = Site::new();
    let back = site.approved().await;
    let flow = flow_cookies(&site.browser).remove(0);
    assert_eq!(site.browser.get(&back).await.text(), "signed in");
    site.browser.post_form("/logout", &[]).await;
    site.browser.set_cookie(flow.name(), flow.value());
    // The flight is kept for a minute, but its session has ended.
    site.assert_unusable(&back, 409, "callback-already-used")
        .await;
}

// Behaviour 99.
#[tokio::test(start_paused = true)]
async fn another_code_for_a_completed_sign_in_is_refused_even_to_a_signed_in_user() {
    let site = Site::new();
    let started = site.browser.get("/login").await;
    let first = site.didit.approve(started.location(), &Person::alejandra());
    let second = site.didit.approve(started.location(), &Person::john());
    let flow = flow_cookies(&site.browser).remove(0);
    assert_eq!(site.browser.get(&first).await.text(), "signed in");
    for keeps_flow_cookie in [false, true] {
        if keeps_flow_cookie {
            site.browser.set_cookie(flow.name(), flow.value());
        }
        for after in [0, 61] {
            tokio::time::advance(Duration::from_secs(after)).await;
            let page = site.call(&second).await;
            assert_eq!(page.status(), StatusCode::CONFLICT);
            assert_eq!(page.json()["code"], "callback-code-mismatch");
            assert!(!sets_session(&page));
        }
    }
    site.assert_signed_in().await;
    assert_eq!(site.didit.count(Endpoint::Token), 1);
}

// Behaviour 118.
#[tokio::test]
async fn a_head_request_and_a_scanner_without_cookies_do_not_use_up_a_sign_in() {
    let site = Site::new();
    let back = site.approved().await;
    let head = Request::head(&back).body("").expect("a URL");
    let page = site.browser.send(head).await;
    assert_eq!(page.status(), StatusCode::METHOD_NOT_ALLOWED);
    let page = site.browser.new_browser().get(&back).await;
    assert_eq!(page.status(), StatusCode::BAD_REQUEST);
    assert_eq!(site.user().await, NOBODY);
    assert_eq!(site.browser.get(&back).await.text(), "signed in");
    site.assert_signed_in().await;
}
