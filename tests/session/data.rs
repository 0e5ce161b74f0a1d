//! The application's own data in the session.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::{future::join, stream};
use http::{Method, StatusCode, header};
use tokio::sync::Semaphore;
use tower::ServiceExt;
use tower_didit::{
    ConfigBuilder, DiditAuth, DiditClient, DiditTokens, Error, IdClaims, ReturnTo,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Page, Person},
};

use crate::support::{
    cookies::{SESSION, header_of, set_cookies, sets_session},
    handlers::{Place, once},
    sign_in::{approved, sign_in, sign_in_as},
    site::{CALLBACK, HOME, auth, didit, memory},
    tasks::{poll_until, yield_until},
};

const SECOND: Duration = Duration::from_secs(1);
const KEYS: [&str; 3] = ["a", "b", "role"];

/// Lets handlers finish that wait for it.
type Gate = Arc<Semaphore>;

struct App {
    auth: DiditAuth,
    router: Router,
    gate: Gate,
}

fn app(config: ConfigBuilder) -> App {
    let auth = auth(config);
    let gate = Gate::new(Semaphore::new(0));
    let admins = Router::new()
        .route("/admin", get(|| async { "admin" }))
        .route_layer(from_fn(admins_only));
    let router = Router::new()
        .route("/", get(data))
        .route("/set/{key}/{value}", get(set))
        .route("/held/{key}/{value}", get(set_and_wait))
        .route("/late/{key}/{value}", get(set_late))
        .route("/remove/{key}", get(remove))
        .route("/wrong", get(wrong))
        .route("/tokens", get(|_: DiditTokens| async {}))
        .route("/sign-out", post(sign_out_and_set))
        .route("/callback", get(callback))
        .merge(admins)
        .with_state(Arc::clone(&gate))
        .layer(auth.clone());
    App { auth, router, gate }
}

/// What is kept, as `key=value` pairs.
async fn data(client: DiditClient) -> Result<String, Error> {
    let mut pairs = BTreeMap::new();
    for key in KEYS {
        pairs.insert(key, client.get::<String>(key).await?);
    }
    let pairs = pairs.into_iter();
    let pairs = pairs.filter_map(|(key, value)| Some(format!("{key}={}", value?)));
    Ok(pairs.collect::<Vec<_>>().join(" "))
}

async fn set(
    Path((key, value)): Path<(String, String)>,
    client: DiditClient,
) -> Result<String, Error> {
    client.set(&key, &value).await?;
    data(client).await
}

async fn set_and_wait(
    State(gate): State<Gate>,
    path: Path<(String, String)>,
    client: DiditClient,
) -> Result<String, Error> {
    let data = set(path, client).await;
    gate.acquire().await.unwrap().forget();
    data
}

/// Sets it after the response headers.
async fn set_late(path: Path<(String, String)>, client: DiditClient, _: IdClaims) -> Response {
    let late = async move {
        let told = set(path, client).await;
        Ok::<_, Error>(told.unwrap_or_else(|error| error.kind().code().to_owned()))
    };
    Body::from_stream(stream::once(late)).into_response()
}

async fn remove(Path(key): Path<String>, client: DiditClient) -> Result<String, Error> {
    client.remove(&key).await?;
    data(client).await
}

/// Reads another type than was set.
async fn wrong(client: DiditClient) -> Result<String, Error> {
    Ok(client
        .get::<u64>("a")
        .await?
        .unwrap_or_default()
        .to_string())
}

async fn sign_out_and_set(client: DiditClient) -> Result<String, Error> {
    client.sign_out().await?;
    let codes = [
        client.set("a", "late").await.err(),
        client.get::<String>("a").await.err(),
    ];
    let codes = codes.map(|error| error.expect("the session has ended").kind().code());
    Ok(codes.join(" "))
}

/// Keeps the subject, and does what the page to return to says.
async fn callback(
    State(gate): State<Gate>,
    user: IdClaims,
    client: DiditClient,
    back: ReturnTo,
) -> Result<Response, Error> {
    client.set("role", user.subject()).await?;
    match back.as_str() {
        "/?wait" => gate.acquire().await.unwrap().forget(),
        "/?large" => client.set("a", &"x".repeat(1024)).await?,
        "/?refuse" => return Ok(StatusCode::FORBIDDEN.into_response()),
        _ => {}
    }
    Ok(data(client).await?.into_response())
}

async fn admins_only(client: DiditClient, request: Request, next: Next) -> Result<Response, Error> {
    if client.get::<String>("a").await?.as_deref() != Some("admin") {
        return Ok(StatusCode::FORBIDDEN.into_response());
    }
    Ok(next.run(request).await)
}

/// A response in the background, to a request with the cookies that the browser has now.
fn send(app: &App, browser: &Browser, path: &str) -> impl Future<Output = Response> + use<> {
    let request = Request::get(path).header(header::COOKIE, header_of(browser));
    let request = request.body(Body::empty()).unwrap();
    let response = app.router.clone().oneshot(request);
    async { response.await.unwrap() }
}

/// The browser takes the session's cookies of a response.
fn take_cookies(browser: &Browser, response: &Response) {
    for line in response.headers().get_all(header::SET_COOKIE) {
        let pair = line.to_str().unwrap().split(';').next().unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        if name == SESSION {
            browser.set_cookie(name, value);
        }
    }
}

async fn signed_in(config: ConfigBuilder, didit: &FakeDidit) -> (App, Browser) {
    let app = app(config);
    let browser = Browser::new(HOME, app.router.clone());
    sign_in(&browser, didit).await;
    (app, browser)
}

fn role() -> String {
    format!("role={}", Person::alejandra().subject())
}

fn code(page: &Page) -> String {
    page.json()["code"].as_str().unwrap_or_default().to_owned()
}

// Behaviour 123.
#[tokio::test]
async fn data_stays_through_refreshes_and_uses_and_is_gone_with_the_session() {
    for place in Place::BOTH {
        let didit = didit();
        let (_, browser) = signed_in(place.config(&didit), &didit).await;
        assert_eq!(browser.get("/").await.text(), role(), "{place:?}");
        let all = format!("a=1 {}", role());
        assert_eq!(browser.get("/set/a/1").await.text(), all, "{place:?}");
        for refreshes in 1..=3 {
            didit.clock().advance(3 * 3600 * SECOND);
            browser.get("/tokens").await;
            assert_eq!(didit.count(Endpoint::Token), 1 + refreshes, "{place:?}");
            assert_eq!(browser.get("/").await.text(), all, "{place:?}");
        }
        didit.clock().advance(3 * 3600 * SECOND);
        assert_eq!(browser.get("/").await.text(), all, "{place:?}");
        assert_eq!(browser.get("/remove/role").await.text(), "a=1", "{place:?}");
        assert_eq!(browser.get("/").await.text(), "a=1", "{place:?}");

        // Another sign-in of the same browser begins another session.
        sign_in_as(&Person::john(), &browser, &didit).await;
        let johns = format!("role={}", Person::john().subject());
        assert_eq!(browser.get("/").await.text(), johns, "{place:?}");
        browser.post_form("/logout", &[]).await;
        let refused = browser.fetch(Method::GET, "/").await;
        assert_eq!(code(&refused), "not-signed-in", "{place:?}");
        sign_in(&browser, &didit).await;
        assert_eq!(browser.get("/").await.text(), role(), "{place:?}");
    }
}

// Behaviour 123.
#[tokio::test]
async fn a_callback_that_arrives_again_gets_the_data_that_its_handler_set() {
    for place in Place::BOTH {
        let didit = didit();
        let app = app(place.config(&didit));
        let browser = Browser::new(HOME, app.router.clone());
        let back = approved("/login?return_to=/?wait", &browser, &didit).await;
        let path = back.strip_prefix(HOME).unwrap();
        // The first request is dropped while its handler runs, the second one runs the handler, the third one joins.
        let exchanged = || didit.count(Endpoint::Token) == 1 && app.gate.available_permits() == 0;
        let dropped = poll_until(send(&app, &browser, path), exchanged).await;
        drop(dropped);
        app.gate.add_permits(1);
        let (second, third) = join(send(&app, &browser, path), send(&app, &browser, path)).await;
        let statuses = [second.status(), third.status()];
        assert_eq!(statuses, [StatusCode::OK, StatusCode::SEE_OTHER]);
        take_cookies(&browser, &third);
        assert_eq!(browser.get("/").await.text(), role(), "{place:?}");
        assert_eq!(didit.count(Endpoint::Token), 1, "{place:?}");
    }
}

// Behaviours 123 and 125.
#[tokio::test]
async fn data_that_is_too_large_leaves_no_session_and_a_refused_user_none() {
    for place in Place::BOTH {
        let didit = didit();
        let app = app(place.config(&didit));
        let browser = Browser::new(HOME, app.router.clone());
        for (page, status) in [
            (
                "/login?return_to=/?large",
                StatusCode::INTERNAL_SERVER_ERROR,
            ),
            ("/login?return_to=/?refuse", StatusCode::FORBIDDEN),
        ] {
            let back = approved(page, &browser, &didit).await;
            assert_eq!(browser.get(&back).await.status(), status, "{place:?}");
            assert!(browser.cookie(SESSION).is_none(), "{place:?}");
        }
    }
}

// Behaviour 123.
#[tokio::test]
async fn concurrent_requests_keep_what_each_of_them_sets() {
    for place in Place::BOTH {
        for last in 0..2 {
            let didit = didit();
            let (app, browser) = signed_in(place.config(&didit), &didit).await;
            // Both carry the same cookies. The browser gets the responses in either order.
            let mut first = Box::pin(send(&app, &browser, "/held/a/1"));
            let mut second = Box::pin(send(&app, &browser, "/held/b/2"));
            for response in [&mut first, &mut second] {
                crate::support::tasks::assert_is_pending(response).await;
                crate::support::tasks::run_background().await;
                crate::support::tasks::assert_is_pending(response).await;
            }
            app.gate.add_permits(2);
            let mut responses = <[Response; 2]>::from(join(first, second).await);
            responses.rotate_left(last);
            for response in &responses {
                assert_eq!(response.status(), StatusCode::OK);
                take_cookies(&browser, response);
            }
            let all = format!("a=1 b=2 {}", role());
            assert_eq!(browser.get("/").await.text(), all, "{place:?} {last}");
            // Of one key the last value stays.
            browser.get("/set/a/3").await;
            let all = format!("a=3 b=2 {}", role());
            assert_eq!(browser.get("/").await.text(), all, "{place:?} {last}");
        }
    }
}

// Behaviour 123. The cookies of the earlier response arrive last.
#[tokio::test]
async fn a_slow_response_restores_no_older_data() {
    let didit = didit();
    let (app, browser) = signed_in(Place::Cookies.config(&didit), &didit).await;
    let older = browser.cookie(SESSION).unwrap().value().to_owned();
    browser.get("/set/a/1").await;
    browser.set_cookie(SESSION, &older);
    let all = format!("a=1 {}", role());
    let page = browser.get("/").await;
    assert_eq!(page.text(), all);
    assert!(sets_session(&page), "{:?}", set_cookies(&page));
    // A browser with the newest cookies gets no others.
    assert!(!sets_session(&browser.get("/").await));

    // Ten minutes later another process may have written newer data.
    browser.set_cookie(SESSION, &older);
    didit.clock().advance(600 * SECOND);
    assert_eq!(browser.get("/").await.text(), role());
    drop(app);
}

// Behaviour 123.
#[tokio::test(start_paused = true)]
async fn a_refresh_and_a_change_of_data_at_the_same_time_lose_nothing() {
    for place in Place::BOTH {
        for refresh_is_last in [true, false] {
            let didit = didit();
            let (app, browser) = signed_in(place.config(&didit), &didit).await;
            didit.clock().advance(3590 * SECOND);
            didit.on_next(Endpoint::Token, Fault::delay(SECOND));
            let sent = || didit.count(Endpoint::Token) == 2;
            let renewing = send(&app, &browser, "/tokens");
            let renewing = tokio::spawn(renewing);
            yield_until(sent).await;
            // Both requests carry the old tokens.
            let change = send(&app, &browser, "/set/a/1");
            let responses = if refresh_is_last {
                let changed = change.await;
                [changed, renewing.await.unwrap()]
            } else {
                let renewed = renewing.await.unwrap();
                [renewed, change.await]
            };
            for response in &responses {
                assert_eq!(response.status(), StatusCode::OK);
                take_cookies(&browser, response);
            }
            // The cookies have both: the process no longer remembers either.
            didit.clock().advance(700 * SECOND);
            browser.get("/tokens").await;
            let all = format!("a=1 {}", role());
            assert_eq!(browser.get("/").await.text(), all, "{place:?}");
            assert_eq!(didit.count(Endpoint::Token), 2, "{place:?}");
        }
    }
}

// Behaviour 123.
#[tokio::test(start_paused = true)]
async fn processes_that_share_a_store_lose_no_data_and_no_refresh() {
    let didit = FakeDidit::authentication("app");
    let store = memory(&didit);
    let config = || once(&didit).with_session_store(store.clone());
    let (here, browser) = signed_in(config(), &didit).await;
    let there = app(config());
    let all = async || {
        let response = send(&there, &browser, "/").await;
        let body = axum::body::to_bytes(response.into_body(), 1 << 16).await;
        String::from_utf8(body.unwrap().to_vec()).unwrap()
    };
    for round in 0..10 {
        let (a, b) = (format!("/set/a/{round}"), format!("/set/b/{round}"));
        let changes = [send(&here, &browser, &a), send(&there, &browser, &b)];
        for changed in futures_util::future::join_all(changes).await {
            assert_eq!(changed.status(), StatusCode::OK);
        }
        assert_eq!(all().await, format!("a={round} b={round} {}", role()));
    }
    // The other process waits for the refresh.
    didit.clock().advance(285 * SECOND);
    didit.on_next(Endpoint::Token, Fault::delay(SECOND));
    let renewing = tokio::spawn(send(&here, &browser, "/tokens"));
    yield_until(|| didit.count(Endpoint::Token) == 2).await;
    let changed = send(&there, &browser, "/set/a/after").await;
    assert_eq!(changed.status(), StatusCode::OK);
    assert_eq!(renewing.await.unwrap().status(), StatusCode::OK);
    assert_eq!(all().await, format!("a=after b=9 {}", role()));
    didit.clock().advance(60 * SECOND);
    let renewed = send(&there, &browser, "/tokens").await;
    assert_eq!(renewed.status(), StatusCode::OK, "it has the new tokens");
    assert_eq!(didit.count(Endpoint::Token), 2);

    // A sign-out is not undone.
    let signs_out = Browser::new(HOME, there.router.clone());
    signs_out.set_cookie(SESSION, browser.cookie(SESSION).unwrap().value());
    let holding = poll_until(send(&here, &browser, "/held/a/1"), || {
        here.gate.available_permits() == 0
    });
    let holding = holding.await;
    signs_out.post_form("/logout", &[]).await;
    here.gate.add_permits(1);
    holding.await;
    here.auth.shutdown().await;
    let refused = send(&here, &browser, "/").await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
}

// Behaviour 123.
#[tokio::test]
async fn what_cannot_be_kept_is_an_error_and_changes_nothing() {
    for place in Place::BOTH {
        let didit = didit();
        let (_, browser) = signed_in(place.config(&didit), &didit).await;
        browser.get("/set/a/1").await;
        let fetch = async |path: &str| code(&browser.fetch(Method::GET, path).await);
        let long = format!("/set/{}/1", "k".repeat(65));
        assert_eq!(fetch(&long).await, "session-data-too-large", "{place:?}");
        let large = format!("/set/b/{}", "v".repeat(1024));
        assert_eq!(fetch(&large).await, "session-data-too-large", "{place:?}");
        assert_eq!(fetch("/wrong").await, "unexpected-session-data");
        let all = format!("a=1 {}", role());
        assert_eq!(browser.get("/").await.text(), all, "{place:?}");
        let stranger = browser.new_browser();
        for path in ["/", "/set/a/1", "/remove/a"] {
            let refused = stranger.fetch(Method::GET, path).await;
            assert_eq!(code(&refused), "not-signed-in", "{place:?}");
        }
        let late = browser.get("/late/a/2").await.text().to_owned();
        if place == Place::Memory {
            assert_eq!(late, format!("a=2 {}", role()));
        } else {
            assert_eq!(late, "asked-too-late");
            assert_eq!(browser.get("/").await.text(), all);
        }
        let ended = browser.post_form("/sign-out", &[]).await;
        assert_eq!(ended.text(), "session-ended session-ended", "{place:?}");
    }
}

// Behaviour 123.
#[tokio::test]
async fn data_that_does_not_fit_the_cookies_is_refused_as_a_large_session_is() {
    let didit = didit();
    let config = Place::Cookies.config(&didit);
    let (_, browser) = signed_in(config.with_session_cookie_limit(2048), &didit).await;
    let large = format!("/set/b/{}", "v".repeat(900));
    let refused = browser.fetch(Method::GET, &large).await;
    assert_eq!(code(&refused), "session-too-large");
    assert_eq!(browser.get("/").await.text(), role());
}

#[tokio::test]
async fn a_client_without_a_request_has_no_data() {
    let didit = didit();
    let auth = auth(didit.config(CALLBACK));
    let client = auth.client();
    let errors = [
        client.set("a", "1").await.unwrap_err(),
        client.get::<String>("a").await.unwrap_err(),
        client.remove("a").await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind().code(), "not-signed-in");
    }
}

#[tokio::test]
async fn a_middleware_decides_by_the_data_without_a_query() {
    for place in Place::BOTH {
        let didit = didit();
        let (_, browser) = signed_in(place.config(&didit), &didit).await;
        let refused = browser.fetch(Method::GET, "/admin").await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{place:?}");
        browser.get("/set/a/admin").await;
        assert_eq!(browser.get("/admin").await.text(), "admin", "{place:?}");
        let stranger = browser.new_browser();
        let refused = stranger.fetch(Method::GET, "/admin").await;
        assert_eq!(code(&refused), "not-signed-in", "{place:?}");
    }
}
