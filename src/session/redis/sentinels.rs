//! The Sentinels of a service, which name its primary.

use std::sync::Arc;

use redis::{
    Client, ConnectionAddr, ConnectionInfo, RedisResult, TlsCertificates, TlsMode,
    sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType},
};
use tokio::sync::Mutex;

/// The Sentinels of a service.
#[derive(Clone)]
pub(super) struct Sentinels {
    service: String,
    addresses: Vec<ConnectionInfo>,
    node: ConnectionInfo,
    /// Its lookups are exclusive: it caches its connections.
    client: Arc<Mutex<SentinelClient>>,
}

impl Sentinels {
    /// The Sentinels at these addresses, of which there is one at least. All nodes have the settings of `node`, whose
    /// host does not matter.
    pub(super) fn new(
        service: String,
        addresses: Vec<ConnectionInfo>,
        node: ConnectionInfo,
    ) -> RedisResult<Self> {
        let client = client(&service, &addresses, &node)?.build()?;
        Ok(Self {
            service,
            addresses,
            node,
            client: Arc::new(Mutex::new(client)),
        })
    }

    /// Trusts these root certificates.
    pub(super) fn trusting(&self, roots: &TlsCertificates) -> RedisResult<Self> {
        let client = client(&self.service, &self.addresses, &self.node)?
            .set_client_to_redis_certificates(roots.clone())
            .set_client_to_sentinel_certificates(roots.clone())
            .build()?;
        Ok(Self {
            client: Arc::new(Mutex::new(client)),
            ..self.clone()
        })
    }

    pub(super) fn service(&self) -> &str {
        &self.service
    }

    /// The settings of all nodes.
    pub(super) fn node(&self) -> &ConnectionInfo {
        &self.node
    }

    /// Asks for the primary.
    pub(super) async fn primary(&self) -> RedisResult<Client> {
        self.client.lock().await.async_get_client().await
    }
}

fn client(
    service: &str,
    addresses: &[ConnectionInfo],
    node: &ConnectionInfo,
) -> RedisResult<SentinelClientBuilder> {
    let sentinel = addresses.first().map(ConnectionInfo::redis_settings);
    let addresses = addresses.iter().map(|address| address.addr().clone());
    let settings = node.redis_settings();
    let mut client = SentinelClientBuilder::new(addresses, service, SentinelServerType::Master)?
        .set_client_to_redis_db(settings.db())
        .set_client_to_redis_protocol(settings.protocol());
    if let ConnectionAddr::TcpTls { insecure, .. } = node.addr() {
        let mode = if *insecure {
            TlsMode::Insecure
        } else {
            TlsMode::Secure
        };
        client = client.set_client_to_redis_tls_mode(mode);
    }
    if let Some(username) = settings.username() {
        client = client.set_client_to_redis_username(username);
    }
    if let Some(password) = settings.password() {
        client = client.set_client_to_redis_password(password);
    }
    if let Some(username) = sentinel.and_then(|sentinel| sentinel.username()) {
        client = client.set_client_to_sentinel_username(username);
    }
    if let Some(password) = sentinel.and_then(|sentinel| sentinel.password()) {
        client = client.set_client_to_sentinel_password(password);
    }
    Ok(client)
}
