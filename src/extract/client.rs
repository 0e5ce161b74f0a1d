//! A handler's way to call Didit.

use std::{fmt, sync::Arc};

use super::SignedOut;
use crate::{
    context::{RequestContext, RequestSession},
    error::{Error, ErrorKind},
    session::lifecycle::SessionLifecycle,
    tokens::{DiditTokens, UserInfo},
};

/// What a handler calls the provider with.
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
/// Every call goes through the configuration's transport, with its time-out and its limit for
/// answers. Cloning copies a pointer.
#[derive(Clone)]
pub struct DiditClient {
    lifecycle: Arc<SessionLifecycle>,
    /// The request that it was extracted from.
    request: Option<Arc<RequestContext>>,
}

impl DiditClient {
    pub(crate) fn of_request(request: Arc<RequestContext>) -> Self {
        Self {
            lifecycle: Arc::clone(request.lifecycle()),
            request: Some(request),
        }
    }

    pub(crate) fn of_layer(lifecycle: Arc<SessionLifecycle>) -> Self {
        Self {
            lifecycle,
            request: None,
        }
    }

    /// What the provider tells about the user of these tokens now: what the scopes allow. It is asked
    /// at every call.
    ///
    /// # Errors
    ///
    /// - [`AccessTokenRefused`](crate::ErrorKind::AccessTokenRefused) or
    ///   [`InsufficientScope`](crate::ErrorKind::InsufficientScope): the provider answers 401 or 403;
    /// - [`SessionEnded`](crate::ErrorKind::SessionEnded): the session of the request has ended meanwhile;
    /// - [`ForeignUserInfo`](crate::ErrorKind::ForeignUserInfo): the answer names another user than
    ///   the ID token, or none (OpenID Connect Core §5.3.2);
    /// - [`NotOffered`](crate::ErrorKind::NotOffered): the provider has no such endpoint;
    /// - [`InvalidAnswer`](crate::ErrorKind::InvalidAnswer): the answer has another status, is not a
    ///   JSON object, or names a member twice;
    /// - [`InvalidMetadata`](crate::ErrorKind::InvalidMetadata): the provider was not found;
    /// - [`ProviderUnreachable`](crate::ErrorKind::ProviderUnreachable) or
    ///   [`ProviderTimeout`](crate::ErrorKind::ProviderTimeout): there is no answer.
    pub async fn user_info(&self, tokens: &DiditTokens) -> Result<UserInfo, Error> {
        let request = self.request.as_deref();
        let session = request.and_then(RequestContext::asked_session);
        if session.is_some_and(RequestSession::has_ended) {
            return Err(Error::new(ErrorKind::SessionEnded));
        }
        self.lifecycle.calls.user_info(tokens).await
    }

    /// New tokens for these, whether or not it is time: for a handler whose access token was refused
    /// somewhere.
    ///
    /// If they are those of the request that this client was extracted from, the session goes on with the
    /// new ones: through the answer's cookies, or in the store. However many requests want it, one asks
    /// the provider. What is sent is finished, even if the browser goes away.
    ///
    /// Otherwise, and once the head of the answer was sent, the new tokens are only given back: those of a
    /// session in cookies, then, are not kept. Tokens that a session in a store keeps are renewed through
    /// a client of a request of that session alone.
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
    /// - [`TokensExpired`](crate::ErrorKind::TokensExpired): there is no refresh token, or one that works
    ///   once was sent before (which a process remembers for 20 minutes at least, a store with the session);
    /// - [`InvalidGrant`](crate::reason::TokenError::InvalidGrant): the provider calls it invalid; a session in a
    ///   store has ended;
    /// - [`SessionEnded`](crate::ErrorKind::SessionEnded): somebody has signed out meanwhile;
    /// - [`SessionUnavailable`](crate::ErrorKind::SessionUnavailable): the session store does not answer;
    /// - those of a token request besides: the provider refuses, answers nonsense, is down.
    pub async fn refresh(&self, tokens: &DiditTokens) -> Result<DiditTokens, Error> {
        if tokens.refresh_token().is_none() {
            return Err(Error::new(ErrorKind::TokensExpired));
        }
        match &self.request {
            Some(request) => request.session()?.refresh(tokens).await,
            None => self.lifecycle.refresh_tokens(tokens).await,
        }
    }

    /// Ends the session of the request that this client was extracted from, as `POST /logout` does: here
    /// first, then at the provider, for which nobody waits longer than 2 seconds. The answer removes its
    /// cookies, if its head was not sent yet.
    ///
    /// It also works when nobody is signed in; a client of [`DiditAuth::client`](crate::DiditAuth::client) belongs
    /// to no request and ends nothing. Sign-ins that are under way in other tabs go on. It does not
    /// ask where the request comes from: guard the handler against other sites.
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
    /// - [`SessionUnavailable`](crate::ErrorKind::SessionUnavailable): the session store does not answer. The
    ///   cookies are removed all the same.
    /// - [`AskedTooLate`](crate::reason::WiringError::AskedTooLate): the head of the answer was sent before anybody asked for
    ///   the session, which goes on.
    pub async fn sign_out(&self) -> Result<SignedOut, Error> {
        let page = match &self.request {
            Some(request) => request.session()?.sign_out(request.cookies()).await?,
            None => None,
        };
        Ok(SignedOut::to(self.lifecycle.way_on(page, None)))
    }
}

impl fmt::Debug for DiditClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DiditClient").finish_non_exhaustive()
    }
}
