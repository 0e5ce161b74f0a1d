//! Sessions in Redis.

use std::{fmt, sync::OnceLock, time::Duration};

use bytes::Bytes;
use redis::{
    Client, Cmd, FromRedisValue, RedisError,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

use super::store::{Claim, SessionKey, SessionStore, StoreError, StoreFuture, StoredSession};

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
/// A session is one string under `tower-didit:` and 64 hex digits, which expires with the session. An
/// ordinary request takes one `GET`; every change is one command or one script, which nothing comes
/// between. One connection serves all requests; it is made when it is first needed, and again when it
/// is lost.
///
/// **Durability.** That a refresh token which works once is sent once, and that nobody is signed out
/// without a reason, holds as long as Redis does not lose what it has acknowledged: `appendonly yes`,
/// `appendfsync always`, no `maxmemory-policy` that evicts, and no failover to a replica that lags.
/// With less, those who signed in or whose tokens were renewed in the last moments before a crash may
/// have to sign in again.
///
/// **TLS.** For `rediss://` addresses switch the feature `tokio-rustls-comp` of the crate `redis` (version
/// 1) on in your own `Cargo.toml`.
#[derive(Clone)]
pub struct RedisStore {
    client: Client,
    /// It spawns a task, for which there may be no runtime yet when the store is made.
    connection: OnceLock<ConnectionManager>,
    timeout: Duration,
}

impl RedisStore {
    /// The Redis at a URL such as `redis://user:password@host:6379/0` or `redis+unix:///run/redis.sock`.
    /// Nothing is sent before the first session is wanted: an application starts while its Redis is
    /// down.
    ///
    /// # Errors
    ///
    /// When it is not the URL of a Redis. The error does not repeat it.
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

    /// How long a command may take, the connection included: at least a millisecond.
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

    /// A command that may as well be done twice: after a restart of Redis, the first one finds the
    /// connection lost.
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

    /// Changes the session that is there with this version: `arguments` are those of the script.
    async fn change(
        &self,
        script: &'static str,
        key: &SessionKey,
        version: u64,
        arguments: &[&[u8]],
    ) -> Result<bool, StoreError> {
        let mut command = redis::cmd("EVAL");
        command.arg(script).arg(1).arg(name(key));
        command.arg(&version.to_be_bytes());
        for argument in arguments {
            command.arg(*argument);
        }
        self.run(&command).await
    }
}

impl SessionStore for RedisStore {
    fn load<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, Option<StoredSession>> {
        Box::pin(async move {
            let mut command = redis::cmd("GET");
            command.arg(name(key));
            let found: Option<Vec<u8>> = self.run_again(&command).await?;
            found.map(read).transpose()
        })
    }

    fn create<'a>(
        &'a self,
        key: &'a SessionKey,
        value: &'a [u8],
        lifetime: Duration,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let mut command = redis::cmd("SET");
            command.arg(name(key)).arg(write(1, None, value));
            command.arg("NX").arg("PX").arg(milliseconds(lifetime));
            let done: Option<String> = self.run(&command).await?;
            Ok(done.is_some())
        })
    }

    fn replace<'a>(
        &'a self,
        key: &'a SessionKey,
        version: u64,
        value: &'a [u8],
        lifetime: Duration,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let written = write(version + 1, None, value);
            let lifetime = milliseconds(lifetime).to_string();
            let arguments = [&written[..], lifetime.as_bytes()];
            self.change(REPLACE, key, version, &arguments).await
        })
    }

    fn claim<'a>(
        &'a self,
        key: &'a SessionKey,
        version: u64,
        claim: Claim,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let written = write(version + 1, Some(claim), &[]);
            self.change(MARK, key, version, &[&written]).await
        })
    }

    fn release<'a>(&'a self, key: &'a SessionKey, version: u64) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            let written = write(version + 1, None, &[]);
            self.change(MARK, key, version, &[&written]).await
        })
    }

    fn delete<'a>(&'a self, key: &'a SessionKey) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let mut command = redis::cmd("DEL");
            command.arg(name(key));
            self.run_again(&command).await
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

fn name(key: &SessionKey) -> String {
    use fmt::Write;

    let mut name = String::with_capacity(PREFIX.len() + 64);
    name.push_str(PREFIX);
    for byte in key.as_bytes() {
        write!(name, "{byte:02x}").expect("a string takes everything");
    }
    name
}

/// Version, claim or zeros, value.
fn write(version: u64, claim: Option<Claim>, value: &[u8]) -> Vec<u8> {
    let claim = claim.map_or([0; 16], Claim::to_bytes);
    [&version.to_be_bytes()[..], &claim, value].concat()
}

fn read(written: Vec<u8>) -> Result<StoredSession, StoreError> {
    let written = Bytes::from(written);
    let head = written
        .split_first_chunk()
        .and_then(|(version, rest)| Some((version, rest.first_chunk()?)));
    let Some((version, claim)) = head else {
        return Err(StoreError::new("what Redis has is not a session"));
    };
    let claim = (*claim != [0; 16]).then(|| Claim::from_bytes(*claim));
    let version = u64::from_be_bytes(*version);
    Ok(StoredSession::new(written.slice(HEAD..), version, claim))
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

const PREFIX: &str = "tower-didit:";
/// Version and claim.
const HEAD: usize = 8 + 16;

/// Each script is atomic. `GETRANGE` finds nothing where there is no session.
const REPLACE: &str = "\
if redis.call('GETRANGE', KEYS[1], 0, 7) ~= ARGV[1] then return 0 end \
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) \
return 1";
/// `SETRANGE` leaves value and expiry alone.
const MARK: &str = "\
if redis.call('GETRANGE', KEYS[1], 0, 7) ~= ARGV[1] then return 0 end \
redis.call('SETRANGE', KEYS[1], 0, ARGV[2]) \
return 1";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn a_session_survives_its_string() {
        for claim in [None, Some(Claim::new(Timestamp::from_unix(7)))] {
            let session = StoredSession::new(b"value".as_slice(), 5, claim);
            assert_eq!(read(write(5, claim, b"value")).unwrap(), session);
        }
        assert!(read(vec![0; HEAD - 1]).is_err());
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
