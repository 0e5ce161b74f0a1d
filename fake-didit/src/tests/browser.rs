use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header::SET_COOKIE},
    response::{IntoResponse, Redirect},
    routing::{any, get},
};
use serde_json::{Map, Value};

use super::{REDIRECT_URI, authorize_url, didit};
use crate::{Browser, Endpoint, Person, SameSite};

/// An application that tells what it was sent.
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
    let mut told: Map<String, Value> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()))
        .collect();
    told.insert("method".to_owned(), request.method().as_str().into());
    told.insert("uri".to_owned(), request.uri().to_string().into());
    let body = axum::body::to_bytes(request.into_body(), 1024)
        .await
        .unwrap();
    told.insert(
        "body".to_owned(),
        String::from_utf8(body.to_vec()).unwrap().into(),
    );
    Value::Object(told).to_string()
}

fn browser() -> Browser {
    let elsewhere = Router::new().route("/page", get(|| async { "elsewhere" }));
    Browser::new("https://app.example", app()).add_site("https://evil.example", elsewhere)
}

#[tokio::test]
async fn a_typed_url_is_a_navigation_without_an_initiator() {
    let told = browser().get("/echo?x=1").await.json();
    assert_eq!(told["uri"], "/echo?x=1");
    assert_eq!(told["host"], "app.example");
    assert_eq!(told["sec-fetch-mode"], "navigate");
    assert_eq!(told["sec-fetch-dest"], "document");
    assert_eq!(told["sec-fetch-site"], "none");
    assert!(told["accept"].as_str().unwrap().starts_with("text/html,"));
    assert!(told.get("origin").is_none() && told.get("cookie").is_none());
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
    let back = browser.click(&page, "approve-john").await;
    assert!(back.url().starts_with(REDIRECT_URI), "{}", back.url());
    let told = back.json();
    assert_eq!(
        (&told["method"], &told["body"]),
        (&"GET".into(), &"".into())
    );
    // Didit is another site: only what is Lax comes along.
    assert_eq!(told["sec-fetch-site"], "cross-site");
    assert_eq!(told["cookie"], "lax=1");
    assert_eq!(fake.count(Endpoint::Decision), 1);
}

#[tokio::test]
async fn a_sign_in_without_a_page_needs_only_the_location() {
    let fake = didit();
    let browser = browser();
    let page = browser.get("/login").await;
    let back = browser
        .visit(&fake.approve(page.location(), &Person::alejandra()))
        .await;
    assert_eq!(back.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_link_sends_its_initiator() {
    let browser = browser();
    browser.visit("/cookies").await;
    let told = browser.follow("/echo").await.json();
    assert_eq!(told["sec-fetch-site"], "same-origin");
    assert_eq!(told["cookie"], "lax=1; strict=1");

    browser.visit("https://evil.example/page").await;
    let told = browser.follow("https://app.example/echo").await.json();
    assert_eq!(told["sec-fetch-site"], "cross-site");
    assert_eq!(told["cookie"], "lax=1");
}

#[tokio::test]
async fn a_form_of_another_site_sends_no_lax_cookie() {
    let browser = browser();
    browser.visit("/cookies").await;
    let told = browser.post_form("/echo", &[("a", "1 2")]).await.json();
    assert_eq!(told["cookie"], "lax=1; strict=1");
    assert_eq!(told["origin"], "https://app.example");
    assert_eq!(told["content-type"], "application/x-www-form-urlencoded");
    assert_eq!(told["body"], "a=1+2");

    browser.visit("https://evil.example/page").await;
    let told = browser
        .post_form("https://app.example/echo", &[])
        .await
        .json();
    assert_eq!(told["sec-fetch-site"], "cross-site");
    assert_eq!(told["origin"], "https://evil.example");
    assert!(told.get("cookie").is_none());
}

#[tokio::test]
async fn a_redirected_form_becomes_a_get_except_with_307() {
    let page = r#"<form method="post" action="/PATH"><input type="hidden" name="a" value="1"><button id="go">Go</button></form>"#;
    for (path, method, body) in [("303", "GET", ""), ("307", "POST", "a=1")] {
        let html = page.replace("PATH", path);
        let app = app().route("/form", get(|| async { html }));
        let browser = Browser::new("https://app.example", app);
        let told = browser
            .click(&browser.visit("/form").await, "go")
            .await
            .json();
        assert_eq!(
            (&told["method"], &told["body"]),
            (&method.into(), &body.into())
        );
    }
}

#[tokio::test]
async fn a_script_requests_json() {
    let browser = browser();
    let told = browser.fetch(Method::DELETE, "/echo").await.json();
    assert_eq!(told["method"], "DELETE");
    assert_eq!(told["sec-fetch-mode"], "cors");
    assert_eq!(told["sec-fetch-dest"], "empty");
    assert_eq!(told["sec-fetch-site"], "same-origin");
    assert_eq!(told["accept"], "application/json");
    assert_eq!(
        browser.fetch(Method::GET, "/303").await.status(),
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_raw_request_gets_only_the_cookies() {
    let browser = browser();
    browser.set_cookie("planted", "1");
    let told = browser
        .send(http::Request::get("/echo").body("").unwrap())
        .await
        .json();
    assert_eq!(told["cookie"], "planted=1");
    assert!(told.get("sec-fetch-mode").is_none() && told.get("accept").is_none());
    let own = http::Request::get("/echo")
        .header("cookie", "own=1")
        .body("")
        .unwrap();
    assert_eq!(browser.send(own).await.json()["cookie"], "own=1");
}

#[tokio::test]
async fn cookies_can_be_read_and_changed() {
    let browser = browser();
    browser.visit("/cookies").await;
    assert_eq!(browser.cookies().len(), 2);
    assert_eq!(
        browser.cookie("lax").unwrap().same_site(),
        Some(SameSite::Lax)
    );
    assert_eq!(browser.cookie_header_len("/"), "lax=1; strict=1".len());
    assert_eq!(browser.rejected_cookies()[0].line(), "__Host-bad=1");
    browser.set_cookie("lax", "2");
    browser.remove_cookie("strict");
    assert_eq!(browser.get("/echo").await.json()["cookie"], "lax=2");
}

#[tokio::test]
async fn a_clone_has_its_own_copy_of_the_jar_and_a_new_browser_an_empty_one() {
    let browser = browser();
    browser.set_cookie("a", "1");
    let (clone, new) = (browser.clone(), browser.new_browser());
    clone.set_cookie("a", "2");
    assert_eq!(browser.cookie("a").unwrap().value(), "1");
    assert!(new.cookies().is_empty());
    assert_eq!(new.get("/echo").await.status(), StatusCode::OK);
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

#[test]
fn debug_omits_cookie_values() {
    let browser = browser();
    browser.set_cookie("session", "secret-value");
    let shown = format!("{browser:?}");
    assert!(
        shown.contains("session") && !shown.contains("secret-value"),
        "{shown}"
    );
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
    let elsewhere = tokio::spawn(async move { other.visit("/303").await.status() });
    let (one, two) = tokio::join!(browser.visit("/cookies"), browser.visit("/echo"));
    assert_eq!(
        (one.status(), two.status()),
        (StatusCode::OK, StatusCode::OK)
    );
    assert_eq!(elsewhere.await.unwrap(), StatusCode::OK);
}

#[tokio::test]
async fn cookies_expire_by_the_clock_of_the_browser() {
    let fake = didit();
    let app = Router::new().route("/", get(|| async { [(SET_COOKIE, "a=1; Max-Age=60")] }));
    let browser = Browser::new("https://app.example", app).with_clock(fake.clock());
    browser.visit("/").await;
    fake.clock().advance(std::time::Duration::from_secs(59));
    assert!(browser.cookie("a").is_some());
    fake.clock().advance(std::time::Duration::from_secs(1));
    assert!(browser.cookie("a").is_none());
}

#[test]
#[should_panic(expected = "the cookie \"a\" has a control character")]
fn a_cookie_with_a_control_character_panics() {
    browser().set_cookie("a", "1\r\nevil: 1");
}
