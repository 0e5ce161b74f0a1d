//! Several sign-ins at once: in the tabs of one browser, in two browsers, beside another application.

use std::{collections::BTreeSet, time::Duration};

use axum::{Router, body::Body, routing::get};
use http::{Request, StatusCode};
use tower::{ServiceExt, service_fn};
use tower_didit::{
    Config, DiditAuth, DiditTokens, ReturnTo,
    fake::{Browser, Endpoint, FakeDidit, Page, Person, StoredCookie},
};
use url::Url;

const ORIGIN: &str = "https://app.example";
const CALLBACK: &str = "https://app.example/callback";
/// What flow cookies may take of the `Cookie` header.
const MOST_BYTES: usize = 3 * 1024;

fn app(config: Config) -> Router {
    Router::new()
        .route(
            "/who",
            get(|tokens: Option<DiditTokens>| async move {
                let token = tokens.map(|tokens| tokens.access_token().secret().to_owned());
                token.unwrap_or_else(|| "nobody".to_owned())
            }),
        )
        .route("/tab/{tab}", get(|_: DiditTokens| async { "members" }))
        .route(
            "/callback",
            get(|_: DiditTokens, back: ReturnTo| async { back }),
        )
        .layer(DiditAuth::new(config))
}

fn config(didit: &FakeDidit, redirect_uri: &str) -> Config {
    let config = didit.config(redirect_uri).build();
    config.expect("a good configuration")
}

fn visitor() -> (FakeDidit, Browser) {
    let didit = FakeDidit::new("client", "secret");
    let browser = Browser::new(ORIGIN, app(config(&didit, CALLBACK)));
    (didit, browser)
}

/// Starts a sign-in in a new tab; gives where Didit sends it back after a yes.
async fn start(didit: &FakeDidit, browser: &Browser, login: &str) -> String {
    let page = browser.get(login).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    didit.approve(page.location(), Person::Alejandra)
}

async fn who(browser: &Browser) -> String {
    browser.get("/who").await.text().to_owned()
}

fn flow_cookies(browser: &Browser) -> Vec<StoredCookie> {
    let mut cookies = browser.cookies();
    cookies.retain(|cookie| cookie.name().starts_with("__Host-didit-flow-"));
    cookies
}

fn names(browser: &Browser) -> BTreeSet<String> {
    let cookies = flow_cookies(browser);
    cookies
        .iter()
        .map(|cookie| cookie.name().to_owned())
        .collect()
}

fn parameter(url: &str, name: &str) -> String {
    let url = Url::parse(url).expect("a URL");
    let value = url.query_pairs().find(|pair| pair.0 == name);
    value.expect("the parameter is there").1.into_owned()
}

#[track_caller]
fn assert_unknown(page: &Page) {
    assert_eq!(page.status(), StatusCode::BAD_REQUEST);
    assert!(page.text().contains("<code>unknown-sign-in</code>"));
    assert_eq!(page.header("set-cookie"), None);
}

// Behaviour 3.
#[tokio::test]
async fn a_sign_in_ends_only_in_the_browser_that_started_it() {
    for (has_a_sign_in_under_way, is_signed_in) in
        [(false, false), (true, false), (false, true), (true, true)]
    {
        let (didit, browser_a) = visitor();
        let back = start(&didit, &browser_a, "/login?return_to=/a").await;

        let browser_b = browser_a.new_browser();
        if is_signed_in {
            let own = start(&didit, &browser_b, "/login").await;
            browser_b.get(&own).await;
            assert_ne!(who(&browser_b).await, "nobody");
        }
        if has_a_sign_in_under_way {
            start(&didit, &browser_b, "/login").await;
        }
        let (who_b, cookies_b) = (who(&browser_b).await, browser_b.cookies());
        let asked = didit.count(Endpoint::Token);

        assert_unknown(&browser_b.get(&back).await);
        assert_eq!(didit.count(Endpoint::Token), asked);
        assert_eq!(who(&browser_b).await, who_b);
        assert_eq!(browser_b.cookies(), cookies_b);

        // The control: where it was started, it ends well.
        assert_eq!(browser_a.get(&back).await.location(), "/a");
        assert_eq!(didit.count(Endpoint::Token), asked + 1);
        assert_ne!(who(&browser_a).await, who_b);
    }
}

// Behaviour 3.
#[tokio::test]
async fn a_code_of_another_browser_is_worth_nothing() {
    let (didit, browser_a) = visitor();
    let back_a = start(&didit, &browser_a, "/login").await;
    let browser_b = browser_a.new_browser();
    let back_b = start(&didit, &browser_b, "/login").await;

    // A's code under B's own state: Didit misses the code verifier that it was given out for.
    let mixed = back_b.replace(&parameter(&back_b, "code"), &parameter(&back_a, "code"));
    let page = browser_b.get(&mixed).await;
    assert_eq!(page.status(), StatusCode::BAD_REQUEST);
    assert!(page.text().contains("<code>invalid-grant</code>"));
    assert_eq!(didit.count(Endpoint::Token), 1);
    assert_eq!(who(&browser_b).await, "nobody");

    assert_eq!(browser_a.get(&back_a).await.location(), "/");
}

// Behaviour 3.
#[tokio::test]
async fn a_flow_cookie_opens_only_under_its_own_name() {
    let (didit, browser_a) = visitor();
    let back_a = start(&didit, &browser_a, "/login").await;
    let browser_b = browser_a.new_browser();
    let back_b = start(&didit, &browser_b, "/login").await;

    let (a, b) = (flow_cookies(&browser_a), flow_cookies(&browser_b));
    browser_b.set_cookie(b[0].name(), a[0].value());
    assert_unknown(&browser_b.get(&back_b).await);
    assert_unknown(&browser_b.get(&back_a).await);
    assert_eq!(didit.count(Endpoint::Token), 0);

    browser_b.set_cookie(b[0].name(), b[0].value());
    assert_eq!(browser_b.get(&back_b).await.location(), "/");
}

// Behaviour 4.
#[tokio::test]
async fn five_tabs_finish_in_every_order() {
    let (didit, browser) = visitor();
    let orders = permutations(&[0, 1, 2, 3, 4]);
    assert_eq!(orders.len(), 120);
    for order in orders {
        let browser = browser.new_browser();
        let mut backs = Vec::new();
        for tab in 0..5 {
            backs.push(start(&didit, &browser, &format!("/login?return_to=/tab/{tab}")).await);
        }
        let asked = didit.count(Endpoint::Token);
        for (finished, &tab) in order.iter().enumerate() {
            let page = browser.get(&backs[tab]).await;
            assert_eq!(page.location(), format!("/tab/{tab}"), "{order:?}");
            assert_eq!(flow_cookies(&browser).len(), 4 - finished, "{order:?}");
        }
        assert_eq!(didit.count(Endpoint::Token), asked + 5);
        assert_ne!(who(&browser).await, "nobody");
    }
}

// Behaviour 5.
#[tokio::test]
async fn of_fifty_abandoned_starts_the_newest_five_remain() {
    // Asked for by link, and by opening a page that is for members.
    for from in ["/login?return_to=/tab/", "/tab/"] {
        let (didit, browser) = visitor();
        let (mut locations, mut started) = (Vec::new(), Vec::new());
        for tab in 0..50 {
            didit.clock().advance(Duration::from_secs(1));
            let before = names(&browser);
            let page = browser.get(&format!("{from}{tab}")).await;
            locations.push(page.location().to_owned());
            started.extend(names(&browser).difference(&before).cloned());
            assert_eq!(started.len(), tab + 1);
            assert_eq!(flow_cookies(&browser).len(), started.len().min(5));
            assert!(browser.cookie_header_len("/") <= MOST_BYTES);
        }
        assert_eq!(names(&browser), started[45..].iter().cloned().collect());

        let back = |tab: usize| didit.approve(&locations[tab], Person::Alejandra);
        for evicted in [0, 43, 44] {
            assert_unknown(&browser.get(&back(evicted)).await);
        }
        assert_eq!(didit.count(Endpoint::Token), 0);
        for tab in (45..50).rev() {
            let page = browser.get(&back(tab)).await;
            assert_eq!(page.location(), format!("/tab/{tab}"));
        }
        assert_eq!(didit.count(Endpoint::Token), 5);
    }
}

// Behaviour 5.
#[tokio::test]
async fn the_oldest_goes_first_also_within_one_second() {
    let (didit, browser) = visitor();
    let mut backs = Vec::new();
    for tab in 0..8 {
        backs.push(start(&didit, &browser, &format!("/login?return_to=/tab/{tab}")).await);
    }
    for (tab, back) in backs.iter().enumerate() {
        let page = browser.get(back).await;
        if tab < 3 {
            assert_unknown(&page);
        } else {
            assert_eq!(page.location(), format!("/tab/{tab}"));
        }
    }
}

// Behaviour 5.
#[tokio::test]
async fn long_addresses_leave_room_for_fewer() {
    let (didit, browser) = visitor();
    let page = |tab: usize| format!("/{tab:x<511}");
    let mut backs = Vec::new();
    for tab in 0..9 {
        didit.clock().advance(Duration::from_secs(1));
        let login = format!("/login?return_to={}", page(tab));
        backs.push(start(&didit, &browser, &login).await);
        assert_eq!(flow_cookies(&browser).len(), (tab + 1).min(3));
        assert!(browser.cookie_header_len("/") <= MOST_BYTES);
    }
    // A short one takes the place of a long one.
    didit.clock().advance(Duration::from_secs(1));
    backs.push(start(&didit, &browser, "/login?return_to=/short").await);
    assert_eq!(flow_cookies(&browser).len(), 3);
    for (tab, back) in backs.iter().enumerate() {
        let ended = browser.get(back).await;
        match tab {
            0..7 => assert_unknown(&ended),
            7..9 => assert_eq!(ended.location(), page(tab)),
            _ => assert_eq!(ended.location(), "/short"),
        }
    }
}

// Behaviour 5.
#[tokio::test]
async fn whatever_the_length_the_cookie_header_stays_within_its_share() {
    let (_, browser) = visitor();
    for length in 1..=600 {
        let browser = browser.new_browser();
        let login = format!("/login?return_to=/{:x<1$}", "", length - 1);
        for _ in 0..6 {
            browser.get(&login).await;
        }
        let (count, bytes) = (flow_cookies(&browser).len(), browser.cookie_header_len("/"));
        assert!((3..=5).contains(&count), "{count} at {length}");
        assert!(bytes <= MOST_BYTES, "{count} take {bytes} at {length}");
    }
}

// Behaviour 5.
#[tokio::test]
async fn the_server_keeps_nothing_of_an_unfinished_sign_in() {
    let (didit, browser) = visitor();
    let back = start(&didit, &browser, "/login?return_to=/a").await;
    // Another process with the same configuration, after a deployment or beside this one.
    let other = Browser::new(ORIGIN, app(config(&didit, CALLBACK)));
    for cookie in browser.cookies() {
        other.set_cookie(cookie.name(), cookie.value());
    }
    assert_eq!(other.get(&back).await.location(), "/a");
}

// Behaviour 5.
#[tokio::test]
async fn cookies_that_a_stranger_planted_do_not_get_in_the_way() {
    let (didit, browser) = visitor();
    for number in 0..40 {
        browser.set_cookie(&format!("__Host-didit-flow-planted{number}"), "x");
    }
    let odd = ["<b>", "a\"b", "a,b", "a b", "é", "."].map(|odd| format!("__Host-didit-flow-{odd}"));
    for name in &odd {
        browser.set_cookie(name, "x");
    }
    let page = browser.get("/login?return_to=/a").await;
    let mine = didit.approve(page.location(), Person::Alejandra);

    // Five remain, and those whose names the answer must not repeat.
    for line in page.headers().get_all("set-cookie") {
        let line = line.to_str().unwrap();
        assert!(!odd.iter().any(|name| line.starts_with(name)), "{line}");
    }
    assert!(flow_cookies(&browser).len() <= 5 + odd.len());
    assert_eq!(browser.get(&mine).await.location(), "/a");
}

/// An application with another of the same host: each sees the cookies of both, which know neither
/// ports nor clients. The other one is under `prefix`, a URL.
fn neighbours(other_client: &str, prefix: &str) -> (FakeDidit, FakeDidit, Browser) {
    let (didit, other_didit) = (
        FakeDidit::new("client", "secret"),
        FakeDidit::new(other_client, "secret"),
    );
    let path = Url::parse(prefix).expect("a URL").path().to_owned();
    let other_config = other_didit
        .config(&format!("{prefix}callback"))
        .with_login_path(format!("{path}login"))
        .with_redirect_after_sign_in()
        .build();
    let mine = app(config(&didit, CALLBACK));
    let other = app(other_config.expect("a good configuration"));
    let both = {
        let other = other.clone();
        service_fn(move |request: Request<Body>| {
            let is_mine = !request.uri().path().starts_with("/other/");
            let app = if is_mine { &mine } else { &other };
            app.clone().oneshot(request)
        })
    };
    let browser = Browser::new(ORIGIN, both).add_site("https://app.example:8443", other);
    (didit, other_didit, browser)
}

#[tokio::test]
async fn another_application_of_the_host_keeps_its_sign_ins() {
    for (other_client, prefix) in [
        ("other-client", "https://app.example:8443/"),
        ("client", "https://app.example:8443/"),
        ("other-client", "https://app.example/other/"),
    ] {
        let (didit, other_didit, browser) = neighbours(other_client, prefix);
        let login = format!("{prefix}login?return_to=/theirs");
        let theirs = start(&other_didit, &browser, &login).await;
        let mut mine = Vec::new();
        for tab in 0..4 {
            mine.push(start(&didit, &browser, &format!("/login?return_to=/tab/{tab}")).await);
        }
        assert_eq!(flow_cookies(&browser).len(), 5);

        // Brought to the wrong application, it is nobody's, and nothing is lost.
        let astray = theirs.replace(&format!("{prefix}callback"), CALLBACK);
        assert_ne!(astray, theirs);
        assert_unknown(&browser.get(&astray).await);
        assert_eq!(other_didit.count(Endpoint::Token), 0);
        assert_eq!(didit.count(Endpoint::Token), 0);

        assert_eq!(browser.get(&theirs).await.location(), "/theirs");
        for (tab, back) in mine.iter().enumerate() {
            assert_eq!(browser.get(back).await.location(), format!("/tab/{tab}"));
        }
    }
}

#[tokio::test]
async fn where_there_is_no_room_the_other_application_goes_first() {
    let prefix = "https://app.example:8443/";
    let (didit, other_didit, browser) = neighbours("other-client", prefix);
    let mut mine = Vec::new();
    for tab in 0..4 {
        mine.push(start(&didit, &browser, &format!("/login?return_to=/tab/{tab}")).await);
    }
    let theirs = start(&other_didit, &browser, &format!("{prefix}login")).await;
    mine.push(start(&didit, &browser, "/login?return_to=/tab/4").await);
    assert_eq!(flow_cookies(&browser).len(), 5);
    assert_unknown(&browser.get(&theirs).await);
    for (tab, back) in mine.iter().enumerate() {
        assert_eq!(browser.get(back).await.location(), format!("/tab/{tab}"));
    }
}

#[tokio::test]
async fn cookies_that_http_2_split_over_header_lines_are_all_read() {
    let (didit, browser) = visitor();
    let mut backs = Vec::new();
    for tab in 0..5 {
        didit.clock().advance(Duration::from_secs(1));
        backs.push(start(&didit, &browser, &format!("/login?return_to=/{tab}")).await);
    }
    let split = |url: &str| {
        let lines = flow_cookies(&browser);
        let request = Request::get(url).header("cookie", "theme=dark");
        lines.iter().fold(request, |request, cookie| {
            request.header("cookie", format!("{}={}", cookie.name(), cookie.value()))
        })
    };

    // A sixth makes the oldest go, wherever it stands.
    let oldest = flow_cookies(&browser)[0].name().to_owned();
    let page = browser
        .send(split("/login?return_to=/5").body("").unwrap())
        .await;
    assert_eq!(page.headers().get_all("set-cookie").iter().count(), 2);
    assert!(!names(&browser).contains(&oldest));
    backs.push(didit.approve(page.location(), Person::Alejandra));

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
