//! Sessions in Redis.

mod connection;
mod format;
mod link;
#[cfg(feature = "verification")]
mod records;
mod refusal;
mod resolver;
mod sentinels;
mod target;

use std::{fmt, sync::Arc, time::Duration};

use redis::{Cmd, FromRedisValue};

use connection::Connection;
use format::{Names, decode, decode_key, encode};
use target::Target;

use super::store::{
    RefreshAttempt, SessionKey, SessionOwner, SessionStore, StoreError, StoreFuture, StoredSession,
    UserKey,
};

/// Keeps sessions in Redis 6.2 or later, or in a server with the same protocol, for several processes and
/// machines.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
/// use tower_didit::{Config, store::RedisStore};
///
/// let redis = RedisStore::new("redis://127.0.0.1/")?.with_timeout(Duration::from_millis(500));
/// let config = Config::builder("client-id", "https://app.example/callback")
///     .with_client_secret("client-secret")
///     .with_session_store(redis)
///     .build()?;
/// # let _ = config;
/// # Ok(())
/// # }
/// ```
///
/// A session is a string under `tower-didit:` and 64 hex digits, which expires with the session. The keys of a
/// user's sessions are a sorted set under `tower-didit:user:` and 64 hex digits, which expires with the last
/// session. A lookup is one `GET`. Each change is one command or script on a single key.
///
/// **Connection.** All requests share one connection, which is established on first use. It is replaced when it ends,
/// when the server is not the primary any more (`READONLY`, `LOADING`, `MASTERDOWN`, `CLUSTERDOWN`), when nothing has
/// come back for half the timeout, when Sentinels name another primary, and when the host name has other addresses.
/// Every 2 s the store looks the name up, and sends a `DEL` of a key that never exists, which only a primary accepts. See
/// [failover](crate::docs::machines#a-failover-of-redis).
///
/// **Verified users** (feature `verification`). The store can also be the
/// `VerificationRecords` of a `Verification`. A record is a string under `tower-didit:verification:` and 64 hex digits,
/// the hash of the user's id: its version, and JSON that is not encrypted. It does not expire, and must not be evicted
/// either. Each `Verification` needs a [namespace](Self::with_namespace) of its own.
///
/// A user has at most 10,000 sessions, including those that were deleted before they expired: a new one removes
/// the one that would expire first.
///
/// **Durability.** A single-use refresh token is sent once, and no session is lost, as long as Redis does not lose
/// what it has acknowledged: `appendonly yes`, `appendfsync always`, `maxmemory-policy noeviction`, and no
/// [failover](crate::docs::machines#a-failover-of-redis) to a replica that lags. With weaker settings, users who signed in or whose tokens were refreshed just
/// before a crash may have to sign in again.
///
/// **Permissions.** A user of Redis needs these:
///
/// ```text
/// ACL SETUSER app on >password ~tower-didit:* +get +set +del +eval +zrange +zrem +zadd +zremrangebyscore +pexpireat +getrange +setrange +time
/// ```
///
/// With Sentinels also `+role`; in a cluster also `+cluster|slots +ping +asking`. What Redis refuses for a reason that
/// does not go away (`NOPERM`, `NOAUTH`, `WRONGPASS`, `OOM`, `MISCONF`) is
/// [logged](crate::docs::logs#faults) once at `ERROR`, with what to do.
///
/// **TLS.** With `rediss` in the URL, the server needs a certificate for its host name, from a CA that the system
/// trusts or one of [`with_root_certificates`](Self::with_root_certificates). Client certificates are not supported:
/// set `tls-auth-clients no`, and give Redis a user with a password. Unless the application has installed a
/// `CryptoProvider` of rustls, the first connection installs that of aws-lc-rs for the process.
#[derive(Clone)]
pub struct RedisStore {
    connection: Arc<Connection>,
    names: Names,
}

impl RedisStore {
    /// The Redis at a URL, in one of these forms:
    ///
    /// | URL | servers |
    /// |---|---|
    /// | `redis://user:password@host:6379/0` | one address |
    /// | `redis+unix:///run/redis.sock` | one socket |
    /// | `redis+sentinel://user:password@host1,host2,host3/mymaster/0` | the primary that Sentinels at these addresses (port 26379) name for this service |
    /// | `redis+cluster://user:password@host1,host2,host3` | a cluster with these nodes, and others |
    ///
    /// Each may have another port (`host1:7000`). User, password, and database are optional. With `rediss` in place of
    /// `redis` connections use TLS, those to Sentinels too. The user of the Sentinels, if they ask for one, is
    /// `?sentinel_username=` and `&sentinel_password=`. Special characters are percent-encoded.
    ///
    /// Nothing is sent before the first use: an application can start even while its Redis is down.
    /// [Example](RedisStore).
    ///
    /// # Errors
    ///
    /// The URL is not a Redis URL. The error does not repeat it.
    pub fn new(url: &str) -> Result<Self, StoreError> {
        Ok(Self {
            connection: Connection::new(Target::parse(url)?, Duration::from_secs(1)),
            names: Names::default(),
        })
    }

    /// The timeout of a command, including the connection: at least 1 millisecond. After half of it without any
    /// answer the connection is replaced. [Example](RedisStore).
    ///
    /// Default: 1 second.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        let timeout = timeout.max(Duration::from_millis(1));
        Self {
            connection: self.connection.with_timeout(timeout),
            ..self
        }
    }

    /// The keys begin with `tower-didit:` and this name. Another namespace is another, empty store, over the same
    /// connection.
    ///
    /// Applications that share a Redis need one each if they keep records of verified users there, and so does each
    /// `Verification` of one application. The keys of sessions are random.
    ///
    /// Default: none.
    ///
    /// ```
    /// # fn main() -> Result<(), tower_didit::store::StoreError> {
    /// use tower_didit::store::RedisStore;
    ///
    /// let redis = RedisStore::new("redis://127.0.0.1/")?.with_namespace("shop");
    /// # let _ = redis;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_namespace(self, name: impl AsRef<str>) -> Self {
        Self {
            names: Names::in_namespace(name.as_ref()),
            ..self
        }
    }

    /// Trusts these certificates, in PEM, instead of the system's: those of a private CA, for a URL with TLS. They apply
    /// to Sentinels and all nodes of a cluster.
    ///
    /// Default: the system's, or those of the file `SSL_CERT_FILE`.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tower_didit::store::RedisStore;
    ///
    /// let redis = RedisStore::new("rediss://app:password@redis.internal/")?
    ///     .with_root_certificates(std::fs::read("/etc/ssl/company-ca.pem")?)?;
    /// # let _ = redis;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The text has no certificate, or a malformed one, or the URL is one without TLS.
    pub fn with_root_certificates(self, pem: impl AsRef<[u8]>) -> Result<Self, StoreError> {
        Ok(Self {
            connection: self.connection.with_root_certificates(pem.as_ref())?,
            ..self
        })
    }

    async fn run<T: FromRedisValue>(&self, command: &Cmd, repeat: Repeat) -> Result<T, StoreError> {
        let is_idempotent = matches!(repeat, Repeat::Always);
        let answer = self.connection.run(command, is_idempotent).await;
        let answer = answer.map_err(StoreError::new)?;
        T::from_redis_value(answer).map_err(|error| StoreError::new(error.to_string()))
    }

    /// Sets the refresh attempt of the session that has this version, and increments the version.
    async fn set_attempt(
        &self,
        key: SessionKey,
        version: u64,
        attempt: Option<RefreshAttempt>,
    ) -> Result<bool, StoreError> {
        let mut command = script(SET_HEAD, &self.names.of_session(key));
        command.arg(&version.to_be_bytes());
        command.arg(encode(version.wrapping_add(1), attempt, &[]));
        self.run(&command, Repeat::IfRefused).await
    }

    /// Adds a session to its user's list. Deletes the sessions beyond the limit, then removes them from the list.
    async fn add_to_list(&self, key: SessionKey, owner: SessionOwner) -> Result<(), StoreError> {
        let list = self.names.of_user(owner.user());
        let mut command = script(ADD_TO_LIST, &list);
        let lifetime = milliseconds(owner.lifetime());
        command.arg(key.as_bytes()).arg(lifetime).arg(MAX_SESSIONS);
        let surplus: Vec<Vec<u8>> = self.run(&command, Repeat::Always).await?;
        if surplus.is_empty() {
            return Ok(());
        }
        for key in &surplus {
            self.delete(decode_key(key)?).await?;
        }
        self.run(&Cmd::zrem(&list, &surplus), Repeat::Always).await
    }
}

impl SessionStore for RedisStore {
    fn load(&self, key: SessionKey) -> StoreFuture<'_, Option<StoredSession>> {
        Box::pin(async move {
            let command = Cmd::get(self.names.of_session(key));
            let found: Option<Vec<u8>> = self.run(&command, Repeat::Always).await?;
            found.map(decode).transpose()
        })
    }

    fn create(
        &self,
        key: SessionKey,
        value: Vec<u8>,
        lifetime: Duration,
        owner: Option<SessionOwner>,
    ) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            if let Some(owner) = owner {
                self.add_to_list(key, owner).await?;
            }
            let mut command = redis::cmd("SET");
            command
                .arg(self.names.of_session(key))
                .arg(encode(1, None, &value));
            command.arg("NX").arg("PX").arg(milliseconds(lifetime));
            let done: Option<String> = self.run(&command, Repeat::IfRefused).await?;
            Ok(done.is_some())
        })
    }

    fn replace(
        &self,
        key: SessionKey,
        version: u64,
        value: Vec<u8>,
        lifetime: Duration,
    ) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            let mut command = script(REPLACE, &self.names.of_session(key));
            command.arg(&version.to_be_bytes());
            command.arg(encode(version.wrapping_add(1), None, &value));
            command.arg(milliseconds(lifetime));
            self.run(&command, Repeat::IfRefused).await
        })
    }

    fn begin_refresh(
        &self,
        key: SessionKey,
        version: u64,
        attempt: RefreshAttempt,
    ) -> StoreFuture<'_, bool> {
        Box::pin(self.set_attempt(key, version, Some(attempt)))
    }

    fn abandon_refresh(&self, key: SessionKey, version: u64) -> StoreFuture<'_, bool> {
        Box::pin(self.set_attempt(key, version, None))
    }

    fn delete(&self, key: SessionKey) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.run(&Cmd::del(self.names.of_session(key)), Repeat::Always)
                .await
        })
    }

    fn list(&self, user: UserKey) -> StoreFuture<'_, Vec<SessionKey>> {
        Box::pin(async move {
            let command = Cmd::zrange(self.names.of_user(user), 0, -1);
            let keys: Vec<Vec<u8>> = self.run(&command, Repeat::Always).await?;
            keys.iter().map(|key| decode_key(key)).collect()
        })
    }
}

impl fmt::Debug for RedisStore {
    /// Without the URL, which may contain a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("timeout", &self.connection.timeout)
            .finish_non_exhaustive()
    }
}

/// When a command is repeated within its timeout, over another connection if need be.
///
/// | command | repeated | because |
/// |---|---|---|
/// | load, list | always | it reads |
/// | delete | always | the keys of sessions are not used again |
/// | add to a list | always | it adds the same member, and removes only surplus ones |
/// | create | if refused | a repetition that arrives late would bring a session back that was deleted meanwhile |
/// | replace, begin and abandon a refresh | if refused | a repetition is harmless, because the version has changed, but its answer would say that the first one failed |
///
/// If the outcome of a create is unknown, the layer creates another session; if that of a command in the last row is
/// unknown, the layer reads the entry and compares. A refresh token is sent only after `begin_refresh` was acknowledged, which happens
/// once for each version.
#[derive(Clone, Copy, Debug)]
enum Repeat {
    Always,
    /// If the command was certainly not executed.
    IfRefused,
}

/// A script with one key; a cluster routes it by that key's slot. It is sent as a whole each time: a server that was
/// restarted, promoted or flushed does not have it.
fn script(script: &str, key: &str) -> Cmd {
    let mut command = redis::cmd("EVAL");
    command.arg(script).arg(1).arg(key);
    command
}

/// Redis refuses zero.
fn milliseconds(lifetime: Duration) -> u64 {
    let milliseconds = u64::try_from(lifetime.as_millis());
    milliseconds.unwrap_or(u64::MAX).max(1)
}

/// The limit of a user's list.
const MAX_SESSIONS: usize = 10_000;

/// Each script is atomic. `GETRANGE` finds nothing where there is no session.
const REPLACE: &str = "\
if redis.call('GETRANGE', KEYS[1], 0, 7) ~= ARGV[1] then return 0 end \
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) \
return 1";
/// `SETRANGE` changes neither value nor expiry.
const SET_HEAD: &str = "\
if redis.call('GETRANGE', KEYS[1], 0, 7) ~= ARGV[1] then return 0 end \
redis.call('SETRANGE', KEYS[1], 0, ARGV[2]) \
return 1";
/// Scores are the expiry times, in milliseconds by the clock of Redis. Returns the members beyond the limit.
const ADD_TO_LIST: &str = "\
local time = redis.call('TIME') \
local now = time[1] * 1000 + math.floor(time[2] / 1000) \
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now) \
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1]) \
redis.call('PEXPIREAT', KEYS[1], redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]) \
return redis.call('ZRANGE', KEYS[1], 0, -1 - ARGV[3])";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    // A broken server may give any version.
    #[tokio::test]
    async fn the_largest_version_does_not_overflow() {
        let store = RedisStore::new("redis://127.0.0.1:1/").unwrap();
        let (key, attempt) = (
            SessionKey::of_epoch(),
            RefreshAttempt::new(Timestamp::from_unix(0)),
        );
        let replaced = store.replace(key, u64::MAX, Vec::new(), Duration::from_secs(1));
        assert!(replaced.await.is_err());
        assert!(store.begin_refresh(key, u64::MAX, attempt).await.is_err());
    }

    // Behaviour 95.
    #[test]
    fn nothing_shows_the_password() {
        let store = RedisStore::new("redis://user:hunter2@127.0.0.1/").unwrap();
        assert!(!format!("{store:?}").contains("hunter2"));
        let error = RedisStore::new("redis://user:hunter2@[/").unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}
