//! What can be wrong with a configuration.

use std::{error::Error as _, fmt};

use crate::provider::InvalidUrl;

/// A configuration that cannot work. It is found by [`build`](crate::ConfigBuilder::build), before
/// the first request, and says what to change. It contains no secret.
///
/// `Debug` says the same as `Display`, with its source: it is what a `main` that returns it prints.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// There is no client id.
    #[error("the client id is empty; it is in Didit's console (`DIDIT_CLIENT_ID`)")]
    EmptyClientId,

    /// A client secret was set, and it is empty.
    #[error(
        "the client secret is empty; it is in Didit's console (`DIDIT_CLIENT_SECRET`); a public \
         client sets none"
    )]
    EmptyClientSecret,

    /// The client id or secret has white space at an end.
    #[error("the {name} starts or ends with white space; a file may have added a new line")]
    SurroundingSpace {
        /// Which of them.
        name: &'static str,
    },

    /// There is no redirect URI.
    #[error(
        "the redirect URI is empty; it is one that is registered at Didit (`DIDIT_REDIRECT_URI`)"
    )]
    EmptyRedirectUri,

    /// The redirect URI or an endpoint is not a URL that secrets may be sent to.
    #[error("the {name} {url:?} {why}")]
    InvalidUrl {
        /// Which URL it is.
        name: &'static str,
        /// The URL as it was given.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },

    /// The list of scopes lacks `openid`, without which there is no ID token (OpenID Connect Core
    /// §3.1.2.1).
    #[error("the scopes {scopes:?} lack `openid` (scopes have spaces in between)")]
    OpenIdScopeMissing {
        /// The scopes as they were given, with spaces in between.
        scopes: String,
    },

    /// A scope has characters that RFC 6749 §3.3 does not allow.
    #[error(
        "{scope:?} is not a scope: a scope is visible ASCII without space, quote and backslash"
    )]
    InvalidScope {
        /// The scope.
        scope: String,
    },

    /// A parameter of the authorization request cannot be sent, or could never be met.
    #[error("the {name} {value:?} {why}")]
    InvalidParameter {
        /// The parameter (OpenID Connect Core §3.1.2.1).
        name: &'static str,
        /// What was given.
        value: String,
        /// What is wrong with it.
        why: &'static str,
    },

    /// There is no issuer to accept, or the publishable key names none.
    #[error(
        "the provider has no issuer: give at least one to `Provider::with_issuers` (`DIDIT_ISSUER`), \
         or the whole publishable key (`DIDIT_PUBLISHABLE_KEY`)"
    )]
    NoIssuer,

    /// A client secret was set, and clients of this provider have none.
    #[error(
        "this provider's clients have no secret: leave the client secret (`DIDIT_CLIENT_SECRET`) \
         out, and give 32 random bytes to `with_cookie_keys` (`DIDIT_COOKIE_KEYS`) instead"
    )]
    UnwantedClientSecret,

    /// `offline_access` (or `offline`) brings refresh tokens that work once, and sessions are to be in cookies,
    /// where an old one could come back.
    #[error(
        "the provider's refresh tokens work once, so a session in cookies cannot keep one: use \
         `with_session_store` with a `MemoryStore` (one process) or a `RedisStore` (several; \
         `DIDIT_REDIS_URL`), or leave the scope `offline_access` or `offline` out"
    )]
    SingleUseRefreshTokens,

    /// A cookie key is too short.
    #[error("cookie key {position} has {length} bytes, and at least 32 random ones are needed")]
    ShortCookieKey {
        /// Which key: 1 is the first.
        position: usize,
        /// How many bytes it has.
        length: usize,
    },

    /// The name of the cookies is not short and plain.
    #[error(
        "the cookie name {name:?} must have 1 to 32 letters, digits, `-` and `_`, without `-flow-`, `-flow` at the \
         end and a prefix, which is added"
    )]
    InvalidCookieName {
        /// The name as it was given.
        name: String,
    },

    /// The list of cookie keys is empty, or a public client, which has no secret to derive them
    /// from, has none.
    #[error(
        "there are no cookie keys: set the client secret (`DIDIT_CLIENT_SECRET`), from which they \
         are derived, or give 32 random bytes to `with_cookie_keys` (`DIDIT_COOKIE_KEYS`), the same \
         to every instance"
    )]
    CookieKeysMissing,

    /// The path of the callback, of sign-in or of sign-out is not a path, or two are the same.
    #[error("the {name} {path:?} {why}")]
    InvalidPath {
        /// Which path it is.
        name: &'static str,
        /// The path as it was given.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },

    /// A duration or a size is out of its range.
    #[error("the {name} must be {range}")]
    OutOfRange {
        /// What it is.
        name: &'static str,
        /// What it may be.
        range: &'static str,
    },

    /// The certificates to trust cannot be used: a PEM file holds none, or the machine has none.
    #[error(
        "no usable root certificates; install the system's (on Debian the package \
         `ca-certificates`), or give a PEM file to `add_root_certificates` \
         (`DIDIT_ROOT_CERTIFICATES`)"
    )]
    RootCertificates {
        /// What the TLS library says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// The crate was built without the feature `reqwest`, and no other transport was given.
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
        /// What is wrong with it. Its value is not repeated.
        why: String,
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

impl From<InvalidUrl> for ConfigError {
    fn from(invalid: InvalidUrl) -> Self {
        Self::InvalidUrl {
            name: invalid.name,
            url: invalid.text,
            why: invalid.why,
        }
    }
}
