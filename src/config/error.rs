//! Errors of a configuration.

use std::{error::Error as _, fmt};

use crate::{oidc::InvalidParameter, provider::InvalidUrl};

/// An invalid setting. [`build`](crate::ConfigBuilder::build) reports it before the first request, and says what to
/// change. The error contains no secret.
///
/// `Debug` is `Display` with the source: a `main` that returns the error prints it.
///
/// ```
/// use tower_didit::{Config, ConfigError};
///
/// let error = Config::builder("client-id", "http://app.example/callback") // not https
///     .with_client_secret("client-secret")
///     .build()
///     .unwrap_err();
/// assert!(matches!(error, ConfigError::InvalidValue { name: "redirect URI", .. }));
/// ```
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A setting that is empty, has white space around it, or is out of its range. The error does not repeat the value.
    #[error("the {name} {why}")]
    Invalid {
        /// The setting, for example `client id` or `HTTP timeout`.
        name: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },

    /// A text that is invalid for its setting: a URL that secrets must not be sent to, a path that is not of this
    /// site or is used twice, scopes (RFC 6749 §3.3), a parameter of the authorization request (OpenID Connect Core
    /// §3.1.2.1), a cookie name.
    #[error("the {name} {value:?} {why}")]
    InvalidValue {
        /// The setting, for example `redirect URI` or `landing page`.
        name: &'static str,
        /// The text; `[redacted]` if it may contain a password.
        value: String,
        /// What is wrong with it.
        why: &'static str,
    },

    /// The provider has no issuer, or the publishable key contains none.
    #[error(
        "the provider has no issuer: give at least one to `Provider::with_issuers` (`DIDIT_ISSUER`), \
         or the whole publishable key (`DIDIT_PUBLISHABLE_KEY`)"
    )]
    NoIssuer,

    /// A client secret is set for a provider whose clients have none.
    #[error(
        "this provider's clients have no secret: leave the client secret (`DIDIT_CLIENT_SECRET`) \
         out, and give 32 random bytes to `with_cookie_keys` (`DIDIT_COOKIE_KEYS`) instead"
    )]
    UnwantedClientSecret,

    /// The scope `offline_access` or `offline` requests single-use refresh tokens, and sessions are in cookies: an old
    /// cookie would bring a spent token back.
    #[error(
        "the provider's refresh tokens are single-use, so a session in cookies cannot keep one: use \
         `with_session_store` with a `MemoryStore` (one process) or a `RedisStore` (several), or \
         leave the scope `offline_access` or `offline` out"
    )]
    SingleUseRefreshTokens,

    /// A rule of [`RequireSignIn`](crate::RequireSignIn) reads the user information, which sessions do not keep.
    #[error(
        "a rule of `RequireSignIn` reads the user information, which sessions do not keep: add \
         `with_user_info_at_sign_in`, or, with Didit Authentication, whose claims are in the ID \
         token, use `RequireSignIn::when`"
    )]
    UserInfoNotKept,

    /// A rule of [`RequireSignIn`](crate::RequireSignIn) needs a scope that is not requested: it would refuse everybody.
    #[error(
        "a rule of `RequireSignIn` needs the scope `{scope}`, which is not requested: add it to \
         `with_scopes` (`DIDIT_SCOPES`)"
    )]
    ScopeNotRequested {
        /// The scope.
        scope: String,
    },

    /// A cookie key is shorter than 32 bytes.
    #[error("cookie key {position} has {length} bytes, and at least 32 random ones are needed")]
    ShortCookieKey {
        /// Which key: 1 is the first.
        position: usize,
        /// Its length in bytes.
        length: usize,
    },

    /// The list of cookie keys is empty, or there is neither a list nor a client secret.
    #[error(
        "there are no cookie keys: set the client secret (`DIDIT_CLIENT_SECRET`), from which they \
         are derived, or give 32 random bytes to `with_cookie_keys` (`DIDIT_COOKIE_KEYS`), the same \
         to every instance"
    )]
    CookieKeysMissing,

    /// A PEM file has no certificate, or neither the system nor a file has one.
    #[error(
        "no usable root certificates; install the system's (on Debian the package \
         `ca-certificates`), or give a PEM file to `add_root_certificates`"
    )]
    RootCertificates {
        /// The error of the TLS library.
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// The crate is built without the feature `reqwest`, and no other transport is set.
    #[error(
        "there is no HTTP transport: switch the feature `reqwest` on, or give one to \
         `with_transport`"
    )]
    NoTransport,

    /// An environment variable cannot be read.
    #[error("the environment variable `{name}` {why}")]
    InvalidVariable {
        /// Its name.
        name: &'static str,
        /// What is wrong with it, without the value.
        why: &'static str,
    },
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        match self.source() {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl From<InvalidParameter> for ConfigError {
    fn from(InvalidParameter { name, value, why }: InvalidParameter) -> Self {
        match value {
            Some(value) => Self::InvalidValue { name, value, why },
            None => Self::Invalid { name, why },
        }
    }
}

impl From<InvalidUrl> for ConfigError {
    fn from(InvalidUrl { name, value, why }: InvalidUrl) -> Self {
        Self::InvalidValue { name, value, why }
    }
}
