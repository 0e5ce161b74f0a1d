//! Where a provider is and how it likes to be spoken to, as data.

mod endpoint;
mod metadata;
mod publishable_key;
mod signing_algorithm;

pub use metadata::ClientAuthentication;
pub use signing_algorithm::SigningAlgorithm;

pub(crate) use endpoint::{Endpoint, InvalidUrl};
pub(crate) use metadata::{Metadata, MetadataSource, Signatures};

/// An OpenID provider: the names that it goes by, its endpoints, and how it is spoken to.
///
/// | | |
/// |---|---|
/// | [`Provider::didit`] | Didit's Sign in API, the default |
/// | [`Provider::authentication`], [`Provider::from_publishable_key`] | Didit Authentication: one issuer for each application |
/// | [`Provider::discovered`] | any OpenID provider, by its metadata |
///
/// Issuers, endpoints, algorithms and client authentication can be replaced, for Didit's staging hosts, a
/// proxy in between, or a test:
///
/// ```
/// use tower_didit::Provider;
///
/// let staging = Provider::didit()
///     .with_authorization_endpoint("https://auth.staging.didit.me/")
///     .with_token_endpoint("https://apx.staging.didit.me/auth/v2/token")
///     .with_jwks_uri("https://apx.staging.didit.me/auth/config/jwks")
///     .with_user_info_endpoint("https://apx.staging.didit.me/auth/v2/users/retrieve")
///     .with_issuers(["https://apx.staging.didit.me"]);
/// # let _ = staging;
/// ```
///
/// URLs are used as they are given, trailing slash and query included. They are checked when the
/// configuration is built: https only, but for http on loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    issuers: Vec<String>,
    endpoints: Endpoints,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    jwks_uri: Option<String>,
    user_info_endpoint: Option<String>,
    revocation_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    session_endpoint: Option<String>,
    /// `None`: what the metadata says.
    signing_algorithms: Option<Vec<SigningAlgorithm>>,
    client_authentication: Option<ClientAuthentication>,
    token_requests: TokenRequests,
    nonce: Nonce,
    default_scopes: &'static [&'static str],
    single_use_refresh_tokens: bool,
    /// Whether nobody is signed in here who is not signed in there.
    has_authoritative_session: bool,
    trusts_tls: bool,
    /// Where user information names its subject.
    subject_members: &'static [&'static str],
}

/// Where the endpoints come from that are not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoints {
    /// All there are, are set.
    Given,
    /// Likewise, made from the first issuer.
    BelowIssuer,
    /// The metadata of the first issuer.
    Discovered,
}

/// How a token request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenRequests {
    /// As RFC 6749 §4.1.3 has it.
    Form,
    /// A JSON object of the same parameters; nothing else may be in it.
    Json,
}

/// What becomes of a nonce that is sent (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nonce {
    /// It comes back in the ID token.
    Echoed,
    /// It may be missing there; another one is refused.
    MayBeMissing,
    /// None is sent. The S256 code challenge binds the code to the browser (RFC 9700 §4.5.3).
    NotSent,
}

impl Provider {
    /// Didit's Sign in API.
    ///
    /// | | |
    /// |---|---|
    /// | issuers | `https://apx.didit.me`, `https://didit.me`, `https://auth.didit.me/`, `https://auth.didit.me` |
    /// | authorization endpoint | `https://auth.didit.me/` |
    /// | token endpoint | `https://apx.didit.me/auth/v2/token` |
    /// | keys | `https://apx.didit.me/auth/config/jwks` |
    /// | user information | `https://apx.didit.me/auth/v2/users/retrieve` |
    /// | ID tokens | RS256 or ES256, with a nonce |
    /// | client authentication | HTTP Basic |
    /// | scopes by default | `openid` |
    /// | sign-out | here alone: nothing at Didit is documented to end |
    pub fn didit() -> Self {
        Self {
            issuers: [
                "https://apx.didit.me",
                "https://didit.me",
                "https://auth.didit.me/",
                "https://auth.didit.me",
            ]
            .map(Into::into)
            .into(),
            endpoints: Endpoints::Given,
            authorization_endpoint: Some("https://auth.didit.me/".into()),
            token_endpoint: Some("https://apx.didit.me/auth/v2/token".into()),
            jwks_uri: Some("https://apx.didit.me/auth/config/jwks".into()),
            user_info_endpoint: Some("https://apx.didit.me/auth/v2/users/retrieve".into()),
            revocation_endpoint: None,
            end_session_endpoint: None,
            session_endpoint: None,
            signing_algorithms: Some(vec![SigningAlgorithm::Rs256, SigningAlgorithm::Es256]),
            client_authentication: Some(ClientAuthentication::Basic),
            token_requests: TokenRequests::Form,
            nonce: Nonce::Echoed,
            default_scopes: &["openid"],
            single_use_refresh_tokens: false,
            has_authoritative_session: false,
            trusts_tls: false,
            // The documentation says `sub`, Didit's own code reads `user_id`.
            subject_members: &["sub", "user_id"],
        }
    }

    /// Didit Authentication: the provider of one application, under its own issuer, for example
    /// `https://acme.auth.didit.me` (without a slash at the end).
    ///
    /// | | |
    /// |---|---|
    /// | authorization endpoint | `{issuer}/sign-in` |
    /// | token endpoint | `{issuer}/token/` |
    /// | keys | `{issuer}/.well-known/jwks.json` |
    /// | user information | none |
    /// | ID tokens | ES256, without a nonce: the S256 code challenge stands in for it (RFC 9700 §4.5.3) |
    /// | client authentication | none: it is a public client, which needs [`with_cookie_keys`](crate::ConfigBuilder::with_cookie_keys) |
    /// | scopes by default | none; `offline_access` brings a refresh token, which works once |
    /// | sessions | Didit's own decides who is signed in: they end with the access token, after 5 minutes, unless that can be renewed |
    /// | sign-out | `DELETE {issuer}/session/`, with an access token that lives: one that has ended is renewed first, if it can be |
    ///
    /// With `offline_access` sessions are kept in memory, unless another store is chosen: see
    /// [`with_session_store`](crate::ConfigBuilder::with_session_store).
    ///
    /// While a custom domain is switched on, both issuers sign: add the other one with
    /// [`add_issuer`](Self::add_issuer).
    pub fn authentication(issuer: impl Into<String>) -> Self {
        let issuer = issuer.into();
        Self {
            endpoints: Endpoints::BelowIssuer,
            authorization_endpoint: Some(format!("{issuer}/sign-in")),
            token_endpoint: Some(format!("{issuer}/token/")),
            jwks_uri: Some(format!("{issuer}/.well-known/jwks.json")),
            user_info_endpoint: None,
            revocation_endpoint: None,
            end_session_endpoint: None,
            session_endpoint: Some(format!("{issuer}/session/")),
            signing_algorithms: Some(vec![SigningAlgorithm::Es256]),
            client_authentication: Some(ClientAuthentication::None),
            token_requests: TokenRequests::Json,
            nonce: Nonce::NotSent,
            default_scopes: &[],
            single_use_refresh_tokens: true,
            has_authoritative_session: true,
            trusts_tls: false,
            subject_members: &["sub"],
            issuers: vec![issuer],
        }
    }

    /// Didit Authentication, its issuer read from the application's publishable key (`pk_live_…` or
    /// `pk_test_…`).
    ///
    /// A key that names no issuer is reported when the configuration is built.
    pub fn from_publishable_key(key: impl AsRef<str>) -> Self {
        match publishable_key::issuer_of(key.as_ref()) {
            Some(issuer) => Self::authentication(issuer),
            None => Self {
                issuers: Vec::new(),
                ..Self::authentication("")
            },
        }
    }

    /// Any OpenID provider, by its metadata (OpenID Connect Discovery §4), which is fetched when it
    /// is first needed and kept as long as it says, between a minute and a day: an application
    /// starts while its provider is down.
    ///
    /// `issuer` is compared byte for byte with the metadata's own. What is replaced with a setter is
    /// not taken from the metadata. What sign-ins do without, user information, revocation (RFC 7009) and the
    /// page that ends the provider's own session (OpenID Connect RP-Initiated Logout), is used if the
    /// metadata tells of it; a URL there that cannot be used is logged and counts as none. By default the scope is `openid`, and a nonce is sent. If its refresh
    /// tokens work once, say so:
    /// [`with_single_use_refresh_tokens`](Self::with_single_use_refresh_tokens). (Didit
    /// Authentication, which wants JSON instead of forms, is not found this way: see
    /// [`authentication`](Self::authentication).)
    pub fn discovered(issuer: impl Into<String>) -> Self {
        Self {
            issuers: vec![issuer.into()],
            endpoints: Endpoints::Discovered,
            authorization_endpoint: None,
            token_endpoint: None,
            jwks_uri: None,
            user_info_endpoint: None,
            signing_algorithms: None,
            client_authentication: None,
            subject_members: &["sub"],
            ..Self::didit()
        }
    }

    /// Replaces the accepted issuers. An issuer is compared byte for byte: a trailing slash makes
    /// another one (OpenID Connect Core §3.1.3.7 step 2). A provider that is
    /// [`discovered`](Self::discovered) is found by the first.
    #[must_use]
    pub fn with_issuers<I>(mut self, issuers: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.issuers = issuers.into_iter().map(Into::into).collect();
        self
    }

    /// Accepts one more issuer: during the switch to a custom domain, tokens of both arrive.
    #[must_use]
    pub fn add_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuers.push(issuer.into());
        self
    }

    /// Replaces the page that the browser is sent to (RFC 6749 §3.1). A query in it is kept.
    #[must_use]
    pub fn with_authorization_endpoint(mut self, url: impl Into<String>) -> Self {
        self.authorization_endpoint = Some(url.into());
        self
    }

    /// Replaces the URL where codes are exchanged for tokens (RFC 6749 §3.2).
    #[must_use]
    pub fn with_token_endpoint(mut self, url: impl Into<String>) -> Self {
        self.token_endpoint = Some(url.into());
        self
    }

    /// Replaces the URL of the keys that sign ID tokens (RFC 7517 §5).
    #[must_use]
    pub fn with_jwks_uri(mut self, url: impl Into<String>) -> Self {
        self.jwks_uri = Some(url.into());
        self
    }

    /// Replaces the URL that tells about users (OpenID Connect Core §5.3).
    #[must_use]
    pub fn with_user_info_endpoint(mut self, url: impl Into<String>) -> Self {
        self.user_info_endpoint = Some(url.into());
        self
    }

    /// Replaces the URL where tokens are revoked when somebody signs out (RFC 7009 §2): the refresh token if
    /// there is one, else the access token. The client proves itself as for tokens.
    #[must_use]
    pub fn with_revocation_endpoint(mut self, url: impl Into<String>) -> Self {
        self.revocation_endpoint = Some(url.into());
        self
    }

    /// Replaces the URL to which a browser is sent when somebody signs out (OpenID Connect RP-Initiated
    /// Logout §2). Sessions then keep the ID token as well, which it is shown there: in cookies that takes a
    /// kilobyte or so.
    #[must_use]
    pub fn with_end_session_endpoint(mut self, url: impl Into<String>) -> Self {
        self.end_session_endpoint = Some(url.into());
        self
    }

    /// Replaces the algorithms that may sign ID tokens (RFC 8725 §3.1).
    #[must_use]
    pub fn with_signing_algorithms<I>(mut self, algorithms: I) -> Self
    where
        I: IntoIterator<Item = SigningAlgorithm>,
    {
        self.signing_algorithms = Some(algorithms.into_iter().collect());
        self
    }

    /// Replaces how a client with a secret proves itself (RFC 6749 §2.3.1).
    #[must_use]
    pub fn with_client_authentication(mut self, method: ClientAuthentication) -> Self {
        self.client_authentication = Some(method);
        self
    }

    /// Says that a refresh token works once, and its reuse ends the session there (RFC 9700 §4.14.2): so
    /// with Didit Authentication. It is then never sent twice, whatever came of the first time.
    ///
    /// Sessions in cookies do not keep such a token, as it could come back in an old cookie: with the
    /// scopes `offline_access` and `offline` sessions are kept in memory, unless another store is chosen.
    #[must_use]
    pub fn with_single_use_refresh_tokens(mut self) -> Self {
        self.single_use_refresh_tokens = true;
        self
    }

    /// Accepts ID tokens without a nonce, from a provider that was found not to echo it. A nonce is
    /// still sent, and another one than that is still refused.
    ///
    /// What remains against an injected code is the S256 code challenge, which is always sent
    /// (RFC 9700 §4.5.3): the provider must enforce it.
    #[must_use]
    pub fn insecure_accept_missing_nonce(mut self) -> Self {
        if self.nonce == Nonce::Echoed {
            self.nonce = Nonce::MayBeMissing;
        }
        self
    }

    /// Does not check the signature of ID tokens, for a deployment that cannot get the provider's
    /// keys, and nothing but the signature: everything else in the token is verified.
    ///
    /// OpenID Connect Core §3.1.3.7 step 6 allows it in this flow, as the token comes straight from
    /// the token endpoint: TLS, and whoever may end it on the way, then vouches for who the user is.
    #[must_use]
    pub fn insecure_trust_tls_for_id_token(mut self) -> Self {
        self.trusts_tls = true;
        self
    }

    /// Whether `issuer` is one that this provider goes by.
    pub(crate) fn accepts_issuer(&self, issuer: &str) -> bool {
        self.issuers.iter().any(|accepted| accepted == issuer)
    }

    pub(crate) fn issuers(&self) -> &[String] {
        &self.issuers
    }

    /// What tells this provider from others: where codes are sent, or who says where.
    pub(crate) fn identity(&self) -> &str {
        let is_found = self.endpoints == Endpoints::Discovered;
        let issuer = self.issuers.first().filter(|_| is_found);
        let identity = issuer.or(self.token_endpoint.as_ref());
        identity.map_or("", String::as_str)
    }

    pub(crate) fn token_requests(&self) -> TokenRequests {
        self.token_requests
    }

    pub(crate) fn nonce(&self) -> Nonce {
        self.nonce
    }

    pub(crate) fn subject_members(&self) -> &'static [&'static str] {
        self.subject_members
    }

    pub(crate) fn default_scopes(&self) -> &'static [&'static str] {
        self.default_scopes
    }

    pub(crate) fn has_single_use_refresh_tokens(&self) -> bool {
        self.single_use_refresh_tokens
    }

    pub(crate) fn has_authoritative_session(&self) -> bool {
        self.has_authoritative_session
    }

    /// Whether no client of this provider has a secret.
    pub(crate) fn is_for_public_clients(&self) -> bool {
        self.client_authentication == Some(ClientAuthentication::None)
    }
}

impl Default for Provider {
    fn default() -> Self {
        Self::didit()
    }
}
