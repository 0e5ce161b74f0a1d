//! The setters of [`Provider`].

use super::{ClaimSupport, ClientAuthentication, EndpointName, Nonce, Provider, SigningAlgorithm};

impl Provider {
    /// Replaces the accepted issuers.
    ///
    /// Issuers are compared byte for byte, so `https://op.example` and `https://op.example/` are different
    /// (OpenID Connect Core §3.1.3.7 step 2). The metadata of a [`discovered`](Self::discovered) provider is
    /// fetched from the first issuer.
    ///
    /// ```
    /// # use tower_didit::Provider;
    /// let provider = Provider::didit().with_issuers(["https://apx.staging.didit.me"]);
    /// # assert_ne!(provider, Provider::didit());
    /// ```
    #[must_use]
    pub fn with_issuers<I>(mut self, issuers: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.issuers = issuers.into_iter().map(Into::into).collect();
        self
    }

    /// Accepts a further issuer, for example during the switch to a custom domain.
    ///
    /// ```
    /// # use tower_didit::Provider;
    /// let provider = Provider::authentication("https://login.acme.example")
    ///     .add_issuer("https://acme.auth.didit.me");
    /// # assert_ne!(provider, Provider::authentication("https://login.acme.example"));
    /// ```
    #[must_use]
    pub fn add_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuers.push(issuer.into());
        self
    }

    /// Replaces the authorization endpoint, to which the browser is redirected (RFC 6749 §3.1). A query in the URL is
    /// kept.
    ///
    /// ```
    /// # use tower_didit::Provider;
    /// let provider = Provider::didit()
    ///     .with_authorization_endpoint("https://apx.didit.me/auth/v2/authorize");
    /// # assert_ne!(provider, Provider::didit());
    /// ```
    #[must_use]
    pub fn with_authorization_endpoint(self, url: impl Into<String>) -> Self {
        self.with_endpoint(EndpointName::Authorization, url)
    }

    /// Replaces the token endpoint (RFC 6749 §3.2).
    ///
    /// ```
    /// # use tower_didit::Provider;
    /// let provider = Provider::didit().with_token_endpoint("https://proxy.example/auth/v2/token");
    /// # assert_ne!(provider, Provider::didit());
    /// ```
    #[must_use]
    pub fn with_token_endpoint(self, url: impl Into<String>) -> Self {
        self.with_endpoint(EndpointName::Token, url)
    }

    /// Replaces the URL of the keys that sign ID tokens (RFC 7517 §5).
    ///
    /// ```
    /// # use tower_didit::Provider;
    /// let provider = Provider::didit().with_jwks_uri("https://apx.didit.me/auth/jwks");
    /// # assert_ne!(provider, Provider::didit());
    /// ```
    #[must_use]
    pub fn with_jwks_uri(self, url: impl Into<String>) -> Self {
        self.with_endpoint(EndpointName::Jwks, url)
    }

    /// Replaces the user information endpoint (OpenID Connect Core §5.3).
    ///
    /// ```
    /// # use tower_didit::Provider;
    /// let provider = Provider::didit().with_user_info_endpoint("https://proxy.example/users/retrieve");
    /// # assert_ne!(provider, Provider::didit());
    /// ```
    #[must_use]
    pub fn with_user_info_endpoint(self, url: impl Into<String>) -> Self {
        self.with_endpoint(EndpointName::UserInfo, url)
    }

    /// Replaces the revocation endpoint (RFC 7009 §2).
    ///
    /// A sign-out revokes the refresh token, or the access token if there is no refresh token. The client
    /// authenticates as at the token endpoint.
    ///
    /// ```
    /// # use tower_didit::Provider;
    /// let provider = Provider::discovered("https://op.example")
    ///     .with_revocation_endpoint("https://op.example/revoke");
    /// # assert_ne!(provider, Provider::discovered("https://op.example"));
    /// ```
    #[must_use]
    pub fn with_revocation_endpoint(self, url: impl Into<String>) -> Self {
        self.with_endpoint(EndpointName::Revocation, url)
    }

    /// Replaces the introspection endpoint (RFC 7662 §2), at which [`DiditBearer`](crate::DiditBearer) verifies access
    /// tokens. The client authenticates as at the token endpoint.
    ///
    /// Without an introspection endpoint access tokens must be JWTs (RFC 9068).
    ///
    /// ```
    /// # use tower_didit::Provider;
    /// let provider = Provider::discovered("https://op.example")
    ///     .with_introspection_endpoint("https://op.example/introspect");
    /// # assert_ne!(provider, Provider::discovered("https://op.example"));
    /// ```
    #[must_use]
    pub fn with_introspection_endpoint(self, url: impl Into<String>) -> Self {
        self.with_endpoint(EndpointName::Introspection, url)
    }

    /// Replaces the end-session endpoint, to which a sign-out sends the browser (OpenID Connect RP-Initiated
    /// Logout §2).
    ///
    /// Sessions then keep the ID token, which is the request's `id_token_hint`. The token adds about 1 KB to a session
    /// in cookies.
    ///
    /// ```
    /// # use tower_didit::Provider;
    /// let provider = Provider::discovered("https://op.example")
    ///     .with_end_session_endpoint("https://op.example/logout");
    /// # assert_ne!(provider, Provider::discovered("https://op.example"));
    /// ```
    #[must_use]
    pub fn with_end_session_endpoint(self, url: impl Into<String>) -> Self {
        self.with_endpoint(EndpointName::EndSession, url)
    }

    /// Replaces the algorithms that ID tokens may be signed with (RFC 8725 §3.1).
    ///
    /// ```
    /// # use tower_didit::Provider;
    /// use tower_didit::protocol::SigningAlgorithm;
    ///
    /// let provider = Provider::didit().with_signing_algorithms([SigningAlgorithm::Es256]);
    /// # assert_ne!(provider, Provider::didit());
    /// ```
    #[must_use]
    pub fn with_signing_algorithms<I>(mut self, algorithms: I) -> Self
    where
        I: IntoIterator<Item = SigningAlgorithm>,
    {
        self.signing_algorithms = Some(algorithms.into_iter().collect());
        self
    }

    /// Replaces the client authentication at the token endpoint (RFC 6749 §2.3.1).
    ///
    /// ```
    /// # use tower_didit::Provider;
    /// use tower_didit::protocol::ClientAuthentication;
    ///
    /// let provider = Provider::didit().with_client_authentication(ClientAuthentication::Post);
    /// # assert_ne!(provider, Provider::didit());
    /// ```
    #[must_use]
    pub fn with_client_authentication(mut self, method: ClientAuthentication) -> Self {
        self.client_authentication = Some(method);
        self
    }

    /// Declares that refresh tokens are single-use, and that reuse terminates the provider's session (RFC 9700
    /// §4.14.2). [`authentication`](Self::authentication) has this set.
    ///
    /// The layer then never sends a refresh token twice, whatever the outcome of the first request. A session in
    /// cookies keeps no such token, because an old cookie could bring it back: with the scopes `offline` and
    /// `offline_access` sessions are in memory, unless another store is configured.
    ///
    /// ```
    /// # use tower_didit::Provider;
    /// let provider = Provider::discovered("https://op.example").with_single_use_refresh_tokens();
    /// # assert_ne!(provider, Provider::discovered("https://op.example"));
    /// ```
    #[must_use]
    pub fn with_single_use_refresh_tokens(mut self) -> Self {
        self.single_use_refresh_tokens = true;
        self
    }

    /// Declares that ID tokens have `auth_time`, the time of the user's authentication, if a sign-in has `max_age`
    /// (OpenID Connect Core §2). A [step-up](crate::docs::recipes::step_up) with `max_age` needs it.
    ///
    /// [`discovered`](Self::discovered) has this set. Didit documents no such claim.
    ///
    /// ```
    /// # use tower_didit::Provider;
    /// let provider = Provider::didit().with_auth_time();
    /// # assert_ne!(provider, Provider::didit());
    /// ```
    #[must_use]
    pub fn with_auth_time(mut self) -> Self {
        self.auth_time = ClaimSupport::Declared;
        self
    }

    /// Declares that ID tokens have `acr`, the class of the user's authentication, if a sign-in has `acr_values`
    /// (OpenID Connect Core §2). A [step-up](crate::docs::recipes::step_up) with `acr_values` needs it.
    ///
    /// [`discovered`](Self::discovered) has this set. Didit documents no such claim.
    ///
    /// ```
    /// # use tower_didit::Provider;
    /// let provider = Provider::didit().with_acr();
    /// # assert_ne!(provider, Provider::didit());
    /// ```
    #[must_use]
    pub fn with_acr(mut self) -> Self {
        self.acr = ClaimSupport::Declared;
        self
    }

    /// Accepts ID tokens without a nonce, from a provider that does not return it. A nonce is still sent, and
    /// a different one is still refused.
    ///
    /// The S256 code challenge, which is always sent, is then the only protection against an injected code (RFC 9700
    /// §4.5.3): the provider must enforce it.
    ///
    /// ```
    /// # use tower_didit::Provider;
    /// let provider = Provider::didit().insecure_accept_missing_nonce();
    /// # assert_ne!(provider, Provider::didit());
    /// ```
    #[must_use]
    pub fn insecure_accept_missing_nonce(mut self) -> Self {
        if self.nonce == Nonce::Echoed {
            self.nonce = Nonce::MayBeMissing;
        }
        self
    }

    /// Does not verify the signature of ID tokens, for a deployment that cannot fetch the provider's keys.
    /// Everything else in the token is verified.
    ///
    /// OpenID Connect Core §3.1.3.7 step 6 allows it, because the token comes directly from the token
    /// endpoint. Anyone who terminates or tampers with that TLS connection, such as a proxy, can then sign in as any
    /// user.
    ///
    /// ```
    /// # use tower_didit::Provider;
    /// let provider = Provider::didit().insecure_trust_tls_for_id_token();
    /// # assert_ne!(provider, Provider::didit());
    /// ```
    #[must_use]
    pub fn insecure_trust_tls_for_id_token(mut self) -> Self {
        self.trusts_tls = true;
        self
    }

    fn with_endpoint(mut self, name: EndpointName, url: impl Into<String>) -> Self {
        self.urls.insert(name, url.into());
        self
    }
}
