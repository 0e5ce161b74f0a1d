//! Which requests a guard refuses, and how.

use std::convert::Infallible;

use axum::{
    Router,
    body::Body,
    response::{IntoResponse, Response},
    routing::{any, get as route_get},
};
use http::{HeaderValue, Method, Request, StatusCode, header, request::Parts};
use serde_json::json;
use tower::{Service, ServiceExt, service_fn};
use tower_didit::{
    ConfigBuilder, DiditTokens, Error, ErrorKind, IdClaims, RequireSignIn, ReturnTo, SignIn,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Person},
    reason::{GuardError, WiringError},
    transport::TransportError,
};

use super::{
    WithUserInfo, get, guarded, open, outcome, passed, refused, send, session, sign_in_api,
};
use crate::support::{
    faults::with,
    handlers::{Place, once},
    sign_in::{sign_in, sign_in_as},
    site::{CALLBACK, HOME, auth, didit},
};

const ORIGIN: [(&str, &str); 1] = [("origin", HOME)];

fn minor() -> Person {
    Person::new("u-17").with_verified(true).with_over_18(false)
}

// RFC 9110 §15.5.2, CVE-2025-54576, CVE-2026-40575; behaviour 93.
#[tokio::test]
async fn no_path_trick_and_no_header_gets_a_minor_past_a_rule() {
    let (didit, config) = sign_in_api();
    let auth = auth(config);
    let cookie = session(&didit, &auth, &minor()).await;
    let app = Router::new()
        .route("/adults/bar", any(|| async { "cheers" }))
        .route_layer(RequireSignIn::new().over_18())
        .route("/open", any(|| async { "open" }))
        .layer(auth);
    let request = |path: &str| Request::get(path).header(header::COOKIE, &cookie);
    for path in [
        "/adults/bar",
        "/adults/bar?",
        "/adults/bar?/open",
        "/adults/bar?x=/open#/open",
        "/adults/bar#/open",
        "https://app.example/adults/bar",
    ] {
        assert_eq!(send(&app, request(path)).await.0, 403, "{path}");
    }
    for path in [
        "//adults/bar",
        "/adults//bar",
        "/adults/bar/",
        "/adults%2fbar",
        "/adults%2Fbar",
        "/adults/%62ar",
        "/Adults/bar",
        "/open/..;/adults/bar",
        "/open/../adults/bar",
        "/open/%2e%2e/adults/bar",
        "/adults;/bar",
        "/adults/bar;a=b",
        "/adults/bar%00",
        "/adults/bar%23",
        "/adults/bar%3f/open",
        "/adults\\bar",
    ] {
        let (status, _, text) = send(&app, request(path)).await;
        assert_eq!((status.as_u16(), &*text), (404, ""), "{path}");
    }
    for (name, value) in [
        ("x-forwarded-uri", "/open"),
        ("x-original-url", "/open"),
        ("x-rewrite-url", "/open"),
        ("x-forwarded-prefix", "/open"),
        ("x-http-method-override", "OPTIONS"),
        ("user-agent", "GoogleHC/1.0"),
        ("authorization", "Bearer token"),
    ] {
        let request = request("/adults/bar").header(name, value);
        assert_eq!(send(&app, request).await.0, 403, "{name}");
    }
    for method in [
        Method::POST,
        Method::HEAD,
        Method::OPTIONS,
        Method::TRACE,
        Method::from_bytes(b"BREW").unwrap(),
    ] {
        let request = request("/adults/bar").method(method.clone());
        assert_eq!(send(&app, request).await.0, 403, "{method}");
    }
}

const REFUSED: bool = false;
const PASSES: bool = true;

// RFC 9110 §15.5.4; behaviour 93.
#[tokio::test]
async fn requests_that_may_change_something_come_from_this_site() {
    let didit = didit();
    let auth = auth(didit.config(CALLBACK));
    let cookie = session(&didit, &auth, &Person::john()).await;
    let app = guarded(RequireSignIn::new().same_origin(), &auth);
    for (headers, passes) in [
        (&[][..], PASSES),
        (&[("sec-fetch-site", "same-origin")], PASSES),
        (&[("sec-fetch-site", "none")], PASSES),
        (&[("origin", HOME)], PASSES),
        (
            &[("origin", "null"), ("sec-fetch-site", "same-origin")],
            PASSES,
        ),
        (&[("sec-fetch-site", "same-site")], REFUSED),
        (&[("sec-fetch-site", "cross-site")], REFUSED),
        (&[("sec-fetch-site", "cross-site"), ORIGIN[0]], REFUSED),
        (&[("origin", "null")], REFUSED),
        (&[("origin", "https://evil.example")], REFUSED),
        (&[("origin", "https://app.example:8443")], REFUSED),
        (&[("origin", "http://app.example")], REFUSED),
        (&[("origin", "https://app.example.evil.example")], REFUSED),
    ] {
        for method in [
            "POST", "PUT", "PATCH", "DELETE", "CONNECT", "BREW", "GET", "HEAD",
        ] {
            let may_change = !["GET", "HEAD"].contains(&method);
            let mut request = get().method(method).header(header::COOKIE, &cookie);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let status = send(&app, request).await.0;
            let expected = if passes || !may_change { 200 } else { 403 };
            assert_eq!(status, expected, "{method} {headers:?}");
        }
        let mut socket = get()
            .header("upgrade", "websocket")
            .header(header::COOKIE, &cookie);
        for (name, value) in headers {
            socket = socket.header(*name, *value);
        }
        let expected = if passes { 200 } else { 403 };
        assert_eq!(send(&app, socket).await.0, expected, "{headers:?}");
    }
}

#[tokio::test]
async fn a_request_of_another_site_is_refused_before_the_session_is_read() {
    let (didit, config) = sign_in_api();
    let app = guarded(RequireSignIn::new().same_origin().over_18(), &auth(config));
    let request = || Request::post("/page").header("sec-fetch-site", "cross-site");
    let program = outcome(&app, request()).await;
    assert_eq!(program, refused(403, "cross-site-request"));
    let page = send(&app, request().header("sec-fetch-mode", "navigate")).await;
    assert!(page.2.contains("This did not come from this site"));
    let opaque = Request::post("/page").header("origin", "null");
    let (_, _, problem) = send(&app, opaque).await;
    assert!(
        problem.contains("`Referrer-Policy: same-origin`"),
        "{problem}"
    );
    assert_eq!(didit.count(Endpoint::UserInfo), 0);
}

#[tokio::test]
async fn each_origin_of_an_application_has_its_own_forms() {
    let didit = didit();
    let other = "https://other.example";
    let config = didit
        .config(CALLBACK)
        .add_redirect_uri("https://other.example/callback");
    let app = guarded(RequireSignIn::new().same_origin(), &auth(config));
    for (host, origin, code) in [
        ("app.example", HOME, "not-signed-in"),
        ("other.example", other, "not-signed-in"),
        ("app.example", other, "cross-site-request"),
        ("other.example", HOME, "cross-site-request"),
    ] {
        let request = Request::post("/page")
            .header("host", host)
            .header("origin", origin);
        assert_eq!(outcome(&app, request).await.1, code, "{host} {origin}");
    }
}

// RFC 9110 §15.5.2, RFC 9457; behaviours 10 and 93.
#[tokio::test]
async fn an_api_never_redirects_and_shows_no_page() {
    let (didit, config) = sign_in_api();
    let auth = auth(config);
    let cookies = session(&didit, &auth, &minor()).await;
    let app = Router::new()
        .route("/page", any(|| async { "the page" }))
        .route_layer(RequireSignIn::new().over_18().always_401())
        .layer(auth.clone());
    for (request, status, code) in [
        (open(), 401, "not-signed-in"),
        (open().method("POST"), 401, "not-signed-in"),
        (get().header("accept", "text/html"), 401, "not-signed-in"),
        (open().header(header::COOKIE, &cookies), 403, "not-allowed"),
    ] {
        let response = app
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await;
        let response = response.into_response();
        let challenge = response.headers().get(header::WWW_AUTHENTICATE).cloned();
        assert_eq!(challenge.is_some(), status == 401);
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        assert!(!response.headers().contains_key(header::SET_COOKIE));
        assert_eq!(response.status(), status);
        assert!(super::text(response).await.contains(code));
    }
    // The responses of handlers inside of it.
    let timed_out = || Error::from(TransportError::timed_out());
    for (handler, expected) in [
        (
            route_get(|| async { SignIn::new() }),
            refused(401, "not-signed-in"),
        ),
        (
            route_get(move || async move { timed_out() }),
            refused(504, "provider-timeout"),
        ),
    ] {
        let app = Router::new()
            .route("/page", handler)
            .route_layer(RequireSignIn::new().always_401())
            .layer(auth.clone());
        let request = open().header(header::COOKIE, &cookies);
        assert_eq!(outcome(&app, request).await, expected);
    }
}

#[tokio::test]
async fn outside_of_an_api_the_same_request_starts_a_sign_in() {
    let app = guarded(RequireSignIn::new(), &auth(didit().config(CALLBACK)));
    assert_eq!(send(&app, open()).await.0, StatusCode::SEE_OTHER);
}

// Behaviour 109.
#[tokio::test]
async fn inside_of_two_layers_a_guard_asks_the_inner_one() {
    let clients = [
        FakeDidit::new("members", "s-1"),
        FakeDidit::new("staff", "s-2"),
    ];
    let keeping = |didit: &FakeDidit| WithUserInfo::SignInApi.config(didit);
    let plain = |didit: &FakeDidit| didit.config(CALLBACK);
    let staff = |config: ConfigBuilder| auth(config.with_cookie_name("staff"));
    let [outer, inner] = &clients;
    for (outer_config, inner_config, expected) in [
        (plain(outer), keeping(inner), passed()),
        (
            keeping(outer),
            plain(inner),
            refused(500, "user-info-not-kept"),
        ),
        (keeping(outer), keeping(inner), passed()),
    ] {
        let (outside, inside) = (auth(outer_config), staff(inner_config));
        let minor = session(outer, &outside, &minor()).await;
        let adult = session(inner, &inside, &Person::alejandra()).await;
        let app = guarded(RequireSignIn::new().over_18(), &inside).layer(outside);
        let both = [minor.as_bytes(), adult.as_bytes()].join(&b"; "[..]);
        let both = HeaderValue::from_bytes(&both).unwrap();
        let request = get().header(header::COOKIE, both);
        assert_eq!(outcome(&app, request).await, expected);
        if expected == passed() {
            let outer_only = get().header(header::COOKIE, minor);
            let expected = refused(401, "not-signed-in");
            assert_eq!(outcome(&app, outer_only).await, expected);
        }
    }
}

async fn drinks(request: Parts) -> Result<&'static str, Error> {
    if request.uri.query() == Some("soft") {
        return Ok("lemonade");
    }
    let guard = RequireSignIn::new().over_18().same_origin();
    let claims = guard.check_request(&request).await?;
    assert_eq!(claims.subject(), Person::alejandra().subject());
    assert!(request.extensions.get::<IdClaims>().is_none());
    Ok("beer")
}

#[tokio::test]
async fn a_handler_asks_a_guard_about_its_request() {
    let (didit, config) = sign_in_api();
    let auth = auth(config);
    let cookies = [
        session(&didit, &auth, &Person::alejandra()).await,
        session(&didit, &auth, &minor()).await,
    ];
    let app = Router::new().route("/page", any(drinks)).layer(auth);
    let [adult, minor] = cookies.map(|cookie| get().header(header::COOKIE, cookie));
    assert_eq!(send(&app, adult).await.2, "beer");
    assert_eq!(outcome(&app, minor).await, refused(403, "not-allowed"));
    assert_eq!(outcome(&app, get()).await, refused(401, "not-signed-in"));
    let other_site = get().method("POST").header("sec-fetch-site", "cross-site");
    let expected = refused(403, "cross-site-request");
    assert_eq!(outcome(&app, other_site).await, expected);
    assert_eq!(send(&app, get().uri("/page?soft")).await.2, "lemonade");
    assert_eq!(send(&app, open()).await.0, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_service_asks_a_guard_about_its_request() {
    let inner = service_fn(|request: Request<Body>| {
        let (head, _) = request.into_parts();
        let answer = RequireSignIn::new().check_request(&head);
        drop(head);
        async move {
            let answer = answer.await;
            let response = answer.map_or_else(Error::into_response, |claims| {
                claims.subject().to_owned().into_response()
            });
            Ok::<_, Infallible>(response)
        }
    });
    let didit = didit();
    let auth = auth(didit.config(CALLBACK));
    let cookie = session(&didit, &auth, &Person::john()).await;
    let mut service = tower::ServiceBuilder::new().layer(auth).service(inner);
    let request = get().header(header::COOKIE, cookie).body(Body::empty());
    let Ok(response) = service.ready().await.unwrap().call(request.unwrap()).await;
    let response: Response = response.into_response();
    assert_eq!(super::text(response).await, Person::john().subject());
}

#[tokio::test]
async fn without_the_layer_a_guard_says_what_is_missing() {
    let request = Request::get("/page").body(()).unwrap();
    let (head, ()) = request.into_parts();
    let error = RequireSignIn::new().check_request(&head).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Wiring(WiringError::LayerMissing));
}

// A callback below the guard: the rule decides whether the session begins.
#[tokio::test]
async fn a_rule_around_the_callback_refuses_the_sign_in() {
    for place in Place::BOTH {
        let minor = minor();
        let didit = didit().add_person(minor.clone());
        let config = place
            .config(&didit)
            .with_scopes(["openid", "is_over_18"])
            .with_user_info_at_sign_in();
        let app = Router::new()
            .route("/callback", route_get(|back: ReturnTo| async { back }))
            .route_layer(RequireSignIn::new().over_18())
            .route(
                "/",
                route_get(|user: Option<IdClaims>| async move { user.is_some().to_string() }),
            )
            .layer(auth(config));
        let browser = Browser::new(HOME, app);
        let page = sign_in_as(&minor, &browser, &didit).await;
        assert_eq!(page.status(), 403, "{place:?}");
        assert!(page.text().contains("only for people over 18"));
        assert_eq!(browser.get("/").await.text(), "false", "{place:?}");
        sign_in(&browser, &didit).await;
        assert_eq!(browser.get("/").await.text(), "true", "{place:?}");
    }
}

#[tokio::test]
async fn with_tokens_the_scopes_are_those_of_the_refreshed_tokens() {
    let didit = FakeDidit::authentication("app");
    let config = once(&didit).with_scopes(["openid", "offline_access", "email"]);
    let tokens = |tokens: axum::Extension<DiditTokens>| async move { tokens.scopes().to_string() };
    let app = Router::new()
        .route("/page", route_get(tokens))
        .route_layer(RequireSignIn::new().with_tokens().scope("email"))
        .layer(auth(config.with_redirect_after_sign_in()));
    let browser = Browser::new(HOME, app);
    sign_in(&browser, &didit).await;
    let granted = browser.get("/page").await;
    assert_eq!(granted.text(), "openid offline_access email");
    didit.clock().advance(std::time::Duration::from_secs(299));
    didit.on_next(
        Endpoint::Token,
        with("scope", json!("openid offline_access")),
    );
    assert_eq!(browser.get("/page").await.status(), 403);
}

#[tokio::test]
async fn with_tokens_a_refresh_that_fails_is_an_error_of_its_own() {
    let didit = FakeDidit::authentication("app");
    let config = once(&didit).with_redirect_after_sign_in();
    let app = guarded(
        RequireSignIn::new().with_tokens().when(|_, _| true),
        &auth(config),
    );
    let browser = Browser::new(HOME, app);
    sign_in(&browser, &didit).await;
    didit.clock().advance(std::time::Duration::from_secs(301));
    didit.on_next(
        Endpoint::Token,
        Fault::error("server_error").with_status(500),
    );
    let answer = browser.fetch(Method::GET, "/page").await;
    assert_eq!(answer.json()["code"], "session-unavailable");
}

#[tokio::test]
async fn the_error_page_of_the_application_gets_the_rule() {
    let (didit, config) = sign_in_api();
    let config = config.with_error_page(|error, _, _| {
        let text = match error.kind() {
            ErrorKind::NotAllowed(GuardError::NotOver18) => "for adults",
            _ => "something else",
        };
        let mut page = http::Response::new(text.into());
        *page.status_mut() = error.kind().status();
        page
    });
    let auth = auth(config);
    let cookie = session(&didit, &auth, &minor()).await;
    let app = guarded(RequireSignIn::new().verified().over_18(), &auth);
    let (status, _, text) = send(&app, open().header(header::COOKIE, cookie)).await;
    assert_eq!((status.as_u16(), &*text), (403, "for adults"));
}

#[test]
fn a_guard_crosses_threads_and_shows_no_closure() {
    fn assert_auto<T: Clone + Send + Sync + Unpin + 'static>(_: &T) {}
    let guard = RequireSignIn::new().when(|_, _| true).scope("email");
    assert_auto(&guard);
    let debug = format!("{guard:?}");
    assert!(debug.contains("When(Condition)"), "{debug}");
}
