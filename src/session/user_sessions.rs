//! All sessions of one user in a store.
//!
//! A session that begins while all sessions of its user are being ended must end too. No store operation changes two
//! entries at once, so two entries that are no sessions ensure this: the user's generation, and the epoch, which all users
//! share.
//!
//! 1. A callback reads the epoch before it sends the code, when the user is unknown.
//! 2. Once it knows the user, it reads the user's generation. If the generation has a later epoch, the callback fails: all
//!    sessions of its user were ended during the exchange. (If the store has lost the epoch, this comparison is
//!    skipped.)
//! 3. It creates the session, reads the generation again, and gives the session's cookie id to the browser only if the
//!    generation is unchanged.
//!
//! Ending all sessions advances the epoch, writes the new epoch to the generation, then lists the sessions, then deletes
//! them. If the last reading of a callback precedes the change of the generation, the session exists before the sessions are listed,
//! and is deleted. If it follows the change, the two readings differ, and the callback fails. They are equal only if the first one follows
//! the change too; then step 2 refuses the callback, unless it arrived after the epoch had advanced: that is a new sign-in,
//! which may begin.

use std::time::Duration;

use super::{
    Session, StoredSessions,
    retry::{Backoff, FOR_2S, FOR_10S, retry, with_timeout},
    store::{SessionKey, SessionStore, StoreError, StoreFuture, StoredSession, UserKey},
};
use crate::{
    error::{Error, ErrorKind},
    tokens::IdClaims,
};

/// The number of times that all sessions of any user were ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Epoch(u64);

/// A value that changes when all sessions of a user are ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Generation {
    /// The version of the entry, if there is one.
    version: Option<u64>,
    /// The epoch that began when the sessions were ended.
    pub(super) epoch: Epoch,
}

impl Epoch {
    /// As it is in the store.
    fn of(entry: Option<&StoredSession>) -> Self {
        Self(entry.map_or(0, StoredSession::version))
    }

    fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl Generation {
    /// As it is in the store.
    pub(super) fn of(entry: Option<&StoredSession>) -> Self {
        let epoch = entry.and_then(|entry| entry.value().first_chunk().copied());
        Self {
            version: entry.map(StoredSession::version),
            epoch: Epoch(epoch.map_or(0, u64::from_be_bytes)),
        }
    }
}

impl StoredSessions {
    /// The key of a user.
    pub(super) fn user(&self, claims: &IdClaims) -> UserKey {
        let users = self.users(claims.issuer(), claims.subject());
        *users.first().expect("there is at least one key")
    }

    /// The key of a user, and the keys from before the cookie keys were rotated.
    fn users(&self, issuer: &str, subject: &str) -> Vec<UserKey> {
        let parts = [issuer.as_bytes(), subject.as_bytes()];
        self.users.of(&parts).map(UserKey::new).collect()
    }

    /// All keys of a user. The issuers of one provider name the same users, so they count as one.
    pub(super) fn all_users(&self, issuer: &str, subject: &str) -> Vec<UserKey> {
        let issuers = self.issuers_like(issuer);
        let users = issuers.flat_map(|issuer| self.users(issuer, subject));
        users.collect()
    }

    /// Whether a session is one of this user.
    pub(super) fn is_of(&self, session: &Session, issuer: &str, subject: &str) -> bool {
        let claims = session.tokens().claims();
        let mut issuers = self.issuers_like(issuer);
        claims.subject() == subject && issuers.any(|issuer| issuer == claims.issuer())
    }

    /// The epoch at the arrival of a callback.
    pub(crate) async fn epoch(&self) -> Result<Epoch, Error> {
        epoch(&*self.store).await
    }

    /// The generation of a session's user, for a callback that arrived in this epoch.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SessionEnded`] if all sessions of the user were ended since.
    pub(crate) async fn generation(
        &self,
        session: &Session,
        arrival: Epoch,
    ) -> Result<Generation, Error> {
        let store = &*self.store;
        let generation = generation(store, self.user(session.tokens().claims())).await?;
        if generation.epoch > arrival && generation.epoch <= epoch(store).await? {
            return Err(Error::new(ErrorKind::SessionEnded));
        }
        Ok(generation)
    }
}

pub(super) async fn epoch(store: &dyn SessionStore) -> Result<Epoch, Error> {
    let found = retry(FOR_2S, || store.load(SessionKey::of_epoch())).await?;
    Ok(Epoch::of(found.as_ref()))
}

pub(super) async fn generation(
    store: &dyn SessionStore,
    user: UserKey,
) -> Result<Generation, Error> {
    let key = SessionKey::of_generation(user);
    let found = retry(FOR_2S, || store.load(key)).await?;
    Ok(Generation::of(found.as_ref()))
}

/// The first step of ending all sessions of a user: stops the callbacks in progress, and returns the keys of the sessions.
pub(super) async fn begin_end_of_all(
    store: &dyn SessionStore,
    user: UserKey,
) -> Result<Vec<SessionKey>, Error> {
    let epoch = advance_epoch(store).await?;
    advance_generation(store, user, epoch).await?;
    retry(FOR_10S, || store.list(user)).await
}

/// Returns the new epoch: later than that of all callbacks that arrived before.
async fn advance_epoch(store: &dyn SessionStore) -> Result<Epoch, Error> {
    let key = SessionKey::of_epoch();
    let advance = async || -> Result<Epoch, StoreError> {
        let epoch = Epoch::of(with_timeout(store.load(key)).await?.as_ref());
        // `false` if another call has advanced it at the same time, to this epoch or a later one.
        with_timeout(replace(store, key, epoch.0, Vec::new(), EPOCH_LIFETIME)).await?;
        Ok(epoch.next())
    };
    let mut backoff = Backoff::new(FOR_10S);
    loop {
        match advance().await {
            Ok(epoch) => return Ok(epoch),
            Err(failure) if !backoff.pause().await => return Err(failure.into()),
            Err(_) => {}
        }
    }
}

/// Writes an epoch to the generation, unless the generation has a later one.
async fn advance_generation(
    store: &dyn SessionStore,
    user: UserKey,
    epoch: Epoch,
) -> Result<(), Error> {
    let key = SessionKey::of_generation(user);
    let advance = async || -> Result<bool, StoreError> {
        let found = with_timeout(store.load(key)).await?;
        let generation = Generation::of(found.as_ref());
        if generation.epoch >= epoch {
            return Ok(true);
        }
        let (version, value) = (generation.version.unwrap_or(0), epoch.0.to_be_bytes());
        with_timeout(replace(store, key, version, value.to_vec(), LIFETIME)).await
    };
    let mut backoff = Backoff::new(FOR_10S);
    loop {
        let failure = match advance().await {
            Ok(true) => return Ok(()),
            Ok(false) => StoreError::new("other processes keep ending the sessions of this user"),
            Err(failure) => failure,
        };
        if !backoff.pause().await {
            return Err(failure.into());
        }
    }
}

/// Replaces the entry if it has this version; for version 0, creates the entry.
fn replace(
    store: &dyn SessionStore,
    key: SessionKey,
    version: u64,
    value: Vec<u8>,
    lifetime: Duration,
) -> StoreFuture<'_, bool> {
    match version {
        0 => store.create(key, value, lifetime, None),
        _ => store.replace(key, version, value, lifetime),
    }
}

/// Ends all sessions of a user, including those that are beginning.
///
/// # Errors
///
/// The store failed. Some sessions may have ended.
#[cfg(any(test, feature = "test-util"))]
pub(super) async fn end_all(store: &dyn SessionStore, user: UserKey) -> Result<(), Error> {
    for key in begin_end_of_all(store, user).await? {
        retry(FOR_10S, || store.delete(key)).await?;
    }
    Ok(())
}

/// The lifetime of a generation: far longer than a callback takes, from the ID token to the end of its handler.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// The lifetime of the epoch: longer than that of generations, which refer to it.
const EPOCH_LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        clock::tests::HandClock,
        cookie::CookieScope,
        provider::Provider,
        seal::KeySource,
        session::{Limits, PresentedCookies, Rules, memory::MemoryStore},
        tokens::{AccessToken, DiditTokens, Scopes, TokenSet},
    };

    const HOUR: Duration = Duration::from_secs(3600);
    const LIMITS: Limits = Limits {
        idle: HOUR,
        absolute: Duration::from_secs(10 * 3600),
    };

    /// That of [`IdClaims::of_subject`].
    const ISSUER: &str = "https://apx.didit.me";

    struct Process(Arc<StoredSessions>);

    impl Process {
        fn new(store: &MemoryStore, clock: &HandClock, secrets: &[[u8; 32]]) -> Self {
            let secrets: Vec<_> = secrets.iter().map(<[u8; 32]>::as_slice).collect();
            let keys = KeySource {
                secrets: &secrets,
                client_id: "app",
                cookie_name: "didit",
                origin: "https://app.example",
            };
            let provider = Provider::didit();
            Self(StoredSessions::new(
                Arc::new(store.clone()),
                keys,
                CookieScope::new("didit", true),
                Rules::new(LIMITS, &provider),
                provider,
                Arc::new(clock.clone()),
            ))
        }

        async fn sign_in(&self, subject: &str) {
            let now = self.0.now();
            let tokens = DiditTokens::new(
                TokenSet {
                    access_token: AccessToken::new("at"),
                    refresh_token: None,
                    id_token: None,
                    scopes: Scopes::new("openid"),
                    expires_at: None,
                    received_at: now,
                },
                IdClaims::of_subject(subject),
            );
            let session = Session::start(tokens, false, LIMITS, now);
            let epoch = self.0.epoch().await.unwrap();
            let generation = self.0.generation(&session, epoch).await.unwrap();
            let existing = PresentedCookies::default();
            let created = self.0.create(&session, generation, existing, now);
            created.await.unwrap();
        }

        /// How many sessions of a user are within their limits.
        async fn count(&self, subject: &str) -> usize {
            let mut count = 0;
            for user in self.0.all_users(ISSUER, subject) {
                for key in self.0.store.list(user).await.unwrap() {
                    count += usize::from(self.0.load(key).await.unwrap().is_some());
                }
            }
            count
        }

        async fn end_all(&self, subject: &str) {
            for user in self.0.all_users(ISSUER, subject) {
                end_all(&*self.0.store, user).await.unwrap();
            }
        }
    }

    // Behaviour 122.
    #[tokio::test]
    async fn all_sessions_of_one_user_are_listed_and_ended() {
        let clock = HandClock::default();
        let process = Process::new(
            &MemoryStore::new().with_clock(clock.clone()),
            &clock,
            &[[1; 32]],
        );
        for subject in ["john", "jane", "john"] {
            process.sign_in(subject).await;
        }
        assert_eq!(process.count("john").await, 2);
        process.end_all("john").await;
        assert_eq!(
            (process.count("john").await, process.count("jane").await),
            (0, 1)
        );
        process.sign_in("john").await;
        process.end_all("john").await;
        process.sign_in("john").await;
        assert_eq!(process.count("john").await, 1);
        clock.advance(HOUR);
        assert_eq!(process.count("john").await, 0);
    }

    // A broken store may give any version.
    #[test]
    fn the_last_epoch_does_not_overflow() {
        let entry = StoredSession::new(Vec::new(), u64::MAX, None);
        let last = Epoch::of(Some(&entry));
        assert_eq!(last.next(), last);
    }

    // Behaviours 78 and 122.
    #[tokio::test]
    async fn sessions_from_before_a_key_rotation_are_listed_and_ended() {
        let clock = HandClock::default();
        let store = MemoryStore::new().with_clock(clock.clone());
        let (old, new) = ([1; 32], [2; 32]);
        Process::new(&store, &clock, &[old]).sign_in("john").await;
        let rolled = Process::new(&store, &clock, &[new, old]);
        rolled.sign_in("john").await;
        assert_eq!(rolled.count("john").await, 2);
        rolled.end_all("john").await;
        assert_eq!(rolled.count("john").await, 0);
    }
}
