//! Where the layer goes in a router: last and outermost; nested routers, several layers, other services.
//!
//! # In axum
//!
//! Add [`DiditAuth`](crate::DiditAuth) after all routes, on the outermost router. The layer then sees every request
//! with its whole path, and the guards and extractors are inside the layer:
//!
//! ```
//! use axum::{Router, routing::get};
//! use tower_didit::{DiditAuth, IdClaims, RequireSignIn, ReturnTo};
//!
//! fn app(auth: DiditAuth) -> Router {
//!     let members = Router::new()
//!         .route("/orders", get(|| async { "your orders" }))
//!         .route_layer(RequireSignIn::new());
//!     Router::new()
//!         .route("/", get(|| async { "welcome" }))
//!         .route("/callback", get(|_: IdClaims, back: ReturnTo| async { back }))
//!         .nest("/members", members)
//!         .fallback(|| async { "there is no such page" })
//!         .layer(auth)
//! }
//! # use http::Method;
//! # use tower_didit::fake::{Browser, FakeDidit, FakeDiditExt};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let app = app(DiditAuth::new(didit.config("https://app.example/callback").build()?));
//! # let browser = Browser::new("https://app.example", app);
//! # assert_eq!(browser.fetch(Method::GET, "/members/orders").await.status(), 401);
//! # assert_eq!(browser.get("/login").await.status(), 303);
//! # assert_eq!(browser.get("/nowhere").await.text(), "there is no such page");
//! # Ok(())
//! # }
//! ```
//!
//! | mistake | what happens | instead |
//! |---|---|---|
//! | the layer is on a router that is nested | `nest` strips the prefix, so the layer does not see its callback; at the first sign-in it logs an `ERROR` with the path that it expects and the path that it sees | add the layer to the outer router |
//! | the layer is a `route_layer` | the layer does not see paths without a route, such as `/login` | `layer` |
//! | a `route`, `fallback` or `merge` comes after `.layer(…)` | its requests do not pass the layer: `layer-missing`; a later `fallback` can also hide `/login` | add routes before the layer |
//! | the callback has no route | 404 after the sign-in, and an `ERROR` in the log | add the route, or [`with_redirect_after_sign_in`](crate::ConfigBuilder::with_redirect_after_sign_in) |
//! | [`RequireSignIn`](crate::RequireSignIn) is outside of the layer | `layer-missing` | guard first, layer last |
//!
//! The guard, and middleware that reads the signed-in user, go inside the layer. CORS, compression, tracing and rate
//! limits go around it.
//!
//! # One lookup
//!
//! A request's session is looked up once, for the first extractor that asks for it; the others get the same result. A
//! route behind [`RequireSignIn`](crate::RequireSignIn) whose middleware and handler take
//! [`IdClaims`](crate::IdClaims) and [`DiditTokens`](crate::DiditTokens) opens the cookie once, or asks the store once.
//!
//! If there are several `route_layer`s, the last one runs first. A check of the account (a [ban, a
//! role](crate::docs::recipes::roles)) runs after the guard, so add the check before the guard:
//! `.route_layer(from_fn(refuse_banned)).route_layer(RequireSignIn::new())`.
//!
//! # The layer's paths
//!
//! | path | method | |
//! |---|---|---|
//! | the path of the redirect URI | `GET` | the callback: the application's handler runs inside the layer |
//! | `/login` | `GET` | [`with_login_path`](crate::ConfigBuilder::with_login_path), [`without_login_path`](crate::ConfigBuilder::without_login_path) |
//! | `/logout` | `POST` | [`with_logout_path`](crate::ConfigBuilder::with_logout_path), [`without_logout_path`](crate::ConfigBuilder::without_logout_path) |
//!
//! Other methods get 405. If the application has a login page of its own at `/login`, rename the layer's path.
//!
//! # Several layers
//!
//! Two layers, for example for customers and for staff, need different cookie names and paths. Add them side by side,
//! or stacked around different routes: the inner layer handles the routes inside it and renders their errors. A session
//! of one layer is not accepted by the other, even with the same client, keys and store. In the repository,
//! `cargo run --example two_providers` is an application with two layers and a page that shows both sessions.
//!
//! An application with several host names needs one layer:
//! [`add_redirect_uri`](crate::ConfigBuilder::add_redirect_uri), with the `Host` that the
//! [proxy](crate::docs::proxy#several-hosts) passes on.
//!
//! ```
//! # fn configs() -> Result<(), tower_didit::ConfigError> {
//! use axum::{Router, routing::get};
//! use tower_didit::{Config, DiditAuth, IdClaims};
//!
//! let staff = Config::builder("staff-client", "https://app.example/staff/callback")
//!     .with_client_secret("staff-secret")
//!     .with_cookie_name("staff")
//!     .with_login_path("/staff/login")
//!     .with_logout_path("/staff/logout")
//!     .with_landing_page("/staff/orders")
//!     .with_redirect_after_sign_in()
//!     .build()?;
//! let customers = Config::builder("client-id", "https://app.example/callback")
//!     .with_client_secret("client-secret")
//!     .with_redirect_after_sign_in()
//!     .build()?;
//!
//! let staff_pages = Router::new()
//!     .route("/staff/orders", get(|_: IdClaims| async { "all orders" }))
//!     // The layer of a merged router sees only the routes of that router.
//!     .route("/staff/callback", get(|| async {}))
//!     .route("/staff/login", get(|| async {}))
//!     .route("/staff/logout", get(|| async {}))
//!     .layer(DiditAuth::new(staff));
//! let app: Router = Router::new()
//!     .route("/orders", get(|_: IdClaims| async { "your orders" }))
//!     .merge(staff_pages)
//!     .layer(DiditAuth::new(customers));
//! # let _ = app;
//! # Ok(())
//! # }
//! # configs().unwrap();
//! ```
//!
//! # An API
//!
//! [`DiditBearer`](crate::DiditBearer) goes around the routes whose requests carry an access token, inside of
//! [`DiditAuth`](crate::DiditAuth) if there is one: see [the recipe](crate::docs::recipes::bearer_api). A layer that answers
//! CORS preflights goes outside of it.
//!
//! # Without axum
//!
//! The layer wraps any `Service<http::Request<B>, Response = http::Response<R>>` that is `Clone` and whose body `R` is
//! made of `Bytes`: plain hyper, tonic. The layer needs a tokio runtime. [`IdClaims::of`](crate::IdClaims::of),
//! [`DiditTokens::of`](crate::DiditTokens::of), [`DiditClient::of`](crate::DiditClient::of) and [`AccessClaims::of`](crate::AccessClaims::of) read the extensions of a
//! request, and their futures borrow nothing.
//!
//! Make one [`DiditAuth`](crate::DiditAuth) and clone it: clones share the record of used `state`s, the
//! provider's keys and the connections.
