//! Several machines: the settings and the store that they share.
//!
//! All processes have the same client id, redirect URI and cookie keys. With sessions in cookies they
//! share nothing else. With a store they also share the store.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use tower_didit::{Config, store::RedisStore};
//!
//! # let cookie_key = [7; 32];
//! let config = Config::builder("client-id", "https://app.example/callback")
//!     .with_client_secret("client-secret")
//!     .with_cookie_keys([cookie_key])
//!     .with_session_store(RedisStore::new("redis://sessions.internal/")?)
//!     .build()?;
//! # let _ = config;
//! # Ok(())
//! # }
//! ```
//!
//! Nothing is sent to Redis before a handler first asks for a session, so a process can start even while Redis is down.
//!
//! # Any machine can answer
//!
//! A sign-in may start on one machine and return to another: its state is in the browser's flow cookie. Here two layers
//! with one store stand for two machines:
//!
//! ```
//! use axum::{Router, extract::Request, routing::get};
//! use tower::ServiceExt;
//! use tower_didit::{DiditAuth, IdClaims, ReturnTo, store::MemoryStore};
//!
//! fn app(auth: DiditAuth) -> Router {
//!     Router::new()
//!         .route("/who", get(|user: Option<IdClaims>| async move {
//!             user.map_or("nobody".to_owned(), |user| user.subject().to_owned())
//!         }))
//!         .route("/callback", get(|_: IdClaims, back: ReturnTo| async { back }))
//!         .layer(auth)
//! }
//! # use tower_didit::fake::{Browser, FakeDidit, FakeDiditExt, Person};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! # let didit = FakeDidit::new("client-id", "client-secret");
//! # let cookie_key = [7; 32];
//! # let john = Person::john();
//!
//! let store = MemoryStore::new();
//! # let store = store.with_clock(didit.clock());
//! let machine = || -> Result<Router, tower_didit::ConfigError> {
//!     let config = didit.config("https://app.example/callback");
//!     let config = config
//!         .with_cookie_keys([cookie_key])
//!         .with_session_store(store.clone());
//!     Ok(app(DiditAuth::new(config.build()?)))
//! };
//! let (one, other) = (machine()?, machine()?);
//!
//! // A load balancer: the callback and the sign-out go to the other machine.
//! let balanced = tower::service_fn(move |request: Request| {
//!     let is_other = ["/callback", "/logout"].contains(&request.uri().path());
//!     let machine = if is_other { other.clone() } else { one.clone() };
//!     machine.oneshot(request)
//! });
//! let browser = Browser::new("https://app.example", balanced).add_didit(&didit);
//! browser.visit("/login?return_to=/who").await;
//! assert_eq!(browser.sign_in_as(&john).await.text(), john.subject());
//!
//! let copy = browser.clone();
//! browser.post_form("/logout", &[]).await;
//! // Signed out on the other machine: with a store, no copy of the cookie is accepted.
//! assert_eq!(copy.visit("/who").await.text(), "nobody");
//! # Ok(())
//! # }
//! ```
//!
//! # Deploying
//!
//! - Old and new processes run side by side as long as keys, client id, redirect URI and store are the same.
//! - [Rotating the cookie keys](crate::docs::machines#cookie-keys) takes three deployments.
//! - Moving from cookies to a store, or back, signs everybody out: the layer ignores session cookies of the other kind,
//!   and sends people who open a page to Didit and back.
//! - Before a process stops, it waits for its calls in flight: [`DiditAuth::shutdown`](crate::DiditAuth::shutdown), as
//!   in [production](crate::docs::recipes::production).
