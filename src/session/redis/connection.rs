//! The connection to the primary.

use std::{
    sync::{Arc, Mutex, Weak},
    time::Duration,
};

use futures_util::future::{BoxFuture, select_ok};
use redis::{Cmd, RedisError, RedisResult, Value};
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use super::{
    format::PREFIX,
    link::Link,
    refusal::{Fault, Faults, Refusal},
    resolver::Resolver,
    target::Target,
};
use crate::{
    flight::{Flight, Progress},
    lock::lock,
    session::store::StoreError,
};

/// The connection that all clones of a store share. It is established on first use, and replaced as soon as it does
/// not lead to the primary:
///
/// | sign | noticed |
/// |---|---|
/// | the server closes it | by the next command |
/// | the server answers that it is not the primary | by the next command, or by the health check |
/// | the server does not answer | after half the timeout of a command, or by the health check |
/// | the Sentinels name another primary | by the health check |
/// | the host name has other addresses | by the health check |
///
/// The health check examines the connection every 2 s: without it, a server that was demoted and keeps its connections would
/// go on answering `GET`s.
pub(super) struct Connection {
    target: Target,
    resolver: Resolver,
    pub(super) timeout: Duration,
    current: Mutex<Option<Flight<Opened>>>,
    tasks: TaskTracker,
    faults: Faults,
}

type Opened = Result<Arc<Link>, RedisError>;

impl Connection {
    pub(super) fn new(target: Target, timeout: Duration) -> Arc<Self> {
        Arc::new(Self {
            target,
            resolver: Resolver::default(),
            timeout,
            current: Mutex::default(),
            tasks: TaskTracker::new(),
            faults: Faults::default(),
        })
    }

    pub(super) fn with_timeout(&self, timeout: Duration) -> Arc<Self> {
        Self::new(self.target.clone(), timeout)
    }

    pub(super) fn with_root_certificates(&self, pem: &[u8]) -> Result<Arc<Self>, StoreError> {
        let target = self.target.with_root_certificates(pem)?;
        Ok(Self::new(target, self.timeout))
    }

    /// Runs a command. Repeats it if it was refused, or if it `is_idempotent` and the connection turns out to be lost
    /// or silent.
    ///
    /// # Errors
    ///
    /// The text has the words of the server or the operating system, and neither keys nor values.
    pub(super) async fn run(
        self: &Arc<Self>,
        command: &Cmd,
        is_idempotent: bool,
    ) -> Result<Value, String> {
        let patience = self.timeout / 2;
        let present = self.present();
        let call = async {
            let mut first = Box::pin(self.attempts(command, is_idempotent));
            if let Ok(answer) = timeout(patience, &mut first).await {
                return answer;
            }
            let silent = present.or_else(|| self.present());
            if let Some(silent) = silent.filter(|link| link.has_been_silent_for(patience)) {
                self.replace(&silent);
                if is_idempotent {
                    let second = Box::pin(self.attempts(command, is_idempotent));
                    // A slow server may still answer the first one.
                    return select_ok([first, second]).await.map(|(answer, _)| answer);
                }
            }
            first.await
        };
        let why = match timeout(self.timeout, call).await {
            Ok(Ok(answer)) => {
                self.faults.end(command);
                return Ok(answer);
            }
            Ok(Err(error)) => {
                if let Some(fault) = self.fault(&error) {
                    self.faults.begin(command, fault, &self.target, &error);
                }
                error.to_string()
            }
            Err(_elapsed) => "no response in time".to_owned(),
        };
        Err(format!("Redis at {}: {why}", self.target))
    }

    fn fault(&self, error: &RedisError) -> Option<Fault> {
        match Refusal::of(error) {
            Refusal::Fault(fault) => Some(fault),
            _ if error.redirect_node().is_some() && !self.target.is_cluster() => {
                Some(Fault::Cluster)
            }
            _ => None,
        }
    }

    async fn attempts(self: &Arc<Self>, command: &Cmd, is_idempotent: bool) -> RedisResult<Value> {
        let mut pauses = PAUSES.iter();
        loop {
            let link = self.link().await?;
            let error = match link.send(command).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let refusal = Refusal::of(&error);
            let may_repeat = refusal.is_transient() && (is_idempotent || !refusal.is_ambiguous());
            let pause = pauses.next().filter(|_| may_repeat);
            // If a cluster keeps redirecting, the connection's slot map is out of date.
            if refusal.blames_connection() || (pause.is_none() && may_repeat) {
                self.replace(&link);
            }
            match pause {
                Some(pause) => sleep(*pause).await,
                None => return Err(error),
            }
        }
    }

    /// The connection, if it is established.
    fn present(&self) -> Option<Arc<Link>> {
        match lock(&self.current).as_ref()?.progress() {
            Progress::Completed(opened) => opened.ok(),
            Progress::InFlight | Progress::Lost => None,
        }
    }

    /// The present connection, or a new one. All callers that wait for a new one get the same.
    async fn link(self: &Arc<Self>) -> Opened {
        let flight = {
            let mut current = lock(&self.current);
            match current.as_ref().map(|flight| (flight, flight.progress())) {
                Some((_, Progress::Completed(Ok(link)))) => return Ok(link),
                Some((flight, Progress::InFlight)) => flight.clone(),
                _ => {
                    let flight = Flight::start(&self.tasks, Arc::clone(self).open());
                    current.insert(flight).clone()
                }
            }
        };
        let lost = || {
            Err(RedisError::from(std::io::Error::from(
                std::io::ErrorKind::NotConnected,
            )))
        };
        flight.outcome().await.unwrap_or_else(lost)
    }

    /// Connects, and starts the health checks. Boxed, since they connect as well.
    fn open(self: Arc<Self>) -> BoxFuture<'static, Opened> {
        Box::pin(async move {
            let open = Link::open(&self.target, &self.resolver, self.timeout);
            let late = |_| {
                Err(RedisError::from(std::io::Error::from(
                    std::io::ErrorKind::TimedOut,
                )))
            };
            let opened = timeout(OPEN_LIMIT, open).await;
            let link = Arc::new(opened.unwrap_or_else(late)?);
            if !self.target.is_cluster() {
                let weak = || (Arc::downgrade(&self), Arc::downgrade(&link));
                self.tasks.spawn(check_server(weak()));
                self.tasks.spawn(check_name(weak()));
            }
            Ok(link)
        })
    }

    /// Replaces the connection, unless it was already replaced. Calls that wait for answers on the old one keep it.
    fn replace(&self, link: &Arc<Link>) {
        // Replacing the connection to a cluster also closes the connections to its healthy nodes.
        if self.target.is_cluster() && link.opened.elapsed() < MIN_CLUSTER_AGE {
            return;
        }
        self.replace_with(None, link);
    }

    fn replace_with(&self, other: Option<Flight<Opened>>, link: &Arc<Link>) {
        let mut current = lock(&self.current);
        let is_current = current.as_ref().is_some_and(|flight| {
            matches!(flight.progress(), Progress::Completed(Ok(other)) if Arc::ptr_eq(&other, link))
        });
        if is_current {
            *current = other;
        }
    }

    /// Replaces the connection with one to an address that its host name has now. Keeps the old connection until there
    /// is a primary.
    async fn follow_name(self: &Arc<Self>, link: &Arc<Link>) {
        let Ok(new) = Arc::clone(self).open().await else {
            return;
        };
        if self.accepts_writes(&new).await {
            self.replace_with(Some(Flight::completed(Ok(new))), link);
        }
    }

    /// Whether the server is a primary, as far as can be found out.
    async fn accepts_writes(&self, link: &Link) -> bool {
        // Changes nothing. A server that is not the primary refuses it, unlike a `GET`.
        match timeout(self.timeout, link.send(&Cmd::del(PREFIX))).await {
            Ok(Ok(_)) => true,
            Ok(Err(error)) => !Refusal::of(&error).blames_connection(),
            Err(_elapsed) => !link.has_been_silent_for(self.timeout),
        }
    }

    /// Whether the connection leads to the primary, as far as can be found out.
    async fn leads_to_primary(&self, link: &Link) -> bool {
        if !self.accepts_writes(link).await {
            return false;
        }
        let Target::Sentinel(sentinels) = &self.target else {
            return true;
        };
        match timeout(OPEN_LIMIT, sentinels.primary()).await {
            Ok(Ok(primary)) => link.address.as_ref() == Some(primary.get_connection_info().addr()),
            // If no Sentinel answers, the connection is kept.
            _ => true,
        }
    }
}

/// Examines the server of a connection until the connection is replaced, or the store is dropped.
async fn check_server((connection, link): (Weak<Connection>, Weak<Link>)) {
    loop {
        sleep(CHECK_INTERVAL).await;
        let (Some(connection), Some(link)) = (connection.upgrade(), link.upgrade()) else {
            return;
        };
        if !connection.leads_to_primary(&link).await {
            connection.replace(&link);
        }
    }
}

/// Likewise its host name: in a task of its own, since a lookup takes as long as the system's resolver does.
async fn check_name((connection, link): (Weak<Connection>, Weak<Link>)) {
    loop {
        sleep(CHECK_INTERVAL).await;
        let (Some(connection), Some(link)) = (connection.upgrade(), link.upgrade()) else {
            return;
        };
        if link.is_left_by_name(&connection.resolver).await {
            connection.follow_name(&link).await;
        }
    }
}

/// The pauses before a refused command is repeated.
const PAUSES: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(50),
    Duration::from_millis(150),
];
/// Enough for a lookup while some Sentinels are down.
const OPEN_LIMIT: Duration = Duration::from_secs(5);
const CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// The minimum age at which a connection to a cluster is replaced.
const MIN_CLUSTER_AGE: Duration = Duration::from_secs(1);
