//! Concurrent sign-ins: in the tabs of one browser, and in two browsers.

mod budget;
mod neighbours;

use std::{collections::BTreeSet, time::Duration};

use axum::{Router, routing::get};
use http::{Request, StatusCode};
use tower_didit::{
    ConfigBuilder, DiditTokens, ReturnTo,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Page, Person},
};

use crate::support::{
    cookies::{copy_cookies, flow_cookies},
    query::parameter,
    sign_in::approved,
    site::{CALLBACK, HOME, NOBODY, auth, didit},
};

fn app(config: ConfigBuilder) -> Router {
    Router::new()
        .route(
            "/who",
            get(|tokens: Option<DiditTokens>| async move {
                let token = tokens.map(|tokens| tokens.access_token().secret().to_owned());
                token.unwrap_or_else(|| NOBODY.to_owned())
            }),
        )
        .route("/tab/{tab}", get(|_: DiditTokens| async { "members" }))
        .route(
            "/callback",
            get(|_: DiditTokens, back: ReturnTo| async { back }),
        )
        .layer(auth(config))
}

fn visitor() -> (FakeDidit, Browser) {
    let didit = didit();
    let browser = Browser::new(HOME, app(didit.config(CALLBACK)));
    (didit, browser)
}

async fn who(browser: &Browser) -> String {
    browser.get("/who").await.text().to_owned()
}

fn names(browser: &Browser) -> BTreeSet<String> {
    let cookies = flow_cookies(browser);
    cookies
        .iter()
        .map(|cookie| cookie.name().to_owned())
        .collect()
}

#[track_caller]
fn assert_unknown(page: &Page) {
    assert_refused(page, "unknown-sign-in");
}

#[track_caller]
fn assert_refused(page: &Page, code: &str) {
    assert_eq!(page.status(), StatusCode::BAD_REQUEST);
    let code = format!("<code>{code}</code>");
    assert!(page.text().contains(&code), "{}", page.text());
    assert_eq!(page.header("set-cookie"), None);
}

// RFC 9700 §4.7; behaviour 3.
#[tokio::test]
async fn a_sign_in_completes_only_in_the_browser_that_started_it() {
    for (has_a_sign_in_under_way, is_signed_in) in
        [(false, false), (true, false), (false, true), (true, true)]
    {
        let (didit, browser_a) = visitor();
        let back = approved("/login?return_to=/a", &browser_a, &didit).await;

        let browser_b = browser_a.new_browser();
        if is_signed_in {
            let own = approved("/login", &browser_b, &didit).await;
            browser_b.get(&own).await;
            assert_ne!(who(&browser_b).await, NOBODY);
        }
        if has_a_sign_in_under_way {
            approved("/login", &browser_b, &didit).await;
        }
        let (who_b, cookies_b) = (who(&browser_b).await, browser_b.cookies());
        let asked = didit.count(Endpoint::Token);

        let astray = browser_b.get(&back).await;
        if is_signed_in {
            assert_eq!(astray.location(), "/");
            assert_eq!(astray.header("set-cookie"), None);
        } else {
            assert_unknown(&astray);
        }
        assert_eq!(didit.count(Endpoint::Token), asked);
        assert_eq!(who(&browser_b).await, who_b);
        assert_eq!(browser_b.cookies(), cookies_b);

        // The control: it completes in the browser that started it.
        assert_eq!(browser_a.get(&back).await.location(), "/a");
        assert_eq!(didit.count(Endpoint::Token), asked + 1);
        assert_ne!(who(&browser_a).await, who_b);
    }
}

// RFC 9700 §4.5 and §4.7; behaviour 3.
#[tokio::test]
async fn a_code_of_another_browser_is_rejected() {
    let (didit, browser_a) = visitor();
    let back_a = approved("/login", &browser_a, &didit).await;
    let browser_b = browser_a.new_browser();
    let back_b = approved("/login", &browser_b, &didit).await;

    // A's code with B's state: Didit refuses B's code verifier.
    let mixed = back_b.replace(&parameter(&back_b, "code"), &parameter(&back_a, "code"));
    let page = browser_b.get(&mixed).await;
    assert_eq!(page.status(), StatusCode::BAD_REQUEST);
    assert!(page.text().contains("<code>invalid-grant</code>"));
    assert_eq!(didit.count(Endpoint::Token), 1);
    assert_eq!(who(&browser_b).await, NOBODY);

    assert_eq!(browser_a.get(&back_a).await.location(), "/");
}

// RFC 9700 §4.7; behaviour 3.
#[tokio::test]
async fn a_flow_cookie_opens_only_under_its_own_name() {
    let (didit, browser_a) = visitor();
    let back_a = approved("/login", &browser_a, &didit).await;
    let browser_b = browser_a.new_browser();
    let back_b = approved("/login", &browser_b, &didit).await;

    let (a, b) = (flow_cookies(&browser_a), flow_cookies(&browser_b));
    browser_b.set_cookie(b[0].name(), a[0].value());
    assert_refused(&browser_b.get(&back_b).await, "flow-cookie-undecryptable");
    assert_unknown(&browser_b.get(&back_a).await);
    assert_eq!(didit.count(Endpoint::Token), 0);

    browser_b.set_cookie(b[0].name(), b[0].value());
    assert_eq!(browser_b.get(&back_b).await.location(), "/");
}

// Behaviour 4.
#[tokio::test]
async fn five_tabs_complete_in_any_order() {
    let (didit, browser) = visitor();
    let orders = permutations(&[0, 1, 2, 3, 4]);
    assert_eq!(orders.len(), 120);
    for order in orders {
        let browser = browser.new_browser();
        let mut backs = Vec::new();
        for tab in 0..5 {
            backs.push(approved(&format!("/login?return_to=/tab/{tab}"), &browser, &didit).await);
        }
        let asked = didit.count(Endpoint::Token);
        for (finished, &tab) in order.iter().enumerate() {
            let page = browser.get(&backs[tab]).await;
            assert_eq!(page.location(), format!("/tab/{tab}"), "{order:?}");
            assert_eq!(flow_cookies(&browser).len(), 4 - finished, "{order:?}");
        }
        assert_eq!(didit.count(Endpoint::Token), asked + 5);
        assert_ne!(who(&browser).await, NOBODY);
    }
}

// Behaviour 5.
#[tokio::test]
async fn the_server_stores_nothing_for_an_unfinished_sign_in() {
    let (didit, browser) = visitor();
    let back = approved("/login?return_to=/a", &browser, &didit).await;
    // Another process with the same configuration, after a deployment or beside this one.
    let other = Browser::new(HOME, app(didit.config(CALLBACK)));
    copy_cookies(&browser, &other);
    assert_eq!(other.get(&back).await.location(), "/a");
}

#[tokio::test]
async fn cookies_that_http_2_split_over_header_lines_are_all_read() {
    let (didit, browser) = visitor();
    let mut backs = Vec::new();
    for tab in 0..5 {
        didit.clock().advance(Duration::from_secs(1));
        backs.push(approved(&format!("/login?return_to=/{tab}"), &browser, &didit).await);
    }
    let split = |url: &str| {
        let lines = flow_cookies(&browser);
        let request = Request::get(url).header("cookie", "theme=dark");
        lines.iter().fold(request, |request, cookie| {
            request.header("cookie", format!("{}={}", cookie.name(), cookie.value()))
        })
    };

    // A sixth one removes the oldest, at any position.
    let oldest = flow_cookies(&browser)[0].name().to_owned();
    let page = browser
        .send(split("/login?return_to=/5").body("").unwrap())
        .await;
    assert_eq!(page.headers().get_all("set-cookie").iter().count(), 2);
    assert!(!names(&browser).contains(&oldest));
    backs.push(didit.approve(page.location(), &Person::alejandra()));

    for (tab, back) in backs.iter().enumerate().skip(1) {
        let page = browser.send(split(back).body("").unwrap()).await;
        assert_eq!(page.location(), format!("/{tab}"));
    }
    assert_eq!(didit.count(Endpoint::Token), 5);
}

fn permutations(items: &[usize]) -> Vec<Vec<usize>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let each_first = items.iter().flat_map(|first| {
        let mut rest = items.to_vec();
        rest.retain(|item| item != first);
        permutations(&rest)
            .into_iter()
            .map(|order| [&[*first][..], &order[..]].concat())
    });
    each_first.collect()
}
