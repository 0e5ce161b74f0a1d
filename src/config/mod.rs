//! What an application decides once, before its first request.

mod builder;
mod check;
mod env;
mod error;
mod redirect_uri;

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Response, request::Parts};

pub use builder::ConfigBuilder;
pub use error::ConfigError;

pub(crate) use redirect_uri::RedirectUri;

use crate::{
    clock::Clock,
    error::Error,
    oidc::{AuthorizationRequest, IdTokenRules},
    provider::{MetadataSource, Provider},
    return_to::ReturnTo,
    seal::Sealer,
    session::Sessions,
    transport::LimitedTransport,
};

/// A checked configuration for [`DiditAuth`](crate::DiditAuth).
///
/// ```
/// # fn main() -> Result<(), tower_didit::ConfigError> {
/// use tower_didit::Config;
///
/// let config = Config::builder("client-id", "https://app.example/callback")
///     .with_client_secret("client-secret")
///     .with_scopes(["openid", "email", "offline"])
///     .build()?;
/// # let _ = config;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Config {
    pub(crate) client_secret: Option<Secret>,
    pub(crate) redirect_uri: RedirectUri,
    pub(crate) request: AuthorizationRequest,
    pub(crate) id_token_rules: IdTokenRules,
    pub(crate) metadata: MetadataSource,
    pub(crate) routes: Routes,
    pub(crate) landing_page: ReturnTo,
    pub(crate) completion: Completion,
    pub(crate) flow_sealer: Sealer,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) sign_out_pages: Vec<HeaderValue>,
    pub(crate) post_logout_redirect_uri: Option<String>,
    pub(crate) transport: LimitedTransport,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) error_page: Option<ErrorPage>,
}

impl Config {
    /// Starts a configuration from the two facts that it cannot do without: the client id that
    /// Didit gave the application, and the redirect URI that is registered there, as it is
    /// registered (it is compared byte for byte). The path of the redirect URI is the callback.
    pub fn builder(client_id: impl Into<String>, redirect_uri: impl Into<String>) -> ConfigBuilder {
        ConfigBuilder::new(client_id.into(), redirect_uri.into())
    }

    /// Starts a configuration from the environment.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `DIDIT_CLIENT_ID`, `DIDIT_REDIRECT_URI` | as for [`Config::builder`] |
    /// | `DIDIT_CLIENT_SECRET` | [`with_client_secret`](ConfigBuilder::with_client_secret) |
    /// | `DIDIT_SCOPES` | [`with_scopes`](ConfigBuilder::with_scopes), with spaces in between |
    /// | `DIDIT_PROVIDER` | `sign-in` (default: [`Provider::didit`]), `authentication` ([`Provider::authentication`]) or `discovered` ([`Provider::discovered`]) |
    /// | `DIDIT_ISSUER` | the accepted issuers, with spaces in between; `authentication` and `discovered` are found by the first |
    /// | `DIDIT_PUBLISHABLE_KEY` | in place of the issuer with `authentication` ([`Provider::from_publishable_key`]) |
    /// | `DIDIT_AUTHORIZATION_ENDPOINT`, `DIDIT_TOKEN_ENDPOINT`, `DIDIT_USERINFO_ENDPOINT`, `DIDIT_JWKS_URI` | replace single endpoints of the provider |
    /// | `DIDIT_COOKIE_KEYS` | [`with_cookie_keys`](ConfigBuilder::with_cookie_keys): base64, with spaces in between |
    /// | `DIDIT_COOKIE_NAME` | [`with_cookie_name`](ConfigBuilder::with_cookie_name) |
    /// | `DIDIT_ROOT_CERTIFICATES` | a PEM file for [`add_root_certificates`](ConfigBuilder::add_root_certificates) |
    /// | `DIDIT_HTTP_TIMEOUT` | [`with_http_timeout`](ConfigBuilder::with_http_timeout), in seconds |
    /// | `DIDIT_SESSION_IDLE`, `DIDIT_SESSION_ABSOLUTE` | [`with_session_idle_timeout`](ConfigBuilder::with_session_idle_timeout), [`with_session_lifetime`](ConfigBuilder::with_session_lifetime), in seconds |
    /// | `DIDIT_REDIS_URL` | [`with_session_store`](ConfigBuilder::with_session_store), with a `RedisStore` (feature `redis`) |
    /// | `DIDIT_CALLBACK` | `redirect` for [`with_redirect_after_sign_in`](ConfigBuilder::with_redirect_after_sign_in), or `forward` |
    ///
    /// A variable that is missing or empty leaves the default. What cannot be read is reported by
    /// [`build`](ConfigBuilder::build), like everything else.
    pub fn from_env() -> ConfigBuilder {
        env::read(|name| std::env::var_os(name))
    }

    pub(crate) fn provider(&self) -> &Provider {
        &self.id_token_rules.provider
    }
}

/// The client secret: redacted, wiped when dropped.
pub(crate) struct Secret(pub(crate) zeroize::Zeroizing<String>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The paths that the layer answers itself, besides the callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Routes {
    pub(crate) login: Option<String>,
    pub(crate) logout: Option<String>,
}

/// What follows a good callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Completion {
    /// The application's own handler for the callback.
    Forward,
    /// A redirect to the return-to.
    Redirect,
}

/// Makes the page that tells a person of an error.
#[derive(Clone)]
pub(crate) struct ErrorPage(pub(crate) Arc<MakeErrorPage>);

type MakeErrorPage = dyn Fn(&Error, &Parts) -> Response<Bytes> + Send + Sync;

impl fmt::Debug for ErrorPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ErrorPage")
    }
}
