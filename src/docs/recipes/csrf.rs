//! The application's own forms: which requests `SameSite=Lax` stops, and which it does not.
//!
//! The layer protects its own paths: `state` protects the callback, and a `POST /logout` from another origin is
//! refused. For the application's forms the session cookie has `SameSite=Lax`:
//!
//! | a request from | carries the session cookie? |
//! |---|---|
//! | another site: `POST`, `fetch`, frame, image | no |
//! | another site: a link, `GET` navigation | **yes** |
//! | another subdomain of the same site (`blog.example.com` to `app.example.com`) | **yes**, also `POST` |
//! | another port of the same host | **yes**, also `POST` |
//!
//! So:
//!
//! 1. Change nothing in a `GET` handler.
//! 2. If a subdomain or a port is run by somebody else, or may be taken over, check the origin of every request that
//!    changes something, in a middleware:
//!
//! ```
//! use axum::{
//!     Router,
//!     extract::Request,
//!     http::StatusCode,
//!     middleware::{Next, from_fn},
//!     response::{IntoResponse, Response},
//!     routing::{get, post},
//! };
//! use tower_didit::{DiditAuth, IdClaims, ReturnTo};
//!
//! const ORIGIN: &str = "https://app.example";
//!
//! fn app(auth: DiditAuth) -> Router {
//!     Router::new()
//!         .route("/", get(|| async { "home" }))
//!         .route("/orders", post(|_: IdClaims| async { "ordered" }))
//!         .route("/callback", get(|_: IdClaims, back: ReturnTo| async { back }))
//!         .layer(from_fn(same_origin))
//!         .layer(auth)
//! }
//!
//! async fn same_origin(request: Request, next: Next) -> Response {
//!     if request.method().is_safe() || is_same_origin(&request) {
//!         next.run(request).await
//!     } else {
//!         (StatusCode::FORBIDDEN, "from another origin").into_response()
//!     }
//! }
//!
//! fn is_same_origin(request: &Request) -> bool {
//!     let header = |name| request.headers().get(name).map(|value| value.as_bytes());
//!     match header("sec-fetch-site") {
//!         // Every browser since 2023. `none`: the person typed the address.
//!         Some(site) => site == b"same-origin" || site == b"none",
//!         // Older browsers send at least the origin with `POST`; API clients send neither.
//!         None => header("origin").is_none_or(|origin| origin == ORIGIN.as_bytes()),
//!     }
//! }
//! # use tower_didit::fake::{Browser, FakeDidit, FakeDiditExt, Person};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let app = app(DiditAuth::new(didit.config("https://app.example/callback").build()?));
//! # let elsewhere = || Router::new().route("/", get(|| async { "a form" }));
//! # let browser = Browser::new(ORIGIN, app)
//! #     .add_didit(&didit)
//! #     .add_site("https://app.example:8443", elsewhere())
//! #     .add_site("https://blog.app.example", elsewhere())
//! #     .add_site("https://evil.example", elsewhere());
//! # browser.visit("/login").await;
//! # browser.sign_in_as(&Person::john()).await;
//! # let order = async || browser.post_form("https://app.example/orders", &[]).await;
//! # assert_eq!(order().await.text(), "ordered");
//! # for origin in ["https://app.example:8443/", "https://blog.app.example/", "https://evil.example/"] {
//! #     browser.visit(origin).await;
//! #     assert_eq!(order().await.status(), StatusCode::FORBIDDEN, "{origin}");
//! #     browser.visit(origin).await;
//! #     assert_eq!(browser.post_form("https://app.example/logout", &[]).await.status(), StatusCode::FORBIDDEN);
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! - The middleware is inside the layer. The layer checks its own paths itself.
//! - A CSRF token also works, but adds nothing for browsers that send Fetch Metadata.
//! - A page with `Referrer-Policy: no-referrer` sends `Origin: null` with its forms, as a sandboxed frame of any site does.
//!   `POST /logout` accepts such a form if `Sec-Fetch-Site` is `same-origin`. Browsers without that header (before
//!   2023) get 403 (`cross-site-sign-out`), with the advice to send `Referrer-Policy: same-origin` with the page.
//! - A same-site attacker who can set cookies cannot replace `__Host-` cookies. The prefix is missing only on an `http`
//!   loopback address.
