//! What the layer and the handlers of one request tell each other.

use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use http::Extensions;

use crate::{
    error::{Error, ErrorKind},
    return_to::ReturnTo,
    session::{ExistingChunks, Kept, Outcome, Place, Session},
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
    session_read: AtomicBool,
    /// Where the session is that began with the answer of the callback's handler.
    kept: OnceLock<Kept>,
    change: Mutex<Option<Change>>,
    upkeep: Arc<Upkeep>,
}

/// Who is there.
#[derive(Debug)]
pub(crate) enum Presence {
    Nobody,
    /// A session, and where it is if that is a store. At the callback it is not there yet.
    SignedIn(Session, Option<Kept>),
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
    pub(crate) fn new(
        presence: Presence,
        existing: ExistingChunks,
        upkeep: Arc<Upkeep>,
    ) -> Arc<Self> {
        Arc::new(Self {
            presence,
            existing,
            session_read: AtomicBool::new(false),
            kept: OnceLock::new(),
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
            Presence::SignedIn(session, _) => Some(session),
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
    pub(crate) fn note_kept(&self, kept: Kept) {
        // It begins once.
        let _ = self.kept.set(kept);
    }

    /// What handlers did to the session until now.
    pub(crate) fn change(&self) -> Option<Change> {
        self.lock().clone()
    }

    /// New tokens for those of this request, or for any others.
    pub(crate) async fn refresh(&self, tokens: &DiditTokens) -> Outcome {
        let Some((session, kept)) = self.session_of(tokens)? else {
            return self.upkeep.refresh_tokens(tokens).await;
        };
        let upkeep = &self.upkeep;
        let (session, kept) = match (&upkeep.sessions.place, kept) {
            (Place::Store(stored), Some(kept)) => match stored.load(kept.key).await? {
                Some((session, kept)) => (session, Some(kept)),
                None => return Err(Error::new(ErrorKind::SessionEnded)),
            },
            _ => (session, kept),
        };
        let renewed = if session.tokens().are(tokens) {
            let flight = upkeep.refresh(&session, kept, upkeep.now());
            upkeep.land(flight).await?
        } else if session.tokens().access_token().is(tokens.access_token()) {
            // What is missing is a refresh token, which counts as spent by now.
            return Err(Error::new(ErrorKind::NotRenewable));
        } else {
            // Another process was faster.
            session.tokens().clone()
        };
        let mut change = self.lock();
        if !matches!(*change, Some(Change::Ended)) {
            *change = Some(Change::Renewed(renewed.clone()));
        }
        Ok(renewed)
    }

    /// Ends the session of this request; gives the page where the provider ends its own.
    pub(crate) async fn sign_out(&self) -> Result<Option<String>, Error> {
        // In any case the browser forgets it.
        let before = self.lock().replace(Change::Ended);
        let session = match &self.presence {
            Presence::SignedIn(session, kept) => Some((session.clone(), self.kept_at(*kept))),
            Presence::Nobody => None,
            Presence::Unavailable => return Err(Error::new(ErrorKind::SessionUnavailable)),
        };
        match (session, before) {
            (None, _) | (_, Some(Change::Ended)) => Ok(None),
            (Some((session, kept)), before) => {
                self.upkeep.sign_out(latest(session, before), kept).await
            }
        }
    }

    /// The session of this request, if these are its tokens.
    fn session_of(&self, tokens: &DiditTokens) -> Result<Option<(Session, Option<Kept>)>, Error> {
        let Presence::SignedIn(session, kept) = &self.presence else {
            return Ok(None);
        };
        let change = self.change();
        if matches!(change, Some(Change::Ended)) {
            return Err(Error::new(ErrorKind::SessionEnded));
        }
        let session = latest(session.clone(), change);
        let kept = self.kept_at(*kept);
        Ok(session.tokens().are(tokens).then_some((session, kept)))
    }

    fn kept_at(&self, kept: Option<Kept>) -> Option<Kept> {
        kept.or_else(|| self.kept.get().copied())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Change>> {
        self.change.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The session as handlers have left it.
fn latest(session: Session, change: Option<Change>) -> Session {
    match change {
        Some(Change::Renewed(tokens)) => session.carrying(tokens),
        Some(Change::Ended) | None => session,
    }
}

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
