//! `Vary` and `Cache-Control` of responses that read the session.

use std::time::Duration;

use axum::{
    Router,
    body::{Body, Bytes},
    response::{AppendHeaders, IntoResponse},
    routing::get,
};
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use tokio::sync::mpsc;
use tower::ServiceExt;
use tower_didit::{
    DiditTokens, IdClaims, RequireSignIn, ReturnTo, SignIn,
    fake::{Browser, FakeDidit, FakeDiditExt, Page},
};

use crate::support::{
    cookies::{SESSION, set_cookies, sets_session},
    sign_in::sign_in,
    site::{CALLBACK, HOME, auth, didit},
};

type Tokens = Option<DiditTokens>;

const NONE: &[&str] = &[];

/// A response with these headers.
fn with<const N: usize>(headers: [(&'static str, &'static str); N]) -> impl IntoResponse {
    AppendHeaders(headers)
}

fn app(didit: &FakeDidit) -> Router {
    let members = Router::new()
        .route("/members", get(|| async {}))
        .route_layer(RequireSignIn::new());
    Router::new()
        .route("/callback", get(|_: DiditTokens| async {}))
        .route("/public", get(|| async {}))
        .route(
            "/public/kept",
            get(|| async { with([("vary", "Accept"), ("cache-control", "public")]) }),
        )
        .route("/back", get(|_: Option<ReturnTo>| async {}))
        .route("/optional", get(|_: Tokens| async {}))
        .route("/required", get(|_: DiditTokens| async {}))
        .route("/sign-in", get(|_: Tokens| async { SignIn::new() }))
        .route(
            "/own",
            get(|_: Tokens| async { with([("cache-control", "max-age=60")]) }),
        )
        .route(
            "/own/no-store",
            get(|_: Tokens| async { with([("cache-control", "no-store")]) }),
        )
        .route(
            "/vary/other",
            get(|_: Tokens| async { with([("vary", "Accept")]) }),
        )
        .route(
            "/vary/cookie",
            get(|_: Tokens| async { with([("vary", "Accept, cookie")]) }),
        )
        .route(
            "/vary/lines",
            get(|_: Tokens| async { with([("vary", "Accept"), ("vary", "COOKIE")]) }),
        )
        .route(
            "/vary/like",
            get(|_: Tokens| async { with([("vary", "Cookie2,X-Cookie")]) }),
        )
        .route(
            "/vary/all",
            get(|_: Tokens| async { with([("vary", "*")]) }),
        )
        .merge(members)
        .layer(auth(didit.config(CALLBACK)))
}

fn lines(page: &Page, name: &str) -> Vec<String> {
    let lines = page.headers().get_all(name).iter();
    lines
        .map(|line| line.to_str().unwrap().to_owned())
        .collect()
}

// RFC 9111 §4.1 and §5.2.2.7; behaviour 81.
#[tokio::test]
async fn only_a_response_that_read_the_session_varies_by_cookie_and_is_private() {
    let didit = didit();
    let stranger = Browser::new(HOME, app(&didit));
    let user = stranger.new_browser();
    assert_eq!(sign_in(&user, &didit).await.status(), StatusCode::OK);

    for (path, vary, cache_control) in [
        ("/public", NONE, NONE),
        ("/public/kept", &["Accept"], &["public"]),
        ("/missing", NONE, NONE),
        ("/back", NONE, NONE),
        ("/optional", &["Cookie"], &["private"]),
        ("/required", &["Cookie"], &["private"]),
        ("/members", &["Cookie"], &["private"]),
        ("/sign-in", &["Cookie"], &["private"]),
        ("/own", &["Cookie"], &["max-age=60"]),
        ("/own/no-store", &["Cookie"], &["no-store"]),
        ("/vary/other", &["Accept", "Cookie"], &["private"]),
        ("/vary/cookie", &["Accept, cookie"], &["private"]),
        ("/vary/lines", &["Accept", "COOKIE"], &["private"]),
        ("/vary/like", &["Cookie2,X-Cookie", "Cookie"], &["private"]),
        ("/vary/all", &["*"], &["private"]),
    ] {
        for browser in [&stranger, &user] {
            let page = browser.fetch(Method::GET, path).await;
            assert_eq!(lines(&page, "vary"), vary, "{path}");
            assert_eq!(lines(&page, "cache-control"), cache_control, "{path}");
            assert_eq!(page.header("set-cookie"), None, "{path}");
        }
    }
}

// RFC 9111 §5.2.2.7, RFC 9213 §2.2; behaviours 81 and 114.
#[tokio::test]
async fn a_response_that_sets_a_cookie_is_stored_by_no_shared_cache_whatever_the_handler_says() {
    const TARGETED: [&str; 4] = [
        "cdn-cache-control",
        "cloudflare-cdn-cache-control",
        "surrogate-control",
        "x-accel-expires",
    ];
    let shared = || {
        let mut headers = HeaderMap::new();
        let public = HeaderValue::from_static("public, s-maxage=600");
        headers.insert("cache-control", public.clone());
        for name in TARGETED {
            headers.insert(name, public.clone());
        }
        headers
    };
    let didit = didit();
    let app = Router::new()
        .route(
            "/callback",
            get(move |_: DiditTokens| async move { shared() }),
        )
        .route("/user", get(move |_: IdClaims| async move { shared() }))
        .route("/unasked", get(move || async move { shared() }))
        .layer(auth(didit.config(CALLBACK)));
    let browser = Browser::new(HOME, app);

    let assert_is_shared = |page: &Page, is_shared: bool| {
        let kept = if is_shared {
            "public, s-maxage=600"
        } else {
            "private, no-store"
        };
        assert_eq!(lines(page, "cache-control"), [kept], "{}", page.url());
        for name in TARGETED {
            assert_eq!(page.header(name).is_some(), is_shared, "{name}");
        }
    };
    assert_is_shared(&sign_in(&browser, &didit).await, false);

    // The session is only read: the handler decides, and the response varies by cookie.
    let page = browser.get("/user").await;
    assert_eq!(set_cookies(&page), [""; 0]);
    assert_eq!(lines(&page, "vary"), ["Cookie"]);
    assert_is_shared(&page, true);

    // A tenth of the idle limit later the cookie is written anew.
    didit.clock().advance(Duration::from_secs(8640));
    assert_is_shared(&browser.get("/unasked").await, true);
    let page = browser.get("/user").await;
    assert!(sets_session(&page));
    assert_is_shared(&page, false);
}

// RFC 9111 §5.2.2.5; behaviours 7 and 81.
#[tokio::test]
async fn a_redirect_to_sign_in_is_not_cached() {
    let didit = didit();
    let browser = Browser::new(HOME, app(&didit));
    for path in ["/required", "/members", "/sign-in"] {
        let page = browser.get(path).await;
        assert_eq!(page.status(), StatusCode::SEE_OTHER, "{path}");
        assert_eq!(
            lines(&page, "cache-control"),
            ["private, no-store"],
            "{path}"
        );
        assert_eq!(lines(&page, "set-cookie").len(), 1, "{path}");
    }
}

// Behaviour 81.
#[tokio::test]
async fn a_streaming_body_passes_as_it_comes_and_the_cookie_is_in_the_head() {
    let didit = didit();
    let (sender, receiver) = mpsc::unbounded_channel::<&'static str>();
    let receiver = std::sync::Arc::new(std::sync::Mutex::new(Some(receiver)));
    let streaming = move |_: IdClaims| async move {
        let mut receiver = receiver.lock().unwrap().take().unwrap();
        Body::from_stream(stream::poll_fn(move |cx| {
            receiver
                .poll_recv(cx)
                .map(|text| text.map(Ok::<_, std::io::Error>))
        }))
    };
    let app = Router::new()
        .route("/callback", get(|_: IdClaims| async {}))
        .route("/stream", get(streaming))
        .layer(auth(didit.config(CALLBACK)));
    let browser = Browser::new(HOME, app.clone());
    sign_in(&browser, &didit).await;
    didit.clock().advance(Duration::from_secs(8640));

    let cookie = format!("__Host-didit={}", browser.cookie(SESSION).unwrap().value());
    let request = Request::get("/stream").header(header::COOKIE, cookie);
    // The head, with the rewritten cookie, arrives before the first byte of the body is produced.
    let response = app
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers().contains_key(header::SET_COOKIE));
    assert_eq!(
        response.headers()[header::CACHE_CONTROL],
        "private, no-store"
    );
    assert!(!response.headers().contains_key(header::CONTENT_LENGTH));

    let mut body = response.into_body();
    for text in ["one", "two"] {
        sender.send(text).unwrap();
        let frame = body.frame().await.unwrap().unwrap();
        assert_eq!(
            frame.into_data().unwrap(),
            Bytes::from_static(text.as_bytes())
        );
    }
    drop(sender);
    assert!(body.frame().await.is_none());
}
