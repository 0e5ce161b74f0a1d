//! Sessions in Redis.

mod format;

use std::{fmt, sync::OnceLock, time::Duration};

use redis::{
    Client, Cmd, FromRedisValue,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

use format::{decode, decode_key, encode, session_name, user_name};

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
/// session. A lookup is one `GET`. Each change is one command or script on a single key. All requests share one
/// connection, which is established on first use and again after it is lost.
///
/// A user has at most 10,000 sessions, including those that were deleted before they expired: a new one removes
/// the one that would expire first.
///
/// **Durability.** A single-use refresh token is sent once, and no session is lost, as long as Redis does not lose
/// what it has acknowledged: `appendonly yes`, `appendfsync always`, no `maxmemory-policy` that evicts, and no
/// failover to a replica that lags. With weaker settings, users who signed in or whose tokens were refreshed just
/// before a crash may have to sign in again.
///
/// **TLS.** For `rediss://` URLs enable the feature `tokio-rustls-comp` of the crate `redis` (version 1) in your
/// own `Cargo.toml`.
#[derive(Clone)]
pub struct RedisStore {
    client: Client,
    /// Set on first use: it spawns a task, and a store may be made before there is a runtime.
    connection: OnceLock<ConnectionManager>,
    timeout: Duration,
}

impl RedisStore {
    /// The Redis at a URL such as `redis://user:password@host:6379/0` or `redis+unix:///run/redis.sock`.
    /// Nothing is sent before the first use: an application can start even while its Redis is down.
    /// [Example](RedisStore).
    ///
    /// # Errors
    ///
    /// The URL is not a Redis URL, or has TLS and the feature for TLS is missing. The error does not repeat the URL.
    pub fn new(url: &str) -> Result<Self, StoreError> {
        // The text of the error may repeat the password.
        let not_redis = |_| {
            StoreError::new(if url.starts_with("rediss:") {
                "`rediss` needs a TLS feature of the crate redis (see `RedisStore`)"
            } else {
                "not the URL of a Redis"
            })
        };
        Ok(Self {
            client: Client::open(url).map_err(not_redis)?,
            connection: OnceLock::new(),
            timeout: Duration::from_secs(1),
        })
    }

    /// The timeout of a command, including the connection: at least 1 millisecond. [Example](RedisStore).
    ///
    /// Default: 1 second.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self {
            timeout: timeout.max(Duration::from_millis(1)),
            connection: OnceLock::new(),
            ..self
        }
    }

    /// Runs a command: a second time if it is idempotent and the connection turns out to be lost, as after a
    /// restart of Redis.
    async fn run<T: FromRedisValue>(
        &self,
        command: &Cmd,
        is_idempotent: bool,
    ) -> Result<T, StoreError> {
        let mut connection = self.connection()?;
        let answer = async {
            match command.query_async(&mut connection).await {
                Err(error) if is_idempotent && error.is_io_error() => {
                    command.query_async(&mut connection).await
                }
                answer => answer,
            }
        };
        match tokio::time::timeout(self.timeout, answer).await {
            // The error has the words of the server or the operating system, and neither keys nor values.
            Ok(answer) => answer.map_err(|error| self.failed(&error.to_string())),
            Err(_elapsed) => Err(self.failed("no response in time")),
        }
    }

    /// The error of a command, with the address of the server.
    fn failed(&self, why: &str) -> StoreError {
        let address = self.client.get_connection_info().addr();
        StoreError::new(format!("Redis at {address}: {why}"))
    }

    fn connection(&self) -> Result<ConnectionManager, StoreError> {
        if let Some(connection) = self.connection.get() {
            return Ok(connection.clone());
        }
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(Some(self.timeout))
            // The next command tries again.
            .set_number_of_retries(0);
        let made = ConnectionManager::new_lazy_with_config(self.client.clone(), config)
            .map_err(StoreError::new)?;
        Ok(self.connection.get_or_init(|| made).clone())
    }

    /// Sets the refresh attempt of the session that has this version, and increments the version.
    async fn set_attempt(
        &self,
        key: SessionKey,
        version: u64,
        attempt: Option<RefreshAttempt>,
    ) -> Result<bool, StoreError> {
        let mut command = script(SET_HEAD, &session_name(key));
        command.arg(&version.to_be_bytes());
        command.arg(encode(version + 1, attempt, &[]));
        self.run(&command, false).await
    }

    /// Adds a session to its user's list. Deletes the sessions beyond the limit, then removes them from the list.
    async fn add_to_list(&self, key: SessionKey, owner: SessionOwner) -> Result<(), StoreError> {
        let list = user_name(owner.user());
        let mut command = script(ADD_TO_LIST, &list);
        let lifetime = milliseconds(owner.lifetime());
        command.arg(key.as_bytes()).arg(lifetime).arg(MAX_SESSIONS);
        let surplus: Vec<Vec<u8>> = self.run(&command, true).await?;
        if surplus.is_empty() {
            return Ok(());
        }
        for key in &surplus {
            self.delete(decode_key(key)?).await?;
        }
        self.run(&Cmd::zrem(&list, &surplus), true).await
    }
}

impl SessionStore for RedisStore {
    fn load(&self, key: SessionKey) -> StoreFuture<'_, Option<StoredSession>> {
        Box::pin(async move {
            let command = Cmd::get(session_name(key));
            let found: Option<Vec<u8>> = self.run(&command, true).await?;
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
            command.arg(session_name(key)).arg(encode(1, None, &value));
            command.arg("NX").arg("PX").arg(milliseconds(lifetime));
            let done: Option<String> = self.run(&command, false).await?;
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
            let mut command = script(REPLACE, &session_name(key));
            command.arg(&version.to_be_bytes());
            command.arg(encode(version + 1, None, &value));
            command.arg(milliseconds(lifetime));
            self.run(&command, false).await
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
        Box::pin(async move { self.run(&Cmd::del(session_name(key)), true).await })
    }

    fn list(&self, user: UserKey) -> StoreFuture<'_, Vec<SessionKey>> {
        Box::pin(async move {
            let command = Cmd::zrange(user_name(user), 0, -1);
            let keys: Vec<Vec<u8>> = self.run(&command, true).await?;
            keys.iter().map(|key| decode_key(key)).collect()
        })
    }
}

impl fmt::Debug for RedisStore {
    /// Without the URL, which may contain a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// A script of one key.
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

    // Behaviour 95.
    #[test]
    fn nothing_shows_the_password() {
        let store = RedisStore::new("redis://user:hunter2@127.0.0.1/").unwrap();
        assert!(!format!("{store:?}").contains("hunter2"));
        let error = RedisStore::new("redis://user:hunter2@[/").unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
    #[test]
    fn a_url_with_tls_names_the_missing_feature() {
        let error = RedisStore::new("rediss://user:hunter2@127.0.0.1/").unwrap_err();
        let shown = format!("{error:?}");
        assert!(
            shown.contains("TLS") && !shown.contains("hunter2"),
            "{shown}"
        );
    }
}
