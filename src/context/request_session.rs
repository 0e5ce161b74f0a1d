//! The session of one request, and the cookies that its response sets.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use http::HeaderValue;
use tokio::time::Instant;

use super::{
    changes::{Change, Changes},
    lookup::{Deferred, Found, look_up_session, look_up_tokens, look_up_user_info},
};
use crate::{
    clock::Timestamp,
    cookie::CookieHeaders,
    error::{Error, ErrorKind},
    session::{
        CookieChange, Lookup, Outcome, PresentedCookies, Replacement, Session, SessionData,
        lifecycle::SessionLifecycle, store::SessionKey,
    },
    tokens::{DiditTokens, UserInfo},
};

/// The session of one request, and the changes that handlers make to it.
pub(crate) struct RequestSession {
    pub(super) lifecycle: Arc<SessionLifecycle>,
    /// The time of the first call that asked for the session.
    pub(super) asked: Timestamp,
    /// Whether this is a callback, whose session is about to begin.
    pub(super) is_new: bool,
    /// The session's cookies in the request.
    pub(super) existing: PresentedCookies,
    pub(super) found: Deferred<Found>,
    pub(super) tokens: OnceLock<Deferred<Outcome>>,
    user_info: OnceLock<Deferred<Result<UserInfo, Error>>>,
    /// The key of a session in a store. Known from the cookies, or else after the lookup; at the callback, once the
    /// session has begun.
    pub(super) key: OnceLock<SessionKey>,
    changes: Mutex<Changes>,
}

/// The final state of a session, when the response headers are ready.
pub(crate) struct FinalState {
    /// The session of the signed-in user, with the latest tokens.
    pub(crate) session: Option<Session>,
    change: Option<CookieChange>,
    /// The request's tokens, if a refresh has replaced them.
    replaced: Option<DiditTokens>,
    /// Whether the session has data that its cookies in the request do not have.
    has_new_data: bool,
}

impl RequestSession {
    /// Starts the lookup.
    pub(super) fn look_up(lifecycle: &Arc<SessionLifecycle>, cookies: &CookieHeaders) -> Self {
        let asked = lifecycle.now();
        let (lookup, existing) = lifecycle.sessions.find(cookies.iter(), || asked);
        Self {
            asked,
            is_new: false,
            existing,
            key: match lookup {
                Lookup::Key(key) => OnceLock::from(key),
                _ => OnceLock::new(),
            },
            found: look_up_session(lifecycle, lookup, asked),
            lifecycle: Arc::clone(lifecycle),
            tokens: OnceLock::new(),
            user_info: OnceLock::new(),
            changes: Mutex::default(),
        }
    }

    /// The session of a callback, which is about to begin.
    pub(super) fn of_callback(lifecycle: &Arc<SessionLifecycle>, session: Session) -> Self {
        let tokens = Ok(session.tokens().clone());
        Self {
            asked: lifecycle.now(),
            is_new: true,
            existing: PresentedCookies::default(),
            key: OnceLock::new(),
            found: Deferred::Known(Ok(Some(session)).into()),
            lifecycle: Arc::clone(lifecycle),
            tokens: OnceLock::from(Deferred::Known(tokens)),
            user_info: OnceLock::new(),
            changes: Mutex::default(),
        }
    }

    /// The session of the signed-in user. Waits at most 1 s for the store, and at most 5 s for the refresh of a
    /// session that ends with its access token.
    pub(crate) async fn signed_in(&self) -> Result<Option<&Session>, Error> {
        let session = self.found().await.session.as_ref();
        session.map(Option::as_ref).map_err(Clone::clone)
    }

    /// The tokens of the signed-in user.
    ///
    /// While the access token is valid, a refresh that is due runs in the background. The request that starts it
    /// waits at most 2 s if its response has to carry the new tokens, or if the refresh invalidates the old ones. Once
    /// the access token has expired, waits at most 5 s for the refresh.
    pub(crate) async fn tokens(&self) -> Outcome {
        let found = self.found().await;
        let session = found.session.as_ref().map_err(Clone::clone)?.as_ref();
        let session = session.ok_or_else(|| Error::new(ErrorKind::NotSignedIn))?;
        let begin = || look_up_tokens(&self.lifecycle, session, found.entry);
        self.tokens.get_or_init(begin).get().await.clone()
    }

    /// The user information that the session keeps, or else the provider's, fetched once. Waits at most 15 s in all.
    pub(crate) async fn user_info(&self) -> Result<UserInfo, Error> {
        let started = Instant::now();
        let session = self.signed_in().await?;
        let session = session.ok_or_else(|| Error::new(ErrorKind::NotSignedIn))?;
        self.check_not_ended()?;
        if let Some(kept) = session.user_info() {
            return Ok(kept.clone());
        }
        let mut tokens = self.tokens().await?;
        self.check_not_ended()?;
        if let Some(Change::Refreshed(latest)) = &self.changes().change {
            tokens = latest.clone();
        }
        let begin = || look_up_user_info(&self.lifecycle, tokens, started);
        self.user_info.get_or_init(begin).get().await.clone()
    }

    /// The session of the signed-in user, if it is already known.
    pub(crate) fn known_session(&self) -> Option<&Session> {
        self.found.peek()?.session.as_ref().ok()?.as_ref()
    }

    /// Whether the session has ended since its lookup: by another request, or at its absolute limit. (Other requests
    /// may have extended its idle limit.)
    pub(crate) fn has_ended(&self) -> bool {
        let (lifecycle, session) = (&self.lifecycle, self.known_session());
        let limits = lifecycle.sessions.rules.limits;
        session.is_some_and(|session| {
            lifecycle.has_ended(session.id()) || session.has_reached_end(limits, lifecycle.now())
        })
    }

    pub(super) fn check_not_ended(&self) -> Result<(), Error> {
        if self.has_ended() || self.was_signed_out() {
            return Err(Error::new(ErrorKind::SessionEnded));
        }
        Ok(())
    }

    /// Sets the key of this callback's session, so that the handler can still change the session.
    pub(crate) fn set_key(&self, key: SessionKey) {
        let _ = self.key.set(key);
    }

    pub(super) async fn found(&self) -> &Found {
        let found = self.found.get().await;
        if let Some(entry) = found.entry {
            self.set_key(entry.key);
        }
        found
    }

    /// The changes that handlers have made so far.
    pub(super) fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that the response headers are ready: cookies can no longer be written.
    pub(super) fn close(&self) {
        self.changes().is_closed = true;
    }

    /// Whether a handler has ended the session.
    pub(crate) fn was_signed_out(&self) -> bool {
        matches!(self.changes().change, Some(Change::Ended))
    }

    /// The `Set-Cookie` values for the response. `None` for most requests.
    ///
    /// A slow request must not restore a session that has ended in the meantime, or tokens that were replaced. A response
    /// that starts a sign-in (`is_replaced`) writes no session: the new sign-in replaces it, and the response has no room
    /// for both.
    #[inline]
    pub(crate) fn cookies(&self, is_replaced: bool) -> Option<Vec<HeaderValue>> {
        if self.is_unchanged() {
            return None;
        }
        self.changed_cookies(is_replaced)
    }

    fn changed_cookies(&self, is_replaced: bool) -> Option<Vec<HeaderValue>> {
        let mut final_state = self.final_state();
        let (lifecycle, sessions) = (&self.lifecycle, &self.lifecycle.sessions);
        let has_data = final_state.write_newest_data(lifecycle);
        let session = final_state.session;
        let (limits, now) = (sessions.rules.limits, lifecycle.now());
        let session = match final_state.change {
            // The browser may already have the cookies of a new session. With a store, another process may have
            // written them, unknown to `has_ended`; and the id of an ended session, if it stays, signs nobody in.
            Some(CookieChange::RemoveUnlessNewer(id))
                if lifecycle.has_ended(id) || sessions.stored().is_some() =>
            {
                return None;
            }
            Some(CookieChange::Remove | CookieChange::RemoveUnlessNewer(_)) => {
                return Some(sessions.removals(self.existing).collect());
            }
            Some(CookieChange::Write) | None if is_replaced => return None,
            Some(CookieChange::Write) => session?.touched(limits, now),
            None if has_data => session?.touched(limits, now),
            None => session?.touched_if_due(limits, now)?,
        };
        let mut replaced = final_state.replaced;
        let session = match lifecycle.replacement(&session) {
            Replacement::None => session,
            // Another request has refreshed the session. Only the data is this request's to write.
            Replacement::Tokens(tokens) if has_data => {
                replaced.get_or_insert_with(|| session.tokens().clone());
                session.with_tokens(*tokens)
            }
            Replacement::Tokens(_) | Replacement::Unknown => return None,
        };
        if let Some(replaced) = replaced {
            lifecycle.record_delivery(&replaced);
        }
        lifecycle.note_written(&session);
        Some(sessions.rewrite(&session, self.existing, now))
    }

    /// The state of the session with all changes so far.
    pub(crate) fn final_state(&self) -> FinalState {
        let found = self.found.peek();
        let mut final_state = FinalState {
            session: self.known_session().cloned(),
            change: found.and_then(|found| found.change),
            replaced: found.and_then(|found| found.replaced.clone()),
            has_new_data: false,
        };
        match self.tokens.get().and_then(Deferred::peek) {
            Some(Ok(tokens)) => final_state.write(tokens),
            // The provider has refused the refresh.
            Some(Err(error)) if error.kind() == ErrorKind::NotSignedIn => {
                let session = final_state.session.take();
                final_state.change =
                    session.map(|session| CookieChange::RemoveUnlessNewer(session.id()));
            }
            _ => {}
        }
        let changes = self.changes();
        match &changes.change {
            Some(Change::Refreshed(tokens)) => final_state.write(tokens),
            Some(Change::Ended) => final_state.change = Some(CookieChange::Remove),
            None => {}
        }
        final_state.add(&changes.data);
        final_state
    }

    /// Whether no cookie has to be written: the session is unchanged, and its use need not be saved yet.
    fn is_unchanged(&self) -> bool {
        let Deferred::Known(found) = &self.found else {
            return false;
        };
        let session = self.known_session();
        let is_same = |tokens: &Deferred<Outcome>| match tokens {
            Deferred::Known(Ok(tokens)) => session.is_some_and(|own| tokens.same_as(own.tokens())),
            _ => false,
        };
        let limits = self.lifecycle.sessions.rules.limits;
        found.change.is_none()
            && found.replaced.is_none()
            && self.tokens.get().is_none_or(is_same)
            && self.changes().is_empty()
            && session.is_none_or(|session| {
                session.touched_if_due(limits, self.asked).is_none()
                    && self.lifecycle.newer_data(session).is_none()
            })
    }
}

impl FinalState {
    /// Adds the newest data that requests of this process have written to the session's cookies. Returns whether the response
    /// has to write data.
    fn write_newest_data(&mut self, lifecycle: &SessionLifecycle) -> bool {
        let Some(session) = self.session.as_ref() else {
            return false;
        };
        if let Some(newer) = lifecycle.newer_data(session) {
            self.add(&newer);
        }
        self.has_new_data
    }

    /// Adds data, if it is newer than the session's.
    fn add(&mut self, data: &SessionData) {
        let is_older = |session: &mut Session| data.is_newer_than(session.data());
        if let Some(session) = self.session.take_if(is_older) {
            self.session = Some(session.with_data(data.clone()));
            self.has_new_data = true;
        }
    }

    /// Writes these tokens to the session's cookies, unless the session has them already.
    fn write(&mut self, tokens: &DiditTokens) {
        let is_other = |session: &mut Session| !session.tokens().same_as(tokens);
        if let Some(session) = self.session.take_if(is_other) {
            self.change = Some(CookieChange::Write);
            self.replaced
                .get_or_insert_with(|| session.tokens().clone());
            self.session = Some(session.with_tokens(tokens.clone()));
        }
    }
}
