//! The page to return to: always of this site.

use axum::{Router, routing::get};
use http::StatusCode;
use tower_didit::{
    ConfigBuilder, DiditTokens, ReturnTo,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt},
};
use url::{Position, Url, form_urlencoded};

use crate::hostile_addresses::{hostile, stays};
use crate::support::{
    sign_in::end_of,
    site::{CALLBACK, HOME, auth, didit},
};

/// An application with guarded pages only.
fn visitor(configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> (FakeDidit, Browser) {
    let didit = didit();
    let config = configure(didit.config(CALLBACK));
    let app = Router::new()
        .route(
            "/callback",
            get(|_: DiditTokens, back: ReturnTo| async { back }),
        )
        .fallback(|_: DiditTokens| async { "members" })
        .layer(auth(config));
    (didit, Browser::new(HOME, app))
}

fn login(target: &str) -> String {
    let target: String = form_urlencoded::byte_serialize(target.as_bytes()).collect();
    format!("/login?return_to={target}")
}

// RFC 9700 §4.11; behaviour 8.
#[tokio::test]
async fn no_return_to_leaves_the_origin() {
    let hostile = hostile();
    assert!(hostile.len() > 10_000, "{}", hostile.len());
    for target in &hostile {
        assert_eq!(ReturnTo::parse(target), None, "{target:?}");
    }
    // A complete sign-in, for some addresses of each kind.
    let (didit, browser) = visitor(|config| config);
    let travelled: Vec<_> = hostile.iter().step_by(11).collect();
    assert!(travelled.len() > 1000);
    for target in &travelled {
        let start = browser.get(&login(target)).await;
        let location = end_of(&start, &browser, &didit).await;
        assert!(stays(&location), "{target:?} leads to {location:?}");
        assert_eq!(location, "/", "{target:?}");
    }
    assert_eq!(didit.count(Endpoint::Token), travelled.len());
}

// RFC 9700 §4.11; behaviour 8.
#[tokio::test]
async fn an_invalid_return_to_leads_to_the_landing_page() {
    for configured in ["/", "/home?tab=1"] {
        let (didit, browser) = visitor(|config| config.with_landing_page(configured));
        for target in NO_ADDRESSES {
            let start = browser.get(&login(target)).await;
            let location = end_of(&start, &browser, &didit).await;
            assert_eq!(location, configured, "{target:?}");
        }
        for url in [
            "/login",
            "/login?",
            "/login?return_to",
            "/login?return_to=%FF",
            "/login?return_to=//evil.example&return_to=/x",
        ] {
            let start = browser.get(url).await;
            assert_eq!(end_of(&start, &browser, &didit).await, configured, "{url}");
        }
    }
}

// RFC 9700 §4.11; behaviours 8 and 117.
#[tokio::test]
async fn pages_of_this_site_are_kept_byte_for_byte() {
    let longest = format!("/{:x<511}", "long?");
    for redirects in [false, true] {
        let (didit, browser) = visitor(|config| {
            if redirects {
                config.with_redirect_after_sign_in()
            } else {
                config
            }
        });
        for page in PAGES.split_whitespace().chain([&*longest]) {
            assert!(stays(page), "{page}");
            let parsed = ReturnTo::parse(page);
            assert_eq!(parsed.as_ref().map(ReturnTo::as_str), Some(page));
            let start = browser.get(&login(page)).await;
            assert_eq!(end_of(&start, &browser, &didit).await, page);
        }
    }
}

// RFC 9700 §4.11; behaviours 8 and 117.
#[tokio::test]
async fn a_guarded_page_is_returned_to_byte_for_byte() {
    let (didit, browser) = visitor(|config| config);
    for page in [
        "/orders",
        "/a//b?c=%20d&e=/../f",
        "/caf%C3%A9?",
        "/a;v=1/(x)?ids[]=1&x=//y",
        r"/find?in=C:\dir&as=\\host",
        "/docs%23part?q=%23",
    ] {
        let browser = browser.new_browser();
        let start = browser.get(page).await;
        assert_eq!(end_of(&start, &browser, &didit).await, page);
        assert_eq!(browser.get(page).await.text(), "members");
    }
}

// RFC 9700 §4.11, GHSA-7p99-3798-f85c; behaviour 8.
#[tokio::test]
async fn a_guarded_path_that_looks_like_another_site_does_not_lead_there() {
    let (didit, browser) = visitor(|config| config);
    for path in DOUBTFUL_PATHS.split_whitespace() {
        let browser = browser.new_browser();
        let url = format!("{HOME}{path}");
        let start = browser.get(&url).await;
        let sent = Url::parse(&url).unwrap();
        assert_eq!(&sent[Position::BeforePath..], path, "a browser sends it so");
        let location = end_of(&start, &browser, &didit).await;
        assert!(stays(&location), "{path} leads to {location:?}");
        assert_eq!(location, "/", "{path}");
    }
}

#[tokio::test]
async fn the_layers_own_paths_are_never_returned_to() {
    let (didit, browser) = visitor(|config| config.with_login_path("/enter"));
    for (target, ends) in [
        ("/enter", "/"),
        ("/enter?return_to=/x", "/"),
        ("/callback?code=c&state=s", "/"),
        ("/logout", "/"),
        ("/login", "/login"),
    ] {
        let start = browser
            .get(&login(target).replace("/login?", "/enter?"))
            .await;
        assert_eq!(end_of(&start, &browser, &didit).await, ends, "{target}");
    }
}

#[tokio::test]
async fn an_address_of_more_than_512_bytes_becomes_the_landing_page() {
    let (didit, browser) = visitor(|config| config);
    for (length, kept) in [(511, true), (512, true), (513, false), (7000, false)] {
        let page = format!("/{:x<1$}", "", length - 1);
        for start in [login(&page), page.clone()] {
            let browser = browser.new_browser();
            let start = browser.get(&start).await;
            let location = end_of(&start, &browser, &didit).await;
            assert_eq!(location, if kept { &*page } else { "/" }, "{length}");
        }
    }
}

#[tokio::test]
async fn a_user_who_declined_can_try_again_and_returns_to_the_same_page() {
    let (didit, browser) = visitor(|config| config);
    let browser = browser.add_didit(&didit);
    for (target, ends) in [
        ("/orders?page=2&x=%20\"", "/"),
        ("/orders?page=2&x=%20", "/orders?page=2&x=%20"),
        ("//evil.example", "/"),
    ] {
        let start = browser.get(&login(target)).await;
        let declined = browser.visit(&didit.decline(start.location())).await;
        assert_eq!(declined.status(), StatusCode::FORBIDDEN);
        let question = browser.click(&declined, "try-again").await;
        let ended = browser.click(&question, "approve-john").await;
        assert_eq!(ended.url(), format!("{HOME}{ends}"));
        browser.post_form("/logout", &[]).await;
    }
}

const PAGES: &str = "
    / /a /a/ /a/b//c /a? /? /?a /a?b=c&d=e&d=f
    /a?next=https://evil.example//x&y=//z /a?b=/../..//c /a?x=%0D%0A&y=%5C&z=%2F%2f
    /a+b?c+d=e%2Bf /a%20b?c%20d /caf%C3%A9/%E2%82%AC /CAF%c3%a9 /a%2Fb%2fc /a%3Fb%23c
    /100%25 /a%2520b /@me/~you/* /a;v=1,2/(x)!$'& /a:b /:8443 /... /a..b/c. /.well-known/x
    /evil.example /https://evil.example /javascript:alert(1) /ids?ids[]=1&ids[]=2|3
    /login/x /Login /callback/ /logout.html /a?b\\c /find?in=C:\\x&as=\\\\y /docs#part /a?b#/c?d
";

#[rustfmt::skip]
const NO_ADDRESSES: &[&str] = &[
    "", "orders", "?page=2", "#top", ".", "./orders", "/two words", "/caf\u{e9}",
    "/a\r\nSet-Cookie: a=b", "/a\tb", "/a\"b", "/<b>", "/a\\b", "/a/../b", "/\u{2025}/x",
];

const DOUBTFUL_PATHS: &str = "
    //evil.example/x ///evil.example ////evil.example //evil.example // //@evil.example
    //user@evil.example/ //evil.example:443/x?y //evil.example%2f.. //%65vil.example //[::1]/
    /%2fevil.example/x /%2F%2Fevil.example /%5cevil.example /%5C%5cevil.example
    /%09/evil.example /%0d%0a/evil.example /%252fevil.example /%2e%2e%2f%2fevil.example
    /a%2f%2e%2e%2f%2fevil.example /a%2f..//evil.example
";
