//! The layer.

use std::sync::Arc;

use tower_layer::Layer;

use crate::{
    bearer::DiditBearer, config::Config, error::Error, extract::DiditClient,
    relying_party::Origins, service::DiditAuthService, tokens::DiditTokens,
};

/// Signs users in with Didit. It is the only layer to add.
///
/// ```
/// # fn main() -> Result<(), tower_didit::ConfigError> {
/// use axum::{Router, routing::get};
/// use tower_didit::{Config, DiditAuth, DiditTokens, ReturnTo};
///
/// let config = Config::builder("client-id", "https://app.example/callback")
///     .with_client_secret("client-secret")
///     .build()?;
///
/// let app: Router = Router::new()
///     .route("/profile", get(|tokens: DiditTokens| async move { tokens.scopes().to_string() }))
///     .route("/callback", get(|_: DiditTokens, back: ReturnTo| async move { back }))
///     .layer(DiditAuth::new(config));
/// # Ok(())
/// # }
/// ```
///
/// It wraps any `Service<http::Request<B>, Response = http::Response<R>>` that is `Clone` and whose response body
/// `R` yields `Bytes`. The service's error type and the request's body stay as they are. The
/// [crate's documentation](crate) describes what happens to a request.
///
/// Clones share the record of used `state`s, the provider's keys and its connections, and so do all services that they
/// make: create one layer for each configuration, and clone it.
#[derive(Clone, Debug)]
pub struct DiditAuth {
    pub(crate) origins: Arc<Origins>,
}

impl DiditAuth {
    /// Creates the layer. Sends nothing before the first sign-in.
    /// [Example](Self).
    pub fn new(config: Config) -> Self {
        Self {
            origins: Arc::new(Origins::new(config)),
        }
    }

    /// Waits for background work: refreshes, code exchanges, and sign-outs at the provider. Call it after the server
    /// has stopped. If refresh tokens are single-use, an interrupted refresh can cost a user the session.
    ///
    /// Takes a few [HTTP timeouts](crate::ConfigBuilder::with_http_timeout) at most. While a session store does
    /// not answer, writes to it are retried for a minute. Put a timeout around the call to bound the wait.
    ///
    /// ```no_run
    /// # async fn serve(
    /// #     listener: tokio::net::TcpListener,
    /// #     app: axum::Router,
    /// #     auth: tower_didit::DiditAuth,
    /// # ) -> std::io::Result<()> {
    /// let app = app.layer(auth.clone());
    /// let stop = async { tokio::signal::ctrl_c().await.expect("a signal handler can be installed") };
    /// axum::serve(listener, app).with_graceful_shutdown(stop).await?;
    /// auth.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn shutdown(&self) {
        self.origins.first.shutdown().await;
    }

    /// The layer for the routes of an API of the same application, whose requests carry an access token. It shares the
    /// provider's keys, connections and remembered tokens.
    ///
    /// ```
    /// # fn app(auth: tower_didit::DiditAuth) -> axum::Router {
    /// use axum::{Router, routing::get};
    /// use tower_didit::{AccessClaims, IdClaims};
    ///
    /// let api = Router::new()
    ///     .route("/orders", get(|access: AccessClaims| async move { access.subject().to_owned() }))
    ///     .layer(auth.bearer());
    /// Router::new()
    ///     .route("/", get(|user: IdClaims| async move { user.subject().to_owned() }))
    ///     .nest("/api", api)
    ///     .layer(auth)
    /// # }
    /// ```
    pub fn bearer(&self) -> DiditBearer {
        DiditBearer::of(Arc::clone(&self.origins.first.lifecycle.calls))
    }

    /// A client for use outside of requests, such as background jobs with tokens that the application keeps
    /// itself. A handler extracts [`DiditClient`] instead.
    ///
    /// ```
    /// use tower_didit::{DiditAuth, DiditTokens, Error};
    ///
    /// async fn sync_profile(auth: &DiditAuth, tokens: &DiditTokens) -> Result<(), Error> {
    ///     let user = auth.client().user_info(tokens).await?;
    ///     println!("{:?}", user.email());
    ///     Ok(())
    /// }
    /// ```
    pub fn client(&self) -> DiditClient {
        DiditClient {
            lifecycle: Arc::clone(&self.origins.first.lifecycle),
            request: None,
        }
    }

    /// Encrypts tokens as text, in base64url, for a job that runs when no request does: after a restart, or at night. The
    /// application keeps the text, and [`open_tokens`](Self::open_tokens) reads it. The text is no cookie: it does not
    /// sign anybody in.
    ///
    /// The text contains the tokens and the claims of the ID token, not the ID token itself. It opens with the cookie
    /// keys of this configuration, for the same client at the same provider, however old it is. It does not notice a
    /// sign-out: delete it then.
    ///
    /// ```
    /// use tower_didit::{DiditAuth, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let didit = FakeDidit::new("app", "secret");
    /// let auth = DiditAuth::new(didit.config("https://app.example/callback").build()?);
    /// let tokens = didit.tokens(&Person::john(), ["openid", "offline"]);
    ///
    /// let text: String = auth.seal_tokens(&tokens)?; // to a database
    /// let opened = auth.open_tokens(&text)?;
    /// assert_eq!(opened.access_token().secret(), tokens.access_token().secret());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`SingleUseRefreshToken`](crate::ErrorKind::SingleUseRefreshToken): the provider's refresh tokens are single-use,
    /// and these tokens have one. The session and the copy would both send it, which a provider takes for theft.
    pub fn seal_tokens(&self, tokens: &DiditTokens) -> Result<String, Error> {
        self.origins.first.config.token_sealer.seal(tokens)
    }

    /// Decrypts the text of [`seal_tokens`](Self::seal_tokens). The access token may have expired: [`DiditAuth::client`]
    /// refreshes it. [Example](Self::seal_tokens).
    ///
    /// # Errors
    ///
    /// - [`SealedTokensUndecryptable`](crate::ErrorKind::SealedTokensUndecryptable): another key, client id or provider
    ///   sealed the tokens, or the text is damaged;
    /// - [`SingleUseRefreshToken`](crate::ErrorKind::SingleUseRefreshToken): the provider's refresh tokens have been
    ///   declared single-use since.
    pub fn open_tokens(&self, sealed: &str) -> Result<DiditTokens, Error> {
        self.origins.first.config.token_sealer.open(sealed)
    }
}

impl<S> Layer<S> for DiditAuth {
    type Service = DiditAuthService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        DiditAuthService {
            inner,
            origins: Arc::clone(&self.origins),
        }
    }
}
