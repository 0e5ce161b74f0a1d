//! The layer with other middleware.

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::{AppendHeaders, IntoResponse, Response},
    routing::get,
};
use http::{Method, StatusCode, header};
use tower::ServiceBuilder;
use tower_didit::{
    DiditTokens, ErrorKind, RequireSignIn, ReturnTo, SignIn,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt},
    reason::WiringError,
};
use tower_http::cors::CorsLayer;

use crate::support::{
    cookies::{copy_cookies, set_cookies},
    sign_in::{approved, sign_in},
    site::{CALLBACK, HOME, NOBODY, auth, didit},
};

fn callback() -> Router {
    Router::new().route(
        "/callback",
        get(|_: DiditTokens, back: ReturnTo| async { back }),
    )
}

#[tokio::test]
async fn the_applications_cookies_are_kept_in_the_redirect_to_a_sign_in() {
    let didit = didit();
    let cart = AppendHeaders([
        (header::SET_COOKIE, "cart=7; Path=/"),
        (header::SET_COOKIE, "seen=1; Path=/"),
    ]);
    let app = callback()
        .route(
            "/pay",
            get(move || async move { (cart, SignIn::new()).into_response() }),
        )
        .layer(auth(didit.config(CALLBACK)));
    let browser = Browser::new(HOME, app);

    let page = browser.get("/pay").await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert_eq!(browser.cookie("cart").unwrap().value(), "7");
    assert_eq!(browser.cookie("seen").unwrap().value(), "1");
    assert_eq!(browser.cookies().len(), 3, "and the sign-in's own");
}

#[tokio::test]
async fn a_middleware_can_replace_a_refusal() {
    let didit = didit();
    let hide = from_fn(async |request: Request, next: Next| -> Response {
        let mut response = next.run(request).await;
        if response.status() == StatusCode::UNAUTHORIZED {
            *response.status_mut() = StatusCode::NOT_FOUND;
        }
        response
    });
    let app = callback()
        .route("/hidden", get(|_: DiditTokens| async {}).layer(hide))
        .route("/shown", get(|_: DiditTokens| async {}))
        .layer(auth(didit.config(CALLBACK)));
    let browser = Browser::new(HOME, app);
    assert_eq!(browser.get("/hidden").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(browser.get("/shown").await.status(), StatusCode::SEE_OTHER);
}

/// An inner layer for another client: the session of the outer one is not its own.
#[tokio::test]
async fn tokens_of_another_layer_are_removed() {
    let didit = didit();
    let staff = FakeDidit::new("staff", "staff-secret");
    let staff_config = staff
        .config("https://app.example/staff/callback")
        .without_login_path()
        .without_logout_path();
    let staff_only = Router::new()
        .route("/staff/tokens", get(|_: DiditTokens| async {}))
        .route(
            "/staff/guarded",
            get(|| async {}).layer(RequireSignIn::new()),
        )
        .route("/staff/optional", get(who))
        .layer(auth(staff_config));
    let app = callback()
        .route("/", get(who))
        .merge(staff_only)
        .layer(auth(didit.config(CALLBACK)));
    let browser = Browser::new(HOME, app);
    sign_in(&browser, &didit).await;

    assert_eq!(browser.get("/").await.text(), "somebody");
    assert_eq!(browser.get("/staff/optional").await.text(), NOBODY);
    for path in ["/staff/tokens", "/staff/guarded"] {
        let page = browser.fetch(Method::GET, path).await;
        assert_eq!(page.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
}

async fn who(tokens: Option<DiditTokens>) -> &'static str {
    tokens.map_or(NOBODY, |_| "somebody")
}

#[tokio::test]
async fn the_layer_works_in_a_stack_with_cors() {
    let didit = didit();
    let app = callback().route("/", get(who)).layer(
        ServiceBuilder::new()
            .layer(CorsLayer::permissive())
            .layer(auth(didit.config(CALLBACK))),
    );
    let browser = Browser::new(HOME, app);
    sign_in(&browser, &didit).await;
    let page = browser.get("/").await;
    assert_eq!(page.text(), "somebody");
    assert_eq!(page.header("access-control-allow-origin"), Some("*"));
}

// RFC 9111 §4.1 and §5.2.2.7; behaviour 81.
#[tokio::test]
async fn a_response_varies_by_cookie_if_the_tokens_are_read_without_an_extractor() {
    let didit = didit();
    let read = |request: Request| async move {
        DiditTokens::of(request.extensions())
            .await
            .map(|tokens| tokens.is_some().to_string())
    };
    let app = callback()
        .route("/", get(read))
        .layer(auth(didit.config(CALLBACK)));
    let browser = Browser::new(HOME, app);
    for (signed_in, text) in [(false, "false"), (true, "true")] {
        if signed_in {
            sign_in(&browser, &didit).await;
        }
        let page = browser.get("/").await;
        assert_eq!(page.text(), text);
        assert_eq!(page.header("vary"), Some("Cookie"));
        assert_eq!(page.header("cache-control"), Some("private"));
    }
    assert_eq!(
        DiditTokens::of(&http::Extensions::new())
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::Wiring(WiringError::LayerMissing)
    );
}

/// Services of one layer share the completed sign-ins.
#[tokio::test]
async fn services_of_one_layer_complete_a_sign_in_once() {
    let didit = didit();
    let auth = auth(didit.config(CALLBACK));
    let browser = Browser::new(HOME, callback().layer(auth.clone()));
    let back = approved("/login", &browser, &didit).await;

    let other = Browser::new(HOME, callback().layer(auth));
    copy_cookies(&browser, &other);
    let page = browser.get(&back).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    let same = other.get(&back).await;
    assert_eq!(same.status(), StatusCode::SEE_OTHER);
    assert_eq!(set_cookies(&same), set_cookies(&page));
    assert_eq!(didit.count(Endpoint::Token), 1);
}
