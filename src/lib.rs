//! Sign-in with [Didit] for Tower and axum.
//!
//! One layer does the whole sign-in: it sends people to Didit, takes them back at the callback,
//! exchanges the authorization code through the [`oauth2`] crate, verifies the ID token, keeps the
//! session in sealed cookies or on the server, refreshes the tokens, and gives [`IdClaims`] and
//! [`DiditTokens`] to every handler that asks for them. Handlers that do not ask never wait.
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
//! `cargo run --example quickstart` shows it in the browser, with a fake Didit; no account is needed.
//!
//! # What happens
//!
//! 1. Somebody opens `/profile` and has no session. The extractor refuses with 401, and as a person
//!    is waiting for a page, the layer makes a 303 of it, to Didit. (`GET /login?return_to=/profile`
//!    does the same, and so does a handler that returns [`SignIn`].)
//! 2. The URL has `response_type=code`, the client id, the redirect URI, the scopes and fresh `state`,
//!    `nonce` and S256 `code_challenge`. What the callback needs to know goes into a sealed cookie of
//!    that browser; the server keeps nothing.
//! 3. Didit asks the person, and sends the browser back to the callback with `code` and `state`.
//! 4. The layer finds the cookie of this `state`, compares, and sends
//!    `POST https://apx.didit.me/auth/v2/token` with HTTP Basic authentication, the code, the redirect
//!    URI and the code verifier: once, and to the end, even if the browser goes away.
//! 5. It verifies the ID token in the answer, in the order of OpenID Connect Core §3.1.3.7: issuer,
//!    audience, signature, times, nonce, hashes. The keys are those of
//!    `https://apx.didit.me/auth/config/jwks`, which are kept, and follow a rotation at once.
//! 6. [`IdClaims`], [`DiditTokens`] and [`ReturnTo`] go into the request's extensions, and the request
//!    goes on to the application's own handler for the callback. If that answers below 400, the session
//!    begins. ([`with_redirect_after_sign_in`](ConfigBuilder::with_redirect_after_sign_in) skips the
//!    handler.) A callback that comes again meanwhile (a reload, a double click) joins this one: the code is
//!    sent once and one session begins. If the first connection drops, the next request runs the handler, so
//!    it must be idempotent.
//! 7. Every later request brings the session's cookie. The layer forwards the request at once; the session is
//!    opened, or loaded from the store, when a handler asks for it ([waiting](#waiting)). Nothing is verified
//!    twice. In the last half minute of its life the access token is refreshed, if the scope `offline` brought
//!    a refresh token: once, however many requests ask for it.
//! 8. `POST /logout` from a page of this site ends it: here first; then at a provider where there is
//!    something to end, which delays nobody for more than 2 seconds, and is finished even if the browser
//!    goes away. (Didit Authentication has a session, other providers revoke tokens (RFC 7009) and have a
//!    page that ends their own session; Didit's Sign in API has nothing of it.)
//!
//! # Waiting
//!
//! Whoever asks for the session waits for it, and only for what was asked:
//!
//! | asked for | waits for | at most |
//! |---|---|---|
//! | nothing | nothing: no cookie is opened, no store and no provider called | |
//! | [`IdClaims`], [`RequireSignIn`] | the session store, if there is one | 1 s, then 503 |
//! | the same with Didit Authentication, once the access token has expired | the refresh | 5 s, then 503 |
//! | [`DiditTokens`], [`RequireSignIn::with_tokens`], while the access token is valid | a due refresh, if the answer has to carry the new tokens or the refresh ends the old ones; only the request that starts it | 2 s |
//! | the same, once the access token has expired | the refresh | 5 s, then 503 |
//! | [`DiditClient`] | its call | the [time-out](ConfigBuilder::with_http_timeout) of a call |
//!
//! While the provider or the store is silent, one request notices it; the others that need it fail at once, for
//! 10 s at the provider and 1 s at the store, and then one tries again. Nobody is signed out by an outage, and a
//! refresh token that works once is not sent to find out whether it is over.
//!
//! A body stream or a task that asks for the first time after the head of the answer was sent gets
//! [`AskedTooLate`](reason::WiringError::AskedTooLate): the answer can no longer say that it depends on the session. Only
//! a session that was asked for counts as used.
//!
//! # Who the user is
//!
//! [`IdClaims`] exists only if it was verified: [`subject`](IdClaims::subject) and
//! [`issuer`](IdClaims::issuer) together are the user. What the user granted besides, Didit tells when
//! it is asked: [`DiditClient::user_info`].
//!
//! The identity outlives the access token. When that has ended and cannot be renewed, [`DiditTokens`]
//! refuses with the code `tokens-expired`, which sends a person who waits for a page to Didit for new ones; if a
//! refresh fails for now, the code is `tokens-unavailable` and the status 503.
//! Before its limits only a sign-out and a refresh token that Didit calls invalid end a session; while
//! Didit is out of order, it goes on. (Didit Authentication decides itself who is signed in: there a
//! session ends with an access token that cannot be renewed.)
//!
//! # Sessions
//!
//! | | [in cookies](ConfigBuilder::with_sessions_in_cookies) | in [memory](store::MemoryStore) | in Redis, or [your own](store::SessionStore) store |
//! |---|---|---|---|
//! | the server keeps | nothing | all, in one process | all, for all processes |
//! | size | 4 KB, up to 40 | 64 KB | 64 KB |
//! | a sign-out ends copies of the cookie | in this process, until it restarts | yes | yes |
//! | refresh tokens that work once | no | yes | yes |
//! | one refresh for all requests of | a process | a process | all processes |
//!
//! Cookies are the default, and memory where refresh tokens work once (Didit Authentication with
//! `offline_access`). [`with_session_store`](ConfigBuilder::with_session_store) takes any
//! [`SessionStore`](store::SessionStore). A session lasts a [day](ConfigBuilder::with_session_idle_timeout) from its
//! last use and a [week](ConfigBuilder::with_session_lifetime) in any case; both ends are sealed into it. Every
//! sign-in begins a new one.
//!
//! **Refresh.** A process that refreshes the tokens of a stored session first records that in the store, in one
//! atomic step; the others go on with the old access token while it is valid. A refresh token that works once is
//! never sent twice: not after a time-out, not after a crash, not by another process. If the outcome is unknown,
//! the session lives on its access token and is not refreshed again; the record is taken back only if no
//! connection was established. Tokens that work more often are tried again, 10 seconds after a failure. New
//! tokens of a session in cookies are kept in memory until an answer has carried them, at most 10 minutes.
//!
//! While a store does not answer, extractors and [`RequireSignIn`] answer 503 with `Retry-After`, also
//! `Option<_>`. Nobody is taken for signed in or out.
//!
//! `POST /logout` also ends the sign-ins that are under way in other tabs of the browser; a handler's
//! [`DiditClient::sign_out`] leaves them alone. A sign-in that the callback's handler refuses, that another one
//! replaces, or that nobody came back for is ended at the provider, in the background. (Where the same user has
//! signed in again, the old tokens are not revoked: with some providers that would end the new ones too, RFC 7009
//! §2.1.) What was sent to the provider is finished, also for browsers that have gone away:
//! [`DiditAuth::shutdown`] waits for it at the end of a program.
//!
//! # Providers
//!
//! [`Provider::didit`], the Sign in API, is the default. [`Provider::authentication`] and
//! [`Provider::from_publishable_key`] are Didit Authentication, where every application has an issuer of
//! its own: a public client, so the configuration has cookie keys and no secret. [`Provider::discovered`]
//! is any OpenID provider, by its metadata. All are data; issuers, endpoints, algorithms and client
//! authentication can be replaced: [`with_provider`](ConfigBuilder::with_provider).
//!
//! # Where to put the layer
//!
//! Last, on the outermost router, so that it sees every request with its whole path. In axum a layer
//! does not see:
//!
//! - paths without a route, under `Router::route_layer`;
//! - a `fallback` that is set, and a router that is merged, *after* `.layer(…)`; the merged router's
//!   fallback may then hide the layer's own paths as well;
//! - the whole path, on a router that is nested: `Router::nest` strips the prefix, and the layer does
//!   not know its callback.
//!
//! The callback needs a route in the application, or `with_redirect_after_sign_in`.
//!
//! It works as well around any other `Service<http::Request<B>, Response = http::Response<R>>` that is
//! `Clone` and whose body `R` is made of `Bytes`: plain hyper, tonic. There [`IdClaims::of`],
//! [`DiditTokens::of`] and [`DiditClient::of`] read the extensions. It needs a tokio runtime.
//!
//! A proxy that strips a prefix of the path hides the callback: the layer must see the path of the
//! redirect URI. Applications that share a host, on whatever ports, share its cookies, and so do several layers
//! in one application: give each a [name for its cookies](ConfigBuilder::with_cookie_name), and paths of its own.
//! Of stacked layers the inner one answers for what is inside of it.
//!
//! # Cookies
//!
//! | name | content | lasts |
//! |---|---|---|
//! | `__Host-didit` | the session; larger ones go on in `__Host-didit.1`, `.2`, …; or, with a store, 256 random bits that name it | the session's limits |
//! | `__Host-didit-flow-…` | a sign-in under way, one each; at most 5, and 3 KB | 20 minutes |
//! | `__Host-didit.completed` | how many sign-ins were completed one after the other, not sealed: a browser that loses its session twice gets a page instead of a third redirect | 30 seconds |
//!
//! All are `Secure`, `HttpOnly`, `SameSite=Lax` and `Path=/`. Their content is encrypted and authenticated
//! (AES-256-GCM-SIV), and its limits are sealed inside; where the cookie is an id, that holds for what the
//! store has under its hash. On an `http` loopback redirect URI the names
//! lack `__Host-`, and the cookies `Secure`. A session may take 4 KB by default; see
//! [`with_session_cookie_limit`](ConfigBuilder::with_session_cookie_limit).
//!
//! An answer that depends on the session gets `Vary: Cookie` and, unless the handler chose a
//! `Cache-Control`, `private`; one that sets a cookie of the layer's gets `private, no-store`.
//!
//! # Security
//!
//! `state` is bound to the browser, compared in constant time and used once; PKCE is always on; an ID
//! token counts only with a good signature, by an algorithm and an issuer that the provider is known to
//! have, for this client and this sign-in, and nothing in its header is trusted; the return-to cannot
//! leave the site; redirects of the provider are not followed; what the application knows of its own
//! address comes from the configured redirect URI, never from a header. Every call has a time-out and a
//! limit of size, and at most 256 exchanges of one layer, and as many refreshes, wait for Didit at a time.
//! `SECURITY.md` lists what is promised and what is not.
//!
//! A session in cookies cannot be revoked in other processes before it ends: after a sign-out a stolen copy works
//! there until its limits. In the process that has seen the sign-out it is nobody's. With a store a sign-out is
//! final.
//!
//! # Errors
//!
//! [`ConfigError`] comes from [`build`](ConfigBuilder::build), before the first request. [`Error`] is
//! what goes wrong at run time. A person gets a small page, or your own
//! ([`with_error_page`](ConfigBuilder::with_error_page)); a program gets a problem document (RFC 9457) that has the
//! stable [`code`](ErrorKind::code). The error itself is in the answer's extensions. Extractors and guards refuse
//! with it too, and so does a handler's `?`.
//!
//! # Logs
//!
//! They are events of [`tracing`], with the target `tower_didit`: errors in the wiring at `ERROR`, each
//! once or each time somebody meets it; failures of the provider and of the configuration at `WARN`; what
//! strangers and users cause at `DEBUG`. An [`Error`] is logged once, with the fields `code`, `error`, `source` and
//! `host`: the host that was called. No secret is among them, and of the claims of a token that is refused only
//! its issuer, its audience and its times, which have to be compared.
//!
//! # Features
//!
//! | feature | default | |
//! |---|---|---|
//! | `reqwest` | yes | the default transport: reqwest with rustls |
//! | `redis` | no | [`store`]`::RedisStore`: sessions for several processes and machines |
//! | `test-util` | no | `fake`: a whole Didit in the process, a browser, and sessions without a sign-in, for tests; [`store`]`::conformance` |
//!
//! Without `reqwest`, [`with_transport`](ConfigBuilder::with_transport) takes any Tower service.
//!
//! # What it does not do yet
//!
//! It asks neither Didit's introspection nor its live check whether a session still lives. Processes that
//! keep sessions in cookies refresh independently of each other, which is harmless with Didit's Sign in API,
//! whose refresh tokens can be used again. Declare a provider whose tokens work once with
//! [`with_single_use_refresh_tokens`](Provider::with_single_use_refresh_tokens).
//!
//! [Didit]: https://didit.me
//! [`oauth2`]: https://docs.rs/oauth2
//! [`tracing`]: https://docs.rs/tracing
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "__benchmark")]
#[doc(hidden)]
pub mod benchmark;
mod body;
mod breaker;
mod clock;
mod config;
mod context;
mod cookie;
mod error;
mod extract;
mod flight;
mod future;
mod json;
mod layer;
mod oidc;
mod provider;
mod provider_calls;
mod relying_party;
mod return_to;
mod seal;
mod service;
mod session;
#[cfg(feature = "test-util")]
mod test_util;
pub mod tokens;
pub mod transport;

pub use clock::Clock;
pub use config::{Config, ConfigBuilder, ConfigError};
pub use error::{Error, ErrorKind};
pub use extract::{DiditClient, RequireSignIn, SignIn, SignedOut};
pub use layer::DiditAuth;
pub use provider::Provider;
pub use return_to::ReturnTo;
pub use tokens::{didit_tokens::DiditTokens, id_claims::IdClaims};

/// The reasons inside of an [`ErrorKind`].
pub mod reason {
    pub use crate::error::{CallbackError, IdTokenError, TokenError, WiringError};
}

/// The words in which a [`Provider`] says how it is spoken to.
pub mod protocol {
    pub use crate::provider::{ClientAuthentication, SigningAlgorithm};
}

/// Where sessions are kept on the server.
///
/// A [`SessionStore`](store::SessionStore) is a map of sealed values, each with a version and an end. The key of a
/// session is the hash of a random id, which only the browser has, and its owner is a keyed hash of the user; without
/// the layer's keys a value cannot be read, changed or moved to another key.
///
/// | | for |
/// |---|---|
/// | [`MemoryStore`](store::MemoryStore) | one process |
/// | `RedisStore` (feature `redis`) | several processes and machines |
/// | your own, as in `examples/session_store` | a database that is there anyway |
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
/// `conformance::check` (feature `test-util`) tests a store of your own.
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

/// A Didit for tests: the crate [`fake-didit`](fake_didit), and what connects an application to it.
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

/// The types that the layers make, to name them in a signature.
pub mod middleware {
    pub use crate::{
        body::ResponseBody,
        extract::{GuardFuture, RequireSignInService},
        future::ResponseFuture,
        service::DiditAuthService,
    };
}
