//! Didit's console, step by step: the values to register and to copy.
//!
//! The console changes more often than this page, and may use other words. Steps marked *documented* are in Didit's
//! documentation or its own code.
//!
//! # Sign in API
//!
//! 1. Create an application in Didit's business console, and copy its **client id** and **client secret**. The secret is
//!    for the server alone (*documented*).
//! 2. Register the **redirect URI**: `https://app.example/callback`. Didit compares it exactly (*documented*): scheme,
//!    host, port, path and trailing slash. One registration for each origin:
//!
//!    | where | redirect URI |
//!    |---|---|
//!    | production | `https://app.example/callback` |
//!    | staging | `https://staging.app.example/callback` |
//!    | your machine | `http://localhost:3000/callback` |
//!
//!    Whether the console accepts `http://localhost` for the Sign in API is not documented: try it. If it does not,
//!    develop against the fake (`cargo run --example quickstart`) or a tunnel with `https`.
//! 3. Allow the **scopes** that your application requests. `openid` is required, `offline` brings a refresh token
//!    (*documented*). An unknown scope is refused with `invalid-scope`; the [log](crate::docs::logs) names the
//!    requested scopes. [Providers](crate::docs::providers#sign-in-api) lists the scopes that Didit documents.
//! 4. Give the values to the application:
//!
//! ```text
//! DIDIT_CLIENT_ID=…
//! DIDIT_CLIENT_SECRET=…
//! DIDIT_REDIRECT_URI=https://app.example/callback
//! DIDIT_SCOPES=openid names email offline
//! DIDIT_COOKIE_KEYS=…            # openssl rand -base64 32
//! ```
//!
//! ```no_run
//! # fn main() -> Result<(), tower_didit::ConfigError> {
//! let config = tower_didit::Config::from_env().build()?;
//! # let _ = config;
//! # Ok(())
//! # }
//! ```
//!
//! Didit has staging hosts (`apx.staging.didit.me`, `auth.staging.didit.me`; *documented*). [`Provider`](crate::Provider)
//! shows how to use them. Whether an account has access to them is Didit's decision.
//!
//! # Didit Authentication
//!
//! 1. Switch the product on for the application. Until then all its addresses return 404 (*documented*).
//! 2. Copy the **publishable key** (`pk_live_…`, `pk_test_…`) or the **issuer** (`https://acme.auth.didit.me`), and the
//!    **application id**, which is the client id. There is no secret (*documented*).
//! 3. Register the **redirect URIs**. Didit compares them character for character, and accepts `http` only for
//!    sandbox applications. With an unregistered one Didit shows a page with status 400 (*documented*).
//! 4. Add the post-logout page that is configured at Didit, if there is one, to
//!    [`with_sign_out_pages`](crate::ConfigBuilder::with_sign_out_pages): after a sign-out the layer, not Didit, redirects
//!    to it.
//!
//! # Identity verification
//!
//! Create a workflow, and a webhook destination; copy the **API key** of the application, the **workflow id** and the
//! **secret of the destination**: see [verification](crate::docs::verification#from-the-console-to-production), for a
//! sandbox as well. `Config::from_env` reads none of the three.
//!
//! # Sandbox
//!
//! Sandbox and live applications of Didit Authentication have issuers and keys of their own
//! (`https://acme.sandbox.auth.didit.me`; *documented*). A publishable key contains its issuer, so changing the key
//! changes the environment:
//!
//! ```
//! # fn main() -> Result<(), tower_didit::ConfigError> {
//! use tower_didit::{Config, Provider};
//!
//! # let cookie_key = [7; 32];
//! let publishable_key = "pk_test_aHR0cHM6Ly9hY21lLnNhbmRib3guYXV0aC5kaWRpdC5tZQ";
//! let provider = Provider::from_publishable_key(publishable_key);
//! assert_eq!(provider, Provider::authentication("https://acme.sandbox.auth.didit.me"));
//!
//! let config = Config::builder("application-id", "http://localhost:3000/callback")
//!     .with_provider(provider)
//!     .with_cookie_keys([cookie_key])
//!     .build()?;
//! # let _ = config;
//! # Ok(())
//! # }
//! ```
//!
//! # When it does not work
//!
//! | you see | cause |
//! |---|---|
//! | Didit's page says that the redirect URI is wrong | `DIDIT_REDIRECT_URI` is not registered, or not character for character |
//! | `invalid-client` | the client id or secret is of another application, or of the sandbox |
//! | `invalid-scope` | a scope is not allowed for the application |
//! | `unknown-sign-in` | the browser started on a host other than the redirect URI's |
//! | `invalid-issuer` | Didit uses another issuer, which the log names: accept it with [`with_issuers`](crate::Provider::with_issuers) |
