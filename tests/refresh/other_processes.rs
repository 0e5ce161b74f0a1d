//! Sessions that several processes refresh and end at the same time.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Body, response::Response, routing::get};
use http::{Request, header};
use tower::ServiceExt;
use tower_didit::{
    DiditAuth, DiditClient, DiditTokens, IdClaims,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault},
    store::MemoryStore,
};

use crate::support::{
    cookies::{copy_cookies, header_of},
    sign_in::sign_in,
    site::{CALLBACK, HOME, auth, memory},
    tasks::{assert_is_pending, poll_until},
};

const NEARLY_THE_END: Duration = Duration::from_secs(285);

/// Processes that share a store, with single-use refresh tokens.
struct Processes {
    didit: FakeDidit,
    store: MemoryStore,
    /// The tokens that handlers got.
    given: Given,
}

type Given = Arc<Mutex<Vec<(DiditClient, DiditTokens)>>>;

impl Processes {
    fn new() -> Self {
        let didit = FakeDidit::authentication("app");
        let store = memory(&didit);
        Self {
            didit,
            store,
            given: Given::default(),
        }
    }

    /// A process with these cookie keys.
    fn start(&self, keys: &[[u8; 32]]) -> (DiditAuth, Router) {
        let config = self
            .didit
            .config(CALLBACK)
            .with_cookie_keys(keys.iter().copied())
            .with_scopes(["openid", "offline_access"])
            .with_session_store(self.store.clone());
        let auth = auth(config);
        let given = Arc::clone(&self.given);
        let keep = move |client: DiditClient, tokens: DiditTokens| async move {
            let token = tokens.access_token().secret().to_owned();
            given.lock().expect("no panic").push((client, tokens));
            token
        };
        let app = Router::new()
            .route("/", get(keep))
            .route("/callback", get(|_: IdClaims| async {}))
            .layer(auth.clone());
        (auth, app)
    }

    fn last_given(&self) -> (DiditClient, DiditTokens) {
        let given = self.given.lock().expect("no panic");
        given.last().cloned().expect("a handler ran")
    }

    fn kept(&self) -> bool {
        !format!("{:?}", self.store).contains("sessions: 0")
    }
}

/// A request with the browser's session.
fn send(
    app: Router,
    browser: &Browser,
    request: http::request::Builder,
) -> impl Future<Output = Response> + use<> {
    let request = request
        .header(header::COOKIE, header_of(browser))
        .body(Body::empty())
        .expect("a good request");
    async { app.oneshot(request).await.expect("infallible") }
}

// Behaviour 89.
#[tokio::test(start_paused = true)]
async fn a_refresh_during_a_sign_out_elsewhere_ends_the_provider_session() {
    let processes = Processes::new();
    let didit = &processes.didit;
    let (renewing, renews) = processes.start(&[[7; 32]]);
    let (_, signs_out) = processes.start(&[[7; 32]]);
    let browser = Browser::new(HOME, signs_out);
    sign_in(&browser, didit).await;
    didit.clock().advance(NEARLY_THE_END);
    let late = Fault::delay(Duration::from_secs(1));
    didit.on_next(Endpoint::Token, late);
    let asked = || didit.count(Endpoint::Token) == 2;
    let answer = poll_until(send(renews, &browser, Request::get("/")), asked).await;

    browser.post_form("/logout", &[]).await;
    answer.await;
    renewing.shutdown().await;
    // The sign-out used the access token that the refresh had ended.
    assert_eq!(didit.count(Endpoint::Session), 2);
    assert_eq!(didit.count(Endpoint::Token), 2);
    let last = didit.last(Endpoint::Session).expect("it was asked");
    let token = last.header("authorization").expect("a token").to_owned();
    let (client, old) = {
        sign_in(&browser, didit).await;
        browser.get("/").await;
        processes.last_given()
    };
    assert!(!token.ends_with(old.access_token().secret()));
    assert!(client.refresh(&old).await.is_ok(), "another session");
}

// Behaviour 89.
#[tokio::test]
async fn a_sign_out_ends_a_session_that_this_process_cannot_read() {
    let processes = Processes::new();
    let (_, newer) = processes.start(&[[8; 32], [7; 32]]);
    let (_, older) = processes.start(&[[7; 32]]);
    let browser = Browser::new(HOME, newer);
    sign_in(&browser, &processes.didit).await;
    assert!(processes.kept());
    let elsewhere = Browser::new(HOME, older);
    copy_cookies(&browser, &elsewhere);
    elsewhere.post_form("/logout", &[]).await;
    assert!(!processes.kept());
}

// Behaviour 89.
#[tokio::test]
async fn a_sign_out_completes_after_the_browser_has_gone() {
    let processes = Processes::new();
    let (auth, app) = processes.start(&[[7; 32]]);
    let browser = Browser::new(HOME, app.clone());
    sign_in(&browser, &processes.didit).await;
    let mut answer = Box::pin(send(app, &browser, Request::post("/logout")));
    assert_is_pending(&mut answer).await;
    drop(answer);
    auth.shutdown().await;
    assert!(!processes.kept());
    assert_eq!(processes.didit.count(Endpoint::Session), 1);
}

// RFC 9700 §4.14.2; behaviour 87.
#[tokio::test]
async fn a_request_with_older_tokens_refreshes_the_current_ones() {
    let processes = Processes::new();
    let (_, app) = processes.start(&[[7; 32]]);
    let browser = Browser::new(HOME, app);
    sign_in(&browser, &processes.didit).await;
    browser.get("/").await;
    let (of_before, first) = processes.last_given();
    processes.didit.clock().advance(NEARLY_THE_END);
    browser.get("/").await;
    let (_, second) = processes.last_given();

    let third = of_before
        .refresh(&second)
        .await
        .expect("they are the session's");
    let shown = browser.get("/").await;
    assert_eq!(shown.text(), third.access_token().secret());
    // The older tokens lead to the current ones.
    let now = of_before
        .refresh(&first)
        .await
        .expect("they were the session's");
    assert_eq!(now.access_token().secret(), third.access_token().secret());
    assert_eq!(processes.didit.count(Endpoint::Token), 3);
}
