//! Extractors and their rejections.

mod disguises;
mod methods;

use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use tower_didit::{
    DiditTokens, ErrorKind, IdClaims, RequireSignIn, ReturnTo, SignIn,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Page},
    reason::WiringError,
};

use crate::support::{
    sign_in::sign_in,
    site::{CALLBACK, HOME, auth, didit},
};

fn routes() -> Router {
    let members = Router::new()
        .route(
            "/members/orders",
            get(|| async { "orders" }).post(|| async { "ordered" }),
        )
        .route("/members/any", any(|| async {}))
        .route_layer(RequireSignIn::new());
    let optional = |tokens: Option<DiditTokens>, back: Option<ReturnTo>| async move {
        format!("{} {}", tokens.is_some(), back.is_some())
    };
    Router::new()
        .route(
            "/required",
            get(|_: DiditTokens| async { "yours" }).post(|_: DiditTokens| async {}),
        )
        .route("/optional", get(optional))
        .route("/back", get(|_: ReturnTo| async {}))
        .route("/by-hand", any(by_hand))
        .route("/by-hand/elsewhere", post(|| async { to_orders() }))
        .merge(members)
}

async fn by_hand(tokens: Option<DiditTokens>) -> Response {
    tokens.map_or_else(
        || SignIn::new().into_response(),
        |_| "yours".into_response(),
    )
}

fn to_orders() -> SignIn {
    SignIn::returning_to(ReturnTo::parse("/orders?page=2").unwrap())
}

fn site(didit: &FakeDidit) -> Browser {
    let config = didit.config(CALLBACK).with_scopes(["openid", "offline"]);
    let app = routes()
        .route(
            "/callback",
            get(|_: DiditTokens, back: ReturnTo| async move { back }),
        )
        .layer(auth(config));
    Browser::new(HOME, app).add_didit(didit)
}

fn assert_problem(page: &Page, rejection: ErrorKind, case: &str) {
    assert_eq!(page.status(), rejection.status(), "{case}");
    assert_eq!(
        page.header("content-type"),
        Some("application/problem+json"),
        "{case}"
    );
    let problem = page.json();
    let member = |name| problem.get(name).cloned().unwrap_or_default();
    assert_eq!(member("status"), rejection.status().as_u16(), "{case}");
    assert_eq!(member("code"), rejection.code(), "{case}");
    assert!(member("title").is_string(), "{case}");
    assert_eq!(page.header("location"), None, "{case}");
    assert_eq!(page.header("set-cookie"), None, "{case}");
}

// RFC 9110 §15.5.2, RFC 9457; behaviour 93.
#[tokio::test]
async fn a_program_that_is_not_signed_in_gets_401_with_a_challenge_and_a_problem() {
    let didit = didit();
    let browser = site(&didit);
    for path in ["/required", "/members/orders", "/by-hand"] {
        let page = browser.fetch(Method::GET, path).await;
        assert_problem(&page, ErrorKind::NotSignedIn, path);
        assert_eq!(
            page.header("www-authenticate"),
            Some(r#"Didit realm="sign-in""#),
            "{path}"
        );
    }
    let page = browser.fetch(Method::GET, "/optional").await;
    assert_eq!(page.text(), "false false");
    assert!(browser.cookies().is_empty());
    assert!(didit.requests().is_empty());
}

// OpenID Connect Core §3.1.2.1, RFC 9700 §4.11; behaviours 1 and 8.
#[tokio::test]
async fn a_person_is_sent_to_didit_and_returns_to_the_same_page() {
    let didit = didit();
    for path in [
        "/required?page=2&sort=a%2Fb&x=%20",
        "/members/orders?q=%26&r=a+b",
        "/by-hand?",
    ] {
        let browser = site(&didit);
        let sent = browser.get(path).await;
        assert_eq!(sent.status(), StatusCode::SEE_OTHER, "{path}");
        assert!(
            sent.location()
                .starts_with("https://auth.didit.me/?response_type=code&")
        );
        assert_eq!(sent.bytes().len(), 0);

        let asked = browser.visit(path).await;
        let page = browser.click(&asked, "approve-alejandra").await;
        assert_eq!(page.status(), StatusCode::OK, "{path}");
        assert_eq!(page.url(), format!("{HOME}{path}"));
    }
    assert_eq!(didit.count(Endpoint::Token), 3);
}

// RFC 9700 §4.11; behaviour 8. `nest` strips the path that a route sees.
#[tokio::test]
async fn a_nested_route_is_returned_to_by_its_outer_address() {
    let didit = didit();
    let app = Router::new()
        .nest("/shop", routes())
        .route(
            "/callback",
            get(|_: DiditTokens, back: ReturnTo| async move { back }),
        )
        .layer(auth(didit.config(CALLBACK)));
    let browser = Browser::new(HOME, app).add_didit(&didit);
    for path in ["/shop/required?page=2", "/shop/members/orders"] {
        let browser = browser.new_browser();
        let asked = browser.visit(path).await;
        let page = browser.click(&asked, "approve-john").await;
        assert_eq!(
            (page.url(), page.status()),
            (&*format!("{HOME}{path}"), StatusCode::OK)
        );
    }
}

#[tokio::test]
async fn without_the_layer_extractors_and_guards_name_it() {
    let browser = Browser::new(HOME, routes());
    for (method, path) in [
        (Method::GET, "/required"),
        (Method::POST, "/required"),
        (Method::GET, "/optional"),
        (Method::GET, "/back"),
        (Method::GET, "/members/orders"),
        (Method::GET, "/by-hand"),
    ] {
        let page = browser.fetch(method, path).await;
        assert_problem(&page, ErrorKind::Wiring(WiringError::LayerMissing), path);
        assert!(page.text().contains("`tower_didit::DiditAuth`"), "{path}");
        // A person gets a page that names it, and no redirect to Didit.
        assert_problem(
            &browser.get(path).await,
            ErrorKind::Wiring(WiringError::LayerMissing),
            path,
        );
    }
}

#[tokio::test]
async fn return_to_is_extracted_only_at_the_callback() {
    let didit = didit();
    let browser = site(&didit);
    let page = browser.fetch(Method::GET, "/back").await;
    assert_problem(&page, ErrorKind::Wiring(WiringError::NotACallback), "/back");
    sign_in(&browser, &didit).await;
    let page = browser.fetch(Method::GET, "/back").await;
    assert_problem(&page, ErrorKind::Wiring(WiringError::NotACallback), "/back");
    // A person gets a page.
    let page = browser.get("/back").await;
    assert_eq!(
        page.status(),
        ErrorKind::Wiring(WiringError::NotACallback).status()
    );
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(browser.get("/optional").await.text(), "true false");
}

#[tokio::test]
async fn the_error_page_of_an_application_sees_the_headers_of_a_refused_request() {
    let didit = didit();
    let config = didit.config(CALLBACK).with_error_page(|error, request, _| {
        let language = request.headers.get("accept-language");
        let language = language.map_or("none", |language| language.to_str().unwrap());
        let body = format!("{} {} {language}", error.kind().code(), request.uri);
        let response = http::Response::builder().status(error.kind().status());
        response.body(body.into()).unwrap()
    });
    let browser = Browser::new(HOME, routes().layer(auth(config)));
    let request = http::Request::get("/back?page=2")
        .header("accept", "text/html")
        .header("accept-language", "es");
    let page = browser.send(request.body("").unwrap()).await;
    assert_eq!(
        page.status(),
        ErrorKind::Wiring(WiringError::NotACallback).status()
    );
    assert_eq!(page.text(), "not-a-callback /back?page=2 es");
}

#[tokio::test]
async fn a_missing_layer_is_named_in_the_error_and_the_problem_document() {
    let error = IdClaims::of(&http::Extensions::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Wiring(WiringError::LayerMissing));
    assert_eq!(
        error.to_string(),
        "the layer `tower_didit::DiditAuth` is missing: add it to the router, after this route and \
         after `RequireSignIn`"
    );
    let text = error.to_string();
    let response = error.into_response();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["code"], "layer-missing");
    assert_eq!(problem["title"], text);
}
