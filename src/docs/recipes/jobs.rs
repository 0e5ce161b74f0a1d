//! Work that continues after the response.
//!
//! A handler moves the tokens and its [`DiditClient`](crate::DiditClient) into a task. The task refreshes the tokens when
//! they are about to expire, which requires the scope [`OFFLINE`](crate::scope::OFFLINE): without a
//! refresh token `refresh` fails with `tokens-expired`.
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//!
//! use axum::{Router, extract::State, routing::post};
//! use tokio_util::{sync::CancellationToken, task::TaskTracker};
//! use tower_didit::{Clock, DiditAuth, DiditClient, DiditTokens, Error};
//!
//! #[derive(Clone)]
//! struct Jobs {
//!     tasks: TaskTracker,
//!     /// Cancelled when the process shuts down.
//!     stop: CancellationToken,
//!     /// `Arc::new(SystemTime::now)`; in a test `Arc::new(didit.clock())`.
//!     clock: Arc<dyn Clock>,
//! }
//!
//! fn app(auth: DiditAuth, jobs: Jobs) -> Router {
//!     Router::new().route("/export", post(start_export)).with_state(jobs).layer(auth)
//! }
//!
//! async fn start_export(
//!     State(jobs): State<Jobs>,
//!     tokens: DiditTokens,
//!     didit: DiditClient,
//! ) -> &'static str {
//!     let job = jobs.clone();
//!     jobs.tasks.spawn(async move {
//!         if let Err(error) = export(job, didit, tokens).await {
//!             // `session-ended`: the user has signed out in the meantime, or signed in again.
//!             eprintln!("export stopped: {}", error.kind().code());
//!         }
//!     });
//!     "the export has started"
//! }
//!
//! async fn export(job: Jobs, didit: DiditClient, mut tokens: DiditTokens) -> Result<(), Error> {
//!     for page in 1..=3 {
//!         if job.expires_soon(&tokens) {
//!             tokens = didit.refresh(&tokens).await?;
//!         }
//!         call_an_api(tokens.access_token().secret(), page).await;
//!         let pause = tokio::time::sleep(Duration::from_secs(1));
//!         if job.stop.run_until_cancelled(pause).await.is_none() {
//!             break; // Save the progress here.
//!         }
//!     }
//!     Ok(())
//! }
//!
//! impl Jobs {
//!     fn expires_soon(&self, tokens: &DiditTokens) -> bool {
//!         let in_a_minute = self.clock.now() + Duration::from_secs(60);
//!         tokens.expires_at().is_some_and(|end| end < in_a_minute)
//!     }
//!
//!     /// Waits for all jobs, so that the end of the process interrupts no call.
//!     async fn finish(&self) {
//!         self.stop.cancel();
//!         self.tasks.close();
//!         self.tasks.wait().await;
//!     }
//! }
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
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
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
//! #     let clock = Arc::new(didit.clock());
//! #     let jobs = Jobs { tasks: TaskTracker::new(), stop: CancellationToken::new(), clock };
//! #     let app = app(auth.clone(), jobs.clone());
//! #     let request = Request::post("/export").header(header::COOKIE, &cookies).body(Body::empty())?;
//! #     assert_eq!(app.oneshot(request).await?.status(), 200);
//! #     jobs.tasks.close();
//! #     jobs.tasks.wait().await;
//! #     jobs.finish().await;
//! #     auth.shutdown().await;
//! #     assert_eq!(refreshes(), 2);
//! #     // The session in a store has the new tokens.
//! #     let later = Router::new().route("/", get(|_: DiditTokens| async {})).layer(auth);
//! #     let request = Request::get("/").header(header::COOKIE, &cookies).body(Body::empty())?;
//! #     assert_eq!(later.oneshot(request).await?.status(), 200);
//! #     assert_eq!(refreshes(), if is_stored { 2 } else { 3 });
//! # }
//! # // A page refreshes while a job holds the old tokens.
//! # for is_stored in [false, true] {
//! #     let config = didit.config("https://app.example/callback").with_scopes(["openid", "offline"]);
//! #     let store = MemoryStore::new().with_clock(didit.clock());
//! #     let config = if is_stored { config.with_session_store(store) } else { config };
//! #     let auth = DiditAuth::new(config.build()?);
//! #     let cookies = didit.session_cookies(&auth, &Person::john()).await?;
//! #     let kept = Arc::new(std::sync::Mutex::new(Vec::new()));
//! #     let job = kept.clone();
//! #     let keep = async move |tokens: DiditTokens, didit: DiditClient| job.lock().unwrap().push((tokens, didit));
//! #     let app = Router::new().route("/", get(keep)).layer(auth);
//! #     let ask = async || {
//! #         let request = Request::get("/").header(header::COOKIE, &cookies).body(Body::empty()).unwrap();
//! #         assert_eq!(app.clone().oneshot(request).await.unwrap().status(), 200);
//! #     };
//! #     ask().await;
//! #     didit.clock().advance(Duration::from_secs(3_590));
//! #     let before = didit.count(Endpoint::Token);
//! #     ask().await;
//! #     let [(old, client), (new, _)] = kept.lock().unwrap().clone().try_into().unwrap();
//! #     let refreshed = client.refresh(&old).await?;
//! #     let new = if is_stored { refreshed.clone() } else { new };
//! #     assert_eq!(refreshed.access_token().secret(), new.access_token().secret());
//! #     assert_ne!(refreshed.access_token().secret(), old.access_token().secret());
//! #     assert_eq!(didit.count(Endpoint::Token), before + 1);
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! When the process ends, stop the server, then wait for your own jobs, then for the layer's calls:
//! `jobs.finish().await; auth.shutdown().await;`, with a timeout around both as in
//! [production](crate::docs::recipes::production). A job in memory is lost with its process: if the job must continue
//! after a restart, store its progress and [sealed tokens](#jobs-without-a-request), or let the user's next request start
//! it again.
//!
//! # What happens to the session
//!
//! | sessions | a refresh in the task |
//! |---|---|
//! | in a store | is saved to the store: later requests use the new tokens |
//! | in cookies | only returns the new tokens to the task: no response is left to carry them |
//!
//! A page may have refreshed the tokens while the job still holds the old ones. With a store, `refresh` then returns
//! the session's new tokens, without a token request. With cookie sessions, `refresh` returns the new tokens for 1
//! minute after they were written to a cookie, or for 10 minutes after the refresh if they never were. After that it
//! sends the job's own refresh token.
//!
//! `session-ended` means that the user has signed out in the meantime, or has signed in again, which begins a new
//! session, or that the session has reached its absolute [limit](crate::docs::flow#when-a-session-ends), a week
//! by default. A session in a store also ends at its idle limit, which a job does not extend.
//!
//! Sessions in cookies need reusable refresh tokens. The crate assumes reusable ones for Didit's Sign in API, because
//! a response to a refresh may contain no new refresh token; Didit does not document it. If the tokens turn out to be
//! single-use, declare them with [`with_single_use_refresh_tokens`](crate::Provider::with_single_use_refresh_tokens):
//! sessions are then in a store, and the job must use a client that was extracted from a request of its session, as
//! here.
//!
//! # Jobs without a request
//!
//! A nightly job has no request, and a restart loses the tokens in memory.
//! [`DiditAuth::seal_tokens`](crate::DiditAuth::seal_tokens) encrypts tokens as text that the application keeps in its
//! database. The job opens the text, and calls Didit through [`DiditAuth::client`](crate::DiditAuth::client):
//!
//! ```
//! use std::{collections::HashMap, sync::{Arc, Mutex}};
//!
//! use axum::{Extension, Router, extract::State, routing::get};
//! use tower_didit::{Config, DiditAuth, DiditTokens, Error, IdClaims, ReturnTo};
//!
//! /// Sealed tokens by subject: a table of the application's database.
//! type Grants = Arc<Mutex<HashMap<String, String>>>;
//!
//! fn app(config: Config, grants: Grants) -> (DiditAuth, Router) {
//!     let auth = DiditAuth::new(config);
//!     let router = Router::new()
//!         .route("/callback", get(callback))
//!         .with_state(grants)
//!         .layer(auth.clone())
//!         .layer(Extension(auth.clone()));
//!     (auth, router)
//! }
//!
//! async fn callback(
//!     State(grants): State<Grants>,
//!     Extension(auth): Extension<DiditAuth>,
//!     user: IdClaims,
//!     tokens: DiditTokens,
//!     back: ReturnTo,
//! ) -> Result<ReturnTo, Error> {
//!     let sealed = auth.seal_tokens(&tokens)?;
//!     grants.lock().unwrap().insert(user.subject().to_owned(), sealed);
//!     Ok(back)
//! }
//!
//! /// The nightly job. It runs in one process at a time.
//! async fn sync(auth: &DiditAuth, grants: &Grants) {
//!     let all = grants.lock().unwrap().clone();
//!     for (subject, sealed) in all {
//!         match sync_user(auth, &sealed).await {
//!             Ok(sealed) => grants.lock().unwrap().insert(subject, sealed),
//!             // `invalid-grant`: the user has withdrawn the access. Ask at the next sign-in.
//!             Err(error) if error.kind().code() == "invalid-grant" => grants.lock().unwrap().remove(&subject),
//!             Err(error) => {
//!                 eprintln!("sync failed: {}", error.kind().code());
//!                 None
//!             }
//!         };
//!     }
//! }
//!
//! async fn sync_user(auth: &DiditAuth, sealed: &str) -> Result<String, Error> {
//!     let tokens = auth.client().refresh(&auth.open_tokens(sealed)?).await?;
//!     // The response may have had a new refresh token: keep it, whatever becomes of the rest.
//!     let sealed = auth.seal_tokens(&tokens)?;
//!     call_an_api(tokens.access_token().secret()).await;
//!     Ok(sealed)
//! }
//! # async fn call_an_api(_token: &str) {}
//! # use tower_didit::fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Person};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let config = || didit.config("https://app.example/callback").with_scopes(["openid", "offline"]).build().unwrap();
//! # let grants = Grants::default();
//! # let (_, router) = app(config(), grants.clone());
//! # let browser = Browser::new("https://app.example", router);
//! # let started = browser.get("/login").await;
//! # browser.get(&didit.approve(started.location(), &Person::john())).await;
//! # let sealed = grants.lock().unwrap()[Person::john().subject()].clone();
//! # // After a restart, a day later.
//! # didit.clock().advance(std::time::Duration::from_secs(86_400));
//! # let (auth, _) = app(config(), grants.clone());
//! # let before = didit.count(Endpoint::Token);
//! # sync(&auth, &grants).await;
//! # assert_eq!(didit.count(Endpoint::Token), before + 1);
//! # assert_ne!(grants.lock().unwrap()[Person::john().subject()], sealed);
//! # didit.revoke_all();
//! # sync(&auth, &grants).await;
//! # assert!(grants.lock().unwrap().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! The text needs the scope [`OFFLINE`](crate::scope::OFFLINE) to be of use after the access token has expired. It opens
//! in every process with the same client id, provider and cookie keys. Before an old
//! [key](crate::docs::machines#cookie-keys) is removed, open and seal each text again. A sign-out does not change the
//! text: delete it if the user expects the job to stop.
//!
//! If refresh tokens are single-use (Didit Authentication with `offline_access`), `seal_tokens` fails with
//! `single-use-refresh-token`: the session and the job would both send the same refresh token, and a provider that sees
//! it twice ends the user's session. Fetch the data that the job needs when the user signs in, in the
//! [callback's handler](crate::docs::recipes::provisioning), and store the data.
//!
//! For Didit's server-to-server APIs an application needs no user:
//! [`DiditClient::client_credentials`](crate::DiditClient::client_credentials) gets a
//! [token of its own](crate::docs::recipes::bearer_api#calls-to-didits-own-apis).
