//! The settings of an application, checked before its first request.

mod builder;
mod env;
mod error;
mod origin;
mod redirect_uri;

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Response, request::Parts};

pub use builder::ConfigBuilder;
pub use error::ConfigError;

pub(crate) use origin::Origin;
pub(crate) use redirect_uri::{HostMatch, RedirectUri};

use crate::{
    clock::Clock,
    error::Error,
    oidc::{AuthorizationRequest, IdTokenRules},
    provider::{MetadataSource, Provider},
    return_to::ReturnTo,
    session::TokenSealer,
    tokens::Secret,
    transport::LimitedTransport,
};

/// A checked configuration for [`DiditAuth`](crate::DiditAuth). [`ConfigBuilder`] lists all settings.
///
/// ```
/// # fn main() -> Result<(), tower_didit::ConfigError> {
/// use tower_didit::{Config, scope};
///
/// let config = Config::builder("client-id", "https://app.example/callback")
///     .with_client_secret("client-secret")
///     .with_scopes([scope::OPENID, scope::EMAIL, scope::OFFLINE])
///     .build()?;
/// # let _ = config;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Config {
    pub(crate) client_secret: Option<Secret>,
    /// One for each redirect URI; there is at least one.
    pub(crate) origins: Vec<Arc<Origin>>,
    pub(crate) token_sealer: TokenSealer,
    pub(crate) request: AuthorizationRequest,
    pub(crate) id_token_rules: IdTokenRules,
    pub(crate) metadata: MetadataSource,
    /// `None`: switched off.
    pub(crate) login_path: Option<String>,
    /// `None`: switched off.
    pub(crate) logout_path: Option<String>,
    pub(crate) landing_page: ReturnTo,
    /// Whether the layer responds to a successful callback itself.
    pub(crate) redirects_after_sign_in: bool,
    /// Whether a sign-in fetches the user information, which the session keeps.
    pub(crate) user_info_at_sign_in: bool,
    pub(crate) sign_out_pages: Vec<HeaderValue>,
    pub(crate) transport: LimitedTransport,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) error_page: Option<ErrorPage>,
}

impl Config {
    /// Starts a configuration.
    ///
    /// `client_id` is the id that Didit gave the application. `redirect_uri` is a URI that is registered at Didit, byte
    /// for byte: `https`, or `http` on loopback. Its path is the callback's path.
    /// [`add_redirect_uri`](ConfigBuilder::add_redirect_uri) adds those of further origins.
    /// [Example](Self).
    pub fn builder(client_id: impl Into<String>, redirect_uri: impl Into<String>) -> ConfigBuilder {
        ConfigBuilder::new(client_id.into(), redirect_uri.into())
    }

    /// Starts the configuration of an API, which signs nobody in, for [`DiditBearer::new`](crate::DiditBearer::new). It
    /// has no redirect URI, so [`build`](ConfigBuilder::build) refuses it.
    ///
    /// A public client has no secret. A client secret is needed for introspection: with Didit's Sign in API.
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use tower_didit::{AccessClaims, Config, DiditBearer};
    ///
    /// # fn main() -> Result<(), tower_didit::ConfigError> {
    /// let config = Config::api("client-id").with_client_secret("client-secret");
    /// let app: Router = Router::new()
    ///     .route("/orders", get(|access: AccessClaims| async move { access.subject().to_owned() }))
    ///     .layer(DiditBearer::new(config)?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn api(client_id: impl Into<String>) -> ConfigBuilder {
        ConfigBuilder::new(client_id.into(), String::new())
    }

    /// Starts a configuration from the environment. Setters add to these settings and replace them.
    ///
    /// | variable | setting |
    /// |---|---|
    /// | `DIDIT_CLIENT_ID` | client id; required |
    /// | `DIDIT_REDIRECT_URI` | redirect URI; required, except for [`DiditBearer::new`](crate::DiditBearer::new). Several, with spaces or commas in between: the first, and [`add_redirect_uri`](ConfigBuilder::add_redirect_uri) for each of the others |
    /// | `DIDIT_CLIENT_SECRET` | [`with_client_secret`](ConfigBuilder::with_client_secret) |
    /// | `DIDIT_SCOPES` | [`with_scopes`](ConfigBuilder::with_scopes), with spaces in between |
    /// | `DIDIT_PROVIDER` | [`with_provider`](ConfigBuilder::with_provider): `sign-in` ([`Provider::didit`], the default), `authentication` ([`Provider::authentication`]) or `discovered` ([`Provider::discovered`]) |
    /// | `DIDIT_ISSUER` | accepted issuers, with spaces in between; with `authentication` and `discovered` the first is the issuer at which the provider is reached |
    /// | `DIDIT_PUBLISHABLE_KEY` | with `authentication`, in place of the issuer: [`Provider::from_publishable_key`] |
    /// | `DIDIT_COOKIE_KEYS` | [`with_cookie_keys`](ConfigBuilder::with_cookie_keys): base64, with spaces in between |
    /// | `DIDIT_PROXY` | a URL: [`with_proxy`](ConfigBuilder::with_proxy); `system`: [`with_system_proxy`](ConfigBuilder::with_system_proxy) |
    ///
    /// All other settings have setters only: root certificates, the session store, the pages after a sign-out.
    ///
    /// A variable that is missing or empty leaves the default. [`build`](ConfigBuilder::build) reports a variable
    /// that cannot be read: [`ConfigError::InvalidVariable`].
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// use tower_didit::Config;
    ///
    /// # fn main() -> Result<(), tower_didit::ConfigError> {
    /// let config = Config::from_env()
    ///     .with_session_idle_timeout(Duration::from_secs(60 * 60))
    ///     .build()?;
    /// # let _ = config;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_env() -> ConfigBuilder {
        env::read(|name| std::env::var_os(name))
    }

    pub(crate) fn redirect_uris(&self) -> impl Iterator<Item = &str> {
        self.origins.iter().map(|origin| &*origin.redirect_uri.text)
    }

    pub(crate) fn provider(&self) -> &Provider {
        &self.id_token_rules.provider
    }
}

/// Makes the page for an error.
#[derive(Clone)]
pub(crate) struct ErrorPage(pub(crate) Arc<MakeErrorPage>);

type MakeErrorPage = dyn Fn(&Error, &Parts, &str) -> Response<Bytes> + Send + Sync;

impl fmt::Debug for ErrorPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ErrorPage")
    }
}
