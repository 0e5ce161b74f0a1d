//! Sessions in a store: the browser has a random id.

use std::{fmt, sync::Arc};

use aws_lc_rs::rand;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::HeaderValue;
use zeroize::Zeroizing;

use super::{
    ExistingChunks, Rules, Session,
    changes::{BRIEF, LATE, Pause, bounded},
    codec::Codec,
    store::{RefreshAttempt, SessionKey, SessionOwner, SessionStore, StoreError, StoredSession},
    unseal_cache::UnsealCache,
    user_sessions::Generation,
};
use crate::{
    clock::{Clock, Timestamp},
    cookie::CookieScope,
    error::{CallbackError, Error, ErrorKind},
    oidc::{CodeHash, PendingSignIn},
    provider::Provider,
    seal::{Pseudonyms, Sealer},
};

/// Loads sessions from a store and keeps them there, sealed under their keys.
pub(crate) struct StoredSessions {
    pub(super) store: Arc<dyn SessionStore>,
    sealer: Sealer,
    pub(super) users: Pseudonyms,
    scope: CookieScope,
    codec: Codec,
    recent: UnsealCache,
    pub(super) rules: Rules,
    pub(super) clock: Arc<dyn Clock>,
    /// What tells the states that this process has taken from those of others.
    taker: [u8; 16],
}

/// The entry of a session in the store, as it was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoreEntry {
    pub(crate) key: SessionKey,
    pub(super) version: u64,
    pub(crate) refresh_attempt: Option<RefreshAttempt>,
}

impl StoredSessions {
    pub(crate) fn new(
        store: Arc<dyn SessionStore>,
        sealer: Sealer,
        users: Pseudonyms,
        scope: CookieScope,
        rules: Rules,
        provider: Provider,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let mut taker = [0; 16];
        rand::fill(&mut taker).expect("the system's random source works");
        Self {
            taker,
            store,
            sealer,
            users,
            scope,
            codec: Codec::for_store(provider),
            recent: UnsealCache::new(),
            rules,
            clock,
        }
    }

    /// The session under `key`, if it is within its limits.
    pub(crate) async fn load(
        &self,
        key: SessionKey,
    ) -> Result<Option<(Session, StoreEntry)>, Error> {
        let found = self.find(key).await?;
        let now = self.now();
        Ok(found.filter(|(session, _)| session.lives(self.rules.limits, now)))
    }

    /// The session under `key`, if it can be read.
    pub(super) async fn find(
        &self,
        key: SessionKey,
    ) -> Result<Option<(Session, StoreEntry)>, Error> {
        let Some(stored) = bounded(self.store.load(key)).await? else {
            return Ok(None);
        };
        let entry = StoreEntry {
            key,
            version: stored.version(),
            refresh_attempt: stored.refresh_attempt(),
        };
        let session = self.open(key, stored.value());
        Ok(session.map(|session| (session, entry)))
    }

    /// Records that a session was used. A failure costs nothing: the next use tries again.
    pub(super) async fn note_use(&self, mut used: Session, entry: StoreEntry) {
        let now = self.now();
        if let Some(attempt) = entry.refresh_attempt {
            // The process that refreshes the session writes it, and may take its time.
            if !attempt.has_lapsed_for(LATE, now) {
                return;
            }
            // Writing removes the attempt. What it stands for must stay: the token counts as spent.
            if self.rules.single_use {
                let tokens = used.tokens().without_refresh_token();
                used = used.carrying(tokens);
            }
        }
        let sealed = self.seal(entry.key, &used);
        let lifetime = used.idle_rest(now);
        let replace = self
            .store
            .replace(entry.key, entry.version, sealed, lifetime);
        if let Err(error) = bounded(replace).await {
            let source = Error::from(error).causes();
            tracing::warn!(source, "failed to note the use of a session");
        }
    }

    /// Refuses what is too large for a store.
    pub(super) fn check(&self, session: &Session) -> Result<(), Error> {
        let size = self.codec.encode(session).len();
        if size <= MAX_SIZE {
            return Ok(());
        }
        let context = format!("{size} bytes, where {MAX_SIZE} are allowed; ask for fewer scopes");
        Err(Error::with_context(ErrorKind::SessionTooLarge, context))
    }

    /// Begins a session: gives its `Set-Cookie` values and its key.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SessionEnded`] if all sessions of the user were ended since `generation` was read.
    pub(crate) async fn create(
        &self,
        session: &Session,
        generation: Generation,
        existing: ExistingChunks,
        now: Timestamp,
    ) -> Result<(Vec<HeaderValue>, SessionKey), Error> {
        let owner = SessionOwner::new(self.user(session.tokens().claims()), session.rest(now));
        let mut pause = Pause::new(BRIEF);
        // Each attempt has an id of its own: a lost one may reach the store after the session has ended.
        let (id, key) = loop {
            let mut id = Zeroizing::new([0; 32]);
            rand::fill(id.as_mut_slice()).expect("the system's random source works");
            let key = SessionKey::of_id(&id);
            let sealed = self.seal(key, session);
            let lifetime = session.idle_rest(now);
            let create = self.store.create(key, sealed, lifetime, Some(owner));
            let failure = match bounded(create).await {
                Ok(true) => break (id, key),
                Ok(false) => StoreError::new("a random id is taken"),
                Err(failure) => failure,
            };
            if !pause.take().await {
                return Err(failure.into());
            }
        };
        if self.generation(session).await? != generation {
            // No browser has its id, but it would be listed.
            self.delete(key).await?;
            return Err(Error::new(ErrorKind::SessionEnded));
        }
        let id = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(id.as_slice()));
        let cookie = self.scope.set(self.scope.session(), &id, session.rest(now));
        let orphans = existing.removals(1, &self.scope);
        Ok(([cookie].into_iter().chain(orphans).collect(), key))
    }

    /// Takes the state of a sign-in, by an entry that holds the hash of its code; gives how it was used before,
    /// if it was.
    pub(crate) async fn take_state(
        &self,
        state: &str,
        code: CodeHash,
    ) -> Result<Option<CallbackError>, Error> {
        let entry = [&self.taker[..], &code].concat();
        let key = SessionKey::of_state(state);
        if self.add(key, &entry, PendingSignIn::LIFETIME).await? {
            return Ok(None);
        }
        // This process took it, without knowing: the store's answer was lost, and the code was not sent.
        let taken = bounded(self.store.load(key)).await?;
        Ok(match taken {
            Some(taken) if *taken.value() == entry => None,
            Some(taken) => Some(use_by(&taken, Some(code))),
            None => Some(CallbackError::AlreadyCompleted),
        })
    }

    pub(crate) async fn free_state(&self, state: &str) {
        if let Err(error) = self.delete(SessionKey::of_state(state)).await {
            let source = error.causes();
            tracing::warn!(%error, source, "failed to free the state of a sign-in");
        }
    }

    pub(crate) async fn use_of_state(
        &self,
        state: &str,
        code: Option<CodeHash>,
    ) -> Result<Option<CallbackError>, Error> {
        let key = SessionKey::of_state(state);
        let entry = bounded(self.store.load(key)).await?;
        Ok(entry.map(|entry| use_by(&entry, code)))
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::now(&*self.clock)
    }

    pub(super) fn seal(&self, key: SessionKey, session: &Session) -> Vec<u8> {
        let plaintext = self.codec.encode(session);
        self.sealer.seal_bytes(key.as_bytes(), &plaintext)
    }

    pub(super) fn open(&self, key: SessionKey, sealed: &Bytes) -> Option<Session> {
        let label = key.as_bytes();
        self.recent.open(label, sealed, || {
            let opened = self.sealer.open_bytes(label, sealed.to_vec())?;
            self.codec.decode(&opened)
        })
    }
}

impl StoreEntry {
    /// After one more change.
    pub(super) fn changed(self, refresh_attempt: Option<RefreshAttempt>) -> Self {
        Self {
            version: self.version + 1,
            refresh_attempt,
            ..self
        }
    }
}

/// How the callback has used its state that has left this entry.
fn use_by(entry: &StoredSession, code: Option<CodeHash>) -> CallbackError {
    if code.is_none_or(|code| entry.value().ends_with(&code)) {
        CallbackError::AlreadyCompleted
    } else {
        CallbackError::Replayed
    }
}

impl fmt::Debug for StoredSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredSessions")
            .field("store", &self.store)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

/// The length of a state's entry: 16 random bytes, and the hash of the code.
/// The size limit of a session in a store, in bytes.
const MAX_SIZE: usize = 64 * 1024;
