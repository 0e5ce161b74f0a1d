//! What handlers take as arguments, and what they refuse in the user's place.
use crate::support::sign_in::sign_in;
use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use http::{Method, Request, StatusCode, header};
use tower_didit::{
    DiditAuth, DiditTokens, Rejection, RequireSignIn, ReturnTo, SignIn,
    fake::{Browser, Endpoint, FakeDidit, Page, Person},
};

const HOME: &str = "https://app.example";
const CALLBACK: &str = "https://app.example/callback";
/// What a browser asks for when it opens a page, where it sends no `Sec-Fetch` headers.
const HTML: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

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
        .layer(DiditAuth::new(config.build().unwrap()));
    Browser::new(HOME, app).add_didit(didit)
}

fn didit() -> FakeDidit {
    FakeDidit::new("client-id", "client-secret")
}

fn assert_problem(page: &Page, rejection: Rejection, case: &str) {
    assert_eq!(page.status(), rejection.status(), "{case}");
    assert_eq!(
        page.header("content-type"),
        Some("application/problem+json"),
        "{case}"
    );
    let expected = serde_json::json!({
        "status": rejection.status().as_u16(),
        "code": rejection.code(),
        "title": rejection.body_text(),
    });
    assert_eq!(page.json(), expected, "{case}");
    assert_eq!(page.header("location"), None, "{case}");
    assert_eq!(page.header("set-cookie"), None, "{case}");
}

// Behaviour 93, first half.
#[tokio::test]
async fn a_program_that_is_not_signed_in_gets_401_with_a_challenge_and_a_problem() {
    let didit = didit();
    let browser = site(&didit);
    for path in ["/required", "/members/orders", "/by-hand"] {
        let page = browser.fetch(Method::GET, path).await;
        assert_problem(&page, Rejection::NotSignedIn, path);
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

// Behaviour 93, first half.
#[tokio::test]
async fn a_person_is_sent_to_didit_and_comes_back_to_that_very_page() {
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

// Behaviours 10, 11, 12 and 93, first half.
#[tokio::test]
async fn the_headers_say_whether_a_person_waits_for_a_page() {
    let didit = didit();
    let browser = site(&didit);
    let navigate = ("sec-fetch-mode", "navigate");
    for (method, headers, redirected) in [
        (
            Method::GET,
            vec![navigate, ("sec-fetch-dest", "document")],
            true,
        ),
        (Method::GET, vec![("accept", HTML)], true),
        (
            Method::GET,
            vec![("accept", HTML), ("sec-fetch-mode", "cors")],
            false,
        ),
        (
            Method::GET,
            vec![navigate, ("sec-fetch-dest", "iframe")],
            false,
        ),
        (
            Method::GET,
            vec![("accept", HTML), ("x-requested-with", "XMLHttpRequest")],
            false,
        ),
        (
            Method::GET,
            vec![navigate, ("sec-purpose", "prefetch")],
            false,
        ),
        (Method::GET, vec![("accept", "application/json")], false),
        (Method::GET, vec![("accept", "*/*")], false),
        (Method::GET, vec![], false),
        (Method::HEAD, vec![navigate], false),
        (
            Method::POST,
            vec![navigate, ("sec-fetch-dest", "document")],
            false,
        ),
        (Method::POST, vec![("accept", HTML)], false),
        (Method::PUT, vec![("accept", HTML)], false),
        (Method::DELETE, vec![("accept", HTML)], false),
        (Method::OPTIONS, vec![("accept", HTML)], false),
    ] {
        let mut request = Request::builder().method(&method).uri("/members/any");
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let page = browser.new_browser().send(request.body("").unwrap()).await;
        let status = if redirected {
            StatusCode::SEE_OTHER
        } else {
            StatusCode::UNAUTHORIZED
        };
        assert_eq!(page.status(), status, "{method} {headers:?}");
        let set = page.headers().get_all(header::SET_COOKIE).iter().count();
        assert_eq!(set, usize::from(redirected), "{method} {headers:?}");
        assert_eq!(page.headers().contains_key(header::LOCATION), redirected);
    }
}

// Behaviour 12.
#[tokio::test]
async fn a_post_is_refused_never_redirected_and_its_body_goes_nowhere() {
    let didit = didit();
    let browser = site(&didit);
    for path in ["/required", "/members/orders"] {
        let form = browser
            .post_form(path, &[("iban", "ES9121000418450200051332")])
            .await;
        assert_eq!(form.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert!(
            form.headers().contains_key(header::WWW_AUTHENTICATE),
            "{path}"
        );
        assert_eq!(form.header("cache-control"), Some("private, no-store"));
        assert_eq!(form.header("set-cookie"), None);
        // A person is told what became of the form, and can sign in from there.
        assert!(form.text().contains("Please sign in first"));
        assert!(form.text().contains(r#"<a id="sign-in" href="/login">"#));
        let script = browser.fetch(Method::POST, path).await;
        assert_problem(&script, Rejection::NotSignedIn, path);
    }
    assert!(didit.requests().is_empty());

    // Once signed in, the same form is good.
    assert_eq!(
        sign_in(&browser, &didit).await.status(),
        StatusCode::SEE_OTHER
    );
    let form = browser
        .post_form("/members/orders", &[("iban", "ES91")])
        .await;
    assert_eq!(form.text(), "ordered");
    for request in didit.requests() {
        let sent = String::from_utf8_lossy(request.body()).into_owned() + request.path_and_query();
        assert!(!sent.contains("iban"), "{request:?}");
    }
}

// Behaviour 12, where the handler itself asks for a sign-in.
#[tokio::test]
async fn a_handler_that_answers_a_post_with_sign_in_does_not_have_it_repeated() {
    let didit = didit();
    for (path, back) in [("/by-hand", "/"), ("/by-hand/elsewhere", "/orders?page=2")] {
        let browser = site(&didit);
        let page = browser
            .post_form(path, &[("iban", "ES9121000418450200051332")])
            .await;
        // 303: whatever comes next is a GET without a body (RFC 9110 §15.4.4).
        assert_eq!(page.status(), StatusCode::SEE_OTHER, "{path}");
        let returning = didit.approve(page.location(), Person::Alejandra);
        let end = browser.get(&returning).await;
        assert_eq!(end.location(), back, "{path}");

        let script = browser.new_browser().fetch(Method::POST, path).await;
        assert_problem(&script, Rejection::NotSignedIn, path);
    }
    for request in didit.requests() {
        let sent = String::from_utf8_lossy(request.body()).into_owned() + request.path_and_query();
        assert!(!sent.contains("iban"), "{request:?}");
    }
}

// Behaviour 12, for methods that no page navigation has.
#[tokio::test]
async fn a_handler_that_answers_another_method_with_sign_in_refuses() {
    let didit = didit();
    let browser = site(&didit);
    for method in [Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD] {
        let request = Request::builder().method(&method).uri("/by-hand");
        let request = request.header(header::ACCEPT, HTML).body("").unwrap();
        let page = browser.send(request).await;
        assert_eq!(page.status(), StatusCode::UNAUTHORIZED, "{method}");
        assert!(page.headers().contains_key(header::WWW_AUTHENTICATE));
        assert!(!page.headers().contains_key(header::LOCATION), "{method}");
    }
    assert!(browser.cookies().is_empty());
}

// Behaviour 93: inside `nest`, the page is the one that the person asked for.
#[tokio::test]
async fn a_nested_route_comes_back_to_its_outer_address() {
    let didit = didit();
    let app = Router::new()
        .nest("/shop", routes())
        .route(
            "/callback",
            get(|_: DiditTokens, back: ReturnTo| async move { back }),
        )
        .layer(DiditAuth::new(didit.config(CALLBACK).build().unwrap()));
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
async fn without_the_layer_whoever_asks_is_told_which_one_is_missing() {
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
        assert_problem(&page, Rejection::LayerMissing, path);
        assert!(page.text().contains("`tower_didit::DiditAuth`"), "{path}");
        // A page that a person opens says it as well; nobody is sent to Didit.
        assert_problem(&browser.get(path).await, Rejection::LayerMissing, path);
    }
}

#[tokio::test]
async fn there_is_a_page_to_return_to_only_at_the_callback() {
    let didit = didit();
    let browser = site(&didit);
    let page = browser.get("/back").await;
    assert_problem(&page, Rejection::NotACallback, "/back");
    sign_in(&browser, &didit).await;
    assert_problem(
        &browser.get("/back").await,
        Rejection::NotACallback,
        "/back",
    );
    assert_eq!(browser.get("/optional").await.text(), "true false");
}

#[tokio::test]
async fn a_rejection_says_the_same_to_programs_and_to_people() {
    for (rejection, status, code, text) in [
        (
            Rejection::NotSignedIn,
            401,
            "not-signed-in",
            "sign in first",
        ),
        (
            Rejection::NotACallback,
            500,
            "not-a-callback",
            "`ReturnTo` is there only in the handler of the callback, the path of the redirect URI",
        ),
        (
            Rejection::LayerMissing,
            500,
            "layer-missing",
            "the layer `tower_didit::DiditAuth` is missing: add it to the router, after this route \
             and after `RequireSignIn`",
        ),
    ] {
        assert_eq!(rejection.status().as_u16(), status);
        assert_eq!(rejection.code(), code);
        assert_eq!(rejection.body_text(), text);
        assert_eq!(rejection.to_string(), text);
        let response = rejection.into_response();
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(
            response.headers().contains_key(header::WWW_AUTHENTICATE),
            status == 401
        );
    }
}

// Behaviour 94, second half.
#[tokio::test]
async fn headers_of_the_client_make_nobody_signed_in() {
    let didit = didit();
    let browser = site(&didit);
    for (name, value) in [
        ("authorization", "Bearer token"),
        ("x-forwarded-user", "alejandra"),
        ("x-forwarded-uri", "/optional"),
        ("x-original-url", "/optional"),
        ("cookie", "didit=1.A"),
    ] {
        let request = Request::get("/members/orders").header(name, value);
        let page = browser.send(request.body("").unwrap()).await;
        assert_problem(&page, Rejection::NotSignedIn, name);
    }
}
