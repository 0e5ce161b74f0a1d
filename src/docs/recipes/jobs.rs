//! Work that goes on after the answer.
//!
//! A handler moves the tokens and its [`DiditClient`](crate::DiditClient) into a task. The task refreshes the tokens when
//! they are about to expire.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//!
//! use axum::{Router, extract::State, routing::post};
//! use tokio_util::task::TaskTracker;
//! use tower_didit::{DiditAuth, DiditClient, DiditTokens, Error};
//!
//! fn app(auth: DiditAuth, jobs: TaskTracker) -> Router {
//!     Router::new().route("/export", post(start_export)).with_state(jobs).layer(auth)
//! }
//!
//! async fn start_export(
//!     State(jobs): State<TaskTracker>,
//!     tokens: DiditTokens,
//!     didit: DiditClient,
//! ) -> &'static str {
//!     jobs.spawn(async move {
//!         if let Err(error) = export(didit, tokens).await {
//!             // `session-ended`: the user has signed out meanwhile.
//!             eprintln!("export stopped: {}", error.kind().code());
//!         }
//!     });
//!     "the export has started"
//! }
//!
//! async fn export(didit: DiditClient, mut tokens: DiditTokens) -> Result<(), Error> {
//!     for page in 1..=3 {
//!         if expires_soon(&tokens) {
//!             tokens = didit.refresh(&tokens).await?;
//!         }
//!         call_an_api(tokens.access_token().secret(), page).await;
//!     }
//!     Ok(())
//! }
//!
//! fn expires_soon(tokens: &DiditTokens) -> bool {
//!     let in_a_minute = now() + Duration::from_secs(60);
//!     tokens.expires_at().is_some_and(|end| end < in_a_minute)
//! }
//! # fn now() -> SystemTime { CLOCK.get().map_or_else(SystemTime::now, |clock| clock.now()) }
//! # static CLOCK: std::sync::OnceLock<FakeClock> = std::sync::OnceLock::new();
//! # async fn call_an_api(_token: &str, page: u32) {
//! #     if page < 3 {
//! #         CLOCK.get().unwrap().advance(Duration::from_secs(3_590));
//! #     }
//! # }
//! # use axum::{body::Body, routing::get};
//! # use http::{Request, header};
//! # use tower::ServiceExt;
//! # use tower_didit::{fake::{Endpoint, FakeClock, FakeDidit, FakeDiditExt, Person}, store::MemoryStore};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let _ = CLOCK.set(didit.clock());
//! # for is_stored in [false, true] {
//! #     let config = didit.config("https://app.example/callback").with_scopes(["openid", "offline"]);
//! #     let store = MemoryStore::new().with_clock(didit.clock());
//! #     let config = if is_stored { config.with_session_store(store) } else { config };
//! #     let auth = DiditAuth::new(config.build()?);
//! #     let before = didit.count(Endpoint::Token);
//! #     let refreshes = || didit.count(Endpoint::Token) - before;
//! #     let cookies = didit.session_cookies(&auth, &Person::john()).await?;
//! #     let jobs = TaskTracker::new();
//! #     let app = app(auth.clone(), jobs.clone());
//! #     let request = Request::post("/export").header(header::COOKIE, &cookies).body(Body::empty())?;
//! #     assert_eq!(app.oneshot(request).await?.status(), 200);
//! #     jobs.close();
//! #     jobs.wait().await;
//! #     auth.shutdown().await;
//! #     assert_eq!(refreshes(), 2);
//! #     // The session in a store has the new tokens.
//! #     let later = Router::new().route("/", get(|_: DiditTokens| async {})).layer(auth);
//! #     let request = Request::get("/").header(header::COOKIE, &cookies).body(Body::empty())?;
//! #     assert_eq!(later.oneshot(request).await?.status(), 200);
//! #     assert_eq!(refreshes(), if is_stored { 2 } else { 3 });
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! At the end of the program wait for your own tasks, then for the layer's: `jobs.close(); jobs.wait().await;
//! auth.shutdown().await;`.
//!
//! # What happens to the session
//!
//! | sessions | a refresh in the task |
//! |---|---|
//! | in a store | is saved there: later requests use the new tokens |
//! | in cookies | is only given back to the task, as there is no answer left that could carry it |
//!
//! The second needs a refresh token that works again. The crate assumes that of Didit's Sign in API, whose answer to a
//! refresh may leave out a new one; Didit does not say so. If tokens turn out to work once, declare it with
//! [`with_single_use_refresh_tokens`](crate::Provider::with_single_use_refresh_tokens): sessions are then in a store, and
//! the client has to be that of a request of the session, as here.
//!
//! # Jobs without a request
//!
//! [`DiditAuth::client`](crate::DiditAuth::client) calls Didit with tokens that the application keeps in memory. Tokens
//! cannot be made from text, so they do not survive a restart: a nightly job has none. Fetch what the job needs when the
//! user signs in, in the [callback's handler](crate::docs::recipes::provisioning), and store it.
//!
//! For Didit's server-to-server APIs an application gets tokens of its own (`client_credentials`). The crate does not
//! ask for them: use an HTTP client.
