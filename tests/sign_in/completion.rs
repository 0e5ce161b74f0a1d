//! The end of a sign-in: the application's handler or a redirect, one session,
//! and the errors for people and programs.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use http::StatusCode;
use tower_didit::{
    ConfigBuilder, DiditTokens, Error, ErrorKind, ReturnTo,
    fake::{Browser, Endpoint, FakeDiditExt, Fault, Page},
    reason::{CallbackError, TokenError},
};

use crate::support::{
    cookies::{COMPLETED, SESSION, flow_cookies, set_cookies, sets_session},
    logs::{capture, logs},
    sign_in::approved,
    site::{CALLBACK, HOME, NOBODY, auth, didit},
};

/// The path where the sign-ins start.
const ORDERS: &str = "/login?return_to=/orders%3Fpage%3D2";

/// An application whose pages show the signed-in user, with a callback handler.
fn app(config: ConfigBuilder, callback: axum::routing::MethodRouter) -> Router {
    let who = |tokens: Option<DiditTokens>| async move {
        tokens.map_or(NOBODY, |_| "somebody").into_response()
    };
    Router::new()
        .route("/", get(who))
        .route("/orders", get(who))
        .route("/callback", callback)
        .layer(auth(config))
}

fn assert_private(page: &Page) {
    assert_eq!(page.header("cache-control"), Some("private, no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
}

// RFC 6749 §3.1.2.5; behaviour 25.
#[tokio::test]
async fn the_applications_handler_gets_the_tokens_and_the_page_to_return_to() {
    let didit = didit();
    let handler = |tokens: DiditTokens, back: ReturnTo| async move {
        let headers = [("cache-control", "max-age=60"), ("x-own", "kept")];
        let id_token = tokens.id_token().is_some();
        let body = format!("{} {id_token} {}", back.as_str(), tokens.scopes());
        (headers, body)
    };
    let browser = Browser::new(HOME, app(didit.config(CALLBACK), get(handler)));
    let callback = approved(ORDERS, &browser, &didit).await;

    let page = browser.get(&callback).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(page.text(), "/orders?page=2 true openid");
    assert_eq!(page.header("x-own"), Some("kept"));
    assert_private(&page);
    assert_eq!(flow_cookies(&browser).len(), 0);
    assert_eq!(browser.get("/").await.text(), "somebody");
    assert_eq!(didit.count(Endpoint::Token), 1);
}

// RFC 6749 §3.1.2.5; behaviour 25.
#[tokio::test]
async fn the_layer_redirects_to_the_page_to_return_to_if_configured() {
    let didit = didit();
    let config = didit.config(CALLBACK).with_redirect_after_sign_in();
    let never = get(|| async { StatusCode::IM_A_TEAPOT });
    let browser = Browser::new(HOME, app(config, never));
    let callback = approved(ORDERS, &browser, &didit).await;

    let page = browser.visit(&callback).await;
    assert_eq!(page.url(), "https://app.example/orders?page=2");
    assert_eq!(page.history().len(), 2);
    assert_eq!(page.text(), "somebody");
    assert_eq!(flow_cookies(&browser).len(), 0);

    let callback = approved(ORDERS, &browser, &didit).await;
    let page = browser.get(&callback).await;
    assert_eq!(page.status(), StatusCode::SEE_OTHER);
    assert_eq!(page.location(), "/orders?page=2");
    assert_private(&page);
    assert!(sets_session(&page));
}

// RFC 6749 §3.1.2.5; behaviour 25. Only a response below 400 signs the user in.
#[tokio::test]
async fn a_user_whom_the_callback_handler_refuses_is_not_signed_in() {
    for (status, signs_in) in [
        (200, true),
        (204, true),
        (303, true),
        (400, false),
        (401, false),
        (403, false),
        (404, false),
        (500, false),
        (503, false),
    ] {
        let didit = didit();
        let handler = move |_: DiditTokens| async move {
            let status = StatusCode::from_u16(status).unwrap();
            (
                status,
                Redirect::to("/orders")
                    .into_response()
                    .into_parts()
                    .0
                    .headers,
                "own words",
            )
        };
        let browser = Browser::new(HOME, app(didit.config(CALLBACK), get(handler)));
        let callback = approved(ORDERS, &browser, &didit).await;
        let page = browser.get(&callback).await;

        assert_eq!(page.status().as_u16(), status);
        assert_eq!(sets_session(&page), signs_in, "{status}");
        assert_eq!(flow_cookies(&browser).len(), 0, "{status}");
        assert_private(&page);
        let who = browser.get("/").await;
        assert_eq!(who.text() == "somebody", signs_in, "{status}");
        assert_eq!(didit.count(Endpoint::Token), 1, "{status}");
    }
}

#[tokio::test]
async fn a_missing_route_for_the_callback_is_reported_once() {
    capture();
    let didit = didit();
    let app = Router::new().layer(auth(didit.config(CALLBACK)));
    let browser = Browser::new(HOME, app);
    for _ in 0..2 {
        let callback = approved(ORDERS, &browser, &didit).await;
        let page = browser.get(&callback).await;
        assert_eq!(page.status(), StatusCode::NOT_FOUND);
        assert!(!sets_session(&page));
        assert_eq!(flow_cookies(&browser).len(), 0);
    }
    let logs = logs();
    assert_eq!(
        logs.matches("no route for the callback").count(),
        1,
        "{logs}"
    );
    assert!(logs.contains("/callback"), "{logs}");
}

// RFC 6749 §4.1.2; behaviour 17.
#[tokio::test(start_paused = true)]
async fn a_repeated_callback_redirects_a_signed_in_user_without_a_call_to_didit() {
    let didit = didit();
    let config = didit.config(CALLBACK).with_landing_page("/orders");
    let browser = Browser::new(
        HOME,
        app(config, get(|_: DiditTokens| async { "signed in" })),
    );
    let callback = approved(ORDERS, &browser, &didit).await;
    let flow_cookie = browser.cookies().remove(0);
    assert_eq!(browser.get(&callback).await.text(), "signed in");
    // After a minute it no longer joins the flight.
    tokio::task::yield_now().await;
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::task::yield_now().await;

    // As with the back button, and as in a browser that has kept the flow cookie.
    for keeps_flow_cookie in [false, true] {
        if keeps_flow_cookie {
            browser.set_cookie(flow_cookie.name(), flow_cookie.value());
        }
        let page = browser.get(&callback).await;
        assert_eq!(page.status(), StatusCode::SEE_OTHER, "{keeps_flow_cookie}");
        assert_eq!(page.location(), "/orders");
        assert_private(&page);
        assert!(!sets_session(&page));
    }

    browser.remove_cookie(SESSION);
    for keeps_flow_cookie in [true, false] {
        if keeps_flow_cookie {
            browser.set_cookie(flow_cookie.name(), flow_cookie.value());
        } else {
            browser.remove_cookie(flow_cookie.name());
        }
        let page = browser.get(&callback).await;
        assert_eq!(page.status(), StatusCode::CONFLICT, "{keeps_flow_cookie}");
        assert!(page.text().contains("callback-already-used"));
        assert!(!sets_session(&page));
    }
    assert_eq!(didit.count(Endpoint::Token), 1);
}

// RFC 6749 §4.1.2; behaviour 28.
#[tokio::test(start_paused = true)]
async fn a_double_submit_is_one_token_request_and_one_session() {
    let didit = didit();
    let handler = get(|_: DiditTokens| async { "signed in" });
    let browser = Browser::new(HOME, app(didit.config(CALLBACK), handler));
    let callback = approved(ORDERS, &browser, &didit).await;
    didit.on_next(Endpoint::Token, Fault::delay(Duration::from_secs(5)));

    let (first, second) = tokio::join!(browser.get(&callback), browser.get(&callback));
    assert_eq!(first.text(), "signed in");
    assert!(sets_session(&first));
    assert_eq!(second.status(), StatusCode::SEE_OTHER);
    assert_eq!(second.location(), "/orders?page=2");
    assert_eq!(set_cookies(&second), set_cookies(&first));
    assert_eq!(didit.count(Endpoint::Token), 1);
}

// RFC 6749 §4.1.2; behaviour 28.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_double_submit_on_many_threads_is_one_session() {
    let didit = didit();
    let handler = get(|_: DiditTokens| async { "signed in" });
    let browser = Arc::new(Browser::new(HOME, app(didit.config(CALLBACK), handler)));
    for round in 1..=20 {
        browser.remove_cookie(SESSION);
        browser.remove_cookie(COMPLETED);
        let callback = Arc::new(approved(ORDERS, &browser, &didit).await);
        let submits: Vec<_> = (0..8)
            .map(|_| {
                let (browser, callback) = (Arc::clone(&browser), Arc::clone(&callback));
                tokio::spawn(async move { browser.get(&callback).await })
            })
            .collect();
        let (mut handled, mut cookies) = (0, HashSet::new());
        for submit in submits {
            let page = submit.await.expect("no panic");
            handled += usize::from(page.text() == "signed in");
            if sets_session(&page) {
                cookies.insert(set_cookies(&page).join("; "));
            } else {
                // Without the flow cookie, which the first response has removed.
                assert_eq!(page.location(), "/");
            }
        }
        assert_eq!((handled, cookies.len()), (1, 1));
        assert_eq!(didit.count(Endpoint::Token), round);
    }
}

// RFC 6749 §4.1.2.1; behaviour 20.
#[tokio::test]
async fn the_error_is_in_the_extensions_of_the_response() {
    let seen = Arc::<Mutex<Option<Error>>>::default();
    let watcher = Arc::clone(&seen);
    let didit = didit();
    let app = app(didit.config(CALLBACK), get(|_: DiditTokens| async {})).layer(
        axum::middleware::map_response(move |response: Response| {
            *watcher.lock().unwrap() = response.extensions().get::<Error>().cloned();
            std::future::ready(response)
        }),
    );
    let browser = Browser::new(HOME, app);
    let error = || seen.lock().unwrap().take();

    let state = approved(ORDERS, &browser, &didit).await;
    let state = state.split_once("&state=").unwrap().1;
    let script = "%3Cscript%3E%0Aalert(1)%C3%A9".to_owned() + &"y".repeat(1000);
    let long = "x".repeat(1000);
    let url = format!("/callback?error={long}&error_description={script}&state={state}");
    browser.get(&url).await;
    let refused = error().unwrap();
    assert_eq!(refused.kind(), ErrorKind::ProviderRefused);
    assert_eq!(refused.provider_code(), Some(&long[..64]));
    let description = refused.provider_description().unwrap();
    assert_eq!(description.len(), 256);
    assert!(description.starts_with("<script>alert(1)yyy"));

    browser.get("/callback").await;
    assert_eq!(
        error().unwrap().kind(),
        ErrorKind::Callback(CallbackError::Malformed)
    );
    didit.on_next(Endpoint::Token, Fault::error("invalid_client"));
    browser.get(&approved(ORDERS, &browser, &didit).await).await;
    assert_eq!(
        error().unwrap().kind(),
        ErrorKind::TokenRequest(TokenError::InvalidClient)
    );
    browser.get(&approved(ORDERS, &browser, &didit).await).await;
    assert!(error().is_none());
}

// RFC 9111 §5.2.2.5, RFC 6749 §4.1.2.1; behaviours 7 and 20.
#[tokio::test]
async fn an_application_can_have_its_own_page_for_errors() {
    let didit = didit();
    let config = didit.config(CALLBACK).with_error_page(|error, request, _| {
        let body = format!(
            "own page: {} at {}",
            error.kind().code(),
            request.uri.path()
        );
        Response::builder()
            .status(error.kind().status())
            .header("cache-control", "max-age=60")
            .header("x-own", "kept")
            .body(body.into())
            .expect("a page")
    });
    let browser = Browser::new(HOME, app(config, get(|_: DiditTokens| async {})));
    let login = browser.get("/login").await;
    assert_eq!(flow_cookies(&browser).len(), 1);

    let page = browser.get(&didit.decline(login.location())).await;
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    assert_eq!(page.text(), "own page: access-denied at /callback");
    assert_eq!(page.header("x-own"), Some("kept"));
    assert_private(&page);
    assert_eq!(flow_cookies(&browser).len(), 0);
}
