//! The end of a session, here and at the provider.

use std::{sync::Arc, time::Duration};

use http::HeaderValue;
use tokio::sync::oneshot;

use super::SessionLifecycle;
use crate::{
    error::{Error, ErrorKind},
    flight::Flight,
    provider::Metadata,
    session::{Backend, Lookup, RefreshCalls, Session},
    tokens::{DiditTokens, IdClaims},
};

/// A session that has ended here and ends at the provider.
struct Ending {
    page: oneshot::Receiver<Option<String>>,
    task: Flight<()>,
}

/// A session as it was last.
struct Last {
    session: Session,
    /// Whether its refresh token is this process's to use.
    may_renew: bool,
    /// Whether nobody here has signed out of it before.
    is_first: bool,
}

impl SessionLifecycle {
    /// Signs a user out: ends the session here, for all processes that share it, then at the provider, for which
    /// nobody waits longer than 2 s. Gives the page where the provider ends its own session, if it has one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SessionUnavailable`] when the store does not answer. It is told as soon as it answers, if
    /// that is within a minute.
    pub(crate) async fn sign_out(self: &Arc<Self>, found: Lookup) -> Result<Option<String>, Error> {
        let Some(ending) = self.end(found, None).await? else {
            return Ok(None);
        };
        let Ending { mut page, task } = ending;
        let _ = tokio::time::timeout(PATIENCE, task.outcome()).await;
        Ok(page.try_recv().ok().flatten())
    }

    /// Ends a session that a sign-in of this user takes the place of. A failure is logged: the new session has
    /// begun.
    pub(crate) async fn end_replaced(self: &Arc<Self>, replaced: Lookup, successor: &IdClaims) {
        if let Err(error) = self.end(replaced, Some(successor)).await {
            let source = error.causes();
            tracing::warn!(%error, source, "failed to end a replaced session");
        }
    }

    /// Ends a session here; at the provider it ends in the background. The task is finished even if nobody waits
    /// for it. Of several at once, one tells the provider.
    async fn end(
        self: &Arc<Self>,
        found: Lookup,
        successor: Option<&IdClaims>,
    ) -> Result<Option<Ending>, Error> {
        let permit = match &found {
            Lookup::Nothing => return Ok(None),
            Lookup::Session(_) => None,
            // Anybody can send the id of no session, to a store that may not answer.
            Lookup::Key(_) | Lookup::EitherKey(_) => {
                let permit = Arc::clone(&self.sign_outs).try_acquire_owned();
                Some(permit.map_err(|_| Error::new(ErrorKind::SessionUnavailable))?)
            }
        };
        let (lifecycle, successor) = (Arc::clone(self), successor.cloned());
        let (tell_end, ended) = oneshot::channel();
        let (tell_page, page) = oneshot::channel();
        let task = self.start(async move {
            let (last, here) = lifecycle.end_here(found, successor.is_some()).await;
            // A session that was there is ended at the provider, whatever strangers do.
            let _permit = permit.filter(|_| last.is_none());
            // The request may be gone.
            let _ = tell_end.send(here);
            let metadata = match lifecycle.calls.metadata().await {
                Ok(metadata) => metadata,
                Err(error) => return report(&error),
            };
            // Also of a session that is over already, as after a double click.
            let session = last.as_ref().map(|last| &last.session);
            let _ = tell_page.send(lifecycle.page(&metadata, session));
            if let Some(last) = last.filter(|last| last.is_first) {
                let tokens = last.session.tokens();
                // The revocation of one token may end all tokens of a user (RFC 7009 §2.1), the new ones too.
                let may_revoke =
                    !successor.is_some_and(|user| is_same_user(&user, tokens.claims()));
                lifecycle.end_there(&metadata, &last, may_revoke).await;
            }
        });
        match tokio::time::timeout(MAX_STORE_WAIT, ended).await {
            Ok(Ok(here)) => here?,
            // The store is silent, or the runtime has shut down.
            Ok(Err(_)) | Err(_) => return Err(Error::new(ErrorKind::SessionUnavailable)),
        }
        Ok(Some(Ending { page, task }))
    }

    /// Where somebody goes who has signed out: to the page where the provider ends its own session, else to
    /// the one that is wanted, if it is configured, else to the first that is.
    pub(crate) fn way_on(&self, page: Option<String>, wanted: Option<&str>) -> HeaderValue {
        let there = page.and_then(|page| {
            let mut there = HeaderValue::try_from(page).ok()?;
            // An ID token is in it.
            there.set_sensitive(true);
            Some(there)
        });
        let pages = &self.sign_out_pages;
        let here = || {
            let found = pages
                .iter()
                .find(|page| Some(page.as_bytes()) == wanted.map(str::as_bytes));
            found.or_else(|| pages.first()).cloned()
        };
        there.or_else(here).unwrap_or(HeaderValue::from_static("/"))
    }

    /// Gives the session as it was last, if there was one that can be read.
    async fn end_here(
        self: &Arc<Self>,
        found: Lookup,
        is_replaced: bool,
    ) -> (Option<Last>, Result<(), Error>) {
        let last = |(session, may_renew): (Session, bool)| Last {
            is_first: self.mark_ended(&session, is_replaced),
            session,
            may_renew,
        };
        match (found, &self.sessions.backend) {
            (Lookup::Session(session), _) => (Some(last((session, false))), Ok(())),
            (Lookup::Key(key), Backend::Store(stored)) => {
                let seized = stored.seize(key, self.horizon).await;
                let deleted = stored.delete(key).await;
                if deleted.is_err() {
                    self.forget_later(key);
                }
                (seized.ok().flatten().map(last), deleted)
            }
            (Lookup::EitherKey([first, last]), Backend::Store(_)) => {
                let planted = Box::pin(self.end_here(Lookup::Key(first), is_replaced)).await;
                let (last, ended) = Box::pin(self.end_here(Lookup::Key(last), is_replaced)).await;
                (last.or(planted.0), ended.and(planted.1))
            }
            (Lookup::Nothing | Lookup::Key(_) | Lookup::EitherKey(_), _) => (None, Ok(())),
        }
    }

    /// Where the browser ends the provider's session.
    fn page(&self, metadata: &Metadata, session: Option<&Session>) -> Option<String> {
        let page = metadata.end_session_endpoint.as_ref()?;
        let id_token = session.and_then(|session| session.tokens().id_token());
        Some(self.end_session.url(page, id_token))
    }

    async fn end_there(&self, metadata: &Metadata, last: &Last, may_revoke: bool) {
        let Last {
            session, may_renew, ..
        } = last;
        if metadata.session_endpoint.is_some()
            && let Err(error) = self.end_session(metadata, session, *may_renew).await
        {
            report(&error);
        }
        if may_revoke && let Err(error) = self.calls.revoke(metadata, session.tokens()).await {
            report(&error);
        }
    }

    /// Ends tokens at the provider with which no session began, in the background.
    pub(crate) fn end_unused(self: &Arc<Self>, tokens: DiditTokens) {
        let Ok(permit) = Arc::clone(&self.endings).try_acquire_owned() else {
            tracing::warn!("too many sessions end at once: this one goes on at the provider");
            return;
        };
        let lifecycle = Arc::clone(self);
        self.start(async move {
            lifecycle.end_late(&tokens).await;
            drop(permit);
        });
    }

    /// Ends a session at the provider with tokens that came after the sign-out.
    pub(super) async fn end_late(&self, tokens: &DiditTokens) {
        let ended = async {
            let metadata = self.calls.metadata().await?;
            self.calls.end_session(&metadata, tokens).await?;
            self.calls.revoke(&metadata, tokens).await
        };
        if let Err(error) = ended.await {
            report(&error);
        }
    }

    /// With an access token that has ended the session there does not: then with a new one, if nobody
    /// else may be using the refresh token.
    async fn end_session(
        &self,
        metadata: &Metadata,
        session: &Session,
        may_renew: bool,
    ) -> Result<(), Error> {
        match self.calls.end_session(metadata, session.tokens()).await {
            Err(error) if error.kind() == ErrorKind::AccessTokenRefused && may_renew => {}
            outcome => return outcome,
        }
        let ready = self.prepare().await?;
        let tokens = self.send(ready, session.tokens()).await;
        let tokens = tokens.map_err(|failure| failure.error)?;
        self.calls.end_session(metadata, &tokens).await
    }
}

fn is_same_user(one: &IdClaims, other: &IdClaims) -> bool {
    (one.issuer(), one.subject()) == (other.issuer(), other.subject())
}

fn report(error: &Error) {
    let code = error.kind().code();
    let source = error.causes();
    tracing::warn!(code, %error, source, "signed out here, and not at the provider");
}

/// How long somebody who signs out waits for the store. The session is ended there all the same.
const MAX_STORE_WAIT: Duration = Duration::from_secs(2);
/// How long somebody who signs out waits for the provider.
const PATIENCE: Duration = Duration::from_secs(2);
