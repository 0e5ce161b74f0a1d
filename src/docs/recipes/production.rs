//! A production checklist, and a `main` that follows it.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use axum::{
//!     Router,
//!     extract::Request,
//!     middleware::{Next, from_fn},
//!     response::Response,
//!     routing::get,
//! };
//! use tokio::{
//!     net::TcpListener,
//!     signal::unix::{SignalKind, signal},
//!     time::timeout,
//! };
//! use tracing::Instrument;
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
//!         .layer(auth.clone())
//!         .layer(from_fn(in_span));
//!
//!     // Only the proxy on this machine connects. In a container: "0.0.0.0:3000", and publish no port.
//!     let listener = TcpListener::bind("127.0.0.1:3000").await?;
//!     axum::serve(listener, app).with_graceful_shutdown(stop_signal()).await?;
//!     // Waits for code exchanges, refreshes and sign-outs under way.
//!     let _ = timeout(Duration::from_secs(20), auth.shutdown()).await;
//!     Ok(())
//! }
//!
//! /// `SIGTERM` is the signal of systemd, Docker and Kubernetes.
//! async fn stop_signal() {
//!     let mut terminate = signal(SignalKind::terminate()).expect("a handler can be installed");
//!     tokio::select! {
//!         _ = terminate.recv() => {}
//!         _ = tokio::signal::ctrl_c() => {}
//!     }
//! }
//!
//! /// Host, method and path for the log events of the layer, such as `request failed`.
//! async fn in_span(request: Request, next: Next) -> Response {
//!     let (method, path) = (request.method(), request.uri().path());
//!     let host = request.headers().get("host").and_then(|host| host.to_str().ok());
//!     let span = tracing::info_span!("request", host, %method, path);
//!     next.run(request).instrument(span).await
//! }
//! ```
//!
//! # Shutting a process down
//!
//! After the signal axum accepts no connections, and waits for the responses under way; then `auth.shutdown()` waits for
//! the calls to Didit that are in flight: usually instant, at most 20 s, the `timeout` in the code. If the process is
//! killed earlier, a sign-in may have to be repeated, and with single-use refresh tokens a user may have to sign in
//! again. Give the process 30 s:
//!
//! | | default | set |
//! |---|---|---|
//! | `docker stop` | 10 s | `docker stop --time 30`, or `stop_grace_period: 30s` in Compose |
//! | Kubernetes | 30 s | `terminationGracePeriodSeconds` |
//! | systemd | 90 s | `TimeoutStopSec` |
//!
//! Endless responses, such as [event streams](crate::docs::recipes::streams), and [jobs](crate::docs::recipes::jobs)
//! need a stop signal of their own.
//!
//! # Host, method and path in the log
//!
//! The layer's events carry no path. A span around the layer adds it: `in_span` above is added after the layer,
//! and therefore surrounds it. tower-http's `TraceLayer` does the same with `make_span_with`. Do not use its default
//! span: it has the whole URI, and the callback's URI contains the authorization code.
//!
//! # Configuration
//!
//! | done? | |
//! |---|---|
//! | ☐ | The secrets are in the environment or a secret store, not in the code. [`Config::from_env`](crate::Config::from_env) lists the variables. |
//! | ☐ | Cookie keys are set: `DIDIT_COOKIE_KEYS` from `openssl rand -base64 32`, the same for all processes. An empty value counts as missing, which is logged at WARN: the keys are then derived from the client secret. |
//! | ☐ | Somebody knows how to [rotate the keys](crate::docs::machines#cookie-keys), and what to do when one has leaked. |
//! | ☐ | The redirect URI is `https`, on the one host that people use, and registered at Didit byte for byte: see [console](crate::docs::recipes::console). |
//! | ☐ | The application requests only the scopes that it needs; `offline` only if it calls Didit after the first hour. |
//! | ☐ | You have decided [where sessions are kept](crate::docs::machines): in cookies, or in a store. |
//! | ☐ | The [limits](crate::ConfigBuilder::with_session_lifetime) fit the application: by default a week in all, a day without use. |
//!
//! # Network
//!
//! | done? | |
//! |---|---|
//! | ☐ | The [proxy](crate::docs::proxy#nginx) passes the whole path, and headers of 8 KB, and logs no query of the callback. |
//! | ☐ | The proxy limits requests of the callback for each client IP: each made-up code costs a token request to Didit. |
//! | ☐ | Only the proxy can reach the application's port: the application listens on loopback, or on a private network. |
//! | ☐ | Other host names redirect to the host of the redirect URI. |
//! | ☐ | No cache stores `/login`, `/logout` and the callback: `curl -sD- -o /dev/null https://app.example/login` shows `private, no-store`, and no `Age`. |
//! | ☐ | The application reaches Didit, and has root certificates: from its machine or container, `curl -sS -o /dev/null -w '%{http_code}\n' https://apx.didit.me/auth/config/jwks` prints 200. |
//! | ☐ | The clock is synchronised: `timedatectl show -p NTPSynchronized` prints `yes`. With a clock that is more than 60 seconds behind, sign-ins fail. |
//!
//! # Application
//!
//! | done? | |
//! |---|---|
//! | ☐ | The [key of a user](crate::docs::providers#the-key-of-a-user) is the subject, not the e-mail address. |
//! | ☐ | The handler of the callback is [idempotent](crate::docs::recipes::provisioning). |
//! | ☐ | `GET` changes nothing, and forms are [protected](crate::docs::recipes::csrf) if others control subdomains. |
//! | ☐ | Health and readiness checks do not use the session, and respond even while Didit and the store are down. |
//! | ☐ | No token reaches a log or the browser. |
//! | ☐ | The feature `test-util` is only in `[dev-dependencies]`. |
//!
//! # Operation
//!
//! | done? | |
//! |---|---|
//! | ☐ | `ERROR` of `tower_didit` alerts somebody at once, `WARN` by its rate: see [logs](crate::docs::logs#what-to-watch). |
//! | ☐ | Support knows the [error codes](crate::docs::errors) that people see on a page. |
//! | ☐ | Somebody has signed in, waited for a refresh, signed out, and declined once, on the real host. |
//!
//! # Health and readiness
//!
//! *Health* (liveness): the process answers; if not, it is restarted. *Readiness*: the process may get requests.
//! Neither check should depend on Didit or on the session store. A restart repairs neither, and if all processes count
//! as not ready, the public pages are gone too, although they would work during an
//! [outage](crate::docs::flow#what-waits-for-what). A route without an extractor of this crate, such as `/health`
//! above, serves both checks. Watch outages in the [log](crate::docs::logs#what-to-watch).
