//! Roles: routes that only some users may open.
//!
//! Didit identifies the user. The application's database has the user's permissions. A middleware inside the layer
//! combines the two:
//!
//! ```
//! use std::{collections::HashSet, sync::Arc};
//!
//! use axum::{
//!     Router,
//!     extract::{Request, State},
//!     http::StatusCode,
//!     middleware::{Next, from_fn_with_state},
//!     response::{IntoResponse, Response},
//!     routing::get,
//! };
//! use tower_didit::{DiditAuth, IdClaims, ReturnTo};
//!
//! /// Your database: the subject of each administrator.
//! type Administrators = Arc<HashSet<String>>;
//!
//! fn app(auth: DiditAuth, administrators: Administrators) -> Router {
//!     let admin = Router::new()
//!         .route("/admin", get(|| async { "for administrators" }))
//!         .route_layer(from_fn_with_state(administrators, require_administrator));
//!     Router::new()
//!         .route("/callback", get(|_: IdClaims, back: ReturnTo| async { back }))
//!         .merge(admin)
//!         .layer(auth)
//! }
//!
//! /// 403 for users who are no administrators. Anyone signed out gets 401 or a sign-in.
//! async fn require_administrator(
//!     State(administrators): State<Administrators>,
//!     user: IdClaims,
//!     request: Request,
//!     next: Next,
//! ) -> Response {
//!     if administrators.contains(user.subject()) {
//!         next.run(request).await
//!     } else {
//!         (StatusCode::FORBIDDEN, "you are no administrator").into_response()
//!     }
//! }
//! # use tower_didit::fake::{Browser, FakeDidit, FakeDiditExt, Person};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let config = didit.config("https://app.example/callback");
//! # let (alejandra, john) = (Person::alejandra(), Person::john());
//! # let administrators = HashSet::from([alejandra.subject().to_owned()]);
//! # let app = app(DiditAuth::new(config.build()?), Arc::new(administrators));
//! # let browser = Browser::new("https://app.example", app).add_didit(&didit);
//! # browser.visit("/admin").await;
//! # let page = browser.sign_in_as(&alejandra).await;
//! # assert_eq!(page.text(), "for administrators");
//! # let browser = browser.new_browser();
//! # browser.visit("/admin").await;
//! # assert_eq!(browser.sign_in_as(&john).await.status(), StatusCode::FORBIDDEN);
//! # Ok(())
//! # }
//! ```
//!
//! The same lookup, on every request, can enforce a ban: a banned user who is signed in gets 403 at once.
//!
//! A role that the callback's handler has put into the session needs
//! [no query](crate::docs::recipes::provisioning#without-a-query-on-every-request), but it is the role of the sign-in.
//!
//! A middleware that takes [`IdClaims`](crate::IdClaims) needs no [`RequireSignIn`](crate::RequireSignIn) around it: the
//! extractor refuses requests without a session. With both, the guard runs first if it is added last:
//! `.route_layer(from_fn(refuse_banned)).route_layer(RequireSignIn::new())`. The session is still
//! [looked up once](crate::docs::placement#one-lookup).
//!
//! # Roles in the session
//!
//! The callback's handler can keep the role in the session, with [`DiditClient::set`](crate::DiditClient::set). Then no
//! request needs the database:
//!
//! ```
//! use axum::{
//!     Router,
//!     extract::Request,
//!     http::StatusCode,
//!     middleware::{Next, from_fn},
//!     response::{IntoResponse, Response},
//!     routing::get,
//! };
//! use tower_didit::{DiditAuth, DiditClient, Error, IdClaims, ReturnTo};
//!
//! fn app(auth: DiditAuth) -> Router {
//!     let admin = Router::new()
//!         .route("/admin", get(|| async { "for administrators" }))
//!         .route_layer(from_fn(require_administrator));
//!     Router::new()
//!         .route("/callback", get(callback))
//!         .merge(admin)
//!         .layer(auth)
//! }
//!
//! async fn callback(user: IdClaims, client: DiditClient, back: ReturnTo) -> Result<ReturnTo, Error> {
//!     client.set("role", role_of(user.subject())).await?;
//!     Ok(back)
//! }
//!
//! /// 403 for users who are no administrators. Anyone signed out gets 401 or a sign-in.
//! async fn require_administrator(client: DiditClient, request: Request, next: Next) -> Result<Response, Error> {
//!     if client.get::<String>("role").await?.as_deref() == Some("admin") {
//!         return Ok(next.run(request).await);
//!     }
//!     Ok((StatusCode::FORBIDDEN, "you are no administrator").into_response())
//! }
//! # fn role_of(subject: &str) -> &'static str {
//! #     if subject == "u-1" { "admin" } else { "user" }
//! # }
//! # use tower_didit::fake::{Browser, FakeDidit, FakeDiditExt, Person};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! # let administrator = Person::new("u-1");
//! # let didit = FakeDidit::new("client-id", "client-secret").add_person(administrator.clone());
//! # let app = app(DiditAuth::new(didit.config("https://app.example/callback").build()?));
//! # for (person, status) in [(administrator, 200), (Person::john(), 403)] {
//! #     let browser = Browser::new("https://app.example", app.clone()).add_didit(&didit);
//! #     browser.visit("/admin").await;
//! #     assert_eq!(browser.sign_in_as(&person).await.status(), status);
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! The session keeps the role until it ends. To take a role away at once, end the user's sessions with
//! [`DiditAuth::sign_out_user`](crate::DiditAuth::sign_out_user), which needs a [store](crate::docs::machines), or look the
//! role up on every request, as above. Sessions that began before the callback's handler set the role have none.
//!
//! # Roles in the claims
//!
//! With Didit Authentication, [`IdClaims::organization`](crate::IdClaims::organization) is a claim of the ID token. A rule
//! that needs no database is a condition of the guard, [`RequireSignIn::when`](crate::RequireSignIn::when):
//!
//! ```
//! use axum::{Router, routing::get};
//! use tower_didit::{DiditAuth, IdClaims, RequireSignIn, ReturnTo, tokens::Claim};
//!
//! fn app(auth: DiditAuth) -> Router {
//!     let admin = Router::new()
//!         .route("/admin", get(|| async { "for administrators" }))
//!         .route_layer(RequireSignIn::new().when(|claims, _| role(claims) == Some("admin")));
//!     Router::new()
//!         .route("/callback", get(|_: IdClaims, back: ReturnTo| async { back }))
//!         .merge(admin)
//!         .layer(auth)
//! }
//!
//! fn role(claims: &IdClaims) -> Option<&str> {
//!     claims.organization()?.get("role").and_then(Claim::as_str)
//! }
//! # use serde_json::json;
//! # use tower_didit::fake::{Browser, FakeDidit, FakeDiditExt, Person};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! # let administrator = Person::new("u-1").with_claim("org", json!({"role": "admin"}));
//! # let didit = FakeDidit::authentication("app").add_person(administrator.clone());
//! # let config = didit.config("https://app.example/callback").with_cookie_keys([[7; 32]]);
//! # let app = app(DiditAuth::new(config.build()?));
//! # for (person, status) in [(administrator, 200), (Person::john(), 403)] {
//! #     let browser = Browser::new("https://app.example", app.clone()).add_didit(&didit);
//! #     browser.visit("/admin").await;
//! #     assert_eq!(browser.sign_in_as(&person).await.status(), status);
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! Rules about a person's identity and age are in [who may pass](super::age_gate).
