//! An established connection to the primary, or to the nodes of a cluster.

use std::{net::SocketAddr, sync::Mutex, time::Duration};

use futures_util::future::select_ok;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, RedisError, RedisResult, Value,
    aio::MultiplexedConnection, cluster::ClusterClientBuilder, cluster_async::ClusterConnection,
    cluster_routing::SingleNodeRoutingInfo,
};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio::time::Instant;

use super::{
    resolver::{Resolved, Resolver, host},
    target::Target,
};
use crate::lock::lock;

/// An established connection.
pub(super) struct Link {
    way: Way,
    /// The server, as the URL or a Sentinel names it. `None` for a cluster.
    pub(super) address: Option<ConnectionAddr>,
    /// The address of its host to which the connection leads. `None` for a cluster and a socket's path.
    resolved: Option<SocketAddr>,
    pub(super) opened: Instant,
    heard: Mutex<Instant>,
}

enum Way {
    Node(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Link {
    pub(super) async fn open(
        target: &Target,
        resolver: &Resolver,
        limit: Duration,
    ) -> RedisResult<Self> {
        if target.has_tls() {
            select_crypto_provider();
        }
        match target {
            Target::Node(client) => Self::to(client, resolver, limit).await,
            Target::Sentinel(sentinels) => {
                let primary = sentinels.primary().await?;
                Self::to(&primary, resolver, limit).await
            }
            Target::Cluster { nodes, roots } => {
                let mut client = ClusterClientBuilder::new(nodes.clone())
                    // A retry would repeat commands that may have been executed.
                    .retries(0)
                    // A node that is down delays the connections to the others.
                    .connection_timeout(limit / 4)
                    .response_timeout(limit)
                    .overall_response_timeout(None);
                if let Some(roots) = roots {
                    client = client.certs(roots.clone());
                }
                let connection = client.build()?.get_async_connection().await?;
                Ok(Self::new(Way::Cluster(connection), None, None))
            }
        }
    }

    /// Connects to all addresses of the server, and keeps the first connection.
    async fn to(client: &Client, resolver: &Resolver, limit: Duration) -> RedisResult<Self> {
        let address = client.get_connection_info().addr();
        let (connection, resolved) = match host(address) {
            None => (connect(client, None, limit).await?, None),
            Some((host, port)) => {
                let addresses = resolver.lookup(host, port).await?.into_iter();
                let connects = addresses.map(|resolved| {
                    Box::pin(async move {
                        let connection = connect(client, Some(resolved), limit).await?;
                        Ok::<_, RedisError>((connection, Some(resolved)))
                    })
                });
                select_ok(connects).await?.0
            }
        };
        let way = Way::Node(connection);
        Ok(Self::new(way, Some(address.clone()), resolved))
    }

    fn new(way: Way, address: Option<ConnectionAddr>, resolved: Option<SocketAddr>) -> Self {
        let now = Instant::now();
        Self {
            way,
            address,
            resolved,
            opened: now,
            heard: Mutex::new(now),
        }
    }

    /// Looks up whether the host name has other addresses by now.
    pub(super) async fn is_left_by_name(&self, resolver: &Resolver) -> bool {
        let host = self.address.as_ref().and_then(host);
        match host.zip(self.resolved) {
            Some((host, resolved)) => resolver.has_left(host, resolved).await,
            None => false,
        }
    }

    pub(super) async fn send(&self, command: &Cmd) -> RedisResult<Value> {
        let answer = match &self.way {
            Way::Node(connection) => command.query_async(&mut connection.clone()).await,
            Way::Cluster(connection) => {
                let mut connection = connection.clone();
                match command.query_async(&mut connection).await {
                    Err(error) if error.code() == Some("ASK") => {
                        ask(connection, command, error).await
                    }
                    answer => answer,
                }
            }
        };
        *lock(&self.heard) = Instant::now();
        answer
    }

    /// For a cluster this counts from the opening, since an answer may have come from another node.
    pub(super) fn has_been_silent_for(&self, time: Duration) -> bool {
        let since = match self.way {
            Way::Node(_) => *lock(&self.heard),
            Way::Cluster(_) => self.opened,
        };
        since.elapsed() >= time
    }
}

/// Without a provider of the process, rustls panics if the application's features have enabled several.
fn select_crypto_provider() {
    if CryptoProvider::get_default().is_none() {
        // It fails if another thread has installed one meanwhile.
        let _ = aws_lc_rs::default_provider().install_default();
    }
}

/// Connects to the server of a client, at this address of its host.
async fn connect(
    client: &Client,
    resolved: Option<SocketAddr>,
    limit: Duration,
) -> RedisResult<MultiplexedConnection> {
    let mut config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(limit))
        .set_response_timeout(None);
    if let Some(resolved) = resolved {
        config = config.set_dns_resolver(Resolved(resolved));
    }
    client
        .get_multiplexed_async_connection_with_config(&config)
        .await
}

/// Sends a command to the node to which its slot is moving.
async fn ask(
    mut connection: ClusterConnection,
    command: &Cmd,
    redirect: RedisError,
) -> RedisResult<Value> {
    let node = redirect
        .redirect_node()
        .and_then(|(node, _slot)| node.rsplit_once(':'));
    let Some((host, port)) = node.and_then(|(host, port)| Some((host, port.parse().ok()?))) else {
        return Err(redirect);
    };
    let node = SingleNodeRoutingInfo::ByAddress {
        host: host.to_owned(),
        port,
    };
    let mut commands = redis::pipe();
    commands.cmd("ASKING").add_command(command.clone());
    let answers = connection.route_pipeline(commands, 1, 1, node).await?;
    answers.into_iter().next().ok_or(redirect)?.extract_error()
}
