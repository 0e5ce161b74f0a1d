//! An API for mobile apps and programs, whose requests carry an access token.
//!
//! ```text
//! GET /api/orders HTTP/1.1
//! Authorization: Bearer eyJhbGciOiJFUzI1NiIs…
//! ```
//!
//! [`DiditBearer`](crate::DiditBearer) verifies the token before the handler runs, and handlers take its
//! [`AccessClaims`](crate::AccessClaims). An API alone needs a client id, and a client secret if Didit's Sign in API issues
//! the tokens:
//!
//! ```
//! # fn main() -> Result<(), tower_didit::ConfigError> {
//! use axum::{Router, routing::get};
//! use tower_didit::{AccessClaims, Config, DiditBearer, Provider};
//!
//! let provider = Provider::authentication("https://acme.auth.didit.me");
//! let config = Config::api("application-id").with_provider(provider);
//! let app: Router = Router::new()
//!     .route("/orders", get(|access: AccessClaims| async move { access.subject().to_owned() }))
//!     .layer(DiditBearer::new(config)?);
//! # let _ = app;
//! # Ok(())
//! # }
//! ```
//!
//! # Try it
//!
//! Without Didit, the program [`fake-didit`](crate::fake) issues the tokens. In a shell:
//!
//! ```sh
//! cargo install --git https://github.com/tower-didit/tower-didit fake-didit
//! fake-didit --client-id app --client-secret secret --redirect-uri http://localhost:3000/callback
//! ```
//!
//! It prints `export` lines for the shell that starts the API. [`Config::from_env`](crate::Config::from_env) reads them:
//! `DiditBearer::new(Config::from_env())`. With the API on port 3000, in a third shell:
//!
//! ```sh
//! token=$(curl -s http://127.0.0.1:4000/fake/api/tokens -H content-type:application/json \
//!   -d '{"subject": "8a1d4f0e-52c7-4c0b-9d3f-0b6a1e77c001", "scope": "openid email"}' |
//!   sed 's/.*"access_token":"\([^"]*\)".*/\1/')
//! curl -i http://127.0.0.1:3000/orders -H "Authorization: Bearer $token"
//! ```
//!
//! The answer is 200, and 401 without the token. In the repository, `cargo run --example bearer_api` starts such an API
//! with a fake Didit of its own, and prints requests to send.
//!
//! # Beside a sign-in
//!
//! An application that also signs in browsers adds the layer of its [`DiditAuth`](crate::DiditAuth::bearer) to the routes of
//! the API:
//!
//! ```
//! use axum::{Json, Router, routing::get};
//! use serde_json::{Value, json};
//! use tower_didit::{AccessClaims, DiditAuth, IdClaims, ReturnTo};
//!
//! fn app(auth: DiditAuth) -> Router {
//!     // Only for tokens with the scope `email`.
//!     let contacts = Router::new()
//!         .route("/contacts", get(contacts))
//!         .layer(auth.bearer().require_scopes(["email"]));
//!     let api = Router::new()
//!         .route("/orders", get(orders))
//!         .layer(auth.bearer())
//!         .merge(contacts);
//!     Router::new()
//!         .route("/", get(|_: IdClaims| async { "a page for a person" }))
//!         .route("/callback", get(|_: IdClaims, back: ReturnTo| async { back }))
//!         .nest("/api", api)
//!         .layer(auth)
//! }
//!
//! async fn orders(access: AccessClaims) -> Json<Value> {
//!     Json(json!({ "orders_of": access.subject() }))
//! }
//!
//! async fn contacts(access: AccessClaims) -> Json<Value> {
//!     Json(json!({ "contacts_of": access.subject() }))
//! }
//! # use axum::body::Body;
//! # use http::{Request, header};
//! # use tower::ServiceExt;
//! # use tower_didit::fake::{FakeDidit, FakeDiditExt, Person};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let auth = DiditAuth::new(didit.config("https://app.example/callback").build()?);
//! # let cookies = didit.session_cookies(&auth, &Person::john()).await?;
//! # let app = app(auth);
//! # let token = didit.issue_tokens(&Person::alejandra(), ["openid"]);
//! # let token = format!("Bearer {}", token.access_token());
//! # let get = |path: &str, token: Option<&str>| {
//! #     let mut request = Request::get(path).header(header::COOKIE, &cookies);
//! #     if let Some(token) = token {
//! #         request = request.header(header::AUTHORIZATION, token);
//! #     }
//! #     app.clone().oneshot(request.body(Body::empty()).unwrap())
//! # };
//! # assert_eq!(get("/", Some(&token)).await?.status(), 200);
//! # assert_eq!(get("/api/orders", Some(&token)).await?.status(), 200);
//! # assert_eq!(get("/api/contacts", Some(&token)).await?.status(), 403);
//! # let refused = get("/api/orders", None).await?;
//! # assert_eq!(refused.status(), 401);
//! # assert_eq!(refused.headers()["www-authenticate"], r#"Bearer realm="api""#);
//! # Ok(())
//! # }
//! ```
//!
//! - **Refusals** are problem details with a `WWW-Authenticate: Bearer` challenge: the table is with
//!   [`DiditBearer`](crate::DiditBearer), the codes are in [errors](crate::docs::errors). An API never starts a sign-in.
//! - **The audience.** A token must be for this client. If the app that calls the API has a client id of its own, list it
//!   with [`with_audiences`](crate::DiditBearer::with_audiences). Without that check, the operator of any other application
//!   could call the API with the tokens of its users.
//! - **An ID token** is refused: it says who has signed in at a client, and permits nothing.
//! - **Revocation.** A JWT passes until it expires, at most 5 minutes with Didit Authentication. An introspection counts for
//!   a minute ([`with_introspection_lifetime`](crate::DiditBearer::with_introspection_lifetime)). Before an action that must
//!   not happen in a session that has ended, a handler with the user's tokens asks
//!   [`DiditClient::session`](crate::DiditClient::session), which Didit limits to 30 calls a minute.
//! - **Cookies** do not count in a request with a token: the API needs no protection against cross-site requests. With
//!   [`optional`](crate::DiditBearer::optional) a request without a token may come from a browser, whose cookie counts:
//!   [protect those](crate::docs::recipes::csrf).
//! - **Browsers on another site** send a preflight request without a token. Add the CORS layer outside of
//!   [`DiditBearer`](crate::DiditBearer), so that it answers.
//! - **A slow or silent provider.** A request waits at most 5 s for it. While Didit does not answer, tokens that were
//!   verified a moment ago pass, and others get 503 at once.
//! - **In tests**, [`FakeDidit::issue_tokens`](crate::fake::FakeDidit::issue_tokens) makes access tokens,
//!   [`FakeDidit::forge_token`](crate::fake::FakeDidit::forge_token) more than a hundred forged ones, and
//!   [`access_claims`](crate::fake::FakeDiditExt::access_claims) the argument of a handler that is called as a function.
//!
//! # Calls to Didit's own APIs
//!
//! A server that calls an API of Didit's with a token of its own:
//! [`DiditClient::client_credentials`](crate::DiditClient::client_credentials).
//!
//! ```
//! use tower_didit::{DiditAuth, Error};
//!
//! async fn authorization(auth: &DiditAuth) -> Result<String, Error> {
//!     let token = auth.client().client_credentials(["openid"]).await?;
//!     Ok(format!("Bearer {}", token.secret()))
//! }
//! # use tower_didit::fake::{FakeDidit, FakeDiditExt};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let auth = DiditAuth::new(didit.config("https://app.example/callback").build()?);
//! # assert_eq!(authorization(&auth).await?, authorization(&auth).await?);
//! # Ok(())
//! # }
//! ```
