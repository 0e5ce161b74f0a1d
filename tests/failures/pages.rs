//! Errors as pages for people and as problem details for programs.

use std::time::Duration;

use axum::{
    Router,
    middleware::map_response,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, Method, StatusCode, header};
use tower_didit::{
    ConfigBuilder, DiditClient, DiditTokens, Error, IdClaims, ReturnTo, SignIn, UserInfo,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Page},
};

use crate::support::{
    cookies::{flow_cookies, set_cookies, sets_session},
    logs::{capture, logs},
    sign_in::{approved, sign_in},
    site::{CALLBACK, HOME, auth, didit},
};

const MINUTE: Duration = Duration::from_secs(60);

fn routes() -> Router {
    Router::new()
        .route("/", get(|| async { "home" }))
        .route("/user", get(user).post(user))
        .route("/dressed", get(dressed))
        .route("/sign-in", get(|| async { in_own_clothes(SignIn::new()) }))
        .route("/not-a-callback", get(|_: ReturnTo| async {}))
        .route(
            "/callback",
            get(|_: IdClaims, back: ReturnTo| async { back }),
        )
}

fn visit(didit: &FakeDidit, configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder) -> Browser {
    let config = configure(didit.config(CALLBACK));
    Browser::new(HOME, routes().layer(auth(config))).add_didit(didit)
}

/// A browser whose user signed in 59 minutes ago.
async fn visitor() -> (FakeDidit, Browser) {
    let didit = didit();
    let browser = visit(&didit, |config| config);
    sign_in(&browser, &didit).await;
    didit.clock().advance(59 * MINUTE);
    (didit, browser)
}

async fn user(client: DiditClient, tokens: DiditTokens) -> Result<&'static str, Error> {
    client.user_info(&tokens).await?;
    Ok("the user")
}

/// An error response with headers of the handler.
async fn dressed(client: DiditClient, tokens: DiditTokens) -> Response {
    let user: Result<UserInfo, Error> = client.user_info(&tokens).await;
    in_own_clothes(user.map(|_| "fine"))
}

fn in_own_clothes(answer: impl IntoResponse) -> Response {
    let headers = [
        ("x-own", "kept"),
        ("vary", "Accept-Language"),
        ("content-language", "en"),
        ("content-security-policy", "default-src 'self'"),
        ("cache-control", "public, max-age=60"),
        ("set-cookie", "seen=1; Path=/"),
    ];
    (headers, answer).into_response()
}

#[track_caller]
fn assert_page(page: &Page, status: StatusCode, code: &str, link: &str) {
    assert_eq!(page.status(), status, "{}", page.text());
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(page.header("cache-control"), Some("private, no-store"));
    assert!(page.text().contains(code), "{}", page.text());
    assert!(page.text().contains(link), "{}", page.text());
}

#[track_caller]
fn assert_problem(page: &Page, status: StatusCode, code: &str) {
    assert_eq!(page.status(), status, "{}", page.text());
    let problem = Some("application/problem+json");
    assert_eq!(page.header("content-type"), problem);
    assert_eq!(page.json().get("code"), Some(&code.into()));
    assert_eq!(page.header("location"), None);
    assert_eq!(page.header("set-cookie"), None);
}

// RFC 6750 §3.1; behaviour 126.
#[tokio::test]
async fn a_refused_access_token_leads_to_a_sign_in_and_back() {
    let (didit, browser) = visitor().await;
    didit.revoke_all();
    let program = browser.fetch(Method::GET, "/user").await;
    assert_problem(&program, StatusCode::UNAUTHORIZED, "access-token-refused");
    let challenge = program.header("www-authenticate");
    assert_eq!(challenge, Some(r#"Didit realm="sign-in""#));

    let form = browser.post_form("/user", &[("a", "b")]).await;
    let link = r#"<a id="sign-in" href="/login">"#;
    let status = StatusCode::UNAUTHORIZED;
    assert_page(&form, status, "access-token-refused", link);

    let asked = browser.visit("/user?page=2").await;
    assert!(asked.url().starts_with("https://auth.didit.me/"));
    let page = browser.click(&asked, "approve-alejandra").await;
    assert_eq!(page.url(), "https://app.example/user?page=2");
    assert_eq!(page.status(), StatusCode::OK);
}

// RFC 6750 §3.1; behaviour 126.
#[tokio::test]
async fn a_provider_that_refuses_every_access_token_causes_no_sign_in_loop() {
    let (didit, browser) = visitor().await;
    let refused = http::Response::builder().status(401).body("");
    let refused = Fault::answer(refused.expect("an answer"));
    didit.on_every(Endpoint::UserInfo, refused);
    let asked = browser.visit("/user").await;
    let page = browser.click(&asked, "approve-alejandra").await;
    assert_eq!(page.url(), "https://app.example/user");
    let link = r#"<a id="sign-in" href="/login?return_to=%2Fuser">"#;
    let status = StatusCode::UNAUTHORIZED;
    assert_page(&page, status, "access-token-refused", link);
    didit.clear_faults();
    let asked = browser.click(&page, "sign-in").await;
    let page = browser.click(&asked, "approve-alejandra").await;
    assert_eq!(page.url(), "https://app.example/user");
    assert_eq!(page.status(), StatusCode::OK);
}

// Behaviour 126.
#[tokio::test]
async fn a_failed_call_is_a_page_for_a_person_and_a_problem_for_a_program() {
    let (didit, browser) = visitor().await;
    let link = r#"<a id="try-again" href="/login?return_to=%2Fuser%3Fa%3Db">"#;
    for (fault, status, code) in [
        (
            Fault::truncate(),
            StatusCode::BAD_GATEWAY,
            "invalid-response",
        ),
        (
            Fault::error("nonsense").with_status(403),
            StatusCode::FORBIDDEN,
            "insufficient-scope",
        ),
    ] {
        didit.on_every(Endpoint::UserInfo, fault);
        assert_page(&browser.get("/user?a=b").await, status, code, link);
        let program = browser.fetch(Method::GET, "/user?a=b").await;
        assert_problem(&program, status, code);
    }
}

// Behaviour 126.
#[tokio::test]
async fn an_error_of_the_callback_handler_is_a_page_and_no_second_sign_in() {
    let didit = didit();
    let app = Router::new()
        .route("/callback", get(user))
        .layer(auth(didit.config(CALLBACK)));
    let browser = Browser::new(HOME, app);
    let refused = http::Response::builder().status(401).body("");
    let refused = Fault::answer(refused.expect("an answer"));
    didit.on_every(Endpoint::UserInfo, refused);
    let callback = approved("/login?return_to=/orders", &browser, &didit).await;
    let page = browser.get(&callback).await;
    let link = r#"<a id="sign-in" href="/login?return_to=%2Forders">"#;
    let status = StatusCode::UNAUTHORIZED;
    assert_page(&page, status, "access-token-refused", link);
    assert!(!sets_session(&page));
    assert_eq!(flow_cookies(&browser).len(), 0);

    let callback = approved("/login", &browser, &didit).await;
    let program = browser.fetch(Method::GET, &callback).await;
    assert_eq!(program.json()["code"], "access-token-refused");
}

#[tokio::test]
async fn a_page_keeps_the_headers_of_the_response_that_it_replaces() {
    let (didit, browser) = visitor().await;
    let assert_kept = |headers: &HeaderMap| {
        assert_eq!(headers["x-own"], "kept");
        assert_eq!(headers["vary"], "Accept-Language");
        assert_eq!(headers["cache-control"], "private, no-store");
        assert!(!headers.contains_key("content-language"));
        let cookies = headers.get_all(header::SET_COOKIE);
        assert!(cookies.iter().any(|cookie| cookie == "seen=1; Path=/"));
    };
    didit.on_every(Endpoint::UserInfo, Fault::truncate());
    let page = browser.get("/dressed").await;
    assert_eq!(page.status(), StatusCode::BAD_GATEWAY);
    assert_kept(page.headers());
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");

    let redirect = browser.get("/sign-in").await;
    assert_eq!(redirect.status(), StatusCode::SEE_OTHER);
    assert_kept(redirect.headers());
    // The handler's and the flow cookie.
    assert_eq!(set_cookies(&redirect).len(), 2);
    assert_eq!(redirect.header("content-security-policy"), None);
}

#[tokio::test]
async fn the_applications_error_page_replaces_every_error_that_a_person_sees() {
    let didit = didit();
    let browser = visit(&didit, |config| config.with_error_page(own_page("own")));
    sign_in(&browser, &didit).await;
    didit.on_every(Endpoint::UserInfo, Fault::truncate());
    for (path, code, next) in [
        ("/user", "invalid-response", "/login?return_to=%2Fuser"),
        (
            "/not-a-callback",
            "not-a-callback",
            "/login?return_to=%2Fnot-a-callback",
        ),
        ("/callback", "malformed-callback", "/login"),
        ("/logout", "method-not-allowed", "/"),
    ] {
        let page = browser.get(path).await;
        let expected = format!("own: {code} at {path} for Chromium, then {next}");
        assert_eq!(page.text(), expected);
        let program = browser.fetch(Method::GET, path).await;
        assert_eq!(program.json()["code"], code, "{path}");
    }
}

/// An error page that names its layer.
fn own_page(
    name: &'static str,
) -> impl Fn(&Error, &http::request::Parts, &str) -> http::Response<bytes::Bytes> {
    move |error, request, next| {
        let agent = request.headers.get("user-agent");
        let agent = agent.map_or("nobody", |_| "Chromium");
        let (code, path) = (error.kind().code(), request.uri.path());
        let page = format!("{name}: {code} at {path} for {agent}, then {next}");
        let response = http::Response::builder().status(error.kind().status());
        response.body(page.into()).expect("a page")
    }
}

#[tokio::test]
async fn errors_inside_of_two_layers_are_rendered_by_the_inner_one() {
    let (didit, staff) = (didit(), FakeDidit::new("staff", "staff-secret"));
    let inner = staff
        .config("https://app.example/staff/callback")
        .with_error_page(own_page("inner"))
        .without_login_path()
        .with_logout_path("/staff/logout");
    let outer = didit.config(CALLBACK).with_error_page(own_page("outer"));
    let app = Router::new()
        .route("/staff/page", get(|_: ReturnTo| async {}))
        .route("/staff/logout", get(|| async {}))
        .layer(auth(inner))
        .merge(routes())
        .layer(auth(outer));
    let browser = Browser::new(HOME, app);
    for (path, name) in [
        ("/staff/page", "inner"),
        ("/staff/logout", "inner"),
        ("/not-a-callback", "outer"),
        ("/logout", "outer"),
    ] {
        let page = browser.get(path).await;
        assert!(page.text().starts_with(name), "{path}: {}", page.text());
    }
}

#[tokio::test]
async fn a_response_that_the_application_renders_itself_is_kept() {
    let didit = didit();
    let takes_out = map_response(async |mut response: Response| {
        response.extensions_mut().remove::<Error>();
        response
    });
    let changes = map_response(async |mut response: Response| {
        *response.status_mut() = StatusCode::IM_A_TEAPOT;
        response
    });
    let app = Router::new()
        .route("/taken", get(|_: ReturnTo| async {}).layer(takes_out))
        .route("/changed", get(|_: ReturnTo| async {}).layer(changes))
        .layer(auth(didit.config(CALLBACK)));
    let browser = Browser::new(HOME, app);
    for path in ["/taken", "/changed"] {
        assert_eq!(browser.get(path).await.json()["code"], "not-a-callback");
    }
}

// RFC 6749 §4.1.2.1; behaviour 20.
#[tokio::test]
async fn a_scope_that_the_provider_refuses_is_logged_for_the_operator() {
    capture();
    let didit = didit();
    let browser = visit(&didit, |config| config.with_scopes(["openid", "pets"]));
    let page = browser.visit("/login?return_to=/user").await;
    let link = r#"<a id="try-again" href="/login?return_to=%2Fuser">"#;
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    assert_page(&page, status, "<code>invalid-scope</code>", link);
    assert!(page.text().contains("Sign-in is not set up correctly"));
    assert!(!page.text().contains("pets"), "{}", page.text());
    let logs = logs();
    let line = logs.lines().find(|line| line.contains("invalid-scope"));
    let line = line.unwrap_or_else(|| panic!("{logs}"));
    assert!(line.contains("WARN"), "{line}");
    assert!(line.contains("\"openid pets\" was requested"), "{line}");
    assert!(line.contains("`with_scopes`"), "{line}");
}

#[tokio::test]
async fn an_error_page_loads_no_icon() {
    let browser = visit(&didit(), |config| config);
    let page = browser.get("/callback").await;
    assert!(page.text().contains(r#"<link rel="icon" href="data:,">"#));
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("img-src data:;"), "{policy}");
}
