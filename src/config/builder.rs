//! The settings of a configuration.

mod client;
mod paths;
mod sessions;
mod transport;

mod build;
mod check;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use zeroize::Zeroizing;

use super::{ConfigError, ErrorPage};
use crate::{
    clock::Clock,
    provider::Provider,
    session::{Limits, store::SessionStore},
    tokens::Secret,
    transport::HttpTransport,
};

/// Collects the settings of a [`Config`](crate::Config). Setters store; [`build`](Self::build) checks.
///
/// Each setter except `add_…` replaces its earlier value.
///
/// | client and provider | default |
/// |---|---|
/// | [`add_redirect_uri`](Self::add_redirect_uri) | that of [`Config::builder`](crate::Config::builder) alone |
/// | [`with_client_secret`](Self::with_client_secret) | none: a public client |
/// | [`with_scopes`](Self::with_scopes) | the provider's: `openid` |
/// | [`with_provider`](Self::with_provider) | [`Provider::didit`] |
///
/// | sign-in | default | value |
/// |---|---|---|
/// | [`with_prompt`](Self::with_prompt), [`with_login_hint`](Self::with_login_hint), [`with_ui_locales`](Self::with_ui_locales), [`with_acr_values`](Self::with_acr_values) | not sent | |
/// | [`with_max_age`](Self::with_max_age) | no limit | duration, sent in seconds |
/// | [`require_acr_values`](Self::require_acr_values) | none required | |
/// | [`add_trusted_audience`](Self::add_trusted_audience) | none | |
/// | [`with_clock_skew`](Self::with_clock_skew) | 60 s | duration, at most 5 minutes |
/// | [`with_user_info_at_sign_in`](Self::with_user_info_at_sign_in) | handlers ask for it | |
///
/// | paths and pages | default | value |
/// |---|---|---|
/// | [`with_login_path`](Self::with_login_path), [`without_login_path`](Self::without_login_path) | `/login` | path |
/// | [`with_logout_path`](Self::with_logout_path), [`without_logout_path`](Self::without_logout_path) | `/logout` | path |
/// | [`with_landing_page`](Self::with_landing_page) | `/` | path and query |
/// | [`with_redirect_after_sign_in`](Self::with_redirect_after_sign_in) | the application's handler answers the callback | |
/// | [`with_sign_out_pages`](Self::with_sign_out_pages) | the landing page | paths and URLs |
/// | [`with_post_logout_redirect_uri`](Self::with_post_logout_redirect_uri), [`add_post_logout_redirect_uri`](Self::add_post_logout_redirect_uri) | not sent | URL |
/// | [`with_error_page`](Self::with_error_page) | a small built-in page | |
///
/// | sessions and cookies | default | value |
/// |---|---|---|
/// | [`with_session_idle_timeout`](Self::with_session_idle_timeout) | 1 day | duration, 1 second to 400 days |
/// | [`with_session_lifetime`](Self::with_session_lifetime) | 7 days | duration, 1 second to 400 days |
/// | [`with_session_store`](Self::with_session_store), [`with_sessions_in_cookies`](Self::with_sessions_in_cookies) | in cookies; in memory if refresh tokens are single-use | |
/// | [`with_session_cookie_limit`](Self::with_session_cookie_limit) | 3,072 | bytes, 1,024 to 40,960 |
/// | [`with_cookie_keys`](Self::with_cookie_keys) | derived from the client secret | 32 bytes or more |
/// | [`with_cookie_name`](Self::with_cookie_name) | `didit` | 1 to 32 characters |
///
/// | calls to the provider | default | value |
/// |---|---|---|
/// | [`with_http_timeout`](Self::with_http_timeout) | 10 s | duration, 1 millisecond to 5 minutes |
/// | [`with_connect_timeout`](Self::with_connect_timeout) | 5 s | duration, 1 millisecond to 5 minutes |
/// | [`add_root_certificates`](Self::add_root_certificates) | the system's | PEM |
/// | [`with_proxy`](Self::with_proxy), [`with_system_proxy`](Self::with_system_proxy) | none: direct calls | URL |
/// | [`with_transport`](Self::with_transport) | reqwest with rustls | |
/// | [`with_clock`](Self::with_clock) | the system's | |
///
/// Setters take the builder by value and return it: if you drop the result, you drop the builder.
///
/// ```compile_fail,E0382
/// use tower_didit::Config;
///
/// let config = Config::builder("client-id", "https://app.example/callback");
/// config.with_client_secret("client-secret"); // moved; write `let config = config.with_…`
/// config.build();
/// ```
#[must_use = "a builder does nothing until `build` is called"]
pub struct ConfigBuilder {
    client_id: String,
    client_secret: Option<Secret>,
    /// There is at least one.
    redirect_uris: Vec<String>,
    scopes: Option<Vec<String>>,
    provider: Provider,
    prompt: Option<String>,
    max_age: Option<Duration>,
    login_hint: Option<Secret>,
    ui_locales: Vec<String>,
    acr_values: Vec<String>,
    required_acr_values: Option<Vec<String>>,
    trusted_audiences: Vec<String>,
    clock_skew: Duration,
    cookie_keys: Option<Vec<Zeroizing<Vec<u8>>>>,
    cookie_name: String,
    login_path: Option<String>,
    logout_path: Option<String>,
    landing_page: String,
    redirects_after_sign_in: bool,
    user_info_at_sign_in: bool,
    limits: Limits,
    session_storage: SessionStorage,
    session_cookie_limit: usize,
    sign_out_pages: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    connect_timeout: Duration,
    http_timeout: Duration,
    root_certificates: Vec<Vec<u8>>,
    #[cfg(feature = "reqwest")]
    proxy: ProxySetting,
    transport: Option<Arc<dyn HttpTransport>>,
    clock: Arc<dyn Clock>,
    error_page: Option<ErrorPage>,
    failure: Option<ConfigError>,
}

enum SessionStorage {
    /// Cookies, or memory if refresh tokens are single-use.
    Default,
    Cookies,
    Store(Arc<dyn SessionStore>),
}

#[cfg(feature = "reqwest")]
enum ProxySetting {
    None,
    /// The variables that other programs use, such as `HTTPS_PROXY`.
    System,
    /// A URL, which may contain a password.
    Url(Secret),
}

impl ConfigBuilder {
    pub(super) fn new(client_id: String, redirect_uri: String) -> Self {
        Self {
            client_id,
            client_secret: None,
            redirect_uris: vec![redirect_uri],
            scopes: None,
            provider: Provider::didit(),
            prompt: None,
            max_age: None,
            login_hint: None,
            ui_locales: Vec::new(),
            acr_values: Vec::new(),
            required_acr_values: None,
            trusted_audiences: Vec::new(),
            clock_skew: Duration::from_secs(60),
            cookie_keys: None,
            cookie_name: "didit".to_owned(),
            login_path: Some("/login".to_owned()),
            logout_path: Some("/logout".to_owned()),
            landing_page: "/".to_owned(),
            redirects_after_sign_in: false,
            user_info_at_sign_in: false,
            limits: Limits {
                idle: DAY,
                absolute: 7 * DAY,
            },
            session_storage: SessionStorage::Default,
            session_cookie_limit: 3072,
            sign_out_pages: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            connect_timeout: Duration::from_secs(5),
            http_timeout: Duration::from_secs(10),
            root_certificates: Vec::new(),
            #[cfg(feature = "reqwest")]
            proxy: ProxySetting::None,
            transport: None,
            clock: Arc::new(SystemTime::now),
            error_page: None,
            failure: None,
        }
    }

    /// A builder whose `build` reports `failure`.
    pub(super) fn failed(failure: ConfigError) -> Self {
        Self {
            failure: Some(failure),
            ..Self::new(String::new(), String::new())
        }
    }
}

impl fmt::Debug for ConfigBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigBuilder")
            .field("client_id", &self.client_id)
            .field("redirect_uris", &self.redirect_uris)
            .field("scopes", &self.scopes)
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}

fn strings(items: impl IntoIterator<Item: Into<String>>) -> Vec<String> {
    items.into_iter().map(Into::into).collect()
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
