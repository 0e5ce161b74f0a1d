//! The future that is ready when a session has ended.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Extension, Router,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::{
    FutureExt,
    future::{Fuse, FusedFuture},
    stream,
};
use http::{Method, StatusCode};
use tower_didit::{
    ConfigBuilder, DiditAuth, DiditClient, DiditTokens, Error, IdClaims, RequireSignIn, ReturnTo,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Person},
};

use crate::{
    odd_store::{Mode, Odd},
    support::{
        cookies::copy_cookies,
        handlers::{Place, once},
        outage::pass,
        sign_in::{sign_in, sign_in_as},
        site::{CALLBACK, HOME, auth, didit},
        tasks::run_background,
    },
};

const SECOND: Duration = Duration::from_secs(1);

type End = Fuse<Pin<Box<dyn Future<Output = ()> + Send>>>;
/// The futures that handlers got.
type Ends = Arc<Mutex<Vec<End>>>;

struct App {
    auth: DiditAuth,
    router: Router,
    ends: Ends,
}

fn app(config: ConfigBuilder) -> App {
    let auth = auth(config);
    let ends = Ends::default();
    let keep = async |State(ends): State<Ends>, client: DiditClient| {
        ends.lock().unwrap().push(fused(client.ended()));
    };
    let router = Router::new()
        .route("/", get(|_: IdClaims| async {}))
        .route("/watch", get(keep))
        .route("/tokens", get(|_: DiditTokens| async {}))
        .route("/stream", get(stream_until_the_end))
        .route("/everywhere", post(everywhere))
        .route("/callback", get(keep))
        .with_state(Arc::clone(&ends))
        .layer(auth.clone());
    App { auth, router, ends }
}

async fn everywhere(client: DiditClient) -> Result<Response, Error> {
    Ok(client.sign_out_everywhere().await?.into_response())
}

async fn stream_until_the_end(_: IdClaims, client: DiditClient) -> Response {
    let end = stream::once(async move {
        client.ended().await;
        Ok::<_, Error>("the end")
    });
    Body::from_stream(end).into_response()
}

impl App {
    fn browser(&self) -> Browser {
        Browser::new(HOME, self.router.clone())
    }

    /// A signed-in browser.
    async fn signed_in(&self, didit: &FakeDidit) -> Browser {
        let browser = self.browser();
        sign_in(&browser, didit).await;
        self.ends.lock().unwrap().clear();
        browser
    }

    /// The end of the session of a browser.
    async fn watch(&self, browser: &Browser) -> End {
        let page = browser.get("/watch").await;
        assert_eq!(page.status(), StatusCode::OK);
        let mut end = self.ends.lock().unwrap().pop().unwrap();
        // As a stream does.
        let _ = is_ready(&mut end).await;
        end
    }
}

fn fused(end: impl Future<Output = ()> + Send + 'static) -> End {
    let end: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(end);
    end.fuse()
}

/// Whether a future is ready now.
async fn is_ready(end: &mut End) -> bool {
    run_background().await;
    let is_ready = end.now_or_never().is_some();
    is_ready || end.is_terminated()
}

/// Whether a future is ready after so many seconds, in which a task waits for it.
async fn is_ready_after(seconds: u64, didit: &FakeDidit, end: &mut End) -> bool {
    for _ in 0..seconds {
        pass(didit, SECOND).await;
        is_ready(end).await;
    }
    is_ready(end).await
}

#[tokio::test(start_paused = true)]
async fn an_end_in_this_process_is_noticed_at_once() {
    for place in Place::BOTH {
        for what in ["/logout", "another sign-in", "everywhere", "user"] {
            if place == Place::Cookies && ["everywhere", "user"].contains(&what) {
                continue;
            }
            let didit = didit();
            let app = app(place.config(&didit));
            let browser = app.signed_in(&didit).await;
            let others = app.browser();
            sign_in_as(&Person::john(), &others, &didit).await;
            let mut ends = [
                app.watch(&browser).await,
                app.watch(&browser).await,
                app.watch(&others).await,
            ];
            for end in &mut ends {
                assert!(!is_ready(end).await, "{place:?} {what}");
            }
            match what {
                "/logout" => drop(browser.post_form("/logout", &[]).await),
                "everywhere" => drop(browser.post_form("/everywhere", &[]).await),
                "user" => {
                    let alejandra = Person::alejandra();
                    let issuer = "https://apx.didit.me";
                    let ended = app.auth.sign_out_user(issuer, alejandra.subject());
                    assert_eq!(ended.await.unwrap(), 1);
                }
                _ => drop(sign_in(&browser, &didit).await),
            }
            let [first, second, others] = &mut ends;
            assert!(is_ready(first).await, "{place:?} {what}");
            assert!(is_ready(second).await, "{place:?} {what}");
            assert!(!is_ready(others).await, "{place:?} {what}");
        }
    }
}

// Behaviour 80.
#[tokio::test(start_paused = true)]
async fn the_limits_are_noticed_by_the_clock() {
    for place in Place::BOTH {
        let didit = didit();
        let config = place
            .config(&didit)
            .with_session_lifetime(100 * SECOND)
            .with_session_idle_timeout(50 * SECOND);
        let app = app(config);
        let browser = app.signed_in(&didit).await;
        let mut end = app.watch(&browser).await;
        // Use extends the idle limit.
        assert!(!is_ready_after(40, &didit, &mut end).await);
        browser.get("/").await;
        assert!(!is_ready_after(40, &didit, &mut end).await, "{place:?}");
        browser.get("/").await;
        assert!(!is_ready_after(19, &didit, &mut end).await, "{place:?}");
        assert!(is_ready_after(1, &didit, &mut end).await, "{place:?}");

        let browser = app.signed_in(&didit).await;
        let mut end = app.watch(&browser).await;
        assert!(!is_ready_after(49, &didit, &mut end).await, "{place:?}");
        // A store is asked every 30 s.
        let late = if place == Place::Memory { 11 } else { 1 };
        assert!(is_ready_after(late, &didit, &mut end).await, "{place:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_refresh_is_noticed_at_once() {
    for place in Place::BOTH {
        let didit = didit();
        let app = app(place.config(&didit));
        let browser = app.signed_in(&didit).await;
        let mut end = app.watch(&browser).await;
        didit.clock().advance(3600 * SECOND);
        assert!(!is_ready(&mut end).await);
        didit.on_next(Endpoint::Token, Fault::error("invalid_grant"));
        browser.fetch(Method::GET, "/tokens").await;
        assert!(is_ready(&mut end).await, "{place:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn with_didit_authentication_the_end_of_the_tokens_is_the_end() {
    // Without `offline_access` there is no refresh token, and sessions are in cookies.
    let didit = FakeDidit::authentication("app");
    let config = didit.config(CALLBACK).with_cookie_keys([[7; 32]]);
    let app = app(config);
    let browser = app.signed_in(&didit).await;
    let mut end = app.watch(&browser).await;
    assert!(!is_ready_after(299, &didit, &mut end).await);
    assert!(is_ready_after(1, &didit, &mut end).await);

    // A session that can be refreshed goes on, although nobody refreshes it.
    let app = self::app(once(&didit));
    let browser = app.signed_in(&didit).await;
    let mut end = app.watch(&browser).await;
    assert!(!is_ready_after(600, &didit, &mut end).await);
    browser.get("/tokens").await;
    assert!(!is_ready(&mut end).await);
    // The provider has ended it.
    didit.revoke_all();
    assert!(!is_ready_after(300, &didit, &mut end).await);
    browser.fetch(Method::GET, "/tokens").await;
    assert!(is_ready(&mut end).await);
}

#[tokio::test(start_paused = true)]
async fn an_end_in_another_process_is_noticed_within_half_a_minute() {
    let didit = didit();
    let store = Odd::new(&didit);
    let config = || {
        Place::Cookies
            .config(&didit)
            .with_session_store(store.clone())
    };
    let [here, there] = [app(config()), app(config())];
    let browser = here.signed_in(&didit).await;
    let mut ends = Vec::new();
    for _ in 0..10 {
        ends.push(here.watch(&browser).await);
    }
    // All share one load every 30 s, which is no use of the session.
    let loads = store.loads();
    for round in 1..=3 {
        for _ in 0..30 {
            pass(&didit, SECOND).await;
            for end in &mut ends {
                assert!(!is_ready(end).await);
            }
        }
        assert_eq!(store.loads() - loads, round);
    }
    // A store that does not answer ends nothing.
    store.set(Mode::IsSilent);
    assert!(!is_ready_after(120, &didit, &mut ends[0]).await);
    store.set(Mode::Works);
    assert!(!is_ready_after(60, &didit, &mut ends[0]).await);

    let elsewhere = there.browser();
    copy_cookies(&browser, &elsewhere);
    elsewhere.post_form("/logout", &[]).await;
    assert!(!is_ready(&mut ends[0]).await);
    let mut waited = 0;
    while !is_ready(&mut ends[0]).await {
        pass(&didit, SECOND).await;
        waited += 1;
        assert!(waited <= 30, "later than promised");
    }
    for end in &mut ends {
        assert!(is_ready(end).await);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_when_nobody_waits() {
    let didit = didit();
    let store = Odd::new(&didit);
    let config = Place::Cookies
        .config(&didit)
        .with_session_store(store.clone());
    let app = app(config);
    let browser = app.signed_in(&didit).await;
    let ends = [app.watch(&browser).await, app.watch(&browser).await];
    let [first, mut second] = ends;
    drop(first);
    let loads = store.loads();
    pass(&didit, 31 * SECOND).await;
    assert!(!is_ready(&mut second).await);
    assert_eq!(store.loads() - loads, 1, "the other one still waits");
    drop(second);
    pass(&didit, 300 * SECOND).await;
    assert_eq!(store.loads() - loads, 1);
    // The next one starts anew.
    let mut third = app.watch(&browser).await;
    browser.post_form("/logout", &[]).await;
    assert!(is_ready(&mut third).await);
    drop(third);
    // No task waits for the end either.
    app.auth.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_session_it_is_ready_at_once() {
    for place in Place::BOTH {
        let didit = didit();
        let app = app(place.config(&didit));
        let browser = app.browser();
        let mut nobody = app.watch(&browser).await;
        assert!(is_ready(&mut nobody).await, "{place:?}");
        // In the callback's handler, and of a session that has ended before.
        sign_in(&browser, &didit).await;
        let mut callback = app.ends.lock().unwrap().pop().unwrap();
        assert!(is_ready(&mut callback).await, "{place:?}");
        browser.get("/watch").await;
        let mut late = app.ends.lock().unwrap().pop().unwrap();
        browser.post_form("/logout", &[]).await;
        assert!(is_ready(&mut late).await, "{place:?}");
        let client = app.auth.client();
        let mut outside = fused(client.ended());
        assert!(is_ready(&mut outside).await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_its_session() {
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    for place in Place::BOTH {
        let didit = didit();
        let app = app(place.config(&didit));
        let browser = app.signed_in(&didit).await;
        let cookies = crate::support::cookies::header_of(&browser);
        let request = http::Request::get("/stream").header("cookie", cookies);
        let request = request.body(Body::empty()).unwrap();
        let response = app.router.clone().oneshot(request).await.unwrap();
        let body = tokio::spawn(response.into_body().collect());
        run_background().await;
        assert!(!body.is_finished(), "{place:?}");
        browser.post_form("/logout", &[]).await;
        let body = body.await.unwrap().unwrap();
        assert_eq!(body.to_bytes(), "the end", "{place:?}");
    }
}

// Behaviour 80.
#[tokio::test]
async fn claims_that_a_guard_adds_say_when_their_session_ends() {
    let didit = didit();
    let has_end = |user: &IdClaims| user.session_ends().is_some();
    let guard = RequireSignIn::new().when(move |user, _| has_end(user));
    let page = async move |Extension(user): Extension<IdClaims>| has_end(&user).to_string();
    let app = Router::new()
        .route("/guarded", get(page))
        .route_layer(guard)
        .route("/callback", get(async |back: ReturnTo| back))
        .layer(auth(didit.config(CALLBACK)));
    let browser = Browser::new(HOME, app);
    sign_in(&browser, &didit).await;
    assert_eq!(browser.get("/guarded").await.text(), "true");
}

// Behaviour 80.
#[tokio::test]
async fn claims_say_when_their_session_ends() {
    async fn ends(user: IdClaims) -> String {
        let ends = user.session_ends().unwrap();
        let ends = ends.duration_since(std::time::SystemTime::UNIX_EPOCH);
        ends.unwrap().as_secs().to_string()
    }
    let week = 7 * 24 * 3600;
    let authentication = FakeDidit::authentication("app");
    let keyed = authentication.config(CALLBACK).with_cookie_keys([[7; 32]]);
    let sign_in_api = didit();
    for (didit, config, lasts) in [
        (&sign_in_api, Place::Cookies.config(&sign_in_api), week),
        (&sign_in_api, Place::Memory.config(&sign_in_api), week),
        // It ends with its access token, and can be refreshed.
        (&authentication, once(&authentication), week),
        // It ends with its access token.
        (&authentication, keyed, 300),
    ] {
        let app = Router::new()
            .route("/", get(ends))
            .route("/callback", get(ends))
            .layer(auth(config));
        let browser = Browser::new(HOME, app);
        let now = didit
            .clock()
            .now()
            .duration_since(std::time::SystemTime::UNIX_EPOCH);
        let expected = (now.unwrap().as_secs() + lasts).to_string();
        assert_eq!(sign_in(&browser, didit).await.text(), expected);
        didit.clock().advance(100 * SECOND);
        assert_eq!(browser.get("/").await.text(), expected);
    }
}
