//! Testing a handler, a route, and a whole sign-in.
//!
//! The feature `test-util` provides a fake Didit that runs in the process. Add it to the dev-dependencies. Until the
//! first release the crate comes from its repository (`cargo add` finds nothing yet):
//!
//! ```toml
//! [dev-dependencies]
//! bytes = "1"                  # for a transport of the test's own
//! http = "1"
//! serde_json = "1"
//! tokio = { version = "1", features = ["macros", "rt", "test-util"] }
//! tower = { version = "0.5", features = ["util"] }
//! tower-didit = { git = "https://github.com/tower-didit/tower-didit", features = ["test-util"] }
//! ```
//!
//! | test | with | runs |
//! |---|---|---|
//! | a handler, called as a function | `id_claims`, `tokens`, `user_info` | the handler alone |
//! | a route | `session_cookies` | routing, guards, middleware, the layer |
//! | a sign-in | `Browser` | the whole sign-in, with redirects and cookies |
//! | a webhook | [`FakeVerification::request`](crate::docs::verification#test-the-handler) | the check of the signature, the handler |
//!
//! The callback's handler runs only in a sign-in. A session of `session_cookies` has none of the values that the handler
//! keeps with [`DiditClient::set`](crate::DiditClient::set), such as a role: test those with `Browser`.
//!
//! ```
//! use std::time::Duration;
//!
//! use axum::{Router, body::Body, routing::get};
//! use http::{Request, StatusCode, header};
//! use tower::ServiceExt;
//! use tower_didit::{
//!     DiditAuth, DiditTokens, IdClaims, ReturnTo,
//!     fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Person},
//!     scope,
//! };
//!
//! const SITE: &str = "https://app.example";
//! const CALLBACK: &str = "https://app.example/callback";
//!
//! // The application.
//!
//! fn app(auth: DiditAuth) -> Router {
//!     Router::new()
//!         .route("/hello", get(hello))
//!         .route("/scopes", get(scopes))
//!         .route("/callback", get(|_: IdClaims, back: ReturnTo| async { back }))
//!         .layer(auth)
//! }
//!
//! async fn hello(user: IdClaims) -> String {
//!     format!("Hello, {}", user.subject())
//! }
//!
//! async fn scopes(tokens: DiditTokens) -> String {
//!     tokens.scopes().to_string()
//! }
//!
//! // Its tests: in your code each is a `#[tokio::test]`.
//!
//! async fn a_handler_is_a_function() {
//!     let didit = FakeDidit::new("app", "secret");
//!     let john = Person::john();
//!     let page = hello(didit.id_claims(&john)).await;
//!     assert_eq!(page, format!("Hello, {}", john.subject()));
//! }
//!
//! async fn a_route_is_asked_with_a_session() {
//!     let didit = FakeDidit::new("app", "secret");
//!     let auth = DiditAuth::new(didit.config(CALLBACK).build().unwrap());
//!     let cookies = didit.session_cookies(&auth, &Person::john()).await.unwrap();
//!     let request = Request::get("/hello").header(header::COOKIE, cookies);
//!     let answer = app(auth).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
//!     assert_eq!(answer.status(), StatusCode::OK);
//! }
//!
//! async fn a_person_signs_in() {
//!     let didit = FakeDidit::new("app", "secret");
//!     let config = didit.config(CALLBACK).with_scopes([scope::OPENID, scope::OFFLINE]);
//!     let auth = DiditAuth::new(config.build().unwrap());
//!     // The browser's cookies expire by the clock that the test moves.
//!     let browser = Browser::new(SITE, app(auth)).with_clock(didit.clock()).add_didit(&didit);
//!
//!     browser.visit("/hello").await;
//!     let page = browser.sign_in_as(&Person::alejandra()).await;
//!     assert_eq!(page.url(), "https://app.example/hello");
//!
//!     // Two hours later: the tokens are refreshed.
//!     didit.clock().advance(Duration::from_secs(2 * 60 * 60));
//!     assert_eq!(browser.visit("/scopes").await.text(), "openid offline");
//!     assert_eq!(didit.count(Endpoint::Token), 2);
//! }
//!
//! async fn didit_is_out_of_order() {
//!     let didit = FakeDidit::new("app", "secret");
//!     let auth = DiditAuth::new(didit.config(CALLBACK).build().unwrap());
//!     let browser = Browser::new(SITE, app(auth)).add_didit(&didit);
//!
//!     didit.on_next(Endpoint::Token, Fault::error("server_error").with_status(500));
//!     browser.visit("/hello").await;
//!     let page = browser.sign_in_as(&Person::alejandra()).await;
//!     assert_eq!(page.status(), StatusCode::BAD_GATEWAY);
//!     assert!(page.text().contains("invalid-response"));
//! }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! #     a_handler_is_a_function().await;
//! #     a_route_is_asked_with_a_session().await;
//! #     a_person_signs_in().await;
//! #     didit_is_out_of_order().await;
//! # }
//! ```
//!
//! **A test that moves the clock gives it to the browser**: `.with_clock(didit.clock())`. Otherwise the browser keeps its
//! cookies forever. One cookie counts the sign-ins of the last 30 seconds
//! ([`__Host-didit.completed`](crate::docs::cookies)), and if that cookie never expires, the third sign-in gets
//! `session-not-kept`.
//!
//! # Failures
//!
//! A person who declines, a banned user, an expired session, and a provider that is down:
//!
//! ```
//! use std::time::Duration;
//!
//! use axum::{
//!     Router,
//!     body::Body,
//!     response::{IntoResponse, Response},
//!     routing::get,
//! };
//! use bytes::Bytes;
//! use http::{Request, StatusCode, header};
//! use tower::{ServiceExt, service_fn};
//! use tower_didit::{
//!     DiditAuth, IdClaims, ReturnTo,
//!     fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Person},
//!     transport::TransportError,
//! };
//!
//! const SITE: &str = "https://app.example";
//! const CALLBACK: &str = "https://app.example/callback";
//!
//! // The application.
//!
//! fn app(auth: DiditAuth) -> Router {
//!     Router::new()
//!         .route("/hello", get(|_: IdClaims| async { "hello" }))
//!         .route("/callback", get(callback))
//!         .layer(auth)
//! }
//!
//! async fn callback(user: IdClaims, back: ReturnTo) -> Response {
//!     if is_banned(user.subject()) {
//!         return (StatusCode::FORBIDDEN, "this account is closed").into_response();
//!     }
//!     back.into_response()
//! }
//!
//! fn is_banned(subject: &str) -> bool {
//!     subject == "u-13"
//! }
//!
//! // Its tests.
//!
//! async fn a_person_declines() {
//!     let didit = FakeDidit::new("app", "secret");
//!     let auth = DiditAuth::new(didit.config(CALLBACK).build().unwrap());
//!     let browser = Browser::new(SITE, app(auth)).add_didit(&didit);
//!
//!     let sign_in = browser.visit("/hello").await;
//!     let page = browser.click(&sign_in, "decline").await;
//!     assert_eq!(page.status(), StatusCode::FORBIDDEN);
//!     assert!(page.text().contains("access-denied"));
//! }
//!
//! async fn a_banned_user_is_not_signed_in() {
//!     let banned = Person::new("u-13");
//!     let didit = FakeDidit::new("app", "secret").add_person(banned.clone());
//!     let auth = DiditAuth::new(didit.config(CALLBACK).build().unwrap());
//!     let browser = Browser::new(SITE, app(auth)).add_didit(&didit);
//!
//!     browser.visit("/hello").await;
//!     let page = browser.sign_in_as(&banned).await;
//!     assert_eq!(page.text(), "this account is closed");
//!     assert!(browser.cookie("__Host-didit").is_none());
//! }
//!
//! async fn a_session_expires() {
//!     let didit = FakeDidit::new("app", "secret");
//!     let auth = DiditAuth::new(didit.config(CALLBACK).build().unwrap());
//!     let cookies = didit.session_cookies(&auth, &Person::john()).await.unwrap();
//!     let app = app(auth);
//!     let request = || Request::get("/hello").header(header::COOKIE, &cookies);
//!
//!     didit.clock().advance(Duration::from_secs(23 * 60 * 60));
//!     let answer = app.clone().oneshot(request().body(Body::empty()).unwrap()).await.unwrap();
//!     assert_eq!(answer.status(), StatusCode::OK);
//!
//!     // This test sends the old cookie again; a browser would send the one that the response has set.
//!     didit.clock().advance(Duration::from_secs(2 * 60 * 60));
//!     let answer = app.oneshot(request().body(Body::empty()).unwrap()).await.unwrap();
//!     assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
//! }
//!
//! // `#[tokio::test(start_paused = true)]`: timeouts pass at once.
//! async fn didit_does_not_answer() {
//!     let didit = FakeDidit::new("app", "secret");
//!     let auth = DiditAuth::new(didit.config(CALLBACK).build().unwrap());
//!     let browser = Browser::new(SITE, app(auth)).add_didit(&didit);
//!
//!     didit.on_every(Endpoint::Token, Fault::hang());
//!     browser.visit("/hello").await;
//!     let page = browser.sign_in_as(&Person::john()).await;
//!     assert_eq!(page.status(), StatusCode::GATEWAY_TIMEOUT);
//!     assert!(page.text().contains("provider-timeout"));
//! }
//!
//! async fn didit_refuses_connections() {
//!     async fn refused(_: Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
//!         Err(TransportError::not_connected("connection refused"))
//!     }
//!     let didit = FakeDidit::new("app", "secret");
//!     let config = didit.config(CALLBACK).with_transport(service_fn(refused));
//!     let auth = DiditAuth::new(config.build().unwrap());
//!     let browser = Browser::new(SITE, app(auth)).add_didit(&didit);
//!
//!     browser.visit("/hello").await;
//!     let page = browser.sign_in_as(&Person::john()).await;
//!     assert_eq!(page.status(), StatusCode::BAD_GATEWAY);
//!     assert!(page.text().contains("provider-unreachable"));
//! }
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() {
//! #     a_person_declines().await;
//! #     a_banned_user_is_not_signed_in().await;
//! #     a_session_expires().await;
//! #     didit_does_not_answer().await;
//! #     didit_refuses_connections().await;
//! # }
//! ```
//!
//! # Requests of scripts
//!
//! `Browser::fetch` sends a request with the headers that Chromium sends for a script of the current page, and
//! `Browser::fetch_json` one with a JSON body. `Browser::send` sends any other request unchanged, and adds only the
//! cookies: the test sets the headers that the application reads.
//!
//! ```
//! use http::Method;
//! use serde_json::json;
//!
//! # use axum::{Json, Router, routing::{get, post}};
//! # use tower_didit::{DiditAuth, IdClaims, ReturnTo, fake::{Browser, FakeDidit, FakeDiditExt, Person}};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let didit = FakeDidit::new("app", "secret");
//! # let auth = DiditAuth::new(didit.config("https://app.example/callback").build()?);
//! # let order = async |_: IdClaims, Json(order): Json<serde_json::Value>| order["item"].to_string();
//! # let app = Router::new()
//! #     .route("/", get(|_: IdClaims| async { "home" }))
//! #     .route("/api/orders", post(order))
//! #     .route("/callback", get(|_: IdClaims, back: ReturnTo| async { back }))
//! #     .layer(auth);
//! # let browser = Browser::new("https://app.example", app).add_didit(&didit);
//! # browser.visit("/").await;
//! # browser.sign_in_as(&Person::john()).await;
//! let order = json!({"item": 7});
//! let answer = browser.fetch_json(Method::POST, "/api/orders", &order).await;
//! assert_eq!(answer.text(), "7");
//!
//! let order = http::Request::post("/api/orders")
//!     .header("content-type", "application/json")
//!     .header("origin", "https://app.example")
//!     .header("sec-fetch-site", "same-origin") // `cross-site`, `same-site`: a script of another site
//!     .header("sec-fetch-mode", "cors")
//!     .header("sec-fetch-dest", "empty")
//!     .body(r#"{"item": 7}"#)?;
//! let answer = browser.send(order).await;
//! assert_eq!(answer.text(), "7");
//! # Ok(())
//! # }
//! ```
//!
//! A script of another page is easier: visit a site that was added with `add_site`, then call `fetch` or `post_form`, as
//! the hidden tests of [CSRF](crate::docs::recipes::csrf) do.
//!
//! # A real browser
//!
//! For a test with a real browser (Playwright, `WebDriver`) the fake and the application listen on sockets. `config` has
//! Didit's real URLs, which the fake intercepts in the process only: a browser would reach the real Didit. So the test
//! replaces the provider by one that is discovered at the fake's address:
//!
//! ```
//! # use axum::{Router, routing::get};
//! # use tower_didit::{DiditAuth, IdClaims, ReturnTo, fake::Person};
//! use tokio::net::TcpListener;
//! use tower_didit::{
//!     Provider,
//!     fake::{FakeDidit, FakeDiditExt},
//! };
//!
//! # fn app(auth: DiditAuth) -> Router {
//! #     Router::new()
//! #         .route("/hello", get(|user: IdClaims| async move { user.subject().to_owned() }))
//! #         .route("/callback", get(|_: IdClaims, back: ReturnTo| async { back }))
//! #         .layer(auth)
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let didit = FakeDidit::new("app", "secret");
//! let address = didit.listen("127.0.0.1:0").await?;
//! let didit = didit.with_issuer(format!("http://{address}"));
//!
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! let site = format!("http://localhost:{}", listener.local_addr()?.port());
//! let config = didit
//!     .config(&format!("{site}/callback"))
//!     .with_provider(Provider::discovered(didit.issuer()))
//!     .build()?;
//! let app = app(DiditAuth::new(config));
//! tokio::spawn(async move { axum::serve(listener, app).await });
//! // Now the browser opens `site`, and clicks the button with the id `approve-alejandra`, or `decline`.
//! # let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
//! # let address = site.replace("localhost", "127.0.0.1");
//! # let page = client.get(format!("{address}/hello")).header("accept", "text/html").send().await?;
//! # let location = page.headers()["location"].to_str()?;
//! # assert!(location.starts_with(&didit.issuer()), "{location}");
//! # let pair = |page: &reqwest::Response, name: &str| {
//! #     let set = page.headers().get_all("set-cookie").iter().map(|set| set.to_str().unwrap());
//! #     let found = set.filter(|set| set.starts_with(name)).next().unwrap();
//! #     found.split(';').next().unwrap().to_owned()
//! # };
//! # let sign_in = client.get(location).send().await?.text().await?;
//! # assert!(sign_in.contains("approve-alejandra"));
//! # let callback = didit.approve(location, &Person::alejandra()).replace("localhost", "127.0.0.1");
//! # let page = client.get(callback).header("cookie", pair(&page, "didit-flow")).send().await?;
//! # assert_eq!(page.headers()["location"], "/hello");
//! # let cookie = pair(&page, "didit=");
//! # let page = client.get(format!("{address}/hello")).header("cookie", cookie).send().await?;
//! # assert_eq!(page.text().await?, Person::alejandra().subject());
//! # Ok(())
//! # }
//! ```
//!
//! `didit.with_system_clock()` makes the fake follow the system's time, as the cookies of a real browser do. A test
//! that moves `didit.clock()` and signs in again deletes the browser's cookie `didit.completed`, or all cookies,
//! because the browser's own clock does not move.
//!
//! # The fake
//!
//! - The fake is strict: it refuses what Didit and the specifications do not allow. Its signatures are real, but its
//!   keys are public: never use a configuration for the fake in production.
//! - Its clock stands still until a test moves it: no test has to sleep.
//! - People of your own: `Person::new("u-17").with_over_18(false)`, listed with `add_person`.
//! - `store::conformance` tests a session store of your own.
//! - For applications in other languages the fake is also a program: see `fake_didit::program`.
