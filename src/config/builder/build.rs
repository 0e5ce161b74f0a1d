//! From settings to a configuration.

use std::sync::Arc;

use super::{ConfigBuilder, SessionStorage};
use crate::{
    config::{Config, ConfigError, Origin, RedirectUri},
    cookie::CookieScope,
    error::RequiredAuthentication,
    oidc::{AuthorizationRequest, Client, IdTokenRules},
    provider_calls::ProviderCalls,
    seal::{KeySource, Purpose, Sealer},
    session::{
        Backend, Rules, SealedSessions, Sessions, StoredSessions, TokenSealer, memory::MemoryStore,
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
        let redirect_uris = self.check_redirect_uris()?;
        let metadata = self.provider.metadata_source()?;
        let scopes = self.check_scopes()?;
        self.check_user_info(&scopes)?;
        let authentication = self.check_parameters()?;
        let landing_page = self.check_paths(&redirect_uris)?;
        let sign_out_pages = self.check_sign_out_pages(&landing_page)?;
        let post_logout_redirect_uris = self.check_post_logout_redirect_uris()?;
        self.check_durations()?;
        self.check_cookies()?;
        let store = self.store(&scopes)?;
        let secrets = self.check_cookie_keys()?;
        let token_sealer = TokenSealer::new(&secrets, &self.client_id, self.provider.clone());
        let mut origins: Vec<Arc<Origin>> = Vec::new();
        for redirect_uri in redirect_uris {
            let shares_cookies =
                |origin: &&Arc<Origin>| redirect_uri.shares_cookies(&origin.redirect_uri);
            let (flow_sealer, sessions) = match origins.iter().find(shares_cookies) {
                Some(other) => (Arc::clone(&other.flow_sealer), Arc::clone(&other.sessions)),
                None => self.keys_and_sessions(&redirect_uri, &secrets, store.as_ref()),
            };
            let mut own = post_logout_redirect_uris.iter();
            let own = own.find(|(origin, _)| *origin == redirect_uri.origin);
            let post_logout_redirect_uri = own.or(post_logout_redirect_uris.first());
            origins.push(Arc::new(Origin {
                post_logout_redirect_uri: post_logout_redirect_uri.map(|(_, uri)| uri.clone()),
                redirect_uri,
                flow_sealer,
                sessions,
            }));
        }
        let transport = self.transport()?;
        let spaced = |words: &[String]| (!words.is_empty()).then(|| words.join(" "));
        let required_acr_values = self.required_acr_values.unwrap_or_default();
        let acr_values = [required_acr_values, self.acr_values].concat();
        Ok(Config {
            request: AuthorizationRequest {
                client_id: self.client_id.clone(),
                scopes,
                prompt: self.prompt,
                login_hint: self.login_hint,
                ui_locales: spaced(&self.ui_locales),
                acr_values: spaced(&acr_values),
                authentication: authentication.clone(),
            },
            id_token_rules: IdTokenRules {
                provider: self.provider,
                client_id: self.client_id,
                trusted_audiences: self.trusted_audiences,
                clock_skew: self.clock_skew,
                authentication,
            },
            client_secret: self.client_secret,
            origins,
            metadata,
            login_path: self.login_path,
            logout_path: self.logout_path,
            token_sealer,
            landing_page,
            redirects_after_sign_in: self.redirects_after_sign_in,
            user_info_at_sign_in: self.user_info_at_sign_in,
            sign_out_pages,
            transport,
            clock: self.clock,
            error_page: self.error_page,
        })
    }

    /// Checks the settings of the client, the provider and the calls to it, and makes the calls.
    pub(crate) fn build_calls(mut self) -> Result<ProviderCalls, ConfigError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        self.check_client()?;
        let metadata = self.provider.metadata_source()?;
        self.check_introspection(&metadata)?;
        let scopes = self.check_scopes()?;
        self.check_durations()?;
        let transport = self.transport()?;
        let secret = self.client_secret.as_ref();
        let client = Client::new(
            &self.client_id,
            secret.map(|secret| secret.0.as_str()),
            self.provider.token_requests,
            scopes,
        );
        let rules = IdTokenRules {
            provider: self.provider,
            client_id: self.client_id,
            trusted_audiences: Vec::new(),
            clock_skew: self.clock_skew,
            authentication: RequiredAuthentication::default(),
        };
        Ok(ProviderCalls::new(
            client, rules, metadata, transport, self.clock,
        ))
    }

    /// The transport that was set, or the default one.
    fn transport(&mut self) -> Result<LimitedTransport, ConfigError> {
        #[cfg(feature = "reqwest")]
        if self.transport.is_none() {
            // The connection must fail before the call times out: only a failed connection proves that nothing was
            // sent.
            let connect_timeout = self.connect_timeout.min(self.http_timeout / 2);
            let proxy = self.check_proxy()?;
            let roots = &self.root_certificates;
            let transport = ReqwestTransport::new(connect_timeout, self.http_timeout, roots, proxy)
                .map_err(|source| ConfigError::RootCertificates { source })?;
            self.transport = Some(Arc::new(transport));
        }
        let transport = self.transport.take().ok_or(ConfigError::NoTransport)?;
        let timeout = self.http_timeout;
        Ok(LimitedTransport { transport, timeout })
    }

    fn store(&self, scopes: &Scopes) -> Result<Option<Arc<dyn SessionStore>>, ConfigError> {
        let brings_single_use_tokens = self.provider.brings_single_use_tokens(scopes);
        Ok(match &self.session_storage {
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
        })
    }

    /// The keys of flow cookies and the sessions of an origin.
    fn keys_and_sessions(
        &self,
        redirect_uri: &RedirectUri,
        secrets: &[&[u8]],
        store: Option<&Arc<dyn SessionStore>>,
    ) -> (Arc<Sealer>, Arc<Sessions>) {
        let keys = KeySource {
            secrets,
            client_id: &self.client_id,
            cookie_name: &self.cookie_name,
            origin: &redirect_uri.origin,
        };
        let provider = self.provider.clone();
        let rules = Rules::new(self.limits, &provider);
        let scope = CookieScope::new(&self.cookie_name, redirect_uri.is_https);
        let backend = match store {
            Some(store) => Backend::Store(StoredSessions::new(
                Arc::clone(store),
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
        let sessions = Sessions::new(rules, scope, backend);
        let flow_sealer = Sealer::new(keys, Purpose::FLOW);
        (Arc::new(flow_sealer), Arc::new(sessions))
    }
}
