//! The end of a session, in the application and at the provider.

use std::{sync::Arc, time::Duration};

use http::HeaderValue;
use tokio::sync::oneshot;

use super::SessionLifecycle;
use crate::{
    error::{Error, ErrorKind},
    flight::Flight,
    provider::{Endpoint, Metadata},
    session::{
        Lookup, Outcome, RefreshCalls, Session, SessionId,
        ended::Ended,
        retry::{Backoff, FOR_10S},
        store::SessionKey,
    },
    tokens::{DiditTokens, IdClaims, IdToken},
};

/// The page that follows a sign-out: a path of this site, or an absolute URL.
#[derive(Clone, Debug)]
pub(crate) struct PageAfterSignOut {
    pub(crate) url: HeaderValue,
    /// The same page without the ID token in its query, for a script: other scripts of its page could read the token.
    pub(crate) url_for_scripts: HeaderValue,
}

/// A session that this process has ended, in its latest state.
pub(super) struct EndedSession {
    pub(super) session: Session,
    /// Whether this process may use its refresh token.
    pub(super) may_refresh: bool,
    /// Whether this call was the first of this process to end it.
    pub(super) is_first: bool,
}

impl SessionLifecycle {
    /// Signs a user out: ends the session in all processes that share it, then at the provider, for which it waits
    /// at most 2 s. Returns the page where the provider ends its own session, if it has one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SignOutIncomplete`] if the store does not answer within 2 s. The session is deleted if the store
    /// answers within a minute.
    pub(crate) async fn sign_out(
        self: &Arc<Self>,
        found: Lookup,
    ) -> Result<Option<PageAfterSignOut>, Error> {
        let ended = self.end(found, None).await;
        let incomplete = |error: Error| error.into_cause_of(ErrorKind::SignOutIncomplete);
        let Some((mut page, task)) = ended.map_err(incomplete)? else {
            return Ok(None);
        };
        let _ = tokio::time::timeout(MAX_PROVIDER_WAIT, task.outcome()).await;
        Ok(page.try_recv().ok().flatten())
    }

    /// Ends a session that a sign-in of this user replaces. A failure is only logged, because the new session has begun.
    pub(super) async fn end_replaced(self: &Arc<Self>, replaced: Lookup, successor: &IdClaims) {
        if let Err(error) = self.end(replaced, Some(successor)).await {
            error.log("failed to end a replaced session");
        }
    }

    /// Ends a session in this application. Returns the receiver of the provider's end-session page, and the task that
    /// ends the session at the provider. If several calls end one session at the same time, only one
    /// of them ends the provider's session.
    async fn end(
        self: &Arc<Self>,
        found: Lookup,
        successor: Option<&IdClaims>,
    ) -> Result<Option<(oneshot::Receiver<Option<PageAfterSignOut>>, Flight<()>)>, Error> {
        // Before the permit, so that exhausted permits cannot block a sign-out in this process.
        self.mark_keys_ended(found.keys(), successor.is_some());
        let permit = match &found {
            Lookup::Nothing => return Ok(None),
            Lookup::Session(_) => None,
            // Anyone can send a made-up cookie id, and the store may not answer.
            Lookup::Key(_) | Lookup::EitherKey(_) => {
                let Ok(permit) = Arc::clone(&self.sign_out_permits).try_acquire_owned() else {
                    // The session at the provider continues, because its tokens could not be read.
                    found.keys().iter().for_each(|key| self.delete_later(*key));
                    return Err(Error::new(ErrorKind::SessionUnavailable));
                };
                Some(permit)
            }
        };
        let (lifecycle, successor) = (Arc::clone(self), successor.cloned());
        let (send_result, result) = oneshot::channel();
        let (send_page, page) = oneshot::channel();
        let task = self.start(async move {
            let (ended, result) = lifecycle.end_locally(found, successor.is_some()).await;
            // If a session was found, release the permit before the calls to the provider.
            let _permit = permit.filter(|_| ended.is_none());
            // The request may have been cancelled.
            let _ = send_result.send(result);
            let metadata = match lifecycle.calls.metadata().await {
                Ok(metadata) => metadata,
                Err(error) => return report(&error),
            };
            // A second sign-out, as after a double click, gets the page too.
            let tokens = ended.as_ref().map(|ended| ended.session.tokens());
            let page = metadata.end_session_endpoint.as_ref();
            let id_token = tokens.and_then(DiditTokens::id_token);
            let page = page.and_then(|page| lifecycle.end_session_page(page, id_token));
            let _ = send_page.send(page);
            if let Some(ended) = ended.filter(|ended| ended.is_first) {
                let tokens = ended.session.tokens();
                // Revoking one token may revoke all tokens of the user (RFC 7009 §2.1), including the new ones.
                let may_revoke = successor.is_none_or(|user| !is_same_user(&user, tokens.claims()));
                let may_refresh = ended.may_refresh;
                let end = lifecycle.end_at_provider(&metadata, tokens, may_refresh, may_revoke);
                end.await;
            }
        });
        match tokio::time::timeout(MAX_STORE_WAIT, result).await {
            Ok(Ok(result)) => result.map(|()| Some((page, task))),
            // The store does not answer, or the runtime has shut down.
            Ok(Err(_)) | Err(_) => Err(Error::new(ErrorKind::SessionUnavailable)),
        }
    }

    /// Where the browser goes after a sign-out: the provider's page that ends its session, else the wanted page if
    /// it is configured, else the first that is configured.
    pub(crate) fn page_after_sign_out(
        &self,
        page: Option<PageAfterSignOut>,
        wanted: Option<&str>,
    ) -> PageAfterSignOut {
        page.unwrap_or_else(|| {
            let pages = &self.sign_out_pages;
            let is_wanted = |page: &&HeaderValue| wanted.is_some_and(|wanted| **page == *wanted);
            let page = pages.iter().find(is_wanted).or_else(|| pages.first());
            let url = page.cloned().unwrap_or(HeaderValue::from_static("/"));
            PageAfterSignOut {
                url_for_scripts: url.clone(),
                url,
            }
        })
    }

    /// The provider's end-session page.
    fn end_session_page(
        &self,
        endpoint: &Endpoint,
        id_token: Option<&IdToken>,
    ) -> Option<PageAfterSignOut> {
        let url = |id_token| HeaderValue::try_from(self.end_session.url(endpoint, id_token)).ok();
        let mut page = PageAfterSignOut {
            url: url(id_token)?,
            url_for_scripts: url(None)?,
        };
        page.url.set_sensitive(true);
        Some(page)
    }

    /// Ends a session in this process and in the store. Returns the session, if it can be read.
    pub(super) async fn end_locally(
        self: &Arc<Self>,
        found: Lookup,
        is_replaced: bool,
    ) -> (Option<EndedSession>, Result<(), Error>) {
        let mark = |(session, may_refresh): (Session, bool)| EndedSession {
            is_first: self.mark_ended(&session, is_replaced),
            session,
            may_refresh,
        };
        if let Lookup::Session(session) = found {
            return (Some(mark((session, false))), Ok(()));
        }
        let (mut ended, mut result) = (None, Ok(()));
        for key in found.keys().iter().copied() {
            for stored in &*self.all_stored {
                let last = stored.prepare_end(key, self.refresh_timeout).await;
                if let Ok(Some(last)) = last {
                    ended = Some(mark(last));
                    break;
                }
            }
            result = self.forget(key).await.and(result);
        }
        (ended, result)
    }

    /// Marks the sessions under these keys as ended for all requests of this process.
    pub(super) fn mark_keys_ended(&self, keys: &[SessionKey], is_replaced: bool) {
        let now = self.now();
        let limit = now.plus(self.sessions.rules.limits.absolute);
        for key in keys {
            let end = Ended { limit, is_replaced };
            self.ended_keys.insert(SessionId::of_key(*key), end, now);
            self.watches.end(SessionId::of_key(*key));
        }
    }

    /// Revokes tokens that never got a session, or terminates their provider session, in the background.
    pub(crate) fn discard_unclaimed(self: &Arc<Self>, tokens: DiditTokens) {
        let lifecycle = Arc::clone(self);
        let end = async move { lifecycle.discard(&tokens).await };
        self.end_in_background(end);
    }

    /// Terminates a session at the provider's session endpoint, then revokes the tokens.
    ///
    /// The session endpoint refuses an expired access token. In that case the tokens are refreshed and the endpoint
    /// is called again, if no other process may be using the refresh token.
    pub(super) async fn end_at_provider(
        &self,
        metadata: &Metadata,
        tokens: &DiditTokens,
        may_refresh: bool,
        may_revoke: bool,
    ) {
        let mut ended = self.calls.end_session(metadata, tokens).await;
        let is_refused = |error: &Error| error.kind() == ErrorKind::AccessTokenRefused;
        if may_refresh && ended.as_ref().is_err_and(is_refused) {
            ended = match self.refresh_to_end(tokens).await {
                Ok(tokens) => self.calls.end_session(metadata, &tokens).await,
                Err(error) => Err(error),
            };
        }
        ended.unwrap_or_else(|error| report(&error));
        if may_revoke {
            let revoked = self.calls.revoke(metadata, tokens).await;
            revoked.unwrap_or_else(|error| report(&error));
        }
    }

    /// New tokens, with which the provider's session is terminated. While too many refreshes wait for the provider,
    /// retries for 10 s: nothing was sent yet.
    async fn refresh_to_end(&self, tokens: &DiditTokens) -> Outcome {
        let mut backoff = Backoff::new(FOR_10S);
        loop {
            match self.refresh_once(tokens).await {
                Err(error)
                    if error.kind() == ErrorKind::TooManyTokenRequests && backoff.pause().await => {
                }
                outcome => return outcome,
            }
        }
    }
}

fn is_same_user(one: &IdClaims, other: &IdClaims) -> bool {
    (one.issuer(), one.subject()) == (other.issuer(), other.subject())
}

pub(super) fn report(error: &Error) {
    let code = error.kind().code();
    let source = error.causes();
    tracing::warn!(code, %error, source, "failed to end session at the provider");
}

/// How long a sign-out waits for the store.
const MAX_STORE_WAIT: Duration = Duration::from_secs(2);
/// How long a sign-out waits for the provider.
const MAX_PROVIDER_WAIT: Duration = Duration::from_secs(2);
