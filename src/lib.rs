//! Sign-in with [Didit] for Tower and axum. One layer, [`DiditAuth`], sends people to Didit, verifies their sign-in and
//! keeps their sessions; your handlers take [`IdClaims`] and [`DiditTokens`] as arguments.
//!
//! # Try it
//!
//! `cargo run --example quickstart`, in the repository: a whole sign-in in your browser, with a fake Didit and without an
//! account.
//!
//! # Add it
//!
//! ```
//! # fn main() -> Result<(), tower_didit::ConfigError> {
//! use axum::{Router, routing::get};
//! use tower_didit::{Config, DiditAuth, DiditTokens, IdClaims, ReturnTo};
//!
//! let config = Config::builder("client-id", "https://app.example/callback")
//!     .with_client_secret("client-secret")
//!     .with_scopes(["openid", "email", "offline"])
//!     .build()?;
//!
//! let app: Router = Router::new()
//!     .route("/profile", get(|user: IdClaims| async move { user.subject().to_owned() }))
//!     .route("/callback", get(|_: DiditTokens, back: ReturnTo| async move { back }))
//!     .layer(DiditAuth::new(config));
//! # let _ = app;
//! # Ok(())
//! # }
//! ```
//!
//! In `Cargo.toml`, until the first release is on crates.io:
//!
//! ```toml
//! [dependencies]
//! axum = "0.8"
//! tokio = { version = "1", features = ["full"] }
//! tower-didit = { git = "https://github.com/tower-didit/tower-didit" }
//! ```
//!
//! Some examples of this documentation use the crate `http`: with axum it is `axum::http`.
//!
//! The layer goes last, on the outermost router. It answers `GET /login` and `POST /logout` itself, and verifies each
//! callback before your handler for the path of the redirect URI runs.
//!
//! # Protect a page
//!
//! A handler that takes [`IdClaims`] is for signed-in users: anyone else signs in and comes back, and a request that
//! is [no browser navigation](docs::flow#what-is-a-navigation), such as a script's `fetch`, gets 401. [`RequireSignIn`]
//! guards a group of routes, and `Option<IdClaims>` lets everybody in:
//!
//! ```
//! use axum::{Router, routing::get};
//! use tower_didit::{DiditAuth, IdClaims, RequireSignIn, ReturnTo};
//!
//! fn app(auth: DiditAuth) -> Router {
//!     let members = Router::new()
//!         .route("/orders", get(|| async { "your orders" }))
//!         .route("/invoices", get(|| async { "your invoices" }))
//!         .route_layer(RequireSignIn::new());
//!     Router::new()
//!         .route("/", get(home))
//!         .route("/callback", get(|_: IdClaims, back: ReturnTo| async { back }))
//!         .merge(members)
//!         .layer(auth)
//! }
//!
//! async fn home(user: Option<IdClaims>) -> String {
//!     user.map_or("Welcome".to_owned(), |user| format!("Welcome back, {}", user.subject()))
//! }
//! # let _ = app;
//! ```
//!
//! # Read the user
//!
//! [`subject`](IdClaims::subject) [identifies a user](docs::providers#the-key-of-a-user), without a call to Didit. The
//! rest comes from Didit's [user information](UserInfo):
//!
//! ```
//! use tower_didit::UserInfo;
//!
//! async fn email(user: UserInfo) -> String {
//!     user.email().unwrap_or("you did not share it").to_owned()
//! }
//! # let _router: axum::Router = axum::Router::new().route("/email", axum::routing::get(email));
//! ```
//!
//! A front end in the browser gets the same from the handler [`me()`], and its own API is guarded with
//! [`always_401`](RequireSignIn::always_401) ([recipe](docs::recipes::json_api)).
//!
//! # Protect an API
//!
//! Requests of apps and programs carry an access token instead of a cookie. [`DiditBearer`] verifies it
//! ([recipe](docs::recipes::bearer_api)):
//!
//! ```
//! use axum::{Router, routing::get};
//! use tower_didit::{AccessClaims, DiditAuth};
//!
//! fn api(auth: &DiditAuth) -> Router {
//!     Router::new()
//!         .route("/orders", get(|access: AccessClaims| async move { access.subject().to_owned() }))
//!         .layer(auth.bearer())
//! }
//! # let _ = api;
//! ```
//!
//! # Sign out
//!
//! ```html
//! <form method="post" action="/logout"><button>Sign out</button></form>
//! ```
//!
//! # Verify people
//!
//! The feature `verification` sends people to Didit's identity verification, receives its webhooks, and judges its
//! decisions: see the [guide](docs::verification).
//!
//! # Go to production
//!
//! 1. [Register the application](docs::recipes::console) at Didit.
//! 2. Follow the [checklist](docs::recipes::production): keys, proxy, shutdown.
//! 3. Decide where [sessions](docs::machines) are kept: in cookies, or in a store for several machines.
//! 4. Know the [error codes](docs::errors) and the [log events](docs::logs).
//!
//! # Features
//!
//! | feature | default | |
//! |---|---|---|
//! | reqwest | yes | the default transport: reqwest with rustls. Without it, the application has to set a transport: [`with_transport`](ConfigBuilder::with_transport). |
//! | redis | no | [`store`]`::RedisStore`: sessions for several processes and machines |
//! | test-util | no | `fake`: a fake Didit in the process, a browser, and sessions without a sign-in, for tests; [`store`]`::conformance` |
//! | verification | no | `verification`: Didit's API of identity verification, its webhooks, and the verdict on a person |
//!
//! # Guide
//!
//! [Flow](docs::flow) · [Cookies](docs::cookies) · [Errors](docs::errors) · [Logs](docs::logs) ·
//! [Security](docs::security) · [Where to put the layer](docs::placement) · [Behind a proxy](docs::proxy) ·
//! [Sessions and machines](docs::machines) · [Providers](docs::providers) · [Verification](docs::verification)
//!
//! Recipes: [profile page](docs::recipes::profile) · [accounts](docs::recipes::provisioning) ·
//! [age gate](docs::recipes::age_gate) · [roles](docs::recipes::roles) · [step-up](docs::recipes::step_up) ·
//! [a user's sessions](docs::recipes::user_sessions) · [JSON API](docs::recipes::json_api) ·
//! [API with access tokens](docs::recipes::bearer_api) · [forms and CSRF](docs::recipes::csrf) ·
//! [sockets and streams](docs::recipes::streams) · [background jobs](docs::recipes::jobs) ·
//! [testing](docs::recipes::testing) · [several machines](docs::recipes::several_machines) ·
//! from [axum-login](docs::recipes::from_axum_login), [axum-oidc](docs::recipes::from_axum_oidc),
//! [code written by hand](docs::recipes::from_hand_written)
//!
//! [Didit]: https://didit.me
#![cfg_attr(docsrs, feature(doc_cfg))]

mod bearer;
#[cfg(feature = "__benchmark")]
#[doc(hidden)]
pub mod benchmark;
mod body;
mod breaker;
mod clock;
mod config;
mod context;
mod cookie;
#[cfg(any(doc, doctest, test))]
pub mod docs;
mod error;
mod extract;
mod flight;
mod future;
mod json;
mod layer;
mod lock;
mod oidc;
mod provider;
mod provider_calls;
mod relying_party;
mod return_to;
pub mod scope;
mod seal;
mod service;
mod session;
#[cfg(feature = "test-util")]
mod test_util;
pub mod tokens;
pub mod transport;
#[cfg(feature = "verification")]
pub mod verification;

pub use bearer::DiditBearer;
pub use clock::Clock;
pub use config::{Config, ConfigBuilder, ConfigError};
pub use error::{Error, ErrorKind};
pub use extract::{DiditClient, RequireSignIn, SignIn, SignedOut, UserSession, me};
pub use layer::DiditAuth;
pub use provider::Provider;
pub use return_to::ReturnTo;
pub use tokens::{
    access_claims::AccessClaims, didit_tokens::DiditTokens, id_claims::IdClaims,
    user_info::UserInfo,
};

/// The reasons inside some [`ErrorKind`]s.
pub mod reason {
    pub use crate::error::{
        CallbackError, GuardError, IdTokenError, TokenError, VerificationError, WiringError,
    };
}

/// The protocol options of a [`Provider`].
pub mod protocol {
    pub use crate::provider::{ClientAuthentication, SigningAlgorithm};
}

/// Where sessions are kept on the server.
///
/// A [`SessionStore`](store::SessionStore) is a map of sealed values, each with a version and an expiry time. The key
/// of a session is the hash of its cookie id, a random secret that only the browser has. A session's owner is stored as
/// a keyed hash of the user. Without the layer's keys a value cannot be read, changed or moved to another key.
///
/// | | for |
/// |---|---|
/// | [`MemoryStore`](store::MemoryStore) | one process |
/// | `RedisStore` (feature `redis`) | several processes and machines |
/// | your own, as in `examples/session_store` | a database that you already run |
///
/// ```
/// # fn main() -> Result<(), tower_didit::ConfigError> {
/// use tower_didit::{Config, store::MemoryStore};
///
/// let config = Config::builder("client-id", "https://app.example/callback")
///     .with_client_secret("client-secret")
///     .with_session_store(MemoryStore::new())
///     .build()?;
/// # let _ = config;
/// # Ok(())
/// # }
/// ```
///
/// `conformance::check` (feature `test-util`) tests a store of your own. The first two can also keep who is verified: see
/// `verification::VerificationRecords`.
pub mod store {
    #[cfg(feature = "test-util")]
    pub use crate::session::conformance;
    #[cfg(feature = "redis")]
    pub use crate::session::redis::RedisStore;
    pub use crate::session::{
        memory::MemoryStore,
        store::{
            RefreshAttempt, SessionKey, SessionOwner, SessionStore, StoreError, StoreFuture,
            StoredSession, UserKey,
        },
    };
}

/// A fake Didit for tests: the crate [`fake-didit`](fake_didit), and [`FakeDiditExt`](fake::FakeDiditExt), which
/// connects an application to it.
///
/// ```
/// use axum::{Router, routing::get};
/// use tower_didit::{
///     DiditAuth, DiditTokens, ReturnTo,
///     fake::{Browser, FakeDidit, FakeDiditExt},
/// };
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), tower_didit::ConfigError> {
/// let didit = FakeDidit::new("app", "secret");
/// let config = didit.config("https://app.example/callback").build()?;
/// let app = Router::new()
///     .route("/profile", get(|_: DiditTokens| async { "your profile" }))
///     .route("/callback", get(|_: DiditTokens, back: ReturnTo| async { back }))
///     .layer(DiditAuth::new(config));
///
/// let browser = Browser::new("https://app.example", app).add_didit(&didit);
/// let sign_in = browser.visit("/profile").await;
/// assert!(sign_in.url().starts_with("https://auth.didit.me/"));
/// let profile = browser.click(&sign_in, "approve-alejandra").await;
/// assert_eq!(profile.url(), "https://app.example/profile");
/// assert_eq!(profile.text(), "your profile");
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "test-util")]
pub mod fake {
    pub use fake_didit::*;

    pub use crate::test_util::FakeDiditExt;
}

/// The services, futures and bodies of the layers, for type signatures.
pub mod middleware {
    pub use crate::{
        bearer::{BearerResponseFuture, DiditBearerService},
        body::ResponseBody,
        extract::RequireSignInService,
        future::ResponseFuture,
        service::DiditAuthService,
    };
}
