//! Sessions that live in a store: what the browser has is a random id.

use std::{fmt, sync::Arc};

use aws_lc_rs::rand;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::HeaderValue;
use zeroize::Zeroizing;

use super::{
    ExistingChunks, Rules, Session,
    changes::{LATE, bounded},
    codec::Codec,
    store::{Claim, SessionKey, SessionStore, StoreError},
    unseal_cache::UnsealCache,
};
use crate::{
    clock::{Clock, Timestamp},
    cookie::CookieScope,
    error::{CallbackError, Error, ErrorKind},
    oidc::{CodeHash, PendingSignIn},
    provider::Provider,
    seal::Sealer,
};

/// Loads sessions from a store and keeps them there, sealed under their keys.
pub(crate) struct StoredSessions {
    pub(super) store: Arc<dyn SessionStore>,
    sealer: Sealer,
    scope: CookieScope,
    codec: Codec,
    recent: UnsealCache,
    pub(super) rules: Rules,
    pub(super) clock: Arc<dyn Clock>,
}

/// Where a session is kept, and how it was found there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoreEntry {
    pub(crate) key: SessionKey,
    pub(super) version: u64,
    pub(crate) claim: Option<Claim>,
}

impl StoredSessions {
    pub(crate) fn new(
        store: Arc<dyn SessionStore>,
        sealer: Sealer,
        scope: CookieScope,
        rules: Rules,
        provider: Provider,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            store,
            sealer,
            scope,
            codec: Codec::for_store(provider),
            recent: UnsealCache::new(),
            rules,
            clock,
        }
    }

    /// The session under `key`, if there is one that has not passed its limits.
    pub(crate) async fn load(
        &self,
        key: SessionKey,
    ) -> Result<Option<(Session, StoreEntry)>, Error> {
        let Some((session, kept)) = self.find(key).await? else {
            return Ok(None);
        };
        let lives = session.lives(self.rules.limits, self.now());
        Ok(lives.then_some((session, kept)))
    }

    /// Likewise, of any session that can be read.
    pub(super) async fn find(
        &self,
        key: SessionKey,
    ) -> Result<Option<(Session, StoreEntry)>, Error> {
        let Some(stored) = bounded(self.store.load(&key)).await? else {
            return Ok(None);
        };
        let kept = StoreEntry {
            key,
            version: stored.version,
            claim: stored.claim,
        };
        let session = self.open(&key, &stored.value);
        Ok(session.map(|session| (session, kept)))
    }

    /// Writes down that a session was used. Nothing hangs on it: the next use tries again.
    pub(super) async fn note_use(&self, mut used: Session, kept: StoreEntry) {
        let now = self.now();
        if let Some(claim) = kept.claim {
            // Whoever has the claim writes the session, and may take its time.
            if !claim.is_older_than(LATE, now) {
                return;
            }
            // The claim ends with the writing: what it stands for must not.
            if self.rules.single_use {
                used.tokens = used.tokens.without_refresh_token();
            }
        }
        if let Err(error) = self.write_once(&kept, &used, now).await {
            let source = Error::from(error).causes();
            tracing::warn!(source, "failed to note the use of a session");
        }
    }

    async fn write_once(
        &self,
        kept: &StoreEntry,
        session: &Session,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let sealed = self.seal(&kept.key, session);
        let lifetime = session.idle_rest(now);
        let replace = self
            .store
            .replace(&kept.key, kept.version, &sealed, lifetime);
        bounded(replace).await
    }

    /// A store's memory is not for anything that a provider may send.
    pub(super) fn check(&self, session: &Session) -> Result<(), Error> {
        let size = self.codec.encode(session).len();
        if size <= MAX_SIZE {
            return Ok(());
        }
        let context = format!("{size} bytes, where {MAX_SIZE} are allowed; ask for fewer scopes");
        Err(Error::with_context(ErrorKind::SessionTooLarge, context))
    }

    /// Keeps a new session; gives the `Set-Cookie` values that tell the browser, and where it is.
    pub(crate) async fn create(
        &self,
        session: &Session,
        existing: ExistingChunks,
        now: Timestamp,
    ) -> Result<(Vec<HeaderValue>, SessionKey), Error> {
        let mut id = Zeroizing::new([0; 32]);
        rand::fill(id.as_mut_slice()).expect("the system's random source works");
        let key = SessionKey::of_id(&id);
        let sealed = self.seal(&key, session);
        let lifetime = session.idle_rest(now);
        if !self.add(&key, &sealed, lifetime).await? {
            return Err(StoreError::new("an id that nobody had is taken").into());
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
        // By the random half the entry is known again when the store's answer was lost.
        let mut entry = [0; STATE_ENTRY];
        let (own, hash) = entry.split_at_mut(STATE_ENTRY - code.len());
        rand::fill(own).expect("the system's random source works");
        hash.copy_from_slice(&code);
        let key = SessionKey::of_state(state);
        if self.add(&key, &entry, PendingSignIn::LIFETIME).await? {
            return Ok(None);
        }
        let used = self.use_of_state(state, Some(code)).await?;
        Ok(Some(used.unwrap_or(CallbackError::AlreadyCompleted)))
    }

    pub(crate) async fn free_state(&self, state: &str) {
        if let Err(error) = self.delete(&SessionKey::of_state(state)).await {
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
        let entry = bounded(self.store.load(&key)).await?;
        Ok(entry.map(|entry| {
            if code.is_none_or(|code| entry.value.ends_with(&code)) {
                CallbackError::AlreadyCompleted
            } else {
                CallbackError::Replayed
            }
        }))
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::now(&*self.clock)
    }

    pub(super) fn seal(&self, key: &SessionKey, session: &Session) -> Vec<u8> {
        let plaintext = self.codec.encode(session);
        self.sealer.seal_bytes(key.as_bytes(), &plaintext)
    }

    pub(super) fn open(&self, key: &SessionKey, sealed: &Bytes) -> Option<Session> {
        let label = key.as_bytes();
        self.recent.open(label, sealed, || {
            let opened = self.sealer.open_bytes(label, sealed.to_vec())?;
            self.codec.decode(opened.as_bytes())
        })
    }
}

impl StoreEntry {
    /// After one more change.
    pub(super) fn changed(self, claim: Option<Claim>) -> Self {
        Self {
            version: self.version + 1,
            claim,
            ..self
        }
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

/// Of a session in a store, in bytes.
/// Of a state: 16 random bytes, and the hash of the code.
const STATE_ENTRY: usize = 48;
const MAX_SIZE: usize = 64 * 1024;
