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
//!    changes something: [`RequireSignIn::same_origin`](crate::RequireSignIn::same_origin).
//!
//! ```
//! use axum::{Router, routing::{get, post}};
//! use tower_didit::{DiditAuth, IdClaims, RequireSignIn, ReturnTo};
//!
//! fn app(auth: DiditAuth) -> Router {
//!     Router::new()
//!         .route("/orders", post(|| async { "ordered" }))
//!         .route_layer(RequireSignIn::new().same_origin())
//!         .route("/", get(|| async { "home" }))
//!         .route("/callback", get(|_: IdClaims, back: ReturnTo| async { back }))
//!         .layer(auth)
//! }
//! # use axum::http::StatusCode;
//! # const ORIGIN: &str = "https://app.example";
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
//! - The rule is that of `POST /logout`: `Sec-Fetch-Site`, which every browser has sent since 2023, has to be `same-origin`
//!   or `none` (the person typed the address). Older browsers send at least `Origin` with a `POST`, which has to be that
//!   of the redirect URI. API clients send neither, and pass.
//! - A page for everybody, without a guard, needs a middleware of its own for its forms.
//! - A CSRF token also works, but adds nothing for browsers that send Fetch Metadata.
//! - A page with `Referrer-Policy: no-referrer` sends `Origin: null` with its forms, as a sandboxed frame of any site does.
//!   Such a form is accepted if `Sec-Fetch-Site` is `same-origin`. Browsers without that header (before 2023) get 403
//!   (`cross-site-request` or `cross-site-sign-out`), with the advice to send `Referrer-Policy: same-origin` with the page.
//! - A same-site attacker who can set cookies cannot replace `__Host-` cookies. The prefix is missing only on an `http`
//!   loopback address.
