//! From settings to a configuration.

use std::sync::Arc;

use super::{ConfigBuilder, SessionStorage};
use crate::{
    config::{Config, ConfigError, RedirectUri},
    cookie::CookieScope,
    oidc::{AuthorizationRequest, IdTokenRules},
    provider::Endpoint,
    seal::{KeySource, Purpose, Sealer},
    session::{
        Backend, Rules, SealedSessions, Sessions, StoredSessions, memory::MemoryStore,
        store::SessionStore,
    },
    tokens::Scopes,
    transport::LimitedTransport,
};

#[cfg(feature = "reqwest")]
use crate::transport::ReqwestTransport;

impl ConfigBuilder {
    /// Checks all settings and makes the configuration.
    ///
    /// It sends nothing: an application can start even while its provider is down.
    ///
    /// ```
    /// # use tower_didit::{Config, ConfigError};
    /// let config = Config::builder("client-id", "/callback").with_client_secret("client-secret");
    /// let Err(ConfigError::InvalidValue { name, why, .. }) = config.build() else { panic!() };
    /// assert_eq!((name, why), ("redirect URI", "is not an absolute URL"));
    /// ```
    ///
    /// # Errors
    ///
    /// The first setting that is wrong.
    pub fn build(mut self) -> Result<Config, ConfigError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        self.check_client()?;
        let redirect_uri = RedirectUri::parse(&self.redirect_uri)?;
        let metadata = self.provider.metadata_source()?;
        let scopes = self.check_scopes()?;
        self.check_parameters()?;
        let landing_page = self.check_paths(&redirect_uri.path)?;
        let sign_out_pages = self.check_sign_out_pages(&landing_page)?;
        if let Some(uri) = &self.post_logout_redirect_uri {
            Endpoint::parse("post-logout redirect URI", uri)?;
        }
        self.check_durations()?;
        self.check_cookies()?;
        let keys = KeySource {
            secrets: &self.check_cookie_keys()?,
            client_id: &self.client_id,
            origin: &redirect_uri.origin,
        };
        let flow_sealer = Sealer::new(keys, Purpose::FLOW);
        let sessions = self.sessions(keys, &scopes, redirect_uri.is_https)?;
        #[cfg(feature = "reqwest")]
        if self.transport.is_none() {
            // The connection must fail before the call times out: only a failed connection proves that nothing was
            // sent.
            let connect_timeout = self.connect_timeout.min(self.http_timeout / 2);
            let transport = ReqwestTransport::new(connect_timeout, &self.root_certificates)
                .map_err(|source| ConfigError::RootCertificates { source })?;
            self.transport = Some(Arc::new(transport));
        }
        let transport = self.transport.ok_or(ConfigError::NoTransport)?;
        let spaced = |words: &[String]| (!words.is_empty()).then(|| words.join(" "));
        let required_acr_values = self.required_acr_values.unwrap_or_default();
        let acr_values = [required_acr_values.clone(), self.acr_values].concat();
        Ok(Config {
            request: AuthorizationRequest {
                client_id: self.client_id.clone(),
                redirect_uri: self.redirect_uri,
                scopes,
                prompt: self.prompt,
                max_age: self.max_age,
                login_hint: self.login_hint,
                ui_locales: spaced(&self.ui_locales),
                acr_values: spaced(&acr_values),
            },
            id_token_rules: IdTokenRules {
                provider: self.provider,
                client_id: self.client_id,
                trusted_audiences: self.trusted_audiences,
                clock_skew: self.clock_skew,
                max_age: self.max_age,
                required_acr_values,
            },
            client_secret: self.client_secret,
            redirect_uri,
            metadata,
            login_path: self.login_path,
            logout_path: self.logout_path,
            landing_page,
            redirects_after_sign_in: self.redirects_after_sign_in,
            flow_sealer,
            sessions: Arc::new(sessions),
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

    fn sessions(
        &self,
        keys: KeySource<'_>,
        scopes: &Scopes,
        is_https: bool,
    ) -> Result<Sessions, ConfigError> {
        let provider = self.provider.clone();
        let brings_single_use_tokens = provider.single_use_refresh_tokens
            && (scopes.contains("offline_access") || scopes.contains("offline"));
        let store: Option<Arc<dyn SessionStore>> = match &self.session_storage {
            SessionStorage::Store(store) => Some(Arc::clone(store)),
            SessionStorage::Cookies if brings_single_use_tokens => {
                return Err(ConfigError::SingleUseRefreshTokens);
            }
            SessionStorage::Default if brings_single_use_tokens => {
                let clock = Arc::clone(&self.clock);
                let memory = MemoryStore::new().with_clock(move || clock.now());
                Some(Arc::new(memory))
            }
            SessionStorage::Default | SessionStorage::Cookies => None,
        };
        let rules = Rules::new(self.limits, &provider);
        let scope = CookieScope::new(&self.cookie_name, is_https);
        let backend = match store {
            Some(store) => Backend::Store(StoredSessions::new(
                store,
                keys,
                scope.clone(),
                rules,
                provider,
                Arc::clone(&self.clock),
            )),
            None => Backend::Cookies(SealedSessions::new(
                Sealer::new(keys, Purpose::SESSION),
                scope.clone(),
                self.session_cookie_limit,
                provider,
            )),
        };
        Ok(Sessions::new(rules, scope, backend))
    }
}
