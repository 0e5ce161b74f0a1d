//! What the layer and the handlers of one request tell each other.

use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use http::Extensions;

use crate::{
    error::{Error, ErrorKind},
    return_to::ReturnTo,
    session::{Brought, ExistingChunks, Found, Kept, Outcome, Place, Session, store::SessionKey},
    tokens::DiditTokens,
    upkeep::Upkeep,
};

/// The layer's own extension of each request that it forwards: proof that the layer is there,
/// who is signed in, the provider to call, and a slot for what happened to the session.
///
/// The layer keeps a clone and reads it when the head of the answer is ready; what is noted after
/// that has no effect on the answer.
#[derive(Debug)]
pub(crate) struct Handle {
    presence: Presence,
    /// The session's cookies that came with the request.
    pub(crate) existing: ExistingChunks,
    /// Where the session is, if that is a store. At the callback it is not there before its handler has
    /// answered.
    key: OnceLock<SessionKey>,
    session_read: AtomicBool,
    change: Mutex<Option<Change>>,
    upkeep: Arc<Upkeep>,
}

/// Who is there.
#[derive(Debug)]
pub(crate) enum Presence {
    Nobody,
    SignedIn(Session),
    /// Nobody knows: the store does not answer.
    Unavailable,
}

/// What handlers did to the session.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Renewed(DiditTokens),
    Ended,
}

impl Handle {
    pub(crate) fn new(presence: Presence, brought: Brought, upkeep: Arc<Upkeep>) -> Arc<Self> {
        Arc::new(Self {
            presence,
            existing: brought.existing,
            key: brought.key.map_or_else(OnceLock::new, OnceLock::from),
            session_read: AtomicBool::new(false),
            change: Mutex::new(None),
            upkeep,
        })
    }

    pub(crate) fn of(extensions: &Extensions) -> Option<&Arc<Self>> {
        extensions.get()
    }

    /// Who is there. Asking notes that the answer depends on it.
    pub(crate) fn presence(&self) -> &Presence {
        self.note_session_read();
        &self.presence
    }

    pub(crate) fn session(&self) -> Option<&Session> {
        match &self.presence {
            Presence::SignedIn(session) => Some(session),
            Presence::Nobody | Presence::Unavailable => None,
        }
    }

    pub(crate) fn upkeep(&self) -> &Arc<Upkeep> {
        &self.upkeep
    }

    /// The answer depends on the session: it must not be cached for others.
    fn note_session_read(&self) {
        // Relaxed: the answer is handed back through a future, which orders the accesses.
        self.session_read.store(true, Ordering::Relaxed);
    }

    pub(crate) fn session_was_read(&self) -> bool {
        self.session_read.load(Ordering::Relaxed)
    }

    /// The session of this callback has begun: what its handler still does is done to it.
    pub(crate) fn note_key(&self, key: SessionKey) {
        // It begins once.
        let _ = self.key.set(key);
    }

    /// What handlers did to the session until now.
    pub(crate) fn change(&self) -> Option<Change> {
        self.lock().clone()
    }

    /// New tokens for those of this request's session, or for any others.
    pub(crate) async fn refresh(&self, tokens: &DiditTokens) -> Outcome {
        let Some(session) = self.latest()? else {
            return self.upkeep.refresh_tokens(tokens).await;
        };
        let renewed = match (&self.upkeep.sessions.place, self.key.get()) {
            (Place::Store(stored), Some(key)) => {
                let stored = stored.load(*key).await?;
                self.refresh_stored(&session, stored, tokens).await?
            }
            _ if session.tokens().are(tokens) => Some(self.upkeep.refresh_tokens(tokens).await?),
            _ => None,
        };
        let Some(renewed) = renewed else {
            return self.upkeep.refresh_tokens(tokens).await;
        };
        let mut change = self.lock();
        if !matches!(*change, Some(Change::Ended)) {
            *change = Some(Change::Renewed(renewed.clone()));
        }
        Ok(renewed)
    }

    /// By what the store has now: another request, or another process, may have been faster. `None` for the
    /// tokens of no session.
    async fn refresh_stored(
        &self,
        session: &Session,
        stored: Option<(Session, Kept)>,
        tokens: &DiditTokens,
    ) -> Result<Option<DiditTokens>, Error> {
        let is_of = |session: &Session| session.tokens().access_token().is(tokens.access_token());
        let is_own = is_of(session) || self.session().is_some_and(is_of);
        let upkeep = &self.upkeep;
        match stored {
            Some((there, kept)) if there.tokens().are(tokens) => {
                let flight = upkeep.refresh(&there, Some(kept), upkeep.now());
                upkeep.land(flight).await.map(Some)
            }
            // What is missing is a refresh token, which counts as spent by now.
            Some((there, _)) if is_of(&there) => Err(Error::new(ErrorKind::NotRenewable)),
            Some((there, _)) if is_own => Ok(Some(there.tokens().clone())),
            None if is_own => Err(Error::new(ErrorKind::SessionEnded)),
            _ => Ok(None),
        }
    }

    /// Ends the session of this request; gives the page where the provider ends its own.
    pub(crate) async fn sign_out(&self) -> Result<Option<String>, Error> {
        let session = self.latest();
        // In any case the browser forgets it.
        self.lock().replace(Change::Ended);
        let found = match (session, self.key.get()) {
            (Ok(_), Some(key)) => Found::Key(*key),
            (Ok(Some(session)), None) => Found::Session(session),
            // Nobody, or not any more.
            (Ok(None), None) | (Err(_), _) => Found::Nothing,
        };
        self.upkeep.sign_out(found).await
    }

    /// The session as handlers have left it.
    fn latest(&self) -> Result<Option<Session>, Error> {
        let Some(session) = self.session().cloned() else {
            return Ok(None);
        };
        match self.change() {
            Some(Change::Ended) => Err(Error::new(ErrorKind::SessionEnded)),
            Some(Change::Renewed(tokens)) => Ok(Some(session.carrying(tokens))),
            None => Ok(Some(session)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Change>> {
        self.change.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks an answer to a request of which nobody knows whose it is: a person who is waiting for a page gets
/// one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NobodyKnows;

/// Marks an answer that asks for a sign-in: the layer, which saw the address of the page, turns it
/// into a redirect where a person is waiting for a page.
#[derive(Clone, Debug)]
pub(crate) enum SignInWanted {
    /// By a refusal: only a `GET` is redirected, and comes back to the page itself.
    ToGoOn,
    /// Likewise, of somebody who is signed in and whose access token has ended: not if that was a
    /// moment ago.
    ForTokens,
    /// By a handler's own answer: any page navigation is redirected, and comes back to this page,
    /// else as above.
    Now { return_to: Option<ReturnTo> },
}
