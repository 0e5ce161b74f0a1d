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
//! A middleware that takes [`IdClaims`](crate::IdClaims) needs no [`RequireSignIn`](crate::RequireSignIn) around it: the
//! extractor refuses requests without a session. With both, the guard runs first if it is added last:
//! `.route_layer(from_fn(refuse_banned)).route_layer(RequireSignIn::new())`. The session is still
//! [looked up once](crate::docs::placement#one-lookup).
//!
//! # Rules on claims
//!
//! With Didit Authentication, [`IdClaims::verified`](crate::IdClaims::verified) and
//! [`IdClaims::organization`](crate::IdClaims::organization) are claims of the ID token. With the Sign in API,
//! `is_verified`, `is_over_18` and `is_over_21` are members of the [`UserInfo`](crate::UserInfo). Its getters fail
//! closed: only a JSON `true` counts; a missing member does not.
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
//! use tower_didit::{ConfigBuilder, ConfigError, DiditAuth, UserInfo, scope};
//!
//! fn app(config: ConfigBuilder) -> Result<Router, ConfigError> {
//!     let config = config
//!         .with_scopes([scope::OPENID, scope::IS_OVER_18])
//!         .with_user_info_at_sign_in() // asks Didit once for each sign-in
//!         .with_redirect_after_sign_in()
//!         .build()?;
//!     Ok(Router::new()
//!         .route("/bar", get(|| async { "cheers" }))
//!         .route_layer(from_fn(require_adult))
//!         .layer(DiditAuth::new(config)))
//! }
//!
//! async fn require_adult(user: UserInfo, request: Request, next: Next) -> Response {
//!     if user.is_over_18() {
//!         next.run(request).await
//!     } else {
//!         (StatusCode::FORBIDDEN, "for adults").into_response()
//!     }
//! }
//! # use tower_didit::fake::{Browser, FakeDidit, FakeDiditExt, Person};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), ConfigError> {
//! # let minor = Person::new("u-17").with_over_18(false);
//! # let didit = FakeDidit::new("client-id", "client-secret").add_person(minor.clone());
//! # let app = app(didit.config("https://app.example/callback"))?;
//! # for (person, text) in [(Person::john(), "cheers"), (minor, "for adults")] {
//! #     let browser = Browser::new("https://app.example", app.clone()).add_didit(&didit);
//! #     browser.visit("/bar").await;
//! #     assert_eq!(browser.sign_in_as(&person).await.text(), text);
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! Without the scope nobody passes, and a `WARN` names the scope. A user who turns 18 passes after the next sign-in;
//! without `with_user_info_at_sign_in` each request calls Didit.
