//! Calls about access tokens and about the provider's session.

use std::sync::Arc;

use super::DiditClient;
use crate::{
    error::{Error, ErrorKind},
    tokens::{AccessClaims, AccessToken, DiditTokens, Scopes},
};

impl DiditClient {
    /// Asks the provider about an access token that somebody else has sent (RFC 7662). `None`: the token is not valid.
    ///
    /// Each call is a request to the provider. An API adds [`DiditBearer`](crate::DiditBearer) instead, which remembers
    /// answers. The token may have been issued to another client: compare [`AccessClaims::client_id`].
    ///
    /// ```
    /// use tower_didit::{DiditAuth, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let didit = FakeDidit::new("app", "secret");
    /// let client = DiditAuth::new(didit.config("https://app.example/callback").build()?).client();
    /// let token = didit.tokens(&Person::john(), ["openid", "email"]);
    ///
    /// let access = client.introspect(token.access_token().secret()).await?.unwrap();
    /// assert_eq!(access.subject(), Person::john().subject());
    /// assert!(access.scopes().contains("email"));
    /// assert!(client.introspect("made-up").await?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// - [`NotOffered`](crate::ErrorKind::NotOffered): the provider has no introspection endpoint, as Didit Authentication;
    /// - [`AccessTokenUnverified`](crate::ErrorKind::AccessTokenUnverified): the endpoint did not answer a moment ago, or
    ///   256 introspections wait for it;
    /// - [`InvalidClient`](crate::reason::TokenError::InvalidClient): the client id or secret is wrong;
    /// - [`ProviderRefused`](crate::ErrorKind::ProviderRefused) or
    ///   [`InvalidResponse`](crate::ErrorKind::InvalidResponse): the response is another error, or cannot be used;
    /// - [`InvalidMetadata`](crate::ErrorKind::InvalidMetadata): the provider's metadata is invalid;
    /// - [`ProviderUnreachable`](crate::ErrorKind::ProviderUnreachable) or
    ///   [`ProviderTimeout`](crate::ErrorKind::ProviderTimeout): the provider does not answer.
    pub async fn introspect(&self, token: &str) -> Result<Option<AccessClaims>, Error> {
        match self.lifecycle.calls.introspect(token).await {
            Err(error) if error.kind() == ErrorKind::AccessTokenRefused => Ok(None),
            claims => claims.map(Some),
        }
    }

    /// Asks Didit Authentication whether the session of these tokens is still active: a revoked session fails at once, while its
    /// access token is valid for up to 5 minutes more. The claims are those that the session has now.
    ///
    /// For rare actions that must not happen in a session that has ended: Didit allows 30 checks in a minute and 300 in
    /// an hour for each client IP address, that is, for all users of this server. A process makes no more, and refuses further ones at once.
    ///
    /// ```
    /// use tower_didit::{DiditClient, DiditTokens, Error, tokens::Claim};
    ///
    /// async fn delete_account(client: DiditClient, tokens: DiditTokens) -> Result<(), Error> {
    ///     let session = client.session(&tokens).await?; // 401 and a sign-in if it has ended
    ///     if session.claim("act").is_some() {
    ///         // An agent acts for the user.
    ///     }
    ///     Ok(())
    /// }
    /// # let _router: axum::Router = axum::Router::new().route("/delete", axum::routing::post(delete_account));
    /// # let _: Option<Claim<'_>> = None;
    /// ```
    ///
    /// # Errors
    ///
    /// - [`AccessTokenRefused`](crate::ErrorKind::AccessTokenRefused): the session has ended, or the access token was
    ///   replaced by a refresh;
    /// - [`TooManySessionChecks`](crate::ErrorKind::TooManySessionChecks): see
    ///   [`retry_after`](crate::Error::retry_after);
    /// - [`UserInfoMismatch`](crate::ErrorKind::UserInfoMismatch): the response is about another user or session;
    /// - [`NotOffered`](crate::ErrorKind::NotOffered): the provider is not Didit Authentication;
    /// - [`InvalidResponse`](crate::ErrorKind::InvalidResponse): the response cannot be used;
    /// - [`ProviderUnreachable`](crate::ErrorKind::ProviderUnreachable) or
    ///   [`ProviderTimeout`](crate::ErrorKind::ProviderTimeout): the provider does not answer.
    pub async fn session(&self, tokens: &DiditTokens) -> Result<AccessClaims, Error> {
        self.lifecycle.calls.session(tokens).await
    }

    /// An access token of the application itself (RFC 6749 §4.4), for calls from server to server.
    ///
    /// The token is kept until half a minute before it expires, for each list of scopes; concurrent calls share one
    /// request. If a renewal fails, the old token is returned while it is valid.
    ///
    /// ```
    /// use tower_didit::{DiditAuth, fake::{Endpoint, FakeDidit, FakeDiditExt}};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let didit = FakeDidit::new("app", "secret");
    /// let client = DiditAuth::new(didit.config("https://app.example/callback").build()?).client();
    ///
    /// let token = client.client_credentials(["openid"]).await?;
    /// let authorization = format!("Bearer {}", token.secret());
    /// # let _ = authorization;
    /// client.client_credentials(["openid"]).await?;
    /// assert_eq!(didit.count(Endpoint::Token), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// - [`NotOffered`](crate::ErrorKind::NotOffered): the client has no secret, as with Didit Authentication;
    /// - [`TooManyTokenRequests`](crate::ErrorKind::TooManyTokenRequests): 256 token requests wait, or there are tokens for
    ///   256 lists of scopes;
    /// - those of a token request: the provider refuses it, is unreachable, or its response is invalid.
    pub async fn client_credentials(
        &self,
        scopes: impl IntoIterator<Item: AsRef<str>>,
    ) -> Result<Arc<AccessToken>, Error> {
        let scopes: Vec<_> = scopes
            .into_iter()
            .map(|scope| scope.as_ref().to_owned())
            .collect();
        let scopes = Scopes::new(scopes.join(" "));
        self.lifecycle.calls.client_credentials(scopes).await
    }
}
