//! Where a provider is and how it likes to be spoken to, as data.

mod endpoint;

pub(crate) use endpoint::{Endpoint, InvalidUrl};

/// An OpenID provider: its endpoints and the names that it goes by.
///
/// [`Provider::didit`] is the default. Each value can be replaced, for Didit's staging hosts, a
/// proxy in between, or a test:
///
/// ```
/// use tower_didit::Provider;
///
/// let staging = Provider::didit()
///     .with_authorization_endpoint("https://auth.staging.didit.me/")
///     .with_token_endpoint("https://apx.staging.didit.me/auth/v2/token")
///     .with_issuers(["https://apx.staging.didit.me"]);
/// # let _ = staging;
/// ```
///
/// URLs are used exactly as they are given, trailing slash and query included. They are checked
/// when the configuration is built: https only, but for http on loopback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    authorization_endpoint: String,
    token_endpoint: String,
    issuers: Vec<String>,
}

impl Provider {
    /// Didit's Sign in API.
    ///
    /// | | |
    /// |---|---|
    /// | authorization endpoint | `https://auth.didit.me/` |
    /// | token endpoint | `https://apx.didit.me/auth/v2/token` |
    /// | issuers | `https://apx.didit.me`, `https://didit.me`, `https://auth.didit.me/`, `https://auth.didit.me` |
    pub fn didit() -> Self {
        Self {
            authorization_endpoint: "https://auth.didit.me/".into(),
            token_endpoint: "https://apx.didit.me/auth/v2/token".into(),
            issuers: [
                "https://apx.didit.me",
                "https://didit.me",
                "https://auth.didit.me/",
                "https://auth.didit.me",
            ]
            .map(Into::into)
            .into(),
        }
    }

    /// Replaces the page that the browser is sent to (RFC 6749 §3.1). A query in it is kept.
    #[must_use]
    pub fn with_authorization_endpoint(mut self, url: impl Into<String>) -> Self {
        self.authorization_endpoint = url.into();
        self
    }

    /// Replaces the URL where codes are exchanged for tokens (RFC 6749 §3.2).
    #[must_use]
    pub fn with_token_endpoint(mut self, url: impl Into<String>) -> Self {
        self.token_endpoint = url.into();
        self
    }

    /// Replaces the accepted issuers. An issuer is compared byte for byte: a trailing slash makes
    /// another one (OpenID Connect Core §3.1.3.7 step 2).
    #[must_use]
    pub fn with_issuers<I>(mut self, issuers: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.issuers = issuers.into_iter().map(Into::into).collect();
        self
    }

    /// Whether `issuer` is one that this provider goes by.
    pub(crate) fn accepts_issuer(&self, issuer: &str) -> bool {
        self.issuers.iter().any(|accepted| accepted == issuer)
    }

    pub(crate) fn issuers(&self) -> &[String] {
        &self.issuers
    }

    /// The endpoints, checked.
    pub(crate) fn endpoints(&self) -> Result<Endpoints, InvalidUrl> {
        Ok(Endpoints {
            authorization: Endpoint::parse("authorization endpoint", &self.authorization_endpoint)?,
            token: Endpoint::parse("token endpoint", &self.token_endpoint)?,
        })
    }
}

impl Default for Provider {
    fn default() -> Self {
        Self::didit()
    }
}

/// A provider's endpoints, each known to be usable.
#[derive(Clone, Debug)]
pub(crate) struct Endpoints {
    pub(crate) authorization: Endpoint,
    pub(crate) token: Endpoint,
}
