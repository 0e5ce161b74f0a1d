//! How the browser goes on after a sign-out: by a redirect, from a page that goes on, or by a script.

use axum::{
    Router,
    response::{Html, IntoResponse},
    routing::{get, post},
};
use http::{Request, StatusCode, header};
use tower_didit::{
    ConfigBuilder, DiditClient, Error, IdClaims, Provider,
    fake::{Browser, FakeDidit, FakeDiditExt, Page},
};

use crate::support::{
    cookies::SESSION,
    sign_in::sign_in,
    sign_out::leads_to,
    site::{self, CALLBACK, HOME, NOBODY, auth},
};

const GOODBYE: &str = "https://app.example/goodbye";
const PROVIDER: &str = "https://apx.didit.me/auth/v2/logout";
/// The layer's path, and a handler.
const PATHS: [&str; 2] = ["/logout", "/sign-out"];

/// A provider with an end-session page.
fn didit() -> FakeDidit {
    site::didit()
        .with_end_session_endpoint()
        .with_post_logout_redirect_uri(GOODBYE)
}

fn config(didit: &FakeDidit) -> ConfigBuilder {
    didit
        .config(CALLBACK)
        .with_provider(Provider::discovered("https://apx.didit.me"))
        .with_post_logout_redirect_uri(GOODBYE)
}

fn browser(didit: &FakeDidit, config: ConfigBuilder) -> Browser {
    let user = |user: Option<IdClaims>| async move {
        user.map_or(NOBODY.to_owned(), |user| user.subject().to_owned())
    };
    let sign_out = |client: DiditClient| async move {
        let headers = [("x-own", "kept"), ("cache-control", "public, max-age=60")];
        Ok::<_, Error>((headers, client.sign_out().await?).into_response())
    };
    let changed = |client: DiditClient| async move {
        let mut response = client.sign_out().await?.into_response();
        *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
        Ok::<_, Error>(response)
    };
    let form = "<form method=post action=/logout><button id=sign-out>Sign out</button></form>";
    let app = Router::new()
        .route("/", get(user))
        .route("/form", get(move || async move { Html(form) }))
        .route(
            "/hidden",
            get(move || async move { ([("referrer-policy", "no-referrer")], Html(form)) }),
        )
        .route("/callback", get(user))
        .route("/sign-out", post(sign_out))
        .route("/changed", post(changed))
        .route("/goodbye", get(|| async { "goodbye" }))
        .layer(auth(config));
    Browser::new(HOME, app).add_didit(didit)
}

/// A signed-in browser.
async fn user(didit: &FakeDidit, config: ConfigBuilder) -> Browser {
    let browser = browser(didit, config);
    assert_eq!(sign_in(&browser, didit).await.status(), StatusCode::OK);
    browser
}

/// Signs out with these headers, and those of no browser.
async fn post_with(browser: &Browser, path: &str, headers: &[(&str, &str)]) -> Page {
    let mut request = Request::post(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    browser.send(request.body("").expect("a request")).await
}

fn assert_private(page: &Page) {
    assert_eq!(page.header("cache-control"), Some("private, no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
}

// OpenID Connect RP-Initiated Logout §2, CSP Level 3 §6.4.1.2; behaviours 89, 90 and 110.
#[tokio::test]
async fn a_form_gets_a_page_that_goes_on_to_the_provider() {
    for path in PATHS {
        let didit = didit();
        let browser = user(&didit, config(&didit)).await;
        let page = browser.post_form(path, &[]).await;
        assert_eq!(page.status(), StatusCode::OK, "{path}");
        assert_eq!(page.header("location"), None, "{path}");
        assert_eq!(page.header("refresh"), None, "{path}");
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert_private(&page);
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        let own = (path == "/sign-out").then_some("kept");
        assert_eq!(page.header("x-own"), own);
        assert!(browser.cookie(SESSION).is_none(), "{path}");

        // Scripts and styles of others do not run there, and the link leads where the page goes.
        let there = leads_to(&page);
        assert!(
            there.starts_with(&format!("{PROVIDER}?id_token_hint=e")),
            "{there}"
        );
        assert!(!page.text().contains("<script"));
        let link = format!(r#"<a id="go-on" href="{}">"#, there.replace('&', "&amp;"));
        assert!(page.text().contains(&link), "{}", page.text());
        let state = there.rsplit_once('=').expect("a state").1;
        let bye = browser.click(&page, "go-on").await;
        assert_eq!(bye.url(), format!("{GOODBYE}?state={state}"));
        assert_eq!(browser.get("/").await.text(), NOBODY);
    }
}

// Behaviour 110.
#[tokio::test]
async fn a_click_ends_at_the_signed_out_page() {
    let didit = didit();
    let browser = user(&didit, config(&didit)).await;
    let form = browser.visit("/form").await;
    let page = browser.click(&form, "sign-out").await;
    assert_eq!(page.text(), "goodbye");
    let [logout, provider, goodbye] = page.history() else {
        panic!("{:?}", page.history());
    };
    assert_eq!(logout, "https://app.example/logout");
    assert!(provider.starts_with(PROVIDER) && goodbye.starts_with(GOODBYE));
}

// Behaviours 89 and 110.
#[tokio::test]
async fn only_an_address_on_another_origin_needs_the_page() {
    for (to, status) in [
        ("/bye", StatusCode::SEE_OTHER),
        ("https://app.example/bye", StatusCode::SEE_OTHER),
        ("https://app.example", StatusCode::SEE_OTHER),
        ("https://app.example:8443/bye", StatusCode::OK),
        ("https://app.example.evil.example/bye", StatusCode::OK),
        ("https://www.example/bye?a=1&b=2", StatusCode::OK),
    ] {
        let didit = site::didit();
        let config = didit.config(CALLBACK).with_sign_out_pages([to]);
        let browser = browser(&didit, config);
        for path in PATHS {
            let page = browser.post_form(path, &[]).await;
            assert_eq!((leads_to(&page).as_str(), page.status()), (to, status));
        }
    }
}

// Behaviour 110.
#[tokio::test]
async fn a_script_gets_the_address_without_an_id_token_and_loads_no_page() {
    let cors = ("sec-fetch-mode", "cors");
    let same_origin = ("sec-fetch-site", "same-origin");
    let html = ("accept", "text/html");
    for (path, headers) in [
        ("/logout", &[same_origin, cors][..]),
        ("/logout", &[same_origin, ("sec-fetch-mode", "same-origin")]),
        // `navigator.sendBeacon`.
        ("/logout", &[same_origin, ("sec-fetch-mode", "no-cors")]),
        ("/logout", &[same_origin, cors, html]),
        (
            "/logout",
            &[("accept", "application/json, text/plain;q=0.5")],
        ),
        (
            "/logout",
            &[("accept", "text/plain, Application/JSON;q=0.9")],
        ),
        ("/logout", &[("x-requested-with", "XMLHttpRequest"), html]),
        ("/sign-out", &[same_origin, cors]),
        ("/sign-out", &[("x-requested-with", "XMLHttpRequest"), html]),
    ] {
        let didit = didit();
        let browser = user(&didit, config(&didit)).await;
        let page = post_with(&browser, path, headers).await;
        assert_eq!(page.status(), StatusCode::OK, "{headers:?}");
        assert_eq!(page.header("content-type"), Some("application/json"));
        assert_eq!(page.header("location"), None);
        assert_private(&page);
        assert!(browser.cookie(SESSION).is_none());
        let answer = page.json();
        let members = answer.as_object().expect("an object");
        assert_eq!(members.len(), 1, "{answer}");
        let to = members["location"].as_str().expect("a text");
        let start = format!("{PROVIDER}?client_id=client&post_logout_redirect_uri=");
        assert!(to.starts_with(&start), "{to}");
        assert!(!page.text().contains("id_token_hint"), "{to}");

        // The front end opens that address.
        assert_eq!(browser.follow(to).await.text(), "goodbye");
        assert_eq!(browser.get("/").await.text(), NOBODY);
    }
}

// Behaviours 89 and 110.
#[tokio::test]
async fn a_script_gets_an_own_page_too() {
    let didit = site::didit();
    let config = didit
        .config(CALLBACK)
        .with_sign_out_pages(["/bye", "/see-you"]);
    let browser = user(&didit, config).await;
    let page = browser
        .fetch(http::Method::POST, "/logout?return_to=/see-you")
        .await;
    assert_eq!(page.text(), r#"{"location":"/see-you"}"#);
}

// Behaviour 110. A program follows a redirect, and so does a frame.
#[tokio::test]
async fn others_are_redirected() {
    for path in PATHS {
        for headers in [
            &[][..],
            &[("accept", "*/*")],
            &[("accept", "text/html,*/*;q=0.8"), ("origin", HOME)],
            &[
                ("sec-fetch-site", "same-origin"),
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "iframe"),
            ],
        ] {
            let didit = didit();
            let browser = user(&didit, config(&didit)).await;
            let page = post_with(&browser, path, headers).await;
            assert_eq!(page.status(), StatusCode::SEE_OTHER, "{path} {headers:?}");
            assert!(page.location().starts_with(PROVIDER));
            assert!(page.headers()[header::LOCATION].is_sensitive());
        }
    }
}

// Behaviour 89.
#[tokio::test]
async fn a_redirect_that_the_application_changed_stays() {
    let didit = didit();
    let browser = user(&didit, config(&didit)).await;
    let page = browser.post_form("/changed", &[]).await;
    assert_eq!(page.status(), StatusCode::TEMPORARY_REDIRECT);
    assert!(page.location().starts_with(PROVIDER));
    assert!(browser.cookie(SESSION).is_none());
}

// Behaviour 111. A page with `Referrer-Policy: no-referrer` sends `Origin: null`; so does a sandboxed frame of any site.
#[tokio::test]
async fn an_opaque_origin_counts_only_with_fetch_metadata() {
    let null = ("origin", "null");
    for (site, accept, allowed, advised) in [
        (Some("same-origin"), "text/html", true, false),
        (Some("cross-site"), "text/html", false, false),
        (Some("same-site"), "application/json", false, false),
        (None, "text/html", false, true),
        (None, "application/json", false, true),
    ] {
        let didit = didit();
        let browser = user(&didit, config(&didit)).await;
        let mut headers = vec![null, ("accept", accept)];
        headers.extend(site.map(|site| ("sec-fetch-site", site)));
        let page = post_with(&browser, "/logout", &headers).await;
        let case = format!("{headers:?}: {}", page.text());
        assert_eq!(browser.cookie(SESSION).is_none(), allowed, "{case}");
        assert_eq!(page.status() == StatusCode::FORBIDDEN, !allowed, "{case}");
        assert_eq!(
            page.text().contains("cross-site-sign-out"),
            !allowed,
            "{case}"
        );
        let advice = "`Referrer-Policy: same-origin`";
        assert_eq!(page.text().contains(advice), advised, "{case}");
    }
}

// Behaviour 111. What browsers send.
#[tokio::test]
async fn a_page_that_hides_its_address_signs_out_of_its_own_site_only() {
    let form =
        "<form method=post action=https://app.example/logout><button id=go>Go</button></form>";
    let hidden = move || async move { ([("referrer-policy", "no-referrer")], Html(form)) };
    let didit = didit();
    let evil = Router::new().route("/", get(hidden));
    let browser = user(&didit, config(&didit)).await;
    let browser = browser.add_site("https://evil.example", evil);

    let trap = browser.visit("https://evil.example/").await;
    let refused = browser.click(&trap, "go").await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert!(browser.cookie(SESSION).is_some());

    let page = browser.visit("/hidden").await;
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(browser.click(&page, "sign-out").await.text(), "goodbye");
}
