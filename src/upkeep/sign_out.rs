//! The end of a session, here and at the provider.

use std::{sync::Arc, time::Duration};

use http::HeaderValue;
use tokio::sync::oneshot;

use super::Upkeep;
use crate::{
    error::{Error, ErrorKind},
    provider::Metadata,
    session::{Kept, Place, Session},
};

impl Upkeep {
    /// Ends a session: here first, for all processes that share it; then as the provider offers, which
    /// delays nobody for long. Gives the page where the provider ends its own, if it has one.
    ///
    /// It is finished even if nobody waits for it any more.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SessionUnavailable`] when the store could not be told.
    pub(crate) async fn sign_out(
        self: &Arc<Self>,
        session: Session,
        kept: Option<Kept>,
    ) -> Result<Option<String>, Error> {
        let is_first = self.end(session.id());
        let upkeep = Arc::clone(self);
        let (tell, ended) = oneshot::channel();
        let task = async move {
            let (here, held) = upkeep.end_here(&session, kept).await;
            let is_done = here.is_ok();
            // Whoever asked may have gone.
            let _ = tell.send(here);
            let page = if is_first {
                upkeep.end_there(session, held).await
            } else {
                None
            };
            if !is_done {
                upkeep.end_here_at_last(kept).await;
            }
            page
        };
        let task = self.under_way.spawn(task);
        // Without a word the runtime ends.
        let unknown = |_| Error::new(ErrorKind::SessionUnavailable);
        ended.await.map_err(unknown)??;
        let page = tokio::time::timeout(PATIENCE, task).await;
        Ok(page.ok().and_then(Result::ok).flatten())
    }

    /// Where somebody goes who has signed out: to the page where the provider ends its own session, else to
    /// the one that is wanted, if it is configured, else to the first that is.
    pub(crate) fn way_on(&self, page: Option<String>, wanted: Option<&str>) -> HeaderValue {
        let there = page.and_then(|page| HeaderValue::try_from(page).ok());
        let pages = &self.sign_out_pages;
        let here = || {
            let found = pages
                .iter()
                .find(|page| Some(page.as_bytes()) == wanted.map(str::as_bytes));
            found.or_else(|| pages.first()).cloned()
        };
        there.or_else(here).unwrap_or(HeaderValue::from_static("/"))
    }

    /// Whether the refresh token is this process's to use, now that the session is gone, and whether it is.
    async fn end_here(&self, session: &Session, kept: Option<Kept>) -> (Result<(), Error>, bool) {
        let (Place::Store(stored), Some(kept)) = (&self.sessions.place, kept) else {
            return (Ok(()), false);
        };
        let may_be_held = session.tokens().refresh_token().is_some() && kept.claim.is_none();
        let held = may_be_held && stored.hold(&kept, self.horizon).await;
        (stored.delete(&kept.key).await, held)
    }

    /// The store did not answer. The browser has lost the session, and copies of it are to end as well.
    async fn end_here_at_last(&self, kept: Option<Kept>) {
        if let (Place::Store(stored), Some(kept)) = (&self.sessions.place, kept)
            && let Err(error) = stored.delete_at_last(&kept.key).await
        {
            let source = error.causes();
            tracing::warn!(%error, source, "a session goes on in the store after its sign-out");
        }
    }

    async fn end_there(&self, session: Session, held: bool) -> Option<String> {
        let metadata = match self.calls.metadata(self.now()).await {
            Ok(metadata) => metadata,
            Err(error) => {
                report(&error);
                return None;
            }
        };
        if metadata.session_endpoint.is_some()
            && let Err(error) = self.end_session(&metadata, &session, held).await
        {
            report(&error);
        }
        if let Err(error) = self.calls.revoke(&metadata, session.tokens()).await {
            report(&error);
        }
        let page = metadata.end_session_endpoint.as_ref();
        page.map(|page| self.end_session.url(page, session.tokens().id_token()))
    }

    /// With an access token that has ended the session there does not: then with a new one, if nobody
    /// else may be using the refresh token.
    async fn end_session(
        &self,
        metadata: &Metadata,
        session: &Session,
        held: bool,
    ) -> Result<(), Error> {
        match self.calls.end_session(metadata, session.tokens()).await {
            Err(error) if error.kind() == ErrorKind::AccessTokenRefused && held => {}
            outcome => return outcome,
        }
        let ready = self.calls.prepare_refresh().await?;
        let tokens = self.calls.refresh(ready, session.tokens()).await;
        let tokens = tokens.map_err(|failure| failure.error)?;
        self.calls.end_session(metadata, &tokens).await
    }
}

fn report(error: &Error) {
    let code = error.kind().code();
    let source = error.causes();
    tracing::warn!(code, %error, source, "signed out here, and not at the provider");
}

/// How long somebody who signs out waits for the provider.
const PATIENCE: Duration = Duration::from_secs(2);
