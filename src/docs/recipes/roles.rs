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
//! `is_verified`, `is_over_18` and `is_over_21` are members of the user information. Let a rule fail closed: only a JSON
//! `true` counts; a missing member does not.
//!
//! ```
//! use tower_didit::tokens::{Claim, UserInfo};
//!
//! fn is_adult(told: &UserInfo) -> bool {
//!     told.claim("is_over_18").and_then(Claim::as_bool) == Some(true)
//! }
//! # use axum::{Router, routing::get};
//! # use tower_didit::{DiditAuth, DiditClient, DiditTokens, Error, fake::{Browser, FakeDidit, FakeDiditExt, Person}};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! # let minor = Person::new("u-17").with_over_18(false);
//! # let didit = FakeDidit::new("client-id", "client-secret").add_person(minor.clone());
//! # let config = didit.config("https://app.example/callback").with_scopes(["openid", "is_over_18"]);
//! # let callback = async |tokens: DiditTokens, didit: DiditClient| {
//! #     Ok::<_, Error>(is_adult(&didit.user_info(&tokens).await?).to_string())
//! # };
//! # let app = Router::new().route("/callback", get(callback)).layer(DiditAuth::new(config.build()?));
//! # for (person, is_adult) in [(Person::john(), "true"), (minor, "false")] {
//! #     let browser = Browser::new("https://app.example", app.clone()).add_didit(&didit);
//! #     browser.visit("/login").await;
//! #     assert_eq!(browser.sign_in_as(&person).await.text(), is_adult);
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! Fetch the user information once, in the [callback's handler](crate::docs::recipes::provisioning), and store it: each
//! `user_info` is a call to Didit.
