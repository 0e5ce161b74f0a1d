//! Sign-ins beside those of another application of the same host.

use axum::body::Body;
use http::Request;
use tower::{ServiceExt, service_fn};
use tower_didit::fake::{Browser, Endpoint, FakeDidit, FakeDiditExt};
use url::Url;

use super::{app, assert_refused, assert_unknown};
use crate::support::{
    cookies::flow_cookies,
    sign_in::approved,
    site::{CALLBACK, HOME, didit},
};

/// An application with another of the same host: each sees the cookies of both, which know neither
/// ports nor clients. The other one is under `prefix`, a URL.
fn neighbours(other_client: &str, prefix: &str) -> (FakeDidit, FakeDidit, Browser) {
    let (didit, other_didit) = (didit(), FakeDidit::new(other_client, "secret"));
    let path = Url::parse(prefix).expect("a URL").path().to_owned();
    let other_config = other_didit
        .config(&format!("{prefix}callback"))
        .with_login_path(format!("{path}login"))
        .with_redirect_after_sign_in();
    let mine = app(didit.config(CALLBACK));
    let other = app(other_config);
    let both = {
        let other = other.clone();
        service_fn(move |request: Request<Body>| {
            let is_mine = !request.uri().path().starts_with("/other/");
            let app = if is_mine { &mine } else { &other };
            app.clone().oneshot(request)
        })
    };
    let browser = Browser::new(HOME, both).add_site("https://app.example:8443", other);
    (didit, other_didit, browser)
}

#[tokio::test]
async fn another_application_on_the_host_keeps_its_sign_ins() {
    for (other_client, prefix) in [
        ("other-client", "https://app.example:8443/"),
        ("client", "https://app.example:8443/"),
        ("other-client", "https://app.example/other/"),
    ] {
        let (didit, other_didit, browser) = neighbours(other_client, prefix);
        let login = format!("{prefix}login?return_to=/theirs");
        let theirs = approved(&login, &browser, &other_didit).await;
        let mut mine = Vec::new();
        for tab in 0..4 {
            mine.push(approved(&format!("/login?return_to=/tab/{tab}"), &browser, &didit).await);
        }
        assert_eq!(flow_cookies(&browser).len(), 5);

        // At the wrong application the callback is unknown, and its sign-in is not used up.
        let astray = theirs.replace(&format!("{prefix}callback"), CALLBACK);
        assert_ne!(astray, theirs);
        assert_refused(&browser.get(&astray).await, "flow-cookie-undecryptable");
        assert_eq!(other_didit.count(Endpoint::Token), 0);
        assert_eq!(didit.count(Endpoint::Token), 0);

        assert_eq!(browser.get(&theirs).await.location(), "/theirs");
        for (tab, back) in mine.iter().enumerate() {
            assert_eq!(browser.get(back).await.location(), format!("/tab/{tab}"));
        }
    }
}

#[tokio::test]
async fn beyond_the_limit_another_applications_cookies_are_removed_first() {
    let prefix = "https://app.example:8443/";
    let (didit, other_didit, browser) = neighbours("other-client", prefix);
    let mut mine = Vec::new();
    for tab in 0..4 {
        mine.push(approved(&format!("/login?return_to=/tab/{tab}"), &browser, &didit).await);
    }
    let theirs = approved(&format!("{prefix}login"), &browser, &other_didit).await;
    mine.push(approved("/login?return_to=/tab/4", &browser, &didit).await);
    assert_eq!(flow_cookies(&browser).len(), 5);
    assert_unknown(&browser.get(&theirs).await);
    for (tab, back) in mine.iter().enumerate() {
        assert_eq!(browser.get(back).await.location(), format!("/tab/{tab}"));
    }
}
