use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header::SET_COOKIE},
    response::{Html, IntoResponse, Redirect},
    routing::{any, get},
};
use serde_json::{Map, Value};

use super::{REDIRECT_URI, authorize_url, didit};
use crate::{Browser, Endpoint, Person};

/// An application that returns the requests that it receives.
pub(super) fn app() -> Router {
    let login = || async { Redirect::to(&authorize_url(&[])) };
    let cookies = || async {
        let mut headers = HeaderMap::new();
        for line in [
            "lax=1; Path=/; SameSite=Lax",
            "strict=1; Path=/; SameSite=Strict",
            "__Host-bad=1",
        ] {
            headers.append(SET_COOKIE, HeaderValue::from_static(line));
        }
        headers
    };
    let hop = |status: StatusCode| move || async move { (status, [("location", "/echo")]) };
    Router::new()
        .route("/login", get(login))
        .route("/cookies", get(cookies))
        .route("/303", any(hop(StatusCode::SEE_OTHER)))
        .route("/307", any(hop(StatusCode::TEMPORARY_REDIRECT)))
        .route("/loop", get(|| async { Redirect::to("/loop") }))
        .route("/callback", any(echo))
        .route("/echo", any(echo))
}

pub(super) async fn echo(request: Request) -> impl IntoResponse {
    let mut sent: Map<String, Value> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()))
        .collect();
    sent.insert("method".to_owned(), request.method().as_str().into());
    sent.insert("uri".to_owned(), request.uri().to_string().into());
    let body = axum::body::to_bytes(request.into_body(), 1024)
        .await
        .unwrap();
    sent.insert(
        "body".to_owned(),
        String::from_utf8(body.to_vec()).unwrap().into(),
    );
    Value::Object(sent).to_string()
}

pub(super) fn browser() -> Browser {
    let other = Router::new().route("/page", get(|| async { "other" }));
    Browser::new("https://app.example", app()).add_site("https://evil.example", other)
}

#[tokio::test]
async fn a_typed_url_is_a_navigation_without_an_initiator() {
    let sent = browser().get("/echo?x=1").await.json();
    assert_eq!(sent["uri"], "/echo?x=1");
    assert_eq!(sent["host"], "app.example");
    assert_eq!(sent["sec-fetch-mode"], "navigate");
    assert_eq!(sent["sec-fetch-dest"], "document");
    assert_eq!(sent["sec-fetch-site"], "none");
    assert!(sent["accept"].as_str().unwrap().starts_with("text/html,"));
    assert!(sent.get("origin").is_none() && sent.get("cookie").is_none());
}

#[tokio::test]
async fn get_stays_at_a_redirect_and_visit_follows_it() {
    let browser = browser();
    let page = browser.get("/303").await;
    assert_eq!(
        (page.status(), page.location()),
        (StatusCode::SEE_OTHER, "/echo")
    );
    let page = browser.visit("/303").await;
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(page.url(), "https://app.example/echo");
    assert_eq!(
        page.history(),
        ["https://app.example/303", "https://app.example/echo"]
    );
}

#[tokio::test]
async fn a_sign_in_works_by_clicks() {
    let fake = didit();
    let browser = browser().add_didit(&fake);
    browser.visit("/cookies").await;

    let page = browser.visit("/login").await;
    assert!(page.text().contains("This is a fake Didit"));
    let callback = browser.click(&page, "approve-john").await;
    assert!(
        callback.url().starts_with(REDIRECT_URI),
        "{}",
        callback.url()
    );
    let sent = callback.json();
    assert_eq!(
        (&sent["method"], &sent["body"]),
        (&"GET".into(), &"".into())
    );
    // The redirect is cross-site: only Lax cookies are sent.
    assert_eq!(sent["sec-fetch-site"], "cross-site");
    assert_eq!(sent["cookie"], "lax=1");
    assert_eq!(fake.count(Endpoint::Decision), 1);
}

#[tokio::test]
async fn a_sign_in_without_a_page_needs_only_the_location() {
    let fake = didit();
    let browser = browser();
    let page = browser.get("/login").await;
    let callback = browser
        .visit(&fake.approve(page.location(), &Person::alejandra()))
        .await;
    assert_eq!(callback.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_link_sends_its_initiator() {
    let browser = browser();
    browser.visit("/cookies").await;
    let sent = browser.follow("/echo").await.json();
    assert_eq!(sent["sec-fetch-site"], "same-origin");
    assert_eq!(sent["cookie"], "lax=1; strict=1");

    browser.visit("https://evil.example/page").await;
    let sent = browser.follow("https://app.example/echo").await.json();
    assert_eq!(sent["sec-fetch-site"], "cross-site");
    assert_eq!(sent["cookie"], "lax=1");
}

#[tokio::test]
async fn a_form_of_another_site_sends_no_lax_cookie() {
    let browser = browser();
    browser.visit("/cookies").await;
    let sent = browser.post_form("/echo", &[("a", "1 2")]).await.json();
    assert_eq!(sent["cookie"], "lax=1; strict=1");
    assert_eq!(sent["origin"], "https://app.example");
    assert_eq!(sent["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(sent["body"], "a=1+2");

    browser.visit("https://evil.example/page").await;
    let sent = browser
        .post_form("https://app.example/echo", &[])
        .await
        .json();
    assert_eq!(sent["sec-fetch-site"], "cross-site");
    assert_eq!(sent["origin"], "https://evil.example");
    assert!(sent.get("cookie").is_none());
}

#[tokio::test]
async fn a_redirected_form_becomes_a_get_except_with_307() {
    let page = r#"<form method="post" action="/PATH"><input type="hidden" name="a" value="1"><button id="go">Go</button></form>"#;
    for (path, method, body) in [("303", "GET", ""), ("307", "POST", "a=1")] {
        let html = page.replace("PATH", path);
        let app = app().route("/form", get(|| async { html }));
        let browser = Browser::new("https://app.example", app);
        let sent = browser
            .click(&browser.visit("/form").await, "go")
            .await
            .json();
        assert_eq!(
            (&sent["method"], &sent["body"]),
            (&method.into(), &body.into())
        );
    }
}

#[tokio::test]
async fn a_page_that_goes_on_at_once_is_followed_like_a_link() {
    let going_to = |content: &str| {
        let html = format!(r#"<!doctype html><meta http-equiv="Refresh" content="{content}">"#);
        get(move || async move { Html(html) })
    };
    let app = app()
        .route("/next", going_to("0; URL=/echo?a=1&amp;b=2"))
        .route("/later", going_to("5; url=/echo"))
        .route("/again", going_to("0"))
        .route(
            "/text",
            get(|| async { r#"<meta http-equiv="refresh" content="0;url=/echo">"# }),
        );
    let browser = Browser::new("https://app.example", app);
    let page = browser.visit("/next").await;
    assert_eq!(page.url(), "https://app.example/echo?a=1&b=2");
    assert_eq!(page.history().len(), 2);
    assert_eq!(page.json()["referer"], "https://app.example/next");
    assert_eq!(page.json()["sec-fetch-site"], "same-origin");
    assert_eq!(browser.get("/next").await.url(), "https://app.example/next");
    for stays in ["/later", "/again", "/text"] {
        assert_eq!(browser.visit(stays).await.history().len(), 1, "{stays}");
    }
}

#[tokio::test]
async fn a_script_requests_json() {
    let browser = browser();
    let sent = browser.fetch(Method::DELETE, "/echo").await.json();
    assert_eq!(sent["method"], "DELETE");
    assert_eq!(sent["sec-fetch-mode"], "cors");
    assert_eq!(sent["sec-fetch-dest"], "empty");
    assert_eq!(sent["sec-fetch-site"], "same-origin");
    assert_eq!(sent["accept"], "application/json");
    assert_eq!(
        browser.fetch(Method::GET, "/303").await.status(),
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_script_sends_json_with_its_headers_and_cookies() {
    let browser = browser();
    browser.visit("/cookies").await;
    let body = serde_json::json!({ "a": [1, "b"] });
    let page = browser.fetch_json(Method::PATCH, "/echo", &body).await;
    let sent = page.json();
    assert_eq!(sent["method"], "PATCH");
    assert_eq!(sent["body"], body.to_string());
    assert_eq!(sent["content-type"], "application/json");
    assert_eq!(sent["origin"], "https://app.example");
    assert_eq!(sent["sec-fetch-mode"], "cors");
    assert_eq!(sent["cookie"], "lax=1; strict=1");
}

#[tokio::test]
async fn a_person_declines() {
    let browser = browser().add_didit(&didit());
    browser.visit("/login").await;
    let page = browser.decline().await;
    let uri = page.json()["uri"].as_str().unwrap().to_owned();
    assert!(uri.contains("&error=access_denied"), "{uri}");
}

#[tokio::test]
#[should_panic(
    expected = "the current page is not the sign-in page, but 200 OK of https://app.example/echo"
)]
async fn only_the_sign_in_page_can_be_declined() {
    let browser = browser();
    browser.visit("/echo").await;
    browser.decline().await;
}

#[tokio::test]
async fn a_raw_request_gets_only_the_cookies() {
    let browser = browser();
    browser.set_cookie("planted", "1");
    let sent = browser
        .send(http::Request::get("/echo").body("").unwrap())
        .await
        .json();
    assert_eq!(sent["cookie"], "planted=1");
    assert!(sent.get("sec-fetch-mode").is_none() && sent.get("accept").is_none());
    let own = http::Request::get("/echo")
        .header("cookie", "own=1")
        .body("")
        .unwrap();
    assert_eq!(browser.send(own).await.json()["cookie"], "own=1");
}

#[tokio::test]
#[should_panic(expected = "no site was added for https://auth.didit.me")]
async fn an_unknown_origin_is_named() {
    browser().visit("/login").await;
}

#[tokio::test]
#[should_panic(expected = "more than 20 redirects")]
async fn a_redirect_loop_panics() {
    browser().visit("/loop").await;
}

#[tokio::test]
#[should_panic(
    expected = "cannot click \"no\" in the 200 OK of https://app.example/echo: no element has this id"
)]
async fn a_missing_button_is_named() {
    let browser = browser();
    let page = browser.visit("/echo").await;
    browser.click(&page, "no").await;
}

#[tokio::test]
async fn fetch_metadata_is_sent_to_trustworthy_origins_only() {
    let secure = Browser::new("http://127.0.0.1:3000", app())
        .get("/echo")
        .await
        .json();
    assert_eq!(
        (&secure["sec-fetch-site"], &secure["host"]),
        (&"none".into(), &"127.0.0.1:3000".into())
    );
    let insecure = Browser::new("http://app.example", app())
        .get("/echo")
        .await
        .json();
    assert!(insecure.get("sec-fetch-site").is_none());
}

#[tokio::test]
async fn debug_of_a_page_omits_body_and_query() {
    let page = browser().get("/echo?code=secret-value").await;
    assert_eq!(
        format!("{page:?}"),
        "Page { status: 200, origin: \"https://app.example\", path: \"/echo\", .. }"
    );
}

#[tokio::test]
async fn a_browser_can_send_concurrent_requests() {
    let browser = browser();
    let other = browser.clone();
    let concurrent = tokio::spawn(async move { other.visit("/303").await.status() });
    let (one, two) = tokio::join!(browser.visit("/cookies"), browser.visit("/echo"));
    assert_eq!(
        (one.status(), two.status()),
        (StatusCode::OK, StatusCode::OK)
    );
    assert_eq!(concurrent.await.unwrap(), StatusCode::OK);
}
