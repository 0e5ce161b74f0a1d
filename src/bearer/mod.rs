//! A layer for APIs: requests carry an access token.

mod challenge;
mod context;
mod credentials;
mod future;
mod service;

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Response};
use zeroize::Zeroizing;

pub(crate) use self::context::BearerContext;
pub use self::{future::BearerResponseFuture, service::DiditBearerService};
use crate::{
    config::{ConfigBuilder, ConfigError},
    error::{Error, ErrorKind},
    provider_calls::ProviderCalls,
    tokens::AccessClaims,
};

/// Lets only requests with a valid access token through, `Authorization: Bearer` (RFC 6750): a layer for an API.
///
/// Handlers take the [`AccessClaims`] of the token as an argument.
///
/// ```
/// use axum::{Router, routing::get};
/// use tower_didit::{AccessClaims, Config, DiditBearer};
///
/// # fn main() -> Result<(), tower_didit::ConfigError> {
/// let config = Config::api("client-id").with_client_secret("client-secret");
///
/// let app: Router = Router::new()
///     .route("/orders", get(|access: AccessClaims| async move { access.subject().to_owned() }))
///     .layer(DiditBearer::new(config)?);
/// # Ok(())
/// # }
/// ```
///
/// | the request has | response |
/// |---|---|
/// | no token, or another scheme than `Bearer` | 401 `access-token-missing`, `WWW-Authenticate: Bearer` |
/// | several `Authorization` headers, or a malformed one | 400 `malformed-authorization`, `error="invalid_request"` |
/// | a token that is forged, expired, revoked, for another audience, bound to a key (`DPoP`), or an ID token | 401 `access-token-refused`, `error="invalid_token"` |
/// | a token without a [required scope](Self::require_scopes) | 403 `insufficient-scope`, `error="insufficient_scope"`, with the scopes |
/// | a token that cannot be verified, because the provider has failed | 503 `access-token-unverified`, `Retry-After` |
///
/// A refusal is always problem details (RFC 9457), never a sign-in. Tokens in the query or in a form are ignored.
///
/// # How tokens are verified
///
/// - **Didit Authentication** issues JWTs (RFC 9068). The layer verifies their signature with the provider's keys, their
///   type, issuer and times. A verified token is remembered until it expires, at most 5 minutes.
/// - **Didit's Sign in API**, and a [discovered](crate::Provider::discovered) provider that has an introspection endpoint:
///   the layer asks that endpoint (RFC 7662), once for all concurrent requests with the same token. An answer counts for
///   [a minute](Self::with_introspection_lifetime), and never after the token has expired; a refusal counts for 10 s.
///   Access tokens of the Sign in API are opaque.
/// - **A discovered provider** without such an endpoint must issue JWTs of RFC 9068.
///
/// The token is for this API if one of its audiences is the client id, or one of those of
/// [`with_audiences`](Self::with_audiences). Scopes, audience and expiry are checked at every request. A request waits at
/// most 5 s for the provider. While the provider does not answer, requests with a remembered token pass, and others get 503
/// at once.
///
/// # Beside `DiditAuth`
///
/// An application that also signs in browsers takes the layer from its [`DiditAuth`](crate::DiditAuth::bearer), and adds it
/// to the routes of the API. [`DiditAuth`](crate::DiditAuth) never reads `Authorization`. For a request with an access
/// token a session cookie changes nothing: nobody is signed in, [`IdClaims`](crate::IdClaims),
/// [`DiditTokens`](crate::DiditTokens) and [`RequireSignIn`](crate::RequireSignIn) answer 401, and
/// `Option<IdClaims>` is `None`.
#[derive(Clone)]
pub struct DiditBearer(Arc<Settings>);

#[derive(Clone)]
struct Settings {
    calls: Arc<ProviderCalls>,
    audiences: Vec<String>,
    /// All are required.
    scopes: Vec<String>,
    introspection_lifetime: Duration,
    is_optional: bool,
}

/// What to do with a request.
enum Decision {
    Forward(BearerContext),
    /// The token is not known yet.
    Verify(Zeroizing<String>),
    Reply(Error),
}

impl DiditBearer {
    /// Creates the layer for an API that signs nobody in. It takes the settings of
    /// [`Config::api`](crate::Config::api) or of [`Config::from_env`](crate::Config::from_env), and uses those of the client,
    /// the provider and the calls to it. Sends nothing before the first request.
    ///
    /// ```
    /// # fn main() -> Result<(), tower_didit::ConfigError> {
    /// use tower_didit::{Config, DiditBearer, Provider};
    ///
    /// // A public client: access tokens are JWTs.
    /// let provider = Provider::authentication("https://acme.auth.didit.me");
    /// let layer = DiditBearer::new(Config::api("client-id").with_provider(provider))?;
    /// # let _ = layer;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The first setting of these that is wrong.
    pub fn new(config: ConfigBuilder) -> Result<Self, ConfigError> {
        Ok(Self::of(Arc::new(config.build_calls()?)))
    }

    /// The layer that shares connections, keys and remembered tokens with `calls`.
    pub(crate) fn of(calls: Arc<ProviderCalls>) -> Self {
        let audiences = vec![calls.client_id().to_owned()];
        Self(Arc::new(Settings {
            calls,
            audiences,
            scopes: Vec::new(),
            introspection_lifetime: Duration::from_secs(60),
            is_optional: false,
        }))
    }

    /// The audiences that an access token may have: one of them is enough (RFC 9068 §4). A token whose introspection has no
    /// `aud` is for the client that it was issued to.
    ///
    /// Default: the client id.
    ///
    /// ```
    /// # fn layer(auth: tower_didit::DiditAuth) -> tower_didit::DiditBearer {
    /// // The clients of the website and of the mobile app call the same API.
    /// auth.bearer().with_audiences(["website-client-id", "mobile-client-id"])
    /// # }
    /// ```
    #[must_use]
    pub fn with_audiences(self, audiences: impl IntoIterator<Item: Into<String>>) -> Self {
        self.set(|settings| settings.audiences = audiences.into_iter().map(Into::into).collect())
    }

    /// Requires that an access token has all these scopes, in addition to those of earlier calls. Access tokens of Didit
    /// Authentication have no scopes.
    ///
    /// Default: none.
    ///
    /// ```
    /// # fn app(auth: tower_didit::DiditAuth) -> axum::Router {
    /// use axum::{Router, routing::get};
    ///
    /// let admin = Router::new()
    ///     .route("/admin/users", get(|| async { "all users" }))
    ///     .layer(auth.bearer().require_scopes(["admin"]));
    /// Router::new()
    ///     .route("/orders", get(|| async { "your orders" }))
    ///     .layer(auth.bearer())
    ///     .merge(admin)
    /// # }
    /// ```
    #[must_use]
    pub fn require_scopes(self, scopes: impl IntoIterator<Item: Into<String>>) -> Self {
        self.set(|settings| settings.scopes.extend(scopes.into_iter().map(Into::into)))
    }

    /// How long an answer of the introspection endpoint counts, at most until the token expires. A token that is revoked
    /// meanwhile still passes. [`Duration::ZERO`]: each request asks, unless another one with the same token is asking.
    ///
    /// Default: 60 seconds.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # fn layer(auth: tower_didit::DiditAuth) -> tower_didit::DiditBearer {
    /// auth.bearer().with_introspection_lifetime(Duration::from_secs(5))
    /// # }
    /// ```
    #[must_use]
    pub fn with_introspection_lifetime(self, lifetime: Duration) -> Self {
        self.set(|settings| settings.introspection_lifetime = lifetime)
    }

    /// Lets requests without an access token through, for routes that browsers with a session call as well. `Option<AccessClaims>`
    /// is `None` for them, and [`AccessClaims`] alone refuses them with 401. Such a request may have a session: its
    /// cookie counts. A request with a token is refused if the token is not valid.
    ///
    /// Default: refuses them.
    ///
    /// ```
    /// # fn app(auth: tower_didit::DiditAuth) -> axum::Router {
    /// use axum::{Router, routing::get};
    /// use http::StatusCode;
    /// use tower_didit::{AccessClaims, IdClaims};
    ///
    /// async fn orders(
    ///     access: Option<AccessClaims>,
    ///     user: Option<IdClaims>,
    /// ) -> Result<String, StatusCode> {
    ///     match (&access, &user) {
    ///         (Some(access), _) => Ok(format!("the orders of {}", access.subject())),
    ///         (None, Some(user)) => Ok(format!("the orders of {}", user.subject())),
    ///         (None, None) => Err(StatusCode::UNAUTHORIZED),
    ///     }
    /// }
    ///
    /// Router::new()
    ///     .route("/orders", get(orders))
    ///     .layer(auth.bearer().optional())
    ///     .layer(auth)
    /// # }
    /// ```
    #[must_use]
    pub fn optional(self) -> Self {
        self.set(|settings| settings.is_optional = true)
    }

    fn set(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(Arc::make_mut(&mut self.0));
        self
    }

    /// Decides at once on a request without a token, or with one that is known.
    #[inline]
    fn decide(&self, headers: &HeaderMap) -> Decision {
        let settings = &*self.0;
        let token = match credentials::access_token(headers) {
            Ok(Some(token)) => token,
            Ok(None) if settings.is_optional => {
                return Decision::Forward(BearerContext { claims: None });
            }
            Ok(None) => return Decision::Reply(Error::new(ErrorKind::AccessTokenMissing)),
            Err(error) => return Decision::Reply(error),
        };
        let known = settings
            .calls
            .known_access_token(token, settings.introspection_lifetime);
        match known.map(|known| known.and_then(|claims| self.admit(claims))) {
            Some(Ok(context)) => Decision::Forward(context),
            Some(Err(error)) => Decision::Reply(error),
            None => match credentials::checked(token) {
                Ok(token) => Decision::Verify(Zeroizing::new(token.to_owned())),
                Err(error) => Decision::Reply(error),
            },
        }
    }

    async fn verify(&self, token: &str) -> Result<BearerContext, Error> {
        let lifetime = self.0.introspection_lifetime;
        let claims = self.0.calls.verify_access_token(token, lifetime).await?;
        self.admit(claims)
    }

    /// Checks whether a verified token is for this API, and has the required scopes.
    #[inline]
    fn admit(&self, claims: AccessClaims) -> Result<BearerContext, Error> {
        let settings = &*self.0;
        if !claims.is_for(&settings.audiences) {
            let context = "it is for another audience: see `DiditBearer::with_audiences`";
            return Err(Error::with_context(ErrorKind::AccessTokenRefused, context));
        }
        let has = |scope: &String| claims.scopes().contains(scope);
        if !settings.scopes.iter().all(has) {
            return Err(Error::new(ErrorKind::InsufficientScope));
        }
        let claims = Some(claims);
        Ok(BearerContext { claims })
    }

    #[cold]
    fn refuse(&self, error: Error) -> Response<Bytes> {
        challenge::refusal(error, &self.0.scopes)
    }
}

impl fmt::Debug for DiditBearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiditBearer")
            .field("audiences", &self.0.audiences)
            .field("scopes", &self.0.scopes)
            .finish_non_exhaustive()
    }
}
