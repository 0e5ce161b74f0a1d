//! From axum-login with the oauth2 crate.
//!
//! (The names on the left are those of axum-login 0.18.) axum-login keeps a session with a user id and asks your
//! backend for the user; the OAuth part (authorize URL, `state`, exchange) is in your handlers. With tower-didit the
//! layer does both.
//!
//! To keep axum-login's permissions and `AuthSession`, use both crates: `cargo run --example axum_login`, in the
//! repository, has a middleware that makes axum-login's session follow that of the layer.
//!
//! | before | after |
//! |---|---|
//! | `SessionManagerLayer`, `AuthManagerLayerBuilder` | [`DiditAuth`](crate::DiditAuth), one layer |
//! | `impl AuthnBackend`: `authenticate`, `get_user` | gone: the ID token is verified by the layer |
//! | `BasicClient`, the login handler, the exchange in the callback | gone |
//! | `state` in the session, compared with `==` | gone: a flow cookie for each sign-in |
//! | `auth_session.login(&user)` in the callback | the [callback's handler](crate::docs::recipes::provisioning), which looks the account up |
//! | `AuthSession<Backend>` in a handler | [`IdClaims`](crate::IdClaims), or an extractor of yours as below |
//! | `login_required!(Backend, login_url = "/login")` | [`RequireSignIn`](crate::RequireSignIn) |
//! | `permission_required!` | a middleware: see [roles](crate::docs::recipes::roles) |
//! | `auth_session.logout()` | `POST /logout`, or [`DiditClient::sign_out`](crate::DiditClient::sign_out) |
//! | a `tower_sessions` store | nothing, or a [store](crate::docs::machines) |
//! | `HandleErrorLayer` | gone: the layer's error type is that of the inner service |
//!
//! `AuthSession` gave the handlers your user. An extractor does the same:
//!
//! ```
//! use std::{collections::HashMap, sync::Arc};
//!
//! use axum::{
//!     Router,
//!     extract::{FromRef, FromRequestParts},
//!     http::{StatusCode, request::Parts},
//!     response::{IntoResponse, Response},
//!     routing::get,
//! };
//! use tower_didit::{DiditAuth, IdClaims, RequireSignIn, ReturnTo};
//!
//! /// Your user, as `AuthSession::user` was.
//! #[derive(Clone)]
//! struct User {
//!     name: String,
//! }
//!
//! /// Your database: users by subject.
//! type Users = Arc<HashMap<String, User>>;
//!
//! impl<S: Send + Sync> FromRequestParts<S> for User
//! where
//!     Users: FromRef<S>,
//! {
//!     type Rejection = Response;
//!
//!     async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
//!         let claims = <IdClaims as FromRequestParts<S>>::from_request_parts(parts, state)
//!             .await
//!             .map_err(IntoResponse::into_response)?;
//!         let user = Users::from_ref(state).get(claims.subject()).cloned();
//!         user.ok_or_else(|| (StatusCode::FORBIDDEN, "no account").into_response())
//!     }
//! }
//!
//! fn app(auth: DiditAuth, users: Users) -> Router {
//!     let members = Router::new()
//!         .route("/protected", get(|user: User| async move { user.name }))
//!         .route_layer(RequireSignIn::new());
//!     Router::new()
//!         .route("/callback", get(|_: User, back: ReturnTo| async { back }))
//!         .merge(members)
//!         .with_state(users)
//!         .layer(auth)
//! }
//! # use tower_didit::fake::{Browser, FakeDidit, FakeDiditExt, Person};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let config = didit.config("https://app.example/callback");
//! # let key = Person::alejandra().subject().to_owned();
//! # let users = Arc::new(HashMap::from([(key, User { name: "Alejandra".to_owned() })]));
//! # let app = app(DiditAuth::new(config.build()?), users);
//! # let browser = Browser::new("https://app.example", app).add_didit(&didit);
//! # browser.visit("/protected").await;
//! # assert_eq!(browser.sign_in_as(&Person::alejandra()).await.text(), "Alejandra");
//! # let browser = browser.new_browser();
//! # browser.visit("/protected").await;
//! # assert_eq!(browser.sign_in_as(&Person::john()).await.text(), "no account");
//! # assert!(browser.cookie("__Host-didit").is_none());
//! # Ok(())
//! # }
//! ```
//!
//! # Steps
//!
//! 1. Add a unique column `didit_subject` to the users' table ([the key of a
//!    user](crate::docs::providers#the-key-of-a-user)). Fill it at the first sign-in after the change: find the
//!    account by the provider's user id that you have stored, not by the e-mail address alone.
//! 2. Replace the two session layers by `DiditAuth`, and remove your routes `/login` and `/logout`, or rename the
//!    layer's paths: [`with_login_path`](crate::ConfigBuilder::with_login_path).
//! 3. Turn `GET /logout` into a form: the layer's sign-out is `POST`.
//! 4. Deploy. Old session cookies are ignored: everybody signs in once more.
//!
//! This crate has no passwords. The session keeps up to 1 KiB of the application's data
//! ([`DiditClient::set`](crate::DiditClient::set)); keep the rest in your database, under the subject, or in
//! `tower-sessions` beside the layer.
