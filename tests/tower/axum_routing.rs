//! The layer's position in an axum router, and the requests that bypass it there.

use axum::{Router, routing::get};
use http::{Method, StatusCode};
use tower_didit::{
    DiditTokens, RequireSignIn, SignIn,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Person},
};

use crate::support::{
    logs::{capture, logs},
    sign_in::sign_in,
    site::{CALLBACK, HOME, auth, didit},
};

fn callback() -> Router {
    Router::new().route("/callback", get(|_: DiditTokens| async { "signed in" }))
}

fn orders() -> Router {
    Router::new().route("/orders", get(|_: DiditTokens| async { "orders" }))
}

/// Whether the layer covers its own paths and a page.
async fn assert_works(browser: &Browser, didit: &FakeDidit, pages: &[&str]) {
    for page in pages {
        let refused = browser.fetch(Method::GET, page).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{page}");
    }
    assert_eq!(sign_in(browser, didit).await.status(), StatusCode::OK);
    for page in pages {
        assert_eq!(browser.get(page).await.status(), StatusCode::OK, "{page}");
    }
    let page = browser.post_form("/logout", &[]).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert_eq!(didit.count(Endpoint::Token), 1);
}

#[tokio::test]
async fn a_layer_added_last_covers_nested_and_merged_routes_and_the_fallback() {
    let didit = didit();
    let guarded = Router::new()
        .route("/members", get(|| async {}))
        .route_layer(RequireSignIn::new());
    let app = callback()
        .merge(orders())
        .merge(guarded)
        .nest("/shop", orders())
        .nest_service("/service", orders())
        .fallback(|_: DiditTokens| async { "found" })
        .layer(auth(didit.config(CALLBACK)));
    let browser = Browser::new(HOME, app);
    let pages = [
        "/orders",
        "/members",
        "/shop/orders",
        "/service/orders",
        "/no/route",
    ];
    assert_works(&browser, &didit, &pages).await;
}

#[tokio::test]
async fn a_layer_around_the_router_covers_every_request() {
    let didit = didit();
    let app = callback()
        .merge(orders())
        .fallback(|_: DiditTokens| async {});
    let app = tower::Layer::layer(&auth(didit.config(CALLBACK)), app);
    assert_works(&Browser::new(HOME, app), &didit, &["/orders", "/no/route"]).await;
}

#[tokio::test]
async fn the_layers_own_paths_need_no_route_and_the_fallback_can_handle_the_callback() {
    let didit = didit();
    let app = Router::new()
        .fallback(|_: DiditTokens| async { "the fallback" })
        .layer(auth(didit.config(CALLBACK)));
    let browser = Browser::new(HOME, app);
    let page = sign_in(&browser, &didit).await;
    assert_eq!(
        (page.status(), page.text()),
        (StatusCode::OK, "the fallback")
    );
}

/// A callback without a handler: 404, and nobody is signed in.
#[tokio::test]
async fn a_callback_that_has_no_route_signs_nobody_in() {
    let didit = didit();
    let browser = Browser::new(HOME, orders().layer(auth(didit.config(CALLBACK))));
    assert_eq!(
        sign_in(&browser, &didit).await.status(),
        StatusCode::NOT_FOUND
    );
    assert!(browser.cookies().is_empty());
    assert_eq!(didit.count(Endpoint::Token), 1);
}

// The following gaps are axum's, and documented. These tests fail if axum closes one.

#[tokio::test]
async fn gap_route_layer_does_not_cover_paths_without_a_route() {
    let didit = didit();
    let browser = Browser::new(
        HOME,
        callback()
            .merge(orders())
            .route_layer(auth(didit.config(CALLBACK))),
    );
    assert_eq!(browser.get("/login").await.status(), StatusCode::NOT_FOUND);
    let page = browser.post_form("/logout", &[]).await;
    assert_eq!(page.status(), StatusCode::NOT_FOUND);

    // Routes are covered: a page leads to Didit, and its callback, which has a route, works.
    let page = browser.get("/orders").await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    let back = didit.approve(page.location(), &Person::john());
    assert_eq!(browser.get(&back).await.status(), StatusCode::OK);
    assert_eq!(browser.get("/orders").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn gap_a_fallback_set_after_the_layer_is_not_covered() {
    let didit = didit();
    let app = callback()
        .layer(auth(didit.config(CALLBACK)))
        .fallback(|tokens: Option<DiditTokens>| async move { tokens.is_some().to_string() });
    let browser = Browser::new(HOME, app);
    let page = browser.get("/no/route").await;
    assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(page.json()["code"], "layer-missing");
    // That includes the layer's own paths, which have no route.
    let page = browser.get("/login").await;
    assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(page.json()["code"], "layer-missing");
    assert!(didit.requests().is_empty());
}

#[tokio::test]
async fn gap_a_plain_router_merged_into_a_layered_one_is_not_covered() {
    let didit = didit();
    let layered = || callback().layer(auth(didit.config(CALLBACK)));
    for (case, app, login) in [
        (
            "plain into layered",
            layered().merge(orders()),
            StatusCode::NOT_FOUND,
        ),
        (
            "layered into plain",
            orders().merge(layered()),
            StatusCode::SEE_OTHER,
        ),
    ] {
        let browser = Browser::new(HOME, app);
        let page = browser.get("/orders").await;
        assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR, "{case}");
        assert_eq!(page.json()["code"], "layer-missing", "{case}");
        // Of two default fallbacks axum keeps that of the merged router, which handles paths without a
        // route.
        assert_eq!(browser.get("/login").await.status(), login, "{case}");
    }
}

#[tokio::test]
async fn gap_a_layer_in_a_nested_router_sees_stripped_paths() {
    let didit = didit();
    let config = || didit.config("https://app.example/shop/callback");
    let inner = callback().merge(orders());
    let nest = |inner| Browser::new(HOME, Router::new().nest("/shop", inner));

    // A default fallback is not nested, so the layer's own paths are not covered. With another
    // fallback the layer handles the stripped path.
    let browser = nest(inner.clone().layer(auth(config())));
    for path in ["/login", "/shop/login"] {
        assert_eq!(
            browser.get(path).await.status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    let inner = inner.fallback(async || StatusCode::NOT_FOUND);
    let browser = nest(inner.layer(auth(config())));
    assert_eq!(browser.get("/login").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        browser.get("/shop/login").await.status(),
        StatusCode::SEE_OTHER
    );

    // RFC 6749 §4.1.2.1; behaviour 21. In a nested router the stripped path is never the path of the
    // redirect URI, so the callback is an ordinary page: the code is not sent, and there is no sign-in
    // loop.
    let started = browser.get("/shop/orders").await;
    let back = didit.approve(started.location(), &Person::john());
    let page = browser.get(&back).await;
    assert_eq!(page.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(page.header("set-cookie"), None);
    let page = browser.fetch(Method::GET, "/shop/orders").await;
    assert_eq!(page.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(didit.count(Endpoint::Token), 0);
}

// RFC 6749 §4.1.2.1; behaviour 21.
#[tokio::test]
async fn a_callback_whose_path_was_changed_is_logged_once_whatever_answers_it() {
    const EVENT: &str = "callback at another path";
    let not_found = async || StatusCode::NOT_FOUND;
    let page = async || "one page for all paths";
    for nested in [
        Router::new().fallback(not_found),
        Router::new().fallback(page),
        callback(),
        orders().fallback(not_found),
    ] {
        capture();
        let didit = didit();
        let layer = auth(didit.config("https://app.example/shop/callback"));
        let start = get(async || SignIn::new());
        let nested = nested.route("/start", start).layer(layer);
        let browser = Browser::new(HOME, Router::new().nest("/shop", nested));
        // Callbacks of other clients, and of nobody.
        for query in [
            "code=c&state=s",
            "state=s&error=access_denied",
            "state=",
            "state",
        ] {
            browser.get(&format!("/shop/callback?{query}")).await;
        }
        let started = browser.get("/shop/start").await;
        let back = didit.approve(started.location(), &Person::john());
        let strangers = browser.new_browser();
        strangers.get(&back).await;
        assert!(!logs().contains(EVENT), "{}", logs());
        for _ in 0..2 {
            browser.get(&back).await;
        }
        let logged = logs();
        let lines: Vec<_> = logged.lines().filter(|line| line.contains(EVENT)).collect();
        let [line] = lines[..] else {
            panic!("{logged}")
        };
        assert!(line.contains("ERROR"), "{line}");
        assert!(
            line.contains(r#"callback="/shop/callback" path="/callback""#),
            "{line}"
        );
        assert!(!line.contains("code="), "{line}");
        assert_eq!(didit.count(Endpoint::Token), 0);
    }
}
