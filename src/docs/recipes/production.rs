//! A production checklist, and a `main` that follows it.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use axum::{Router, routing::get};
//! use tokio::{net::TcpListener, time::timeout};
//! use tower_didit::{Config, DiditAuth, IdClaims, RequireSignIn, ReturnTo};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     // Your subscriber for `tracing` goes here.
//!     let auth = DiditAuth::new(Config::from_env().build()?);
//!     let members = Router::new()
//!         .route("/profile", get(|_: IdClaims| async { "your profile" }))
//!         .route_layer(RequireSignIn::new());
//!     let app = Router::new()
//!         .route("/health", get(|| async { "ok" }))
//!         .route("/callback", get(|_: IdClaims, back: ReturnTo| async { back }))
//!         .merge(members)
//!         .layer(auth.clone());
//!
//!     let listener = TcpListener::bind("0.0.0.0:3000").await?;
//!     let stop = async { tokio::signal::ctrl_c().await.unwrap_or_default() };
//!     axum::serve(listener, app).with_graceful_shutdown(stop).await?;
//!     // Code exchanges, refreshes and sign-outs under way are finished.
//!     let _ = timeout(Duration::from_secs(20), auth.shutdown()).await;
//!     Ok(())
//! }
//! ```
//!
//! (In a container the signal is `SIGTERM`: `tokio::signal::unix`, as in `examples/relying_party.rs`.)
//!
//! # Configuration
//!
//! | done? | |
//! |---|---|
//! | ☐ | The secrets are in the environment or a secret store, not in the code. [`Config::from_env`](crate::Config::from_env) lists the variables. |
//! | ☐ | Cookie keys are set: `DIDIT_COOKIE_KEYS` from `openssl rand -base64 32`, the same for all processes. |
//! | ☐ | The redirect URI is `https`, on the one host that people use, and registered at Didit byte for byte: see [console](crate::docs::recipes::console). |
//! | ☐ | The scopes are those that you need; `offline` only if you call Didit after the first hour. |
//! | ☐ | The [place of the sessions](crate::docs::machines) is a decision: cookies, or a store. |
//! | ☐ | The [limits](crate::ConfigBuilder::with_session_lifetime) fit: a week at most, a day unused. |
//!
//! # Network
//!
//! | done? | |
//! |---|---|
//! | ☐ | The [proxy](crate::docs::proxy) passes the whole path, and headers of 8 KB. |
//! | ☐ | Other host names redirect to the one of the redirect URI. |
//! | ☐ | No cache stores `/login`, `/logout` and the callback. |
//! | ☐ | The application reaches `apx.didit.me:443`, and the machine has root certificates. |
//! | ☐ | The clock is synchronised: ID tokens more than 60 seconds off are refused. |
//!
//! # Application
//!
//! | done? | |
//! |---|---|
//! | ☐ | The key of a user is issuer and subject, not the e-mail address. |
//! | ☐ | The handler of the callback is [idempotent](crate::docs::recipes::provisioning). |
//! | ☐ | `GET` changes nothing, and forms are [protected](crate::docs::recipes::csrf) if subdomains are not yours. |
//! | ☐ | Health checks ask for no session: they answer while Didit and the store are down. |
//! | ☐ | No token reaches a log or the browser. |
//! | ☐ | The feature `test-util` is only in `[dev-dependencies]`. |
//!
//! # Operation
//!
//! | done? | |
//! |---|---|
//! | ☐ | `WARN` and `ERROR` of `tower_didit` reach somebody: see [logs](crate::docs::logs#what-to-watch). |
//! | ☐ | Support knows the [error codes](crate::docs::errors) that people see on a page. |
//! | ☐ | Somebody has signed in, waited for a refresh, signed out, and declined once, on the real host. |
