//! The check of a configuration.

use std::{sync::Arc, time::Duration};

use super::{ConfigBuilder, DAY, Keeping};
use crate::{
    clock::Clock,
    config::{Config, ConfigError, RedirectUri, check},
    cookie::CookieScope,
    oidc::{AuthorizationRequest, IdTokenRules},
    provider::Endpoint,
    seal::{KeyContext, Pseudonyms, Purpose, Sealer},
    session::{
        Backend, Rules, SealedSessions, Sessions, StoredSessions, memory::MemoryStore,
        store::SessionStore,
    },
    transport::{HttpTransport, LimitedTransport},
};

impl ConfigBuilder {
    /// Checks everything.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong. Nothing is sent: a provider that is down does not keep an
    /// application from starting.
    pub fn build(self) -> Result<Config, ConfigError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        check::credentials(&self.client_id, self.client_secret.as_ref())?;
        if self.redirect_uri.is_empty() {
            return Err(ConfigError::EmptyRedirectUri);
        }
        let redirect_uri = RedirectUri::parse(&self.redirect_uri)?;
        check::provider(&self.provider, self.client_secret.as_ref())?;
        let metadata = self.provider.metadata_source()?;
        let scopes = check::scopes(self.scopes.as_deref(), &self.provider)?;
        let brings_single_use_tokens = check::brings_single_use_tokens(&scopes, &self.provider);
        self.check_request()?;
        let sign_out_pages = check::sign_out_pages(&self.sign_out_pages, &self.landing_page)?;
        if let Some(uri) = &self.post_logout_redirect_uri {
            Endpoint::parse("post-logout redirect URI", uri)?;
        }
        let landing_page = check::paths(&self.routes, &self.landing_page, redirect_uri.path())?;
        self.check_ranges()?;

        let keys = check::cookie_keys(self.cookie_keys.as_deref(), self.client_secret.as_ref())?;
        let context = KeyContext {
            client_id: &self.client_id,
            origin: redirect_uri.origin(),
        };
        let sealer = |purpose| Sealer::new(keys.iter().copied(), purpose, context);
        let flow_sealer = sealer(Purpose::Flow);
        let rules = Rules::new(self.limits, &self.provider);
        if !CookieScope::is_name(&self.cookie_name) {
            let name = self.cookie_name;
            return Err(ConfigError::InvalidCookieName { name });
        }
        let scope = CookieScope::new(&self.cookie_name, redirect_uri.is_https());
        let provider = self.provider.clone();
        let backend = match self.keeping.store(brings_single_use_tokens, &self.clock)? {
            Some(store) => Backend::Store(StoredSessions::new(
                store,
                sealer(Purpose::Store),
                Pseudonyms::new(keys.iter().copied(), Purpose::User, context),
                scope.clone(),
                rules,
                provider,
                Arc::clone(&self.clock),
            )),
            None => Backend::Cookies(SealedSessions::new(
                sealer(Purpose::Session),
                scope.clone(),
                self.session_cookie_limit,
                provider,
            )),
        };
        let sessions = Arc::new(Sessions::new(rules, scope, backend));
        // Longer, and the time-out of the whole call would come first.
        let connect_timeout = self.connect_timeout.min(self.http_timeout / 2);
        let transport = match self.transport {
            Some(transport) => transport,
            None => default_transport(connect_timeout, &self.root_certificates)?,
        };
        let spaced = |items: &[String]| (!items.is_empty()).then(|| items.join(" "));
        let required_acr_values = self.required_acr_values.unwrap_or_default();
        let acr_values = [required_acr_values.clone(), self.acr_values].concat();
        let request = AuthorizationRequest {
            client_id: self.client_id.clone(),
            redirect_uri: redirect_uri.as_str().to_owned(),
            scopes,
            prompt: self.prompt,
            max_age: self.max_age,
            login_hint: self.login_hint,
            ui_locales: spaced(&self.ui_locales),
            acr_values: spaced(&acr_values),
        };
        let id_token_rules = IdTokenRules {
            provider: self.provider,
            client_id: self.client_id,
            trusted_audiences: self.trusted_audiences,
            clock_skew: self.clock_skew,
            max_age: self.max_age,
            required_acr_values,
        };
        Ok(Config {
            client_secret: self.client_secret,
            redirect_uri,
            request,
            id_token_rules,
            metadata,
            routes: self.routes,
            landing_page,
            completion: self.completion,
            flow_sealer,
            sessions,
            sign_out_pages,
            post_logout_redirect_uri: self.post_logout_redirect_uri,
            transport: LimitedTransport {
                transport,
                timeout: self.http_timeout,
            },
            clock: self.clock,
            error_page: self.error_page,
        })
    }

    fn check_request(&self) -> Result<(), ConfigError> {
        if let Some(prompt) = &self.prompt {
            check::prompt(prompt)?;
        }
        check::words("ui_locales", &self.ui_locales)?;
        check::words("acr_values", &self.acr_values)?;
        match &self.required_acr_values {
            None => Ok(()),
            Some(values) if values.is_empty() => Err(ConfigError::InvalidParameter {
                name: "acr_values",
                value: String::new(),
                why: "is required and empty",
            }),
            Some(values) => check::words("acr_values", values),
        }
    }

    fn check_ranges(&self) -> Result<(), ConfigError> {
        let timeouts = Duration::from_millis(1)..=Duration::from_secs(300);
        let words = "between 1 millisecond and 5 minutes";
        check::in_range("HTTP time-out", &self.http_timeout, timeouts.clone(), words)?;
        check::in_range("connect time-out", &self.connect_timeout, timeouts, words)?;

        let lives = Duration::from_secs(1)..=400 * DAY;
        let words = "between 1 second and 400 days";
        check::in_range(
            "session's idle limit",
            &self.limits.idle,
            lives.clone(),
            words,
        )?;
        check::in_range(
            "session's absolute limit",
            &self.limits.absolute,
            lives,
            words,
        )?;

        let words = "at most 5 minutes";
        let skews = Duration::ZERO..=Duration::from_secs(300);
        check::in_range("clock skew", &self.clock_skew, skews, words)?;

        let bytes = 1024..=40 * 1024;
        let words = "between 1,024 and 40,960 bytes";
        check::in_range(
            "session cookie limit",
            &self.session_cookie_limit,
            bytes,
            words,
        )
    }
}

impl Keeping {
    /// The store, if there is to be one.
    fn store(
        self,
        brings_single_use_tokens: bool,
        clock: &Arc<dyn Clock>,
    ) -> Result<Option<Arc<dyn SessionStore>>, ConfigError> {
        match self {
            Self::Store(store) => Ok(Some(store)),
            Self::Default if brings_single_use_tokens => {
                let memory = MemoryStore::new().with_clock(Arc::clone(clock));
                Ok(Some(Arc::new(memory)))
            }
            Self::Cookies if brings_single_use_tokens => Err(ConfigError::SingleUseRefreshTokens),
            Self::Default | Self::Cookies => Ok(None),
        }
    }
}

#[cfg(feature = "reqwest")]
fn default_transport(
    connect_timeout: Duration,
    root_certificates: &[Vec<u8>],
) -> Result<Arc<dyn HttpTransport>, ConfigError> {
    use crate::transport::ReqwestTransport;

    ReqwestTransport::new(connect_timeout, root_certificates)
        .map(|transport| Arc::new(transport) as Arc<dyn HttpTransport>)
        .map_err(|source| ConfigError::RootCertificates { source })
}

#[cfg(not(feature = "reqwest"))]
fn default_transport(
    _connect_timeout: Duration,
    _root_certificates: &[Vec<u8>],
) -> Result<Arc<dyn HttpTransport>, ConfigError> {
    Err(ConfigError::NoTransport)
}
