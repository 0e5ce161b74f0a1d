//! The request headers of a browser, compared with those of Chromium 156.

use axum::{
    Router,
    extract::{Query, RawQuery},
    http::{Method, StatusCode},
    response::{Html, IntoResponse},
    routing::{any, get},
};
use serde_json::Value;

use super::browser::echo;
use crate::{Browser, Page};

const APP: &str = "https://app.example";
const OTHER: &str = "https://other.example";

/// A site with redirects, and with a page whose query gives its referrer policy and the target of its links.
fn site() -> Router {
    let page = |RawQuery(query): RawQuery| async {
        let query = query.unwrap_or_default();
        let (policy, to) = query.split_once('|').unwrap();
        let html = format!(
            "<a id=link href='{to}'>l</a><a id=quiet rel=noreferrer href='{to}'>l</a>\
             <form method=post action='{to}'><button id=form>f</button></form>"
        );
        ([("referrer-policy", policy.to_owned())], Html(html))
    };
    let hop = |status| {
        move |RawQuery(query): RawQuery| async move {
            (status, [("location", query.unwrap_or_default())])
        }
    };
    Router::new()
        .route("/page", get(page))
        .route("/302", any(hop(StatusCode::FOUND)))
        .route("/303", any(hop(StatusCode::SEE_OTHER)))
        .route("/307", any(hop(StatusCode::TEMPORARY_REDIRECT)))
        .route("/echo", any(echo))
}

fn browser() -> Browser {
    Browser::new(APP, site()).add_site(OTHER, site())
}

/// Opens the page of an origin with a policy, and clicks the element that leads to `to`.
async fn click(browser: &Browser, at: &str, policy: &str, id: &str, to: &str) -> Page {
    let page = browser.visit(&format!("{at}/page?{policy}|{to}")).await;
    browser.click(&page, id).await
}

/// The values of the received headers; `-` for a missing one.
fn sent(page: &Page, names: &[&str]) -> Vec<String> {
    let headers = page.json();
    names
        .iter()
        .map(|name| headers.get(*name).and_then(Value::as_str).unwrap_or("-"))
        .map(|value| value.split('?').next().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn a_navigation_sends_its_initiator() {
    let names = ["sec-fetch-site", "origin", "referer"];
    let echo = format!("{APP}/echo");
    let around = format!("{APP}/302?{OTHER}/302?{APP}/echo");
    let posted_around = format!("{APP}/307?{OTHER}/307?{APP}/echo");
    let (page, app, other) = (
        "https://app.example/page",
        "https://app.example/",
        "https://other.example/",
    );
    for (at, id, to, expected) in [
        (APP, "link", &echo, ["same-origin", "-", page]),
        (APP, "quiet", &echo, ["same-origin", "-", "-"]),
        (APP, "form", &echo, ["same-origin", APP, page]),
        (OTHER, "link", &echo, ["cross-site", "-", other]),
        (OTHER, "form", &echo, ["cross-site", OTHER, other]),
        (APP, "link", &around, ["cross-site", "-", app]),
        (
            OTHER,
            "form",
            &format!("{APP}/303?/echo"),
            ["cross-site", "-", other],
        ),
        (
            OTHER,
            "form",
            &format!("{APP}/307?/echo"),
            ["cross-site", OTHER, other],
        ),
        (
            APP,
            "form",
            &format!("{APP}/307?/echo"),
            ["same-origin", APP, page],
        ),
        (APP, "form", &posted_around, ["cross-site", "null", app]),
    ] {
        let page = click(&browser(), at, "", id, to).await;
        assert_eq!(sent(&page, &names), expected, "{at} {id} {to}");
    }
}

#[tokio::test]
async fn every_navigation_has_the_headers_of_a_user_activation() {
    let browser = browser();
    let typed = browser.visit("/302?/echo").await;
    let link = click(&browser, OTHER, "", "link", &format!("{APP}/echo")).await;
    let form = click(&browser, APP, "", "form", "/303?/echo").await;
    for page in [typed, link, form] {
        assert_eq!(
            sent(
                &page,
                &[
                    "sec-fetch-mode",
                    "sec-fetch-dest",
                    "sec-fetch-user",
                    "upgrade-insecure-requests",
                    "accept-language",
                ]
            ),
            ["navigate", "document", "", "1", "en-US,en;q=0.9"]
        );
        assert_eq!(page.json()["sec-fetch-user"], "?1");
        let user_agent = page.json()["user-agent"].as_str().unwrap().to_owned();
        assert!(user_agent.starts_with("Mozilla/5.0 "), "{user_agent}");
    }
}

#[tokio::test]
async fn a_typed_url_has_no_initiator_after_any_redirect() {
    for to in [
        "/echo".to_owned(),
        format!("{OTHER}/302?{APP}/echo"),
        format!("/302?{OTHER}/302?{APP}/echo"),
    ] {
        let page = browser().visit(&to).await;
        assert_eq!(
            sent(&page, &["sec-fetch-site", "origin", "referer"]),
            ["none", "-", "-"],
            "{to}"
        );
    }
}

#[tokio::test]
async fn the_policy_of_a_page_applies_to_the_origin_of_its_forms() {
    for (at, policy, origin, referer) in [
        (APP, "no-referrer", "null", "-"),
        (APP, "same-origin", APP, "https://app.example/page"),
        (APP, "origin", APP, "https://app.example/"),
        (OTHER, "no-referrer", "null", "-"),
        (OTHER, "same-origin", "null", "-"),
        (OTHER, "unsafe-url", OTHER, "https://other.example/page"),
    ] {
        let browser = browser();
        let page = click(&browser, at, policy, "form", &format!("{APP}/echo")).await;
        assert_eq!(
            sent(&page, &["origin", "referer"]),
            [origin, referer],
            "{at} {policy}"
        );
    }
}

#[tokio::test]
async fn a_redirect_can_change_the_policy() {
    let silent = get(|Query(to): Query<Vec<(String, String)>>| async move {
        let to = to.into_iter().next().unwrap_or_default().1;
        (
            StatusCode::FOUND,
            [
                ("location", to),
                ("referrer-policy", "no-referrer".to_owned()),
            ],
        )
            .into_response()
    });
    let app = site().route("/silent", silent);
    let browser = Browser::new(APP, app);
    let page = click(&browser, APP, "", "link", "/silent?to=/echo").await;
    assert_eq!(sent(&page, &["referer"]), ["-"]);
}

#[tokio::test]
async fn a_script_always_sends_its_origin() {
    let names = [
        "sec-fetch-site",
        "sec-fetch-mode",
        "sec-fetch-dest",
        "sec-fetch-user",
        "origin",
        "referer",
    ];
    let page = "https://app.example/page";
    for (at, policy, method, expected) in [
        (
            APP,
            "",
            Method::GET,
            ["same-origin", "cors", "empty", "-", "-", page],
        ),
        (
            APP,
            "",
            Method::POST,
            ["same-origin", "cors", "empty", "-", APP, page],
        ),
        (
            APP,
            "no-referrer",
            Method::POST,
            ["same-origin", "cors", "empty", "-", APP, "-"],
        ),
        (
            OTHER,
            "",
            Method::GET,
            [
                "cross-site",
                "cors",
                "empty",
                "-",
                OTHER,
                "https://other.example/",
            ],
        ),
    ] {
        let browser = browser();
        browser.visit(&format!("{at}/page?{policy}|/")).await;
        let case = format!("{at} {policy} {method}");
        let page = browser.fetch(method, &format!("{APP}/echo")).await;
        assert_eq!(sent(&page, &names), expected, "{case}");
    }
}

#[tokio::test]
async fn a_fragment_is_not_sent_and_survives_a_redirect() {
    let page = browser().visit("/302?/echo#part").await;
    assert_eq!(page.json()["uri"], "/echo");
    assert_eq!(page.url(), "https://app.example/echo#part");
}

// The worker is the client of its requests, so a typed URL has an initiator.
#[tokio::test]
async fn a_service_worker_forwards_navigations() {
    let names = [
        "sec-fetch-mode",
        "sec-fetch-dest",
        "sec-fetch-user",
        "sec-fetch-site",
        "origin",
        "upgrade-insecure-requests",
    ];
    let browser = browser().with_service_worker();
    for (to, site) in [
        ("/echo".to_owned(), "same-origin"),
        ("/302?/echo".to_owned(), "same-origin"),
        (format!("{OTHER}/302?{APP}/echo"), "cross-site"),
        (format!("/302?{OTHER}/302?{APP}/echo"), "cross-site"),
    ] {
        let page = browser.visit(&to).await;
        let expected = ["navigate", "empty", "-", site, "-", "1"];
        assert_eq!(sent(&page, &names), expected, "{to}");
    }
    for (at, id, to, site, origin) in [
        (APP, "link", "/echo", "same-origin", "-"),
        (APP, "form", "/echo", "same-origin", APP),
        (APP, "form", "/307?/echo", "same-origin", APP),
        (APP, "form", "/303?/echo", "same-origin", "-"),
        (OTHER, "link", "/echo", "cross-site", "-"),
        (OTHER, "form", "/echo", "cross-site", OTHER),
        (OTHER, "form", "/303?/echo", "cross-site", "-"),
    ] {
        let page = click(&browser, at, "", id, &format!("{APP}{to}")).await;
        let expected = ["navigate", "empty", "-", site, origin, "1"];
        assert_eq!(sent(&page, &names), expected, "{at} {id} {to}");
    }
}

#[tokio::test]
async fn a_service_worker_changes_nothing_for_cookies_scripts_and_other_origins() {
    let plain = browser();
    for (name, value) in [("a", "1"), ("b", "2")] {
        plain.set_cookie(name, value);
    }
    let worker = plain.clone().with_service_worker();
    for browser in [&plain, &worker] {
        let script = browser.fetch(Method::POST, "/echo").await.json();
        assert_eq!(script["sec-fetch-mode"], "cors");
        let away = browser.visit(&format!("{OTHER}/echo")).await.json();
        assert_eq!(away["sec-fetch-dest"], "document");
        assert_eq!(away["sec-fetch-site"], "none");
        for (id, cookies) in [("link", "a=1; b=2"), ("form", "-")] {
            let page = click(browser, OTHER, "", id, &format!("{APP}/echo")).await;
            assert_eq!(sent(&page, &["cookie"]), [cookies]);
        }
    }
}
