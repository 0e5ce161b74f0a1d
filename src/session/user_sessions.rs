//! All sessions of one user in a store.
//!
//! A session that begins while all sessions of its user are being ended must end too. No store operation changes two
//! entries at once, so the user's generation, a separate entry in the store, ensures this:
//!
//! 1. A sign-in reads the generation as soon as it knows the user. It creates the session, reads the generation
//!    again, and gives the session's cookie id to the browser only if the generation is unchanged.
//! 2. Ending all sessions changes the generation, then lists the sessions, then deletes them.
//!
//! If the second reading precedes the change, the session exists before the sessions are listed, and is deleted. If it
//! follows the change, the two readings differ, unless the sign-in began after the change.

use std::time::Duration;

use futures_util::future::join_all;

use super::{
    Session, StoredSessions,
    retry::{FOR_2S, FOR_10S, retry},
    store::{SessionKey, SessionStore, StoreFuture, StoredSession, UserKey},
};
use crate::{error::Error, tokens::IdClaims};

/// A value that changes when all sessions of a user are ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Generation(Option<u64>);

impl Generation {
    /// As it is in the store.
    pub(super) fn of(entry: Option<&StoredSession>) -> Self {
        Self(entry.map(StoredSession::version))
    }
}

impl StoredSessions {
    /// The key of a user.
    pub(super) fn user(&self, claims: &IdClaims) -> UserKey {
        let users = self.users(claims);
        *users.first().expect("there is at least one key")
    }

    /// The key of a user, and the keys from before the cookie keys were rotated.
    fn users(&self, claims: &IdClaims) -> Vec<UserKey> {
        let parts = [claims.issuer().as_bytes(), claims.subject().as_bytes()];
        self.users.of(&parts).map(UserKey::new).collect()
    }

    /// The generation of a session's user.
    pub(crate) async fn generation(&self, session: &Session) -> Result<Generation, Error> {
        generation(&*self.store, self.user(session.tokens().claims())).await
    }
}

pub(super) async fn generation(
    store: &dyn SessionStore,
    user: UserKey,
) -> Result<Generation, Error> {
    let key = SessionKey::of_generation(user);
    let found = retry(FOR_2S, || store.load(key)).await?;
    Ok(Generation::of(found.as_ref()))
}

/// Ends all sessions of a user, including those that are beginning.
///
/// # Errors
///
/// The store failed. Some sessions may have ended.
#[cfg_attr(
    not(any(test, feature = "test-util")),
    expect(dead_code, reason = "not offered to handlers yet")
)]
pub(super) async fn end_all(store: &dyn SessionStore, user: UserKey) -> Result<(), Error> {
    let key = SessionKey::of_generation(user);
    let advance = || -> StoreFuture<'_, bool> {
        Box::pin(async move {
            match store.load(key).await? {
                None => store.create(key, Vec::new(), LIFETIME, None).await,
                Some(found) => {
                    let version = found.version();
                    store.replace(key, version, Vec::new(), LIFETIME).await
                }
            }
        })
    };
    // `false` if another call has changed the generation at the same time.
    retry(FOR_10S, advance).await?;
    for some in retry(FOR_10S, || store.list(user)).await?.chunks(AT_ONCE) {
        let deletions = some.iter().map(|key| retry(FOR_10S, || store.delete(*key)));
        let deleted = join_all(deletions).await;
        deleted.into_iter().collect::<Result<(), _>>()?;
    }
    Ok(())
}

/// How many sessions are deleted at once.
const AT_ONCE: usize = 64;
/// The lifetime of a generation: far longer than a callback takes, from the ID token to the end of its handler.
const LIFETIME: Duration = Duration::from_secs(24 * 3600);

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
            let generation = self.0.generation(&session).await.unwrap();
            let existing = PresentedCookies::default();
            let created = self.0.create(&session, generation, existing, now);
            created.await.unwrap();
        }

        /// How many sessions of a user are within their limits.
        async fn count(&self, subject: &str) -> usize {
            let mut count = 0;
            for user in self.0.users(&IdClaims::of_subject(subject)) {
                for key in self.0.store.list(user).await.unwrap() {
                    count += usize::from(self.0.load(key).await.unwrap().is_some());
                }
            }
            count
        }

        async fn end_all(&self, subject: &str) {
            for user in self.0.users(&IdClaims::of_subject(subject)) {
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
