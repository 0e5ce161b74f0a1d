//! Sessions in a store: the browser has a random cookie id.

use std::{sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::HeaderValue;
use zeroize::Zeroizing;

use super::{
    PresentedCookies, Rules, Session,
    codec::Codec,
    retry::{Backoff, FOR_2S, FOR_60S, with_timeout},
    store::{RefreshAttempt, SessionKey, SessionOwner, SessionStore, StoreError, StoredSession},
    unseal_cache::UnsealCache,
    user_sessions::{self, Generation},
};
use crate::{
    clock::{Clock, Timestamp},
    cookie::CookieScope,
    error::{Error, ErrorKind},
    provider::Provider,
    seal::{KeySource, Pseudonyms, Purpose, Sealer, random},
};

/// Loads sessions from a store and writes them there, sealed under their keys.
pub(crate) struct StoredSessions {
    pub(super) store: Arc<dyn SessionStore>,
    sealer: Sealer,
    pub(super) users: Pseudonyms,
    public_ids: Pseudonyms,
    scope: CookieScope,
    codec: Codec,
    recent: UnsealCache,
    pub(super) rules: Rules,
    clock: Arc<dyn Clock>,
    /// Identifies the states that this process has marked as used.
    pub(super) process: [u8; 16],
}

/// The entry of a session, as read from the store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoreEntry {
    pub(crate) key: SessionKey,
    pub(super) version: u64,
    pub(crate) refresh_attempt: Option<RefreshAttempt>,
}

/// A session that was read from the store, and its entry.
pub(crate) type Loaded = (Session, StoreEntry);

impl StoredSessions {
    pub(crate) fn new(
        store: Arc<dyn SessionStore>,
        keys: KeySource<'_>,
        scope: CookieScope,
        rules: Rules,
        provider: Provider,
        clock: Arc<dyn Clock>,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            sealer: Sealer::new(keys, Purpose::STORE),
            // A user has the same key at all origins, so that all their sessions are found.
            users: Pseudonyms::new(KeySource { origin: "", ..keys }, Purpose::USER),
            public_ids: Pseudonyms::new(KeySource { origin: "", ..keys }, Purpose::PUBLIC_ID),
            scope,
            // Safe in a store, which has only the latest entry: an old cookie could bring a spent refresh token back.
            codec: Codec {
                provider,
                keeps_refresh_tokens: true,
            },
            recent: UnsealCache::new(),
            rules,
            clock,
            process: random(),
        })
    }

    /// The session under `key`, if it is within its limits.
    pub(crate) async fn load(&self, key: SessionKey) -> Result<Option<Loaded>, Error> {
        let found = self.find(key).await?;
        let now = self.now();
        Ok(found.filter(|(session, _)| session.is_within(self.rules.limits, now)))
    }

    /// The session under `key`, if it can be read.
    pub(super) async fn find(&self, key: SessionKey) -> Result<Option<Loaded>, Error> {
        let stored = with_timeout(self.store.load(key)).await?;
        Ok(stored.and_then(|stored| self.read(key, &stored)))
    }

    /// The session in an entry, if it can be read.
    pub(super) fn read(&self, key: SessionKey, stored: &StoredSession) -> Option<Loaded> {
        let entry = StoreEntry {
            key,
            version: stored.version(),
            refresh_attempt: stored.refresh_attempt(),
        };
        let session = self.open(key, stored.value())?;
        Some((session, entry))
    }

    /// The public ids of a session: the one in use, then those from before the cookie keys were rotated.
    pub(super) fn public_ids(&self, session: &Session) -> Vec<String> {
        let id = session.id().0;
        let parts: [&[u8]; 1] = [&id];
        let ids = self.public_ids.of(&parts);
        ids.map(|id| BASE64_URL_SAFE_NO_PAD.encode(id.split_at(16).0))
            .collect()
    }

    /// Records that a session was used. After a failure the next use tries again.
    pub(super) async fn record_use(&self, used: Session, entry: StoreEntry) {
        let now = self.now();
        let Some(used) = self.writable(used, entry, FOR_60S) else {
            return;
        };
        let StoreEntry { key, version, .. } = entry;
        let sealed = self.seal(key, &used);
        let lifetime = used.0.idle_end.since(now);
        let replaced = with_timeout(self.store.replace(key, version, sealed, lifetime)).await;
        if let Err(error) = replaced.map_err(Error::from) {
            error.log("failed to record the use of a session");
        }
    }

    /// The session as it may be written in place of its entry, which removes a refresh attempt. `None` until
    /// `age` has passed since the attempt's deadline: the process that refreshes the session may still write it.
    pub(super) fn writable(
        &self,
        session: Session,
        entry: StoreEntry,
        age: Duration,
    ) -> Option<Session> {
        let Some(attempt) = entry.refresh_attempt else {
            return Some(session);
        };
        if !attempt.has_lapsed_for(age, self.now()) {
            return None;
        }
        // A single-use token must still count as spent.
        let is_spent = self.rules.single_use;
        let tokens = is_spent.then(|| session.tokens().without_refresh_token());
        Some(match tokens {
            Some(tokens) => session.with_tokens(tokens),
            None => session,
        })
    }

    /// Checks the size of a session.
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
        existing: PresentedCookies,
        now: Timestamp,
    ) -> Result<(Vec<HeaderValue>, Option<SessionKey>), Error> {
        let max_age = session.0.end.since(now);
        let owner = SessionOwner::new(self.user(session.tokens().claims()), max_age);
        let mut backoff = Backoff::new(FOR_2S);
        // Each attempt has its own cookie id: an attempt without a response may reach the store after the session has
        // ended.
        let (cookie_id, key) = loop {
            let cookie_id: Zeroizing<[u8; 32]> = Zeroizing::new(random());
            let key = SessionKey::of_cookie_id(&cookie_id);
            let (sealed, lifetime) = (self.seal(key, session), session.0.idle_end.since(now));
            let created = with_timeout(self.store.create(key, sealed, lifetime, Some(owner))).await;
            let failure = match created {
                Ok(true) => break (cookie_id, key),
                Ok(false) => StoreError::new("a random cookie id exists already"),
                Err(failure) => failure,
            };
            if !backoff.pause().await {
                return Err(failure.into());
            }
        };
        let user = self.user(session.tokens().claims());
        if user_sessions::generation(&*self.store, user).await? != generation {
            // No browser has the cookie id, but the session would stay in its user's list.
            self.delete(key).await?;
            return Err(Error::new(ErrorKind::SessionEnded));
        }
        let cookie_id = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(cookie_id.as_slice()));
        let cookie = self.scope.set(self.scope.session(), &cookie_id, max_age);
        let removals = existing.removals(1, &self.scope);
        let cookies = [cookie].into_iter().chain(removals).collect();
        Ok((cookies, Some(key)))
    }

    /// Deletes a session for all processes.
    pub(crate) async fn delete(&self, key: SessionKey) -> Result<(), Error> {
        Ok(with_timeout(self.store.delete(key)).await?)
    }

    /// The issuers of the provider, if `issuer` is one of them; otherwise `issuer` alone.
    pub(super) fn issuers_like<'a>(&'a self, issuer: &'a str) -> impl Iterator<Item = &'a str> {
        let provider = &self.codec.provider;
        let is_own = provider.accepts_issuer(issuer);
        let own = provider.issuers.iter().filter(move |_| is_own);
        let other = Some(issuer).filter(|_| !is_own);
        own.map(String::as_str).chain(other)
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::now(&*self.clock)
    }

    pub(super) fn seal(&self, key: SessionKey, session: &Session) -> Vec<u8> {
        let plaintext = self.codec.encode(session);
        self.sealer.seal_bytes(key.as_bytes(), &plaintext)
    }

    pub(super) fn open(&self, key: SessionKey, sealed: &[u8]) -> Option<Session> {
        let label = key.as_bytes();
        self.recent.open(label, sealed, || {
            let opened = self.sealer.open_bytes(label, sealed.to_vec())?;
            self.codec.decode(&opened)
        })
    }
}

/// The size limit of a session in a store, in bytes.
const MAX_SIZE: usize = 64 * 1024;
