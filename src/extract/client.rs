//! The client for calls to Didit.

use std::{fmt, sync::Arc};

use axum_core::response::{IntoResponse, Response};
use http::{Extensions, HeaderValue, StatusCode, header};

use super::context;
use crate::{
    context::{RequestContext, RequestSession, SignOutRedirect},
    error::{Error, ErrorKind},
    session::lifecycle::{PageAfterSignOut, SessionLifecycle},
    tokens::{DiditTokens, UserInfo},
};

/// Calls Didit for a handler: user info, refresh, sign-out.
///
/// ```
/// use tower_didit::{DiditClient, DiditTokens, Error};
///
/// async fn email(client: DiditClient, tokens: DiditTokens) -> Result<String, Error> {
///     let user = client.user_info(&tokens).await?;
///     Ok(user.email().unwrap_or("you did not grant it").to_owned())
/// }
/// # let _router: axum::Router = axum::Router::new().route("/email", axum::routing::get(email));
/// ```
///
/// The extractor does not require a session. If nobody is signed in, a call that needs a session fails with
/// [`NotSignedIn`](crate::ErrorKind::NotSignedIn): a page for everybody takes `Option<IdClaims>` too, and asks that first.
///
/// Every call goes through the configured transport, with its timeout and its size limit. Clones are cheap.
#[derive(Clone)]
pub struct DiditClient {
    pub(crate) lifecycle: Arc<SessionLifecycle>,
    /// The request that it was extracted from.
    pub(crate) request: Option<Arc<RequestContext>>,
}

impl DiditClient {
    /// The client of a request, for services that have no extractors.
    ///
    /// ```
    /// use tower_didit::{DiditClient, DiditTokens, Error};
    ///
    /// async fn email<B>(request: &http::Request<B>) -> Result<Option<String>, Error> {
    ///     let client = DiditClient::of(request.extensions())?;
    ///     let Some(tokens) = DiditTokens::of(request.extensions()).await? else {
    ///         return Ok(None);
    ///     };
    ///     let user = client.user_info(&tokens).await?;
    ///     Ok(user.email().map(str::to_owned))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// - [`LayerMissing`](crate::reason::WiringError::LayerMissing): the request did not pass
    ///   [`DiditAuth`](crate::DiditAuth);
    /// - [`NotSignedIn`](crate::ErrorKind::NotSignedIn): the request has an access token
    ///   ([`DiditBearer`](crate::DiditBearer)), so it has no session. Use [`DiditAuth::client`](crate::DiditAuth::client).
    pub fn of(extensions: &Extensions) -> Result<Self, Error> {
        let not_signed_in = || Error::new(ErrorKind::NotSignedIn);
        let request = Arc::clone(context(extensions)?.ok_or_else(not_signed_in)?);
        Ok(Self {
            lifecycle: Arc::clone(&request.lifecycle),
            request: Some(request),
        })
    }

    /// The user info of the access token's user, as far as its scopes allow (OpenID Connect Core §5.3). Each call
    /// is a request to the provider; handlers that take [`UserInfo`] share one.
    ///
    /// ```
    /// use tower_didit::{DiditAuth, fake::{FakeDidit, FakeDiditExt, Person}};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let didit = FakeDidit::new("app", "secret");
    /// let auth = DiditAuth::new(didit.config("https://app.example/callback").build()?);
    /// let tokens = didit.tokens(&Person::alejandra(), ["openid", "email"]);
    ///
    /// let user = auth.client().user_info(&tokens).await?;
    /// assert_eq!(user.email(), Some("alejandra.rosas@example.com"));
    /// assert_eq!(user.phone_number(), None); // the scope `phone` is not granted
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// - [`AccessTokenRefused`](crate::ErrorKind::AccessTokenRefused) or
    ///   [`InsufficientScope`](crate::ErrorKind::InsufficientScope): the provider responds with 401 or
    ///   403;
    /// - [`SessionEnded`](crate::ErrorKind::SessionEnded): the session of the request has ended in the meantime;
    /// - [`UserInfoMismatch`](crate::ErrorKind::UserInfoMismatch): the response names another user than
    ///   the ID token, or none (OpenID Connect Core §5.3.2);
    /// - [`NotOffered`](crate::ErrorKind::NotOffered): the provider has no user info endpoint;
    /// - [`InvalidResponse`](crate::ErrorKind::InvalidResponse): the response has another status, is not a
    ///   JSON object, or names a member twice;
    /// - [`InvalidMetadata`](crate::ErrorKind::InvalidMetadata): the provider's metadata is invalid;
    /// - [`ProviderUnreachable`](crate::ErrorKind::ProviderUnreachable) or
    ///   [`ProviderTimeout`](crate::ErrorKind::ProviderTimeout): the provider does not answer.
    pub async fn user_info(&self, tokens: &DiditTokens) -> Result<UserInfo, Error> {
        let request = self.request.as_deref();
        let session = request.and_then(RequestContext::asked_session);
        if session.is_some_and(RequestSession::has_ended) {
            return Err(Error::new(ErrorKind::SessionEnded));
        }
        self.lifecycle.calls.user_info(tokens).await
    }

    /// Refreshes these tokens now, whether or not a refresh is due: for a handler whose access token was refused.
    ///
    /// If the tokens belong to the session of this client's request, the session continues with the new tokens, in the
    /// response's cookies or in the session store. Concurrent calls share one token request, which completes even
    /// if the browser disconnects.
    ///
    /// Otherwise, or if the session is in cookies and the response headers were already sent, the new tokens are
    /// returned but not saved. For the tokens of a session in a store, use a client that was extracted from a request
    /// of that session.
    ///
    /// ```
    /// use tower_didit::{DiditClient, DiditTokens, Error};
    ///
    /// async fn orders(client: DiditClient, tokens: DiditTokens) -> Result<String, Error> {
    ///     # async fn fetch_orders(_: &DiditTokens) -> Option<String> { None }
    ///     if let Some(orders) = fetch_orders(&tokens).await {
    ///         return Ok(orders);
    ///     }
    ///     let tokens = client.refresh(&tokens).await?;
    ///     Ok(fetch_orders(&tokens).await.unwrap_or_default())
    /// }
    /// # let _router: axum::Router = axum::Router::new().route("/orders", axum::routing::get(orders));
    /// ```
    ///
    /// # Errors
    ///
    /// - [`TokensExpired`](crate::ErrorKind::TokensExpired): there is no refresh token, or a
    ///   single-use one was sent before (a process remembers sent tokens for 20 minutes, at least the last 65,536; a
    ///   store remembers for as long as the session);
    /// - [`InvalidGrant`](crate::reason::TokenError::InvalidGrant): the provider refuses the refresh
    ///   token, and a session in a store has ended;
    /// - [`SessionEnded`](crate::ErrorKind::SessionEnded): the session of the request has ended: by a sign-out, another
    ///   sign-in, or its absolute limit;
    /// - [`SessionUnavailable`](crate::ErrorKind::SessionUnavailable): the session store does not answer;
    /// - those of a token request: the provider refuses it, is unreachable, or its response is invalid.
    pub async fn refresh(&self, tokens: &DiditTokens) -> Result<DiditTokens, Error> {
        if tokens.refresh_token().is_none() {
            return Err(Error::new(ErrorKind::TokensExpired));
        }
        match &self.request {
            Some(request) => request.session()?.refresh(tokens).await,
            None => self.lifecycle.refresh_tokens(tokens).await,
        }
    }

    /// Ends the session of this client's request, as `POST /logout` does: first in the application, then at the
    /// provider, for which it waits at most 2 s. The response removes the session's cookies, unless the response
    /// headers were already sent.
    ///
    /// Succeeds when nobody is signed in. A client of [`DiditAuth::client`](crate::DiditAuth::client) has no request
    /// and ends nothing. Sign-ins in other tabs continue. The origin of the request is not checked: protect the
    /// handler against cross-site requests.
    ///
    /// ```
    /// use tower_didit::{DiditClient, Error, SignedOut};
    ///
    /// async fn delete_account(client: DiditClient) -> Result<SignedOut, Error> {
    ///     client.sign_out().await
    /// }
    /// # let _router: axum::Router =
    /// #     axum::Router::new().route("/account/delete", axum::routing::post(delete_account));
    /// ```
    ///
    /// # Errors
    ///
    /// - [`SignOutIncomplete`](crate::ErrorKind::SignOutIncomplete): the session store does not answer. The cookies are
    ///   removed, and this process no longer accepts the session.
    /// - [`AskedTooLate`](crate::reason::WiringError::AskedTooLate): the response headers were sent before the
    ///   application asked for the session. The session continues.
    pub async fn sign_out(&self) -> Result<SignedOut, Error> {
        let page = match &self.request {
            Some(request) => request.session()?.sign_out(&request.cookies).await?,
            None => None,
        };
        Ok(self.signed_out(page))
    }

    /// The response after a sign-out.
    pub(super) fn signed_out(&self, page: Option<PageAfterSignOut>) -> SignedOut {
        SignedOut(self.lifecycle.page_after_sign_out(page, None))
    }
}

impl fmt::Debug for DiditClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiditClient").finish_non_exhaustive()
    }
}

/// The result of [`DiditClient::sign_out`](crate::DiditClient::sign_out), and a response: 303 to the provider's
/// end-session page, if there is one, otherwise to the configured page after sign-out.
///
/// As with `POST /logout`, the layer replaces a redirect that the browser would not follow: a form gets a page that
/// forwards to the other site, and a script gets the address as JSON, `{"location": "…"}`, without the ID token
/// ([flow](crate::docs::flow#a-sign-out)).
///
/// ```
/// use tower_didit::{DiditClient, Error, SignedOut};
///
/// async fn sign_out(client: DiditClient) -> Result<SignedOut, Error> {
///     let signed_out = client.sign_out().await?;
///     assert!(!signed_out.location().is_empty());
///     Ok(signed_out)
/// }
/// # let _router: axum::Router =
/// #     axum::Router::new().route("/sign-out", axum::routing::post(sign_out));
/// ```
#[derive(Clone, Debug)]
pub struct SignedOut(PageAfterSignOut);

impl SignedOut {
    /// Where the redirect leads: a path of this site, or an absolute URL. The URL of an end-session page carries
    /// the ID token as `id_token_hint`: do not log it, and do not give it to a script.
    /// [Example](Self).
    pub fn location(&self) -> &HeaderValue {
        &self.0.url
    }
}

impl IntoResponse for SignedOut {
    fn into_response(self) -> Response {
        let location = [(header::LOCATION, self.0.url.clone())];
        let mut response = (StatusCode::SEE_OTHER, location).into_response();
        response.extensions_mut().insert(SignOutRedirect(self.0));
        response
    }
}
