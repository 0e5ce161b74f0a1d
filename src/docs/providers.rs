//! Choosing a provider: Didit's Sign in API, Didit Authentication, or any OpenID provider.
//!
//! # Which one is mine?
//!
//! | you have from Didit | product | code |
//! |---|---|---|
//! | a client id and a client secret | Sign in API | none needed: the default ([`Provider::didit`](crate::Provider::didit)) |
//! | a publishable key, `pk_live_…` or `pk_test_…` | Didit Authentication | [`Provider::from_publishable_key`](crate::Provider::from_publishable_key) |
//! | an issuer such as `https://acme.auth.didit.me` | Didit Authentication | [`Provider::authentication`](crate::Provider::authentication) |
//! | the issuer of any other OpenID provider | | [`Provider::discovered`](crate::Provider::discovered) |
//!
//! # What differs
//!
//! | | Sign in API | Didit Authentication | discovered |
//! |---|---|---|---|
//! | client secret | yes, HTTP Basic | none: set [`with_cookie_keys`](crate::ConfigBuilder::with_cookie_keys) | optional, sent as the metadata says |
//! | default scopes | `openid` | none | `openid` |
//! | scope for a refresh token | `offline` | `offline_access` | often `offline_access` |
//! | refresh tokens | assumed reusable | single-use (accepted only once) | assumed reusable; if not, declare them with [`with_single_use_refresh_tokens`](crate::Provider::with_single_use_refresh_tokens) |
//! | access token lives for | 1 hour | 5 minutes | |
//! | access tokens of an [API](crate::docs::recipes::bearer_api) | opaque: introspected | JWTs: verified with the keys | introspected if the metadata has the endpoint, else JWTs (RFC 9068) |
//! | [check](crate::DiditClient::session) that a session is still active | no | yes | no |
//! | [`client_credentials`](crate::DiditClient::client_credentials) | yes | no | if the client has a secret |
//! | a session [ends with its access token](crate::docs::flow#when-a-session-ends) | no | yes | no |
//! | user information | [`UserInfo`](crate::UserInfo) | in the ID token: [`verified`](crate::IdClaims::verified), [`claim`](crate::IdClaims::claim) | [`UserInfo`](crate::UserInfo), if the metadata has the endpoint |
//! | sign-out at the provider | no | its session is terminated | token revocation (RFC 7009), end-session page |
//! | sessions by default | in cookies | in memory with `offline_access`, else in cookies | in cookies, or in memory with single-use refresh tokens |
//!
//! # Sign in API
//!
//! ```
//! # fn main() -> Result<(), tower_didit::ConfigError> {
//! use tower_didit::{Config, scope};
//!
//! let config = Config::builder("client-id", "https://app.example/callback")
//!     .with_client_secret("client-secret")
//!     .with_scopes([scope::OPENID, scope::NAMES, scope::EMAIL, scope::OFFLINE])
//!     .build()?;
//! # let _ = config;
//! # Ok(())
//! # }
//! ```
//!
//! Scopes that Didit documents: `openid` `offline` `user_id` `picture` `names` `email` `phone` `gender`
//! `document_detail` `birthdate` `address` `bank_account` `preferences` `is_verified` `is_over_18` `is_over_21`
//! `instagram_account` `x_account` `tiktok_account`; [`scope`](crate::scope) has them as constants.
//!
//! Didit's pages name several issuers (see [the key of a user](#the-key-of-a-user)) and two addresses for its keys and
//! its sign-in page. The preset accepts all the issuers; each endpoint can be replaced, see
//! [`Provider`](crate::Provider).
//!
//! # Didit Authentication
//!
//! ```
//! # fn main() -> Result<(), tower_didit::ConfigError> {
//! use tower_didit::{Config, Provider, scope};
//!
//! # let cookie_key = [7; 32];
//! let config = Config::builder("application-id", "https://app.example/callback")
//!     .with_provider(Provider::authentication("https://acme.auth.didit.me"))
//!     .with_cookie_keys([cookie_key])
//!     .with_scopes([scope::OPENID, scope::EMAIL, scope::PROFILE, scope::OFFLINE_ACCESS])
//!     .build()?;
//! # let _ = config;
//! # Ok(())
//! # }
//! ```
//!
//! Without `offline_access` a session lasts as long as its access token, 5 minutes. With `offline_access` sessions are
//! in memory: several processes need a [shared store](crate::docs::machines). The issuer has no slash at the end.
//! During the switch to a custom domain, tokens of both issuers arrive: [`add_issuer`](crate::Provider::add_issuer).
//!
//! # Another OpenID provider
//!
//! ```
//! # fn main() -> Result<(), tower_didit::ConfigError> {
//! use tower_didit::{Config, Provider, scope};
//!
//! let config = Config::builder("client-id", "https://app.example/callback")
//!     .with_client_secret("client-secret")
//!     .with_provider(Provider::discovered("https://login.example.com"))
//!     .with_scopes([scope::OPENID, scope::PROFILE, scope::EMAIL])
//!     .build()?;
//! # let _ = config;
//! # Ok(())
//! # }
//! ```
//!
//! The metadata is fetched at the first sign-in, so an application can start while its provider is down.
//! The issuer is compared byte for byte: an issuer with a slash at the end is another issuer than the one without.
//!
//! # The key of a user
//!
//! [`IdClaims::subject`](crate::IdClaims::subject) identifies a user of one provider. The key in an
//! application's database:
//!
//! | providers of the application | key |
//! |---|---|
//! | one | the subject alone: the layer accepts ID tokens of this provider's issuers only |
//! | several, each with a layer of its own | a name of yours for the provider, and the subject: `("didit", "8a1d4f0e-…")` |
//!
//! Do not include [`issuer`](crate::IdClaims::issuer) (`iss`) in the key. OpenID Connect has exactly one issuer for
//! each provider, but Didit's Sign in API is known to use several, and [`Provider::didit`](crate::Provider::didit)
//! accepts them all as one provider. If the `iss` of a user changes from one of them to another, a key of issuer and
//! subject creates a second account for the same person. With Didit Authentication the `iss` changes with the switch to
//! a custom domain.
//!
//! # From the environment
//!
//! [`Config::from_env`](crate::Config::from_env) reads the same choice from `DIDIT_PROVIDER` (`sign-in`,
//! `authentication`, `discovered`), `DIDIT_ISSUER` and `DIDIT_PUBLISHABLE_KEY`.
