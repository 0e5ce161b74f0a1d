//! The flow cookie: its attributes, its protection and its lifetime.

use std::{collections::BTreeSet, time::Duration};

use axum::{Router, routing::get};
use http::StatusCode;
use tower_didit::{
    DiditTokens,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Page, Person},
};

use crate::support::{
    cookies::{FLOW, set_cookies},
    site::{HOME, auth, didit},
};

fn browser(didit: &FakeDidit, origin: &str) -> Browser {
    let config = didit
        .config(&format!("{origin}/callback"))
        .with_redirect_after_sign_in();
    let app = Router::new()
        .route("/members", get(|_: DiditTokens| async { "members" }))
        .layer(auth(config));
    Browser::new(origin, app)
}

/// The only `Set-Cookie` line of a response: name, value, attributes.
fn set_cookie(page: &Page) -> (String, String, BTreeSet<String>) {
    let [line] = set_cookies(page)[..] else {
        panic!("not one cookie: {page:?}");
    };
    let mut parts = line.split("; ");
    let (name, value) = parts
        .next()
        .and_then(|pair| pair.split_once('='))
        .expect("a cookie");
    (
        name.to_owned(),
        value.to_owned(),
        parts.map(str::to_owned).collect(),
    )
}

fn is_refused(page: &Page, code: &str) -> bool {
    page.status() == StatusCode::BAD_REQUEST
        && page.text().contains(&format!("<code>{code}</code>"))
}

// RFC 6265bis §4.1.3.2; behaviour 6.
#[tokio::test]
async fn a_flow_cookie_is_locked_to_the_host_for_twenty_minutes() {
    let attributes = [
        "HttpOnly",
        "Max-Age=1200",
        "Path=/",
        "SameSite=Lax",
        "Secure",
    ];
    for (origin, prefix, attributes) in [
        (HOME, FLOW, &attributes[..]),
        ("http://localhost:3000", "didit-flow-", &attributes[..4]),
    ] {
        let didit = didit();
        let browser = browser(&didit, origin);
        let start = browser.get("/login").await;
        let (name, _, set) = set_cookie(&start);
        assert!(name.starts_with(prefix), "{name}");
        assert!(set.iter().eq(attributes), "{set:?}");

        // Browsers accept it, send it with the callback, and then remove it.
        assert!(browser.rejected_cookies().is_empty());
        let back = didit.approve(start.location(), &Person::alejandra());
        assert_eq!(browser.get(&back).await.location(), "/");
        assert!(browser.cookie(&name).is_none());
        assert_eq!(browser.get("/members").await.text(), "members");
    }
}

// RFC 6265bis §4.1.3.2; behaviour 6.
#[tokio::test]
async fn a_modified_flow_cookie_is_rejected() {
    let didit = didit();
    let browser = browser(&didit, HOME);
    let start = browser.get("/login").await;
    let (name, value, _) = set_cookie(&start);
    let back = didit.approve(start.location(), &Person::alejandra());

    let flipped = (0..value.len()).map(|at| {
        let mut changed = value.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(changed).unwrap()
    });
    let cut = (0..value.len()).step_by(7).map(|at| value[..at].to_owned());
    let longer = ["A", "AAAA", "=", "."].map(|more| format!("{value}{more}"));
    for changed in flipped.chain(cut).chain(longer) {
        browser.set_cookie(&name, &changed);
        let page = browser.get(&back).await;
        assert!(is_refused(&page, "flow-cookie-undecryptable"), "{changed}");
        assert_eq!(page.header("set-cookie"), None);
    }
    assert_eq!(didit.count(Endpoint::Token), 0);

    // The control: the unmodified cookie is accepted.
    browser.set_cookie(&name, &value);
    assert_eq!(browser.get(&back).await.location(), "/");
    assert_eq!(didit.count(Endpoint::Token), 1);
}

// RFC 6265bis §4.1.3.2; behaviour 6.
#[tokio::test]
async fn a_flow_cookie_expires_by_its_sealed_time() {
    for (age, ends_well) in [(1199, true), (1200, false), (1_000_000, false)] {
        let didit = didit();
        // This browser has no clock: it ignores Max-Age.
        let browser = browser(&didit, HOME);
        let start = browser.get("/login").await;
        let (name, _, _) = set_cookie(&start);
        didit.clock().advance(Duration::from_secs(age));
        assert!(browser.cookie(&name).is_some());
        let page = browser
            .get(&didit.approve(start.location(), &Person::alejandra()))
            .await;
        if ends_well {
            assert_eq!(page.location(), "/");
        } else {
            assert!(is_refused(&page, "sign-in-expired"), "{age}");
        }
        assert_eq!(didit.count(Endpoint::Token), usize::from(ends_well));
        assert!(browser.cookie(&name).is_none(), "removed in any case");
    }
}

// RFC 6265bis §4.1.3.2; behaviour 6.
#[tokio::test]
async fn a_flow_cookie_expires_by_its_max_age() {
    let didit = didit();
    let browser = browser(&didit, HOME).with_clock(didit.clock());
    let start = browser.get("/login").await;
    didit.clock().advance(Duration::from_secs(1199));
    assert_eq!(browser.cookies().len(), 1);
    didit.clock().advance(Duration::from_secs(1));
    assert!(browser.cookies().is_empty());
    let page = browser
        .get(&didit.approve(start.location(), &Person::alejandra()))
        .await;
    assert!(is_refused(&page, "unknown-sign-in"));
    assert_eq!(didit.count(Endpoint::Token), 0);
}
