//! Limits on the number and the size of flow cookies.

use std::time::Duration;

use tower_didit::fake::{Browser, Endpoint, FakeDiditExt, Person};

use super::{app, assert_unknown, names, visitor};
use crate::support::{
    cookies::{COMPLETED, flow_cookies},
    sign_in::approved,
    site::{CALLBACK, HOME, didit},
};

/// The limit for flow cookies in the `Cookie` header, in bytes.
const MOST_BYTES: usize = 3 * 1024;

// Behaviour 5.
#[tokio::test]
async fn of_fifty_abandoned_sign_ins_the_newest_five_remain() {
    // Started by a link, and by a guarded page.
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

        let back = |tab: usize| didit.approve(&locations[tab], &Person::alejandra());
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
async fn the_oldest_sign_in_is_removed_first_even_within_one_second() {
    let (didit, browser) = visitor();
    let mut backs = Vec::new();
    for tab in 0..8 {
        backs.push(approved(&format!("/login?return_to=/tab/{tab}"), &browser, &didit).await);
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
async fn long_return_to_addresses_leave_room_for_fewer_sign_ins() {
    let (didit, browser) = visitor();
    let page = |tab: usize| format!("/{tab:x<511}");
    let mut backs = Vec::new();
    for tab in 0..9 {
        didit.clock().advance(Duration::from_secs(1));
        let login = format!("/login?return_to={}", page(tab));
        backs.push(approved(&login, &browser, &didit).await);
        assert_eq!(flow_cookies(&browser).len(), (tab + 1).min(3));
        assert!(browser.cookie_header_len("/") <= MOST_BYTES);
    }
    // A short one replaces a long one.
    didit.clock().advance(Duration::from_secs(1));
    backs.push(approved("/login?return_to=/short", &browser, &didit).await);
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
async fn flow_cookies_stay_within_their_limit_for_return_to_addresses_of_any_length() {
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
async fn planted_cookies_do_not_prevent_a_sign_in() {
    let (didit, browser) = visitor();
    for number in 0..40 {
        browser.set_cookie(&format!("__Host-didit-flow-planted{number}"), "x");
    }
    let odd = ["<b>", "a\"b", "a,b", "a b", "é", "."].map(|odd| format!("__Host-didit-flow-{odd}"));
    for name in &odd {
        browser.set_cookie(name, "x");
    }
    let page = browser.get("/login?return_to=/a").await;
    let mine = didit.approve(page.location(), &Person::alejandra());

    // After the third sign-in five remain, and those with names that a response must not repeat.
    let mut pages = vec![page];
    for _ in 0..2 {
        assert!(flow_cookies(&browser).len() > 5 + odd.len());
        pages.push(browser.get("/login?return_to=/b").await);
    }
    for line in pages
        .iter()
        .flat_map(|page| page.headers().get_all("set-cookie"))
    {
        let line = line.to_str().unwrap();
        assert!(!odd.iter().any(|name| line.starts_with(name)), "{line}");
    }
    assert!(flow_cookies(&browser).len() <= 5 + odd.len());
    assert_eq!(browser.get(&mine).await.location(), "/a");
}

// Behaviour 5.
#[tokio::test]
async fn a_planted_count_of_completed_sign_ins_prevents_sign_ins_for_30_seconds_at_most() {
    let didit = didit();
    let browser = Browser::new(HOME, app(didit.config(CALLBACK))).with_clock(didit.clock());
    browser.set_cookie(COMPLETED, "9");
    let refused = browser.get("/tab/1").await;
    assert!(refused.text().contains("<code>session-not-kept</code>"));
    didit.clock().advance(Duration::from_secs(30));
    let back = approved("/login?return_to=/a", &browser, &didit).await;
    assert_eq!(browser.get(&back).await.location(), "/a");
}
