//! Sessions in Redis.

mod format;

use std::{fmt, sync::OnceLock, time::Duration};

use redis::{
    Client, Cmd, FromRedisValue, RedisError,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

use format::{name_of_session, name_of_user, read, read_key, write};

use super::store::{
    RefreshAttempt, SessionKey, SessionOwner, SessionStore, StoreError, StoreFuture, StoredSession,
    UserKey,
};

/// Keeps sessions in Redis (6.2 or later), or in what speaks its language: for several processes and
/// machines.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use tower_didit::{Config, store::RedisStore};
///
/// let config = Config::builder("client-id", "https://app.example/callback")
///     .with_client_secret("client-secret")
///     .with_session_store(RedisStore::new("redis://127.0.0.1/")?)
///     .build()?;
/// # let _ = config;
/// # Ok(())
/// # }
/// ```
///
/// A session is a string under `tower-didit:` and 64 hex digits, which expires with the session; the keys of a
/// user's sessions are a sorted set under `tower-didit:user:` and 64 hex digits, which expires with the last of
/// them. A look-up takes one `GET`; every change is one command or one script, each of a single key. One
/// connection serves all requests. It is made when it is first needed, and again after it was lost.
///
/// A user has at most 10,000 sessions, those that have ended early included: the one that would end first makes
/// way for another.
///
/// **Durability.** A single-use refresh token is sent once, and no session ends without a reason, as long as
/// Redis does not lose what it has acknowledged: `appendonly yes`, `appendfsync always`, no `maxmemory-policy`
/// that evicts, and no failover to a replica that lags. With less, the users who signed in or whose tokens were
/// refreshed in the moments before a crash may have to sign in again.
///
/// **TLS.** For `rediss://` addresses switch the feature `tokio-rustls-comp` of the crate `redis` (version
/// 1) on in your own `Cargo.toml`.
#[derive(Clone)]
pub struct RedisStore {
    client: Client,
    /// Made on first use: it spawns a task, and a store may be made before there is a runtime.
    connection: OnceLock<ConnectionManager>,
    timeout: Duration,
}

impl RedisStore {
    /// The Redis at a URL such as `redis://user:password@host:6379/0` or `redis+unix:///run/redis.sock`.
    /// Nothing is sent before the first session is asked for: an application starts while its Redis is down.
    ///
    /// # Errors
    ///
    /// The URL is not that of a Redis. The error does not repeat it.
    pub fn new(url: &str) -> Result<Self, StoreError> {
        let client = Client::open(url).map_err(|error| {
            // Its text may repeat the password.
            let kind = format!("not the URL of a Redis: {:?}", error.kind());
            StoreError::new(kind)
        })?;
        Ok(Self {
            client,
            connection: OnceLock::new(),
            timeout: Duration::from_secs(1),
        })
    }

    /// The time-out of a command, including the connection: at least a millisecond.
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

    async fn run<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let mut connection = self.connection()?;
        let answer = command.query_async(&mut connection);
        match tokio::time::timeout(self.timeout, answer).await {
            Ok(answer) => answer.map_err(failed),
            Err(_elapsed) => Err(StoreError::new("Redis did not answer in time")),
        }
    }

    /// Runs an idempotent command, again if the connection turns out to be lost, as after a restart of Redis.
    async fn run_again<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        let mut connection = self.connection()?;
        let twice = async {
            match command.query_async(&mut connection).await {
                Err(error) if error.is_io_error() => command.query_async(&mut connection).await,
                answer => answer,
            }
        };
        match tokio::time::timeout(self.timeout, twice).await {
            Ok(answer) => answer.map_err(failed),
            Err(_elapsed) => Err(StoreError::new("Redis did not answer in time")),
        }
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
        let made = ConnectionManager::new_lazy_with_config(self.client.clone(), config);
        let made = made.map_err(failed)?;
        Ok(self.connection.get_or_init(|| made).clone())
    }

    /// Changes the session that has this version. `arguments` are those of the script after the version.
    async fn change(
        &self,
        script: &'static str,
        key: SessionKey,
        version: u64,
        arguments: &[&[u8]],
    ) -> Result<bool, StoreError> {
        let mut command = redis::cmd("EVAL");
        command.arg(script).arg(1).arg(name_of_session(key));
        command.arg(&version.to_be_bytes());
        for argument in arguments {
            command.arg(*argument);
        }
        self.run(&command).await
    }

    /// Adds a session to the list of its user. Sessions that are too many are deleted, then removed from the
    /// list.
    async fn join(&self, key: SessionKey, owner: SessionOwner) -> Result<(), StoreError> {
        let list = name_of_user(owner.user());
        let mut command = redis::cmd("EVAL");
        command.arg(JOIN).arg(1).arg(&list).arg(key.as_bytes());
        command
            .arg(milliseconds(owner.lifetime()))
            .arg(MAX_SESSIONS);
        let surplus: Vec<Vec<u8>> = self.run_again(&command).await?;
        if surplus.is_empty() {
            return Ok(());
        }
        for key in &surplus {
            self.delete(read_key(key)?).await?;
        }
        let mut command = redis::cmd("ZREM");
        command.arg(&list).arg(&surplus);
        self.run_again(&command).await
    }
}

impl SessionStore for RedisStore {
    fn load(&self, key: SessionKey) -> StoreFuture<'_, Option<StoredSession>> {
        Box::pin(async move {
            let mut command = redis::cmd("GET");
            command.arg(name_of_session(key));
            let found: Option<Vec<u8>> = self.run_again(&command).await?;
            found.map(read).transpose()
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
                self.join(key, owner).await?;
            }
            let mut command = redis::cmd("SET");
            command
                .arg(name_of_session(key))
                .arg(write(1, None, &value));
            command.arg("NX").arg("PX").arg(milliseconds(lifetime));
            let done: Option<String> = self.run(&command).await?;
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
            let written = write(version + 1, None, &value);
            let lifetime = milliseconds(lifetime).to_string();
            let arguments = [&written[..], lifetime.as_bytes()];
            self.change(REPLACE, key, version, &arguments).await
        })
    }

    fn begin_refresh(
        &self,
        key: SessionKey,
        version: u64,
        attempt: RefreshAttempt,
    ) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            let head = write(version + 1, Some(attempt), &[]);
            self.change(SET_HEAD, key, version, &[&head]).await
        })
    }

    fn abandon_refresh(&self, key: SessionKey, version: u64) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            let head = write(version + 1, None, &[]);
            self.change(SET_HEAD, key, version, &[&head]).await
        })
    }

    fn delete(&self, key: SessionKey) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let mut command = redis::cmd("DEL");
            command.arg(name_of_session(key));
            self.run_again(&command).await
        })
    }

    fn list(&self, user: UserKey) -> StoreFuture<'_, Vec<SessionKey>> {
        Box::pin(async move {
            let mut command = redis::cmd("ZRANGE");
            command.arg(name_of_user(user)).arg(0).arg(-1);
            let keys: Vec<Vec<u8>> = self.run_again(&command).await?;
            keys.iter().map(|key| read_key(key)).collect()
        })
    }
}

impl fmt::Debug for RedisStore {
    /// Without the address, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Redis takes no zero.
fn milliseconds(lifetime: Duration) -> u64 {
    u64::try_from(lifetime.as_millis())
        .unwrap_or(u64::MAX)
        .max(1)
}

/// The server's words, or those of the operating system: without keys and values.
fn failed(error: RedisError) -> StoreError {
    StoreError::new(error)
}

/// The bound of a user's list.
const MAX_SESSIONS: usize = 10_000;

/// Each script is atomic. `GETRANGE` finds nothing where there is no session.
const REPLACE: &str = "\
if redis.call('GETRANGE', KEYS[1], 0, 7) ~= ARGV[1] then return 0 end \
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) \
return 1";
/// `SETRANGE` leaves value and expiry alone.
const SET_HEAD: &str = "\
if redis.call('GETRANGE', KEYS[1], 0, 7) ~= ARGV[1] then return 0 end \
redis.call('SETRANGE', KEYS[1], 0, ARGV[2]) \
return 1";
/// Scores are ends, in milliseconds by the clock of Redis. Gives the members that are too many.
const JOIN: &str = "\
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
}
