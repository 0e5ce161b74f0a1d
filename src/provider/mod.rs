//! Didit's products and other OpenID providers, as data.

mod endpoint;
mod metadata;
mod publishable_key;
mod setters;
mod signing_algorithm;

use std::collections::BTreeMap;

pub use metadata::ClientAuthentication;
pub use signing_algorithm::SigningAlgorithm;

use endpoint::EndpointName;
#[cfg(feature = "verification")]
pub(crate) use endpoint::is_https_or_loopback;
pub(crate) use endpoint::{Endpoint, InvalidUrl};
pub(crate) use metadata::{Metadata, MetadataSource, Signatures};

use crate::tokens::Scopes;

/// An OpenID provider: its issuers, its endpoints and its protocol options.
///
/// | | |
/// |---|---|
/// | [`Provider::didit`] | Didit's Sign in API, the default |
/// | [`Provider::authentication`], [`Provider::from_publishable_key`] | Didit Authentication: one issuer for each application |
/// | [`Provider::discovered`] | any OpenID provider, by its metadata |
///
/// [`ConfigBuilder::with_provider`](crate::ConfigBuilder::with_provider) chooses one. Issuers, endpoints,
/// algorithms and client authentication can be replaced, for Didit's staging hosts, a proxy or a test:
///
/// ```
/// use tower_didit::Provider;
///
/// let staging = Provider::didit()
///     .with_authorization_endpoint("https://auth.staging.didit.me/")
///     .with_token_endpoint("https://apx.staging.didit.me/auth/v2/token")
///     .with_jwks_uri("https://apx.staging.didit.me/auth/config/jwks")
///     .with_user_info_endpoint("https://apx.staging.didit.me/auth/v2/users/retrieve")
///     .with_introspection_endpoint("https://apx.staging.didit.me/auth/v2/introspect")
///     .with_issuers(["https://apx.staging.didit.me"]);
/// # let _ = staging;
/// ```
///
/// URLs are used unchanged, including the query and a slash at the end. They are checked when the configuration is
/// built: https, or http on loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    pub(crate) issuers: Vec<String>,
    endpoints: Endpoints,
    /// The endpoints that are set.
    urls: BTreeMap<EndpointName, String>,
    /// `None`: those of the metadata.
    signing_algorithms: Option<Vec<SigningAlgorithm>>,
    /// `None`: one that the metadata names.
    client_authentication: Option<ClientAuthentication>,
    pub(crate) token_requests: TokenRequests,
    pub(crate) nonce: Nonce,
    pub(crate) default_scopes: &'static [&'static str],
    pub(crate) single_use_refresh_tokens: bool,
    /// Whether a session ends with its access token.
    pub(crate) sessions_end_with_access_token: bool,
    trusts_tls: bool,
    /// `auth_time`, which a sign-in with `max_age` returns (OpenID Connect Core §2).
    pub(crate) auth_time: ClaimSupport,
    /// `acr`, the class of the authentication (OpenID Connect Core §2).
    pub(crate) acr: ClaimSupport,
    /// The members of user information that name the subject.
    pub(crate) subject_members: &'static [&'static str],
}

/// The source of the endpoints that are not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoints {
    /// No metadata: all endpoints of the provider are set.
    Given,
    /// No metadata: all endpoints of the provider are set, to URLs below the first issuer.
    DerivedFromIssuer,
    /// The metadata of the first issuer.
    Discovered,
}

/// The encoding of a token request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenRequests {
    /// A form (RFC 6749 §4.1.3).
    Form,
    /// A JSON object of the parameters of the grant. The provider refuses any other member.
    Json,
}

/// Whether the provider repeats the nonce in the ID token (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nonce {
    /// The ID token must have the nonce.
    Echoed,
    /// The ID token may lack the nonce. A different nonce is refused.
    MayBeMissing,
    /// No nonce is sent: the S256 code challenge binds the code to the browser (RFC 9700 §4.5.3).
    NotSent,
}

/// Whether the provider's ID tokens have a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClaimSupport {
    Declared,
    /// Nothing is known.
    Undocumented,
    Absent,
}

impl Provider {
    /// Didit's Sign in API.
    ///
    /// | | | source |
    /// |---|---|---|
    /// | issuers | `https://apx.didit.me`, `https://didit.me`, `https://auth.didit.me/`, `https://auth.didit.me` | all four occur in Didit's tokens and documentation |
    /// | authorization endpoint | `https://auth.didit.me/` | Didit's templates; the documentation has `https://apx.didit.me/auth/v2/authorize`, which may show JSON to the user |
    /// | token endpoint | `https://apx.didit.me/auth/v2/token` | documented |
    /// | keys | `https://apx.didit.me/auth/config/jwks` | documented; the discovery document has `https://apx.didit.me/auth/jwks` |
    /// | user information | `https://apx.didit.me/auth/v2/users/retrieve` | documented; its subject is `sub` in the documentation and `user_id` in Didit's code, and either is accepted |
    /// | access tokens | opaque, introspected at `https://apx.didit.me/auth/v2/introspect` | documented |
    /// | ID tokens | RS256 or ES256 | RS256 is documented, ES256 is in Didit's code |
    /// | nonce | sent, and required in the ID token | the parameter is documented, its return is not: see [`insecure_accept_missing_nonce`](Self::insecure_accept_missing_nonce) |
    /// | PKCE | S256, always sent | not documented; Didit's template sends it |
    /// | client authentication | HTTP Basic | documented |
    /// | default scope | `openid` | documented as required |
    /// | refresh tokens | scope `offline`; assumed reusable | the scope is documented; a response may lack a new refresh token, which suggests that they are reusable: see [`with_single_use_refresh_tokens`](Self::with_single_use_refresh_tokens) |
    /// | step-up | `auth_time` and `acr` are undocumented: see [`with_auth_time`](Self::with_auth_time), [`with_acr`](Self::with_acr) | |
    /// | sign-out | ends the session of this application only | no endpoint is documented |
    ///
    /// ```
    /// use tower_didit::Provider;
    ///
    /// assert_eq!(Provider::default(), Provider::didit());
    /// ```
    pub fn didit() -> Self {
        let issuers = [
            "https://apx.didit.me",
            "https://didit.me",
            "https://auth.didit.me/",
            "https://auth.didit.me",
        ];
        let urls = [
            (EndpointName::Authorization, "https://auth.didit.me/"),
            (EndpointName::Token, "https://apx.didit.me/auth/v2/token"),
            (EndpointName::Jwks, "https://apx.didit.me/auth/config/jwks"),
            (
                EndpointName::UserInfo,
                "https://apx.didit.me/auth/v2/users/retrieve",
            ),
            (
                EndpointName::Introspection,
                "https://apx.didit.me/auth/v2/introspect",
            ),
        ];
        Self {
            issuers: issuers.map(Into::into).into(),
            endpoints: Endpoints::Given,
            urls: urls.map(|(name, url)| (name, url.into())).into(),
            signing_algorithms: Some(vec![SigningAlgorithm::Rs256, SigningAlgorithm::Es256]),
            client_authentication: Some(ClientAuthentication::Basic),
            token_requests: TokenRequests::Form,
            nonce: Nonce::Echoed,
            default_scopes: &["openid"],
            single_use_refresh_tokens: false,
            sessions_end_with_access_token: false,
            trusts_tls: false,
            auth_time: ClaimSupport::Undocumented,
            acr: ClaimSupport::Undocumented,
            subject_members: &["sub", "user_id"],
        }
    }

    /// Didit Authentication: the provider of one application, with an issuer of its own, for example
    /// `https://acme.auth.didit.me` (without a slash at the end).
    ///
    /// | | | source |
    /// |---|---|---|
    /// | authorization endpoint | `{issuer}/sign-in` | documented; the metadata may have another, see [`with_authorization_endpoint`](Self::with_authorization_endpoint) |
    /// | token endpoint | `{issuer}/token/`, JSON requests | documented |
    /// | keys | `{issuer}/.well-known/jwks.json` | documented |
    /// | user information | none | documented |
    /// | ID tokens | ES256 | documented |
    /// | access tokens | JWTs (`at+jwt`) for at most 5 minutes, signed as ID tokens are | documented |
    /// | nonce | none: the S256 code challenge takes its place (RFC 9700 §4.5.3) | PKCE is documented as mandatory, a nonce is not mentioned |
    /// | client authentication | none: a public client, which needs [`with_cookie_keys`](crate::ConfigBuilder::with_cookie_keys) | documented |
    /// | default scopes | none | `offline_access` requests a refresh token |
    /// | refresh tokens | single-use; reuse terminates the whole session | documented |
    /// | step-up | not with `max_age` or `acr_values`: the ID token has neither `auth_time` nor `acr` | documented |
    /// | sessions | a session [ends with its access token](crate::docs::flow#when-a-session-ends), after at most 5 minutes unless it is refreshed | documented |
    /// | sign-out | `DELETE {issuer}/session/` with a valid access token; an expired one is refreshed first, if possible | documented |
    ///
    /// With `offline_access` sessions are in memory, unless another store is configured: see
    /// [`with_session_store`](crate::ConfigBuilder::with_session_store).
    ///
    /// After a switch to a custom domain, tokens of the old issuer stay valid for at most 5 minutes: accept both
    /// with [`add_issuer`](Self::add_issuer).
    ///
    /// ```
    /// # fn main() -> Result<(), tower_didit::ConfigError> {
    /// use tower_didit::{Config, Provider};
    ///
    /// let config = Config::builder("client-id", "https://app.example/callback")
    ///     .with_provider(Provider::authentication("https://acme.auth.didit.me"))
    ///     .with_cookie_keys([[7; 32]]) // random bytes, kept secret
    ///     .build()?;
    /// # let _ = config;
    /// # Ok(())
    /// # }
    /// ```
    pub fn authentication(issuer: impl Into<String>) -> Self {
        let issuer = issuer.into();
        let jwks_uri = format!("{issuer}/.well-known/jwks.json");
        Self {
            endpoints: Endpoints::DerivedFromIssuer,
            urls: BTreeMap::from([
                (EndpointName::Authorization, format!("{issuer}/sign-in")),
                (EndpointName::Token, format!("{issuer}/token/")),
                (EndpointName::Jwks, jwks_uri),
                (EndpointName::Session, format!("{issuer}/session/")),
            ]),
            signing_algorithms: Some(vec![SigningAlgorithm::Es256]),
            client_authentication: Some(ClientAuthentication::None),
            token_requests: TokenRequests::Json,
            nonce: Nonce::NotSent,
            default_scopes: &[],
            single_use_refresh_tokens: true,
            sessions_end_with_access_token: true,
            trusts_tls: false,
            auth_time: ClaimSupport::Absent,
            acr: ClaimSupport::Absent,
            subject_members: &["sub"],
            issuers: vec![issuer],
        }
    }

    /// [Didit Authentication](Self::authentication), with the issuer of the application's publishable key
    /// (`pk_live_…` or `pk_test_…`). The key is public.
    ///
    /// [`ConfigBuilder::build`](crate::ConfigBuilder::build) reports a key without an issuer.
    ///
    /// ```
    /// use tower_didit::Provider;
    ///
    /// let provider = Provider::from_publishable_key("pk_test_aHR0cHM6Ly9hY21lLmF1dGguZGlkaXQubWU");
    /// assert_eq!(provider, Provider::authentication("https://acme.auth.didit.me"));
    /// ```
    pub fn from_publishable_key(key: impl AsRef<str>) -> Self {
        match publishable_key::issuer_of(key.as_ref()) {
            Some(issuer) => Self::authentication(issuer),
            None => Self::authentication("").with_issuers(None::<String>),
        }
    }

    /// Any OpenID provider, by its metadata (OpenID Connect Discovery §4).
    ///
    /// The metadata is fetched when it is first needed, so an application can start even while its provider is
    /// unreachable. The metadata is cached for its `max-age`, at least a minute and at most a day. `issuer` must be
    /// identical to the issuer in the metadata. A value from a setter overrides the metadata.
    ///
    /// User information, revocation (RFC 7009), introspection (RFC 7662) and the end-session page (OpenID Connect RP-Initiated Logout) are
    /// used if the metadata has them; an unusable URL there is logged and ignored. The default scope is
    /// `openid`, and a nonce is sent and required. ID tokens are expected to have `auth_time` and `acr` where a sign-in
    /// asks for them. Declare single-use refresh tokens with
    /// [`with_single_use_refresh_tokens`](Self::with_single_use_refresh_tokens).
    ///
    /// Didit Authentication needs [`authentication`](Self::authentication) instead: its token requests are
    /// JSON, which no metadata declares.
    ///
    /// ```
    /// use tower_didit::Provider;
    ///
    /// let provider = Provider::discovered("https://op.example");
    /// # let _ = provider;
    /// ```
    pub fn discovered(issuer: impl Into<String>) -> Self {
        Self {
            issuers: vec![issuer.into()],
            endpoints: Endpoints::Discovered,
            urls: BTreeMap::new(),
            signing_algorithms: None,
            client_authentication: None,
            auth_time: ClaimSupport::Declared,
            acr: ClaimSupport::Declared,
            subject_members: &["sub"],
            ..Self::didit()
        }
    }

    /// Whether `issuer` is one of this provider's.
    pub(crate) fn accepts_issuer(&self, issuer: &str) -> bool {
        self.issuers.iter().any(|accepted| accepted == issuer)
    }

    /// The URL that decides where codes are sent: the token endpoint, or the issuer if the provider is discovered.
    pub(crate) fn identity(&self) -> &str {
        let issuer = self.issuers.first().filter(|_| self.is_discovered());
        let identity = issuer.or_else(|| self.urls.get(&EndpointName::Token));
        identity.map_or("", String::as_str)
    }

    /// Whether the provider may have a user information endpoint. For a discovered one only its metadata tells.
    pub(crate) fn may_have_user_info(&self) -> bool {
        self.is_discovered() || self.urls.contains_key(&EndpointName::UserInfo)
    }

    /// Whether the endpoints are those of the provider's metadata.
    pub(crate) fn is_discovered(&self) -> bool {
        self.endpoints == Endpoints::Discovered
    }

    /// Whether a sign-in with these scopes brings a single-use refresh token.
    pub(crate) fn brings_single_use_tokens(&self, scopes: &Scopes) -> bool {
        let has_refresh_token = scopes.contains("offline_access") || scopes.contains("offline");
        self.single_use_refresh_tokens && has_refresh_token
    }

    /// Whether clients of this provider have no secret.
    pub(crate) fn is_for_public_clients(&self) -> bool {
        self.client_authentication == Some(ClientAuthentication::None)
    }
}

impl Default for Provider {
    fn default() -> Self {
        Self::didit()
    }
}
