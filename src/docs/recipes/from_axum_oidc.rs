//! From axum-oidc.
//!
//! The names on the left are those of axum-oidc 0.6.
//!
//! | before | after |
//! |---|---|
//! | `SessionManagerLayer` with `SameSite::Lax` | gone: sessions are in encrypted cookies, or in a [store](crate::docs::machines) |
//! | `OidcAuthLayer` with `HandleErrorLayer` | [`DiditAuth`](crate::DiditAuth), without an error layer |
//! | `OidcLoginLayer` with `HandleErrorLayer` around the routes that need a user | [`RequireSignIn`](crate::RequireSignIn) |
//! | `OidcClaims<EmptyAdditionalClaims>` | [`IdClaims`](crate::IdClaims); other claims: [`claim`](crate::IdClaims::claim), [`extra`](crate::IdClaims::extra) |
//! | `Option<OidcClaims<_>>` | `Option<IdClaims>` |
//! | `OidcAccessToken` | [`DiditTokens::access_token`](crate::DiditTokens::access_token) |
//! | `OidcRpInitiatedLogout` | `POST /logout`, or [`DiditClient::sign_out`](crate::DiditClient::sign_out) |
//! | the base URL, from which redirect URIs are made | one registered redirect URI |
//! | the issuer, by discovery | [`Provider::didit`](crate::Provider::didit) by default; [`Provider::discovered`](crate::Provider::discovered) for others |
//!
//! ```
//! use axum::{Router, routing::get};
//! use serde::Deserialize;
//! use tower_didit::{DiditAuth, DiditTokens, Error, IdClaims, RequireSignIn, ReturnTo};
//!
//! fn app(auth: DiditAuth) -> Router {
//!     let members = Router::new()
//!         .route("/foo", get(authenticated))
//!         .route("/department", get(department))
//!         .route_layer(RequireSignIn::new());
//!     Router::new()
//!         .route("/bar", get(maybe_authenticated))
//!         .route("/callback", get(|_: IdClaims, back: ReturnTo| async { back }))
//!         .merge(members)
//!         .layer(auth)
//! }
//!
//! async fn authenticated(user: IdClaims, tokens: DiditTokens) -> String {
//!     let for_a_call = tokens.access_token().secret();
//!     # let _ = for_a_call;
//!     format!("Hello {}", user.subject())
//! }
//!
//! async fn maybe_authenticated(user: Option<IdClaims>) -> &'static str {
//!     match user {
//!         Some(_) => "Hello",
//!         None => "Hello anon",
//!     }
//! }
//!
//! /// Your additional claims.
//! #[derive(Deserialize)]
//! struct Employee {
//!     department: String,
//! }
//!
//! async fn department(user: IdClaims) -> Result<String, Error> {
//!     let employee: Employee = user.extra()?;
//!     Ok(employee.department)
//! }
//! # use tower_didit::fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault, Person};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! # let ada = Person::new("u-1815");
//! # let didit = FakeDidit::new("client-id", "client-secret").add_person(ada.clone());
//! # didit.on_every(Endpoint::Token, Fault::edit_id_token(|_, claims| {
//! #     claims.insert("department".to_owned(), "engines".into());
//! # }));
//! # let app = app(DiditAuth::new(didit.config("https://app.example/callback").build()?));
//! # let browser = Browser::new("https://app.example", app).add_didit(&didit);
//! # assert_eq!(browser.visit("/bar").await.text(), "Hello anon");
//! # browser.visit("/foo").await;
//! # assert_eq!(browser.sign_in_as(&ada).await.text(), "Hello u-1815");
//! # assert_eq!(browser.visit("/department").await.text(), "engines");
//! # Ok(())
//! # }
//! ```
//!
//! # Steps
//!
//! 1. Register one redirect URI, such as `https://app.example/callback`. With axum-oidc the provider returns to the
//!    page itself, so every path is registered there. With tower-didit all sign-ins return to the callback, and
//!    [`ReturnTo`](crate::ReturnTo) redirects to the page.
//! 2. Replace the layers in the same order: guard inside, `DiditAuth` last.
//! 3. Turn sign-out links into a form: the layer's sign-out is `POST`.
//! 4. Deploy. Old session cookies are ignored: everybody signs in once more.
//!
//! Two changes for users: a `POST` without a session gets 401 instead of a redirect that loses the form, and a `fetch`
//! gets problem details (RFC 9457: a JSON error).
