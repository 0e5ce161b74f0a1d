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
    recent::Recent,
    store::{Claim, SessionKey, SessionStore, StoreError},
};
use crate::{
    clock::{Clock, Timestamp},
    cookie::CookieScope,
    error::{Error, ErrorKind},
    oidc::PendingSignIn,
    provider::Provider,
    seal::Sealer,
};

/// Loads sessions from a store and keeps them there, sealed under their keys.
pub(crate) struct StoredSessions {
    pub(super) store: Arc<dyn SessionStore>,
    sealer: Sealer,
    scope: CookieScope,
    codec: Codec,
    recent: Recent,
    pub(super) rules: Rules,
    pub(super) clock: Arc<dyn Clock>,
}

/// Where a session is kept, and how it was found there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
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
            recent: Recent::new(),
            rules,
            clock,
        }
    }

    /// The session under `key`, if there is one that has not passed its limits. Its use is noted.
    pub(crate) async fn load(&self, key: SessionKey) -> Result<Option<(Session, Kept)>, Error> {
        let Some((session, kept)) = self.find(key).await? else {
            return Ok(None);
        };
        let now = self.now();
        if !session.lives(self.rules.limits, now) {
            return Ok(None);
        }
        Ok(Some(self.used(session, kept, now).await))
    }

    /// Likewise, of any session that can be read.
    pub(super) async fn find(&self, key: SessionKey) -> Result<Option<(Session, Kept)>, Error> {
        let Some(stored) = bounded(self.store.load(&key)).await? else {
            return Ok(None);
        };
        let kept = Kept {
            key,
            version: stored.version,
            claim: stored.claim,
        };
        let session = self.open(&key, &stored.value);
        Ok(session.map(|session| (session, kept)))
    }

    /// Writes the use of a session down, if it is time. That it could not be written is no reason to
    /// refuse the request.
    async fn used(&self, session: Session, kept: Kept, now: Timestamp) -> (Session, Kept) {
        let Some(mut renewed) = session.renewed(self.rules.limits, now) else {
            return (session, kept);
        };
        if let Some(claim) = kept.claim {
            // Whoever has the claim writes the session, and may take its time.
            if !claim.is_older_than(LATE, now) {
                return (session, kept);
            }
            // The claim ends with the writing: what it stands for must not.
            if self.rules.single_use {
                renewed.tokens = renewed.tokens.without_refresh_token();
            }
        }
        match self.write_once(&kept, &renewed, now).await {
            Ok(true) => (renewed, kept.changed(None)),
            Ok(false) => (session, kept),
            Err(error) => {
                let source = Error::from(error).causes();
                tracing::warn!(source, "the use of a session was not noted");
                (session, kept)
            }
        }
    }

    async fn write_once(
        &self,
        kept: &Kept,
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
        let orphans = existing.removals(1, self.scope);
        Ok(([cookie].into_iter().chain(orphans).collect(), key))
    }

    /// Takes a sign-in for the caller alone, by its state: false if it was completed before.
    pub(crate) async fn claim_state(&self, state: &str) -> Result<bool, Error> {
        let key = SessionKey::of_state(state);
        // By it a claim is known again whose answer was lost.
        let mut own = [0; 16];
        rand::fill(&mut own).expect("the system's random source works");
        self.add(&key, &own, PendingSignIn::LIFETIME).await
    }

    /// Whether a sign-in was completed.
    pub(crate) async fn knows_state(&self, state: &str) -> Result<bool, Error> {
        let key = SessionKey::of_state(state);
        Ok(bounded(self.store.load(&key)).await?.is_some())
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

impl Kept {
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
const MAX_SIZE: usize = 64 * 1024;
