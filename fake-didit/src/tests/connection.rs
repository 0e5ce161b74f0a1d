//! Closed connections, reloads and tabs.

use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    http::header::SET_COOKIE,
    response::Html,
    routing::{any, get},
};
use tokio::sync::{Notify, oneshot};

use super::browser::{app, echo};
use crate::Browser;

const FORM: &str = "<form method=post action=/slow><button id=go name=a value=1>Go</button></form>";

/// An application whose page `/slow` never responds to its first request.
struct Slow {
    browser: Browser,
    started: Arc<Notify>,
    dropped: oneshot::Receiver<()>,
}

fn slow() -> Slow {
    let (started, calls) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let (on_drop, dropped) = oneshot::channel::<()>();
    // The receiver observes that the sender is dropped.
    let on_drop = Arc::new(std::sync::Mutex::new(Some(on_drop)));
    let start = started.clone();
    let handler = any(move |request| async move {
        if calls.fetch_add(1, Ordering::SeqCst) == 0 {
            let _held = on_drop.lock().unwrap().take();
            start.notify_one();
            pending::<()>().await;
        }
        ([(SET_COOKIE, "answered=1")], echo(request).await)
    });
    let app = Router::new()
        .route("/", get(|| async { Html(FORM) }))
        .route("/slow", handler);
    Slow {
        browser: Browser::new("https://app.example", app),
        started,
        dropped,
    }
}

#[tokio::test]
async fn dropping_the_future_of_a_request_closes_the_connection() {
    let Slow {
        browser,
        started,
        mut dropped,
    } = slow();
    browser.set_cookie("before", "1");
    tokio::select! {
        _ = browser.visit("/slow") => panic!("the handler never completes"),
        () = async {
            started.notified().await;
            assert_eq!(dropped.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        } => {}
    }
    assert!(dropped.await.is_err());
    assert_eq!(browser.cookies().len(), 1);

    let page = browser.reload().await;
    assert_eq!(page.json()["cookie"], "before=1");
    assert_eq!(browser.cookie("answered").unwrap().value(), "1");
}

#[tokio::test]
async fn nothing_is_sent_before_the_first_poll() {
    let Slow {
        browser,
        mut dropped,
        ..
    } = slow();
    drop(browser.visit("/slow"));
    assert_eq!(dropped.try_recv(), Err(oneshot::error::TryRecvError::Empty));
}

#[tokio::test]
async fn reload_repeats_a_form_that_lost_its_connection() {
    let Slow {
        browser, started, ..
    } = slow();
    let page = browser.visit("/").await;
    tokio::select! {
        _ = browser.click(&page, "go") => panic!("the handler never completes"),
        () = started.notified() => {}
    }
    let sent = browser.reload().await.json();
    assert_eq!(
        (&sent["method"], &sent["body"]),
        (&"POST".into(), &"a=1".into())
    );
    assert_eq!(sent["sec-fetch-site"], "same-origin");
    assert_eq!(sent["referer"], "https://app.example/");
}

#[tokio::test]
async fn reload_repeats_the_last_request_without_its_redirects() {
    let evil = Router::new().route("/page", get(|| async { "evil" }));
    let browser = Browser::new("https://app.example", app()).add_site("https://evil.example", evil);
    browser.visit("https://evil.example/page").await;
    browser.follow("https://app.example/303").await;
    let page = browser.reload().await;
    assert_eq!(page.history(), ["https://app.example/echo"]);
    assert_eq!(page.json()["sec-fetch-site"], "cross-site");
    assert_eq!(page.json()["referer"], "https://evil.example/");

    browser.visit("/echo").await;
    assert_eq!(browser.reload().await.json()["sec-fetch-site"], "none");
}

#[tokio::test]
#[should_panic(expected = "reload needs an earlier navigation in this tab")]
async fn a_new_tab_has_nothing_to_reload() {
    let browser = Browser::new("https://app.example", app());
    browser.visit("/echo").await;
    browser.new_tab().reload().await;
}

#[tokio::test]
async fn tabs_share_cookies_and_have_separate_pages() {
    let browser = Browser::new("https://app.example", app());
    browser.visit("/echo").await;
    let tab = browser.new_tab();
    assert_eq!(tab.follow("/cookies").await.status(), 200);
    assert_eq!(browser.cookie("lax"), tab.cookie("lax"));
    assert_eq!(browser.rejected_cookies().len(), 1);
    browser.remove_cookie("lax");
    assert!(tab.cookie("lax").is_none());

    let pages = [browser.follow("/echo").await, tab.follow("/echo").await];
    let each_referer = pages.map(|page| page.json()["referer"].clone());
    assert_eq!(
        each_referer,
        ["https://app.example/echo", "https://app.example/cookies"]
    );
}

#[tokio::test]
async fn a_clone_has_the_same_page_and_separate_cookies() {
    let browser = Browser::new("https://app.example", app());
    let tab = browser.new_tab();
    tab.visit("/echo").await;
    let clone = tab.clone();
    clone.set_cookie("a", "1");
    assert!(browser.cookie("a").is_none() && tab.cookie("a").is_none());
    assert_eq!(
        clone.follow("/echo").await.json()["referer"],
        "https://app.example/echo"
    );
}
