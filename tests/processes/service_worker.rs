//! A site whose service worker passes every request on, in a real browser.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{Request, State},
    middleware::{Next, from_fn_with_state},
    response::{Html, Response},
    routing::get,
};
use http::{HeaderValue, header::CONTENT_TYPE};
use tokio::net::TcpListener;
use tower_didit::{
    IdClaims, Provider, RequireSignIn, ReturnTo,
    fake::{Endpoint, FakeDidit, FakeDiditExt, Person},
};

use crate::{
    harness::chromium::Chromium,
    support::site::{auth, didit},
};

// Behaviours 96 and 100.
#[tokio::test]
async fn a_person_signs_in_through_a_service_worker_and_repeats_the_callback() {
    let site = Site::start().await;
    let browser = site.open("worker-sign-in").await;

    // A gated page leads to the sign-in, and the callback back to the page.
    browser.goto(&site.url("/orders?month=5")).await;
    browser.click("approve-alejandra").await;
    site.shows(&browser, "/orders?month=5", &Person::alejandra())
        .await;
    browser.screenshot("1-gated").await;

    // The same callback again: signed in already.
    let session = browser.session_cookies().await;
    browser.goto(&site.url(&site.last_callback())).await;
    site.shows(&browser, "/", &Person::alejandra()).await;
    assert_eq!(browser.session_cookies().await, session);
    assert_eq!(site.didit.count(Endpoint::Token), 1);

    // So does the login path.
    browser.click("sign-out").await;
    browser.click("sign-in").await;
    browser.click("approve-john").await;
    site.shows(&browser, "/public?month=6", &Person::john())
        .await;
    browser.screenshot("2-login").await;

    site.assert_all_was_passed_on();
    browser.close().await;
}

// Behaviour 96.
#[tokio::test]
async fn a_user_declines_and_tries_again_through_a_service_worker() {
    let site = Site::start().await;
    let browser = site.open("worker-decline").await;

    browser.goto(&site.url("/orders?month=5")).await;
    browser.click("decline").await;
    browser.shows("try-again").await;
    assert_eq!(error_code(&browser).await, "access-denied");
    site.assert_is_in_control(&browser).await;
    browser.screenshot("1-declined").await;

    browser.click("try-again").await;
    browser.click("approve-alejandra").await;
    site.shows(&browser, "/orders?month=5", &Person::alejandra())
        .await;

    site.assert_all_was_passed_on();
    browser.close().await;
}

// Behaviours 89 and 96.
#[tokio::test]
async fn only_the_form_of_this_site_signs_out_through_a_service_worker() {
    let site = Site::start().await;
    let other = other_site(&site.url("/logout")).await.port();
    let browser = site.open("worker-sign-out").await;
    browser.click("sign-in").await;
    browser.click("approve-alejandra").await;
    browser.shows("subject").await;
    let session = browser.session_cookies().await;

    // Another port of the same host is another origin of the same site: the session's cookie comes along.
    for host in ["127.0.0.1", "localhost"] {
        browser.goto(&format!("http://{host}:{other}/")).await;
        browser.click("forge").await;
        browser.arrives_at(&site.url("/logout")).await;
        browser.shows("go-on").await;
        assert_eq!(error_code(&browser).await, "cross-site-sign-out", "{host}");
        browser.screenshot(&format!("1-forged-{host}")).await;
        browser.click("go-on").await;
        site.shows(&browser, "/", &Person::alejandra()).await;
        assert_eq!(browser.session_cookies().await, session, "{host}");
    }

    browser.click("sign-out").await;
    browser.arrives_at(&site.url("/")).await;
    browser.shows("sign-in").await;
    site.assert_is_in_control(&browser).await;
    assert_eq!(browser.cookies().await, [""; 0], "a cookie was left behind");
    browser.screenshot("2-signed-out").await;

    site.assert_all_was_passed_on();
    browser.close().await;
}

/// The application, beside its Didit.
struct Site {
    origin: String,
    didit: FakeDidit,
    navigations: Navigations,
}

/// Each page that was asked for, with its `Sec-Fetch-Dest`.
type Navigations = Arc<Mutex<Vec<(String, String)>>>;

impl Site {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("it listens").port();
        let origin = format!("http://localhost:{port}");

        let callback = format!("{origin}/callback");
        let didit = didit().with_redirect_uri(&callback).with_system_clock();
        let address = didit.listen("127.0.0.1:0").await.expect("a free port");
        let provider = Provider::didit().with_authorization_endpoint(format!("http://{address}/"));
        let config = didit.config(&callback).with_provider(provider);

        let navigations = Navigations::default();
        let app = Router::new()
            .route("/orders", get(page))
            .route_layer(RequireSignIn::new())
            .route("/", get(page))
            .route("/public", get(page))
            .route(
                "/worker.js",
                get(async || ([(CONTENT_TYPE, "text/javascript")], WORKER)),
            )
            .route(
                "/callback",
                get(|_: IdClaims, back: ReturnTo| async { back }),
            )
            .layer(auth(config))
            .layer(from_fn_with_state(Arc::clone(&navigations), record));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            origin,
            didit,
            navigations,
        }
    }

    /// Opens the first page, and waits until its worker is in control.
    async fn open(&self, story: &'static str) -> Chromium {
        let browser = Chromium::open(story).await;
        browser.goto(&self.url("/")).await;
        self.assert_is_in_control(&browser).await;
        browser
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Waits until the browser shows this page to this person, with the worker in control.
    async fn shows(&self, browser: &Chromium, page: &str, person: &Person) {
        browser.arrives_at(&self.url(page)).await;
        let subject = browser.shows("subject").await.text().await;
        assert_eq!(subject.expect("a text"), person.subject());
        self.assert_is_in_control(browser).await;
    }

    async fn assert_is_in_control(&self, browser: &Chromium) {
        let script = browser.evaluate(CONTROLLER).await;
        assert_eq!(script, self.url("/worker.js"));
    }

    fn last_callback(&self) -> String {
        let navigations = self.navigations.lock().expect("no panic");
        let mut urls = navigations.iter().rev().map(|(url, _)| url);
        let last = urls.find(|url| url.starts_with("/callback?"));
        last.expect("the browser came back").clone()
    }

    /// The worker did not see the first page, which registered it; all others are its own requests.
    fn assert_all_was_passed_on(&self) {
        let navigations = self.navigations.lock().expect("no panic");
        let (first, rest) = navigations.split_first().expect("the first page");
        assert_eq!(*first, ("/".to_owned(), "document".to_owned()));
        assert!(!rest.is_empty());
        assert!(rest.iter().all(|(_, dest)| dest == "empty"), "{rest:?}");
    }
}

async fn page(user: Option<IdClaims>) -> Html<String> {
    let content = match user {
        Some(user) => format!(
            "<p id=subject>{}</p><form method=post action=/logout><button id=sign-out>Sign out</button></form>",
            user.subject()
        ),
        None => "<a id=sign-in href=/login?return_to=/public?month=6>Sign in</a>".to_owned(),
    };
    Html(format!(
        "{content}<script>navigator.serviceWorker.register('/worker.js')</script>"
    ))
}

async fn record(State(navigations): State<Navigations>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_navigation = headers
        .get("sec-fetch-mode")
        .is_some_and(|mode| mode == "navigate");
    if is_navigation {
        let destination = headers.get("sec-fetch-dest").map(HeaderValue::to_str);
        let destination = destination.and_then(Result::ok).unwrap_or_default();
        let navigation = (request.uri().to_string(), destination.to_owned());
        navigations.lock().expect("no panic").push(navigation);
    }
    next.run(request).await
}

/// Starts a site of somebody else, whose only page has a form that posts to `target`.
async fn other_site(target: &str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it listens");
    let form =
        format!("<form method=post action='{target}'><button id=forge>You won</button></form>");
    let app = Router::new().route("/", get(async || Html(form)));
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// The code on the layer's error page.
async fn error_code(browser: &Chromium) -> String {
    let code = browser
        .evaluate("document.querySelector('code').textContent")
        .await;
    code.as_str().expect("a text").to_owned()
}

const WORKER: &str = "
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', e => e.waitUntil(self.clients.claim()));
self.addEventListener('fetch', e => e.respondWith(fetch(e.request)));
";

/// The script of the worker that controls the page, as soon as there is one.
const CONTROLLER: &str = "new Promise(found => {
    const workers = navigator.serviceWorker;
    const look = () => workers.controller && found(workers.controller.scriptURL);
    workers.addEventListener('controllerchange', look);
    look();
})";
