//! Testing a handler, a route, and a whole sign-in.
//!
//! The feature `test-util` has a Didit in the process. It belongs to the dev-dependencies:
//! `cargo add --dev tower-didit --features test-util`.
//!
//! | what is tested | with | it runs |
//! |---|---|---|
//! | a handler, called as a function | `id_claims`, `tokens` | the handler alone |
//! | a route | `session_cookies` | routing, guards, middleware, the layer |
//! | a sign-in | `Browser` | all of it, with redirects and cookies |
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
//!     let config = didit.config(CALLBACK).with_scopes(["openid", "offline"]);
//!     let auth = DiditAuth::new(config.build().unwrap());
//!     let browser = Browser::new(SITE, app(auth)).add_didit(&didit);
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
//!     assert!(page.text().contains("invalid-answer"));
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
//! - The fake is strict: it refuses what Didit and the specifications do not allow. Its signatures are real, and its keys
//!   are public, so no configuration for it belongs into production.
//! - Its clock stands still until a test moves it. Nothing has to sleep.
//! - People of your own: `Person::new("u-17").with_over_18(false)`, listed with `add_person`.
//! - A store of your own is tested by `store::conformance`.
//! - As a program for applications in any language: `fake-didit`.
