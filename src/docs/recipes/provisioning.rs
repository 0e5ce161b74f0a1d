//! Creating an account at the first sign-in, and refusing a banned user.
//!
//! The callback's handler runs after the ID token was verified and before the session begins. If the handler responds
//! with 400 or above, no session begins. `cargo run --example provisioning`, in the repository, does this with `SQLite`.
//!
//! ```
//! use std::{collections::HashMap, sync::{Arc, Mutex}};
//!
//! use axum::{
//!     Router,
//!     extract::State,
//!     http::StatusCode,
//!     response::{Html, IntoResponse, Response},
//!     routing::get,
//! };
//! use tower_didit::{DiditAuth, IdClaims, ReturnTo, UserInfo};
//!
//! /// Your database. The key is the subject, which no other user of this provider ever gets.
//! type Accounts = Arc<Mutex<HashMap<String, Account>>>;
//!
//! #[derive(Default)]
//! struct Account {
//!     name: Option<String>,
//!     is_banned: bool,
//! }
//!
//! fn app(auth: DiditAuth, accounts: Accounts) -> Router {
//!     Router::new()
//!         .route("/profile", get(profile))
//!         .route("/callback", get(callback))
//!         .with_state(accounts)
//!         .layer(auth)
//! }
//!
//! async fn callback(
//!     State(accounts): State<Accounts>,
//!     user: IdClaims,
//!     info: UserInfo,
//!     back: ReturnTo,
//! ) -> Response {
//!     // In SQL: INSERT … ON CONFLICT (subject) DO UPDATE … RETURNING is_banned
//!     let mut accounts = accounts.lock().unwrap();
//!     let account = accounts.entry(user.subject().to_owned()).or_default();
//!     account.name = info.full_name().map(str::to_owned);
//!     if account.is_banned {
//!         let page = Html("<h1>This account is closed</h1>");
//!         return (StatusCode::FORBIDDEN, page).into_response();
//!     }
//!     back.into_response()
//! }
//!
//! /// Reads the data that the sign-in stored, without a call to Didit.
//! async fn profile(State(accounts): State<Accounts>, user: IdClaims) -> String {
//!     let accounts = accounts.lock().unwrap();
//!     let account = accounts.get(user.subject());
//!     let name = account.and_then(|account| account.name.as_deref());
//!     format!("Hello, {}", name.unwrap_or("stranger"))
//! }
//! # use tower_didit::{scope, fake::{Browser, FakeDidit, FakeDiditExt, Person}};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let config = didit.config("https://app.example/callback").with_scopes([scope::OPENID, scope::NAMES]);
//! # let accounts = Accounts::default();
//! # let app = app(DiditAuth::new(config.build()?), accounts.clone());
//! # let browser = Browser::new("https://app.example", app).add_didit(&didit);
//! # for _ in 0..2 {
//! #     browser.visit("/login?return_to=/profile").await;
//! #     let page = browser.sign_in_as(&Person::alejandra()).await;
//! #     assert_eq!(page.text(), "Hello, Alejandra Rosas");
//! # }
//! # {
//! #     let mut accounts = accounts.lock().unwrap();
//! #     assert_eq!(accounts.len(), 1);
//! #     let account = accounts.values_mut().next().unwrap();
//! #     assert_eq!(account.name.as_deref(), Some("Alejandra Rosas"));
//! #     account.is_banned = true;
//! # }
//! # let browser = browser.new_browser();
//! # browser.visit("/profile").await;
//! # let page = browser.sign_in_as(&Person::alejandra()).await;
//! # assert_eq!((page.status().as_u16(), page.text()), (403, "<h1>This account is closed</h1>"));
//! # assert!(browser.cookie("__Host-didit").is_none());
//! # Ok(())
//! # }
//! ```
//!
//! **The key** is the subject, if the application has one provider; with several, it is a name of yours for the provider
//! and the subject. Do not include the issuer: Didit has more than one. See
//! [providers](crate::docs::providers#the-key-of-a-user).
//!
//! # Without a query on every request
//!
//! The session keeps what later requests need: the id of the account, a role. The callback's handler sets it, and a
//! middleware or a handler reads it without a database.
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
//! use serde::{Deserialize, Serialize};
//! use tower_didit::{DiditAuth, DiditClient, Error, IdClaims, ReturnTo};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Account {
//!     id: u64,
//!     role: Role,
//! }
//!
//! #[derive(PartialEq, Serialize, Deserialize)]
//! enum Role {
//!     Editor,
//!     Reader,
//! }
//!
//! fn app(auth: DiditAuth) -> Router {
//!     let editors = Router::new()
//!         .route("/edit", get(edit))
//!         .route_layer(from_fn(require_editor));
//!     Router::new().route("/callback", get(callback)).merge(editors).layer(auth)
//! }
//!
//! async fn callback(user: IdClaims, client: DiditClient, back: ReturnTo) -> Result<ReturnTo, Error> {
//!     // In SQL: INSERT … ON CONFLICT (subject) DO UPDATE … RETURNING id, role
//!     let role = if user.subject().starts_with("8a1d") { Role::Editor } else { Role::Reader };
//!     client.set("account", &Account { id: 7, role }).await?;
//!     Ok(back)
//! }
//!
//! async fn require_editor(client: DiditClient, request: Request, next: Next) -> Result<Response, Error> {
//!     let account = client.get::<Account>("account").await?;
//!     if account.is_some_and(|account| account.role == Role::Editor) {
//!         return Ok(next.run(request).await);
//!     }
//!     Ok(StatusCode::FORBIDDEN.into_response())
//! }
//!
//! async fn edit(client: DiditClient) -> Result<String, Error> {
//!     let account = client.get::<Account>("account").await?;
//!     Ok(format!("you are account {}", account.map_or(0, |account| account.id)))
//! }
//! # use tower_didit::fake::{Browser, FakeDidit, FakeDiditExt, Person};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let app = app(DiditAuth::new(didit.config("https://app.example/callback").build()?));
//! # let people = [Person::alejandra(), Person::john()];
//! # let editor = people.iter().position(|person| person.subject().starts_with("8a1d"));
//! # assert_eq!(editor, Some(0));
//! # for (person, status) in people.iter().zip([200, 403]) {
//! #     let browser = Browser::new("https://app.example", app.clone()).add_didit(&didit);
//! #     browser.visit("/edit").await;
//! #     assert_eq!(browser.sign_in_as(person).await.status(), status);
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! A role in the session is the role of the sign-in. After a change in the database it stays until the user signs in
//! again, or until a handler calls [`set`](crate::DiditClient::set) in a request of that session. Where a change must take
//! effect at once, ask the database ([roles](crate::docs::recipes::roles)).
//!
//! # Notes
//!
//! **Later changes.** The claims are those of the sign-in: a refresh brings a new access token and changes no claim.
//! [`IdClaims::issued_at`](crate::IdClaims::issued_at) is the time of the sign-in's ID token, approximately the start of
//! the session. A name that was changed at Didit arrives with the next
//! sign-in, or when a handler takes [`UserInfo`](crate::UserInfo) again.
//!
//! **Make the handler idempotent.** A callback that arrives again while the first one runs waits for the first one. If
//! the first connection drops, its handler is cancelled at an `.await`, and the next request runs the handler from the
//! start: an upsert is right, a second welcome mail is not. Send the mail from a job that the upsert enqueues once.
//!
//! **A refusal** begins no session; a session that the browser had before stays. The tokens of the refused sign-in are
//! revoked (or the provider's session is terminated), if the provider has an endpoint for it.
//!
//! **A ban takes effect at the next sign-in**, which may be a week away. To lock out a user who is signed in, check the
//! account on every request ([roles](crate::docs::recipes::roles)), or, with sessions in a store, end all sessions of the
//! user: [`DiditAuth::sign_out_user`](crate::DiditAuth::sign_out_user).
//!
//! **If Didit does not answer**, the person gets a page with "Try again", and no session begins. To let the sign-in
//! succeed anyway, take `Result<UserInfo, Error>`.
