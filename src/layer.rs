//! The layer.

use std::{fmt, sync::Arc};

use tower_layer::Layer;

use crate::{
    config::Config, extract::DiditClient, relying_party::RelyingParty, service::DiditAuthService,
};
#[cfg(feature = "test-util")]
use crate::{
    error::Error,
    tokens::{DiditTokens, Scopes},
};
#[cfg(feature = "test-util")]
use http::HeaderValue;

/// Signs users in with Didit: the one layer to add.
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
/// It works for any `Service<http::Request<B>, Response = http::Response<R>>` that is `Clone` and
/// whose `R` is made of `Bytes`, and leaves the service's error type and the request's body alone.
/// What it does with a request is told in the [crate's documentation](crate).
///
/// Clones, and all services that one layer makes, share which sign-ins were completed, the provider's
/// keys and the connections to it: make one, and clone it.
#[derive(Clone)]
pub struct DiditAuth {
    relying_party: Arc<RelyingParty>,
}

impl DiditAuth {
    /// A layer for a checked configuration. Nothing is sent before the first sign-in.
    pub fn new(config: Config) -> Self {
        Self {
            relying_party: Arc::new(RelyingParty::new(config)),
        }
    }

    /// Waits until what was sent to the provider is finished: for the end of a program, after its server has
    /// stopped. A refresh that is torn off may cost somebody the session, if refresh tokens work once.
    ///
    /// It takes as long as the provider, a few time-outs at most. While a session store does not answer, what
    /// has to be kept there is tried for a minute: whoever has less puts a time-out around it.
    ///
    /// ```no_run
    /// # async fn serve(
    /// #     listener: tokio::net::TcpListener,
    /// #     app: axum::Router,
    /// #     auth: tower_didit::DiditAuth,
    /// # ) -> std::io::Result<()> {
    /// let app = app.layer(auth.clone());
    /// let stop = async { tokio::signal::ctrl_c().await.expect("it can be waited for") };
    /// axum::serve(listener, app).with_graceful_shutdown(stop).await?;
    /// auth.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn shutdown(&self) {
        self.relying_party.shutdown().await;
    }

    /// A client for what is no request's business: a job that works with tokens which the application
    /// keeps itself. A handler extracts its own.
    pub fn client(&self) -> DiditClient {
        DiditClient::of_layer(Arc::clone(self.relying_party.lifecycle()))
    }
}

#[cfg(feature = "test-util")]
impl DiditAuth {
    /// The scopes that it asks for.
    pub(crate) fn scopes(&self) -> &Scopes {
        self.relying_party.scopes()
    }

    /// Begins a session with tokens that no sign-in brought: gives the `Set-Cookie` values.
    pub(crate) async fn begin_session(
        &self,
        tokens: DiditTokens,
    ) -> Result<Vec<HeaderValue>, Error> {
        self.relying_party.begin_session_with(tokens).await
    }
}

impl<S> Layer<S> for DiditAuth {
    type Service = DiditAuthService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        DiditAuthService::new(inner, Arc::clone(&self.relying_party))
    }
}

impl fmt::Debug for DiditAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiditAuth").finish_non_exhaustive()
    }
}
