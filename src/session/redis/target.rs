//! What the URL of a Redis says: which servers, and how to find the primary.

use std::fmt;

use percent_encoding::percent_decode_str;
use redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, TlsCertificates,
    cluster::ClusterClientBuilder,
};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use url::{Url, form_urlencoded};

use super::sentinels::Sentinels;
use crate::session::store::StoreError;

/// The servers of a Redis.
#[derive(Clone)]
pub(super) enum Target {
    /// One address.
    Node(Client),
    /// The primary that the Sentinels name.
    Sentinel(Sentinels),
    /// Some nodes of a cluster, which know the others.
    Cluster {
        nodes: Vec<ConnectionInfo>,
        roots: Option<TlsCertificates>,
    },
}

impl Target {
    /// Reads `redis://`, `redis+sentinel://` and `redis+cluster://` URLs, and their forms with TLS.
    ///
    /// # Errors
    ///
    /// The texts are fixed, because any part of a malformed URL may be the password. They say what the URL is.
    pub(super) fn parse(url: &str) -> Result<Self, StoreError> {
        let parts = Parts::split(url).ok_or_else(|| StoreError::new(UNKNOWN_SCHEME))?;
        let is_cut_short = [parts.path, parts.rest]
            .iter()
            .any(|part| part.contains('@'));
        if is_cut_short && !parts.scheme.ends_with("unix") {
            return Err(StoreError::new(UNESCAPED));
        }
        match parts.topology {
            "" => Client::open(url)
                .map(Self::Node)
                .map_err(|_| StoreError::new(INVALID)),
            "sentinel" => parts.sentinel(),
            "cluster" => parts.cluster(),
            _ => Err(StoreError::new(UNKNOWN_SCHEME)),
        }
    }

    /// Trusts these certificates, in PEM, and not the system's.
    pub(super) fn with_root_certificates(&self, pem: &[u8]) -> Result<Self, StoreError> {
        if !self.has_tls() {
            return Err(StoreError::new(ROOTS_WITHOUT_TLS));
        }
        // An empty list would be accepted.
        if CertificateDer::pem_slice_iter(pem).next().is_none() {
            return Err(StoreError::new(INVALID_ROOTS));
        }
        let roots = TlsCertificates {
            client_tls: None,
            root_cert: Some(pem.to_vec()),
        };
        let trusting = match self {
            Self::Node(client) => {
                Client::build_with_tls(client.get_connection_info().clone(), roots).map(Self::Node)
            }
            Self::Sentinel(sentinels) => sentinels.trusting(&roots).map(Self::Sentinel),
            Self::Cluster { nodes, .. } => {
                let checked = ClusterClientBuilder::new(nodes.clone()).certs(roots.clone());
                checked.build().map(|_| Self::Cluster {
                    nodes: nodes.clone(),
                    roots: Some(roots),
                })
            }
        };
        trusting.map_err(|_| StoreError::new(INVALID_ROOTS))
    }

    pub(super) fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster { .. })
    }

    pub(super) fn has_tls(&self) -> bool {
        let server = match self {
            Self::Node(client) => Some(client.get_connection_info()),
            Self::Sentinel(sentinels) => Some(sentinels.node()),
            Self::Cluster { nodes, .. } => nodes.first(),
        };
        server.is_some_and(|server| matches!(server.addr(), ConnectionAddr::TcpTls { .. }))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(client) => client.get_connection_info().addr().fmt(f),
            Self::Sentinel(sentinels) => write!(f, "Sentinel service {}", sentinels.service()),
            Self::Cluster { nodes, .. } => {
                f.write_str("cluster")?;
                nodes
                    .iter()
                    .try_for_each(|node| write!(f, " {}", node.addr()))
            }
        }
    }
}

/// `redis+sentinel://user:password@host1,host2/service/1?protocol=resp3`
#[derive(Clone, Copy)]
struct Parts<'a> {
    /// `redis`
    scheme: &'a str,
    /// `sentinel`
    topology: &'a str,
    /// `user:password@`
    user: &'a str,
    /// `host1,host2`
    hosts: &'a str,
    /// `/service/1`
    path: &'a str,
    /// `?protocol=resp3`, and a fragment.
    rest: &'a str,
}

impl<'a> Parts<'a> {
    fn split(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once(':')?;
        let (scheme, topology) = match scheme.split_once('+') {
            Some((_, "unix")) | None => (scheme, ""),
            Some(parts) => parts,
        };
        if !["redis", "rediss", "valkey", "valkeys"].contains(&scheme) && !scheme.ends_with("unix")
        {
            return None;
        }
        let rest = rest.strip_prefix("//")?;
        let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (path, rest) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
        let (user, hosts) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        Some(Self {
            scheme,
            topology,
            user,
            hosts,
            path,
            rest,
        })
    }

    fn sentinel(self) -> Result<Target, StoreError> {
        let mut path = self.path.split('/').skip(1);
        let service = path.next().unwrap_or_default();
        let service = percent_decode_str(service).decode_utf8();
        let service = service.map_err(|_| StoreError::new(INVALID))?.into_owned();
        if service.is_empty() {
            return Err(StoreError::new(NO_SERVICE));
        }
        let database = path.next().unwrap_or_default();
        if path.next().is_some_and(|rest| !rest.is_empty()) {
            return Err(StoreError::new(INVALID));
        }
        let sentinels = self.hosts.split(',').map(|host| self.sentinel_at(host));
        let sentinels = sentinels.collect::<Result<_, _>>()?;
        let node = self.node("node", &format!("/{database}"), NODE_PORT)?;
        let sentinels = Sentinels::new(service, sentinels, node);
        sentinels
            .map(Target::Sentinel)
            .map_err(|_| StoreError::new(INVALID))
    }

    /// A Sentinel, which has a user and password of its own.
    fn sentinel_at(self, host: &str) -> Result<ConnectionInfo, StoreError> {
        let sentinel = Self {
            user: "",
            rest: self.rest.find('#').map_or("", |start| &self.rest[start..]),
            ..self
        };
        let sentinel = sentinel.node(host, "", SENTINEL_PORT)?;
        let mut settings = sentinel.redis_settings().clone();
        let query = self.rest.trim_start_matches('?').split('#').next();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match &*name {
                "sentinel_username" => settings = settings.set_username(value),
                "sentinel_password" => settings = settings.set_password(value),
                _ => {}
            }
        }
        Ok(sentinel.set_redis_settings(settings))
    }

    fn cluster(self) -> Result<Target, StoreError> {
        let nodes = self
            .hosts
            .split(',')
            .map(|host| self.node(host, self.path, NODE_PORT));
        Ok(Target::Cluster {
            nodes: nodes.collect::<Result<_, _>>()?,
            roots: None,
        })
    }

    /// One server.
    fn node(self, host: &str, path: &str, port: u16) -> Result<ConnectionInfo, StoreError> {
        let Self {
            scheme, user, rest, ..
        } = self;
        let url = Url::parse(&format!("{scheme}://{user}{host}{path}{rest}"));
        let mut url = url.map_err(|_| StoreError::new(INVALID))?;
        if url.port().is_none() {
            url.set_port(Some(port))
                .map_err(|()| StoreError::new(INVALID))?;
        }
        url.into_connection_info()
            .map_err(|_| StoreError::new(INVALID))
    }
}

const UNKNOWN_SCHEME: &str = "not the URL of a Redis: the schemes are `redis`, `redis+sentinel` and `redis+cluster`, \
    with TLS `rediss`, `rediss+sentinel` and `rediss+cluster`, and `redis+unix`";
const INVALID: &str = "not the URL of a Redis, such as `redis://user:password@host:6379/0`, \
    `redis+sentinel://user:password@host1,host2,host3/service/0` or `redis+cluster://user:password@host1,host2,host3`";
const NO_SERVICE: &str = "a Sentinel URL without a service, such as `mymaster` in `redis+sentinel://host1,host2,host3/mymaster`";
const UNESCAPED: &str = "not the URL of a Redis: special characters in the user name or password have to be percent-encoded";
const INVALID_ROOTS: &str = "the root certificates are not PEM, or there is none";
const ROOTS_WITHOUT_TLS: &str = "root certificates with the URL of a Redis without TLS (`rediss`)";
const NODE_PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        let Err(error) = Target::parse(url) else {
            panic!("{url} is accepted");
        };
        let text = format!("{error:?}");
        assert!(!text.contains("hunter2"), "{text}");
        text
    }

    #[test]
    fn a_url_names_one_server_or_sentinels_or_a_cluster() {
        for (url, shown) in [
            ("redis://127.0.0.1/", "127.0.0.1:6379"),
            ("redis://user:hunter2@[::1]:7000/3", "::1:7000"),
            ("redis+unix:///run/redis.sock", "/run/redis.sock"),
            ("unix:///run/redis.sock?db=1", "/run/redis.sock"),
            ("valkey://host", "host:6379"),
            (
                "redis+sentinel://a,b:7000,[::1]/mymaster",
                "Sentinel service mymaster",
            ),
            (
                "redis+sentinel://user:hunter2@a/my%20master/3?protocol=3",
                "Sentinel service my master",
            ),
            (
                "redis+cluster://user:hunter2@a,b:7000",
                "cluster a:6379 b:7000",
            ),
            ("redis+cluster://a:7000/", "cluster a:7000"),
        ] {
            let target = Target::parse(url).unwrap_or_else(|error| panic!("{url}: {error:?}"));
            assert_eq!(target.to_string(), shown);
        }
    }

    #[test]
    fn sentinels_and_nodes_have_users_of_their_own() {
        let url = "redis+sentinel://user:p%40ss@a,b:1/mymaster/3?sentinel_username=watch&sentinel_password=w%40tch";
        let parts = Parts::split(url).unwrap();
        let sentinel = parts.sentinel_at("a").unwrap();
        assert_eq!(sentinel.addr().to_string(), "a:26379");
        assert_eq!(sentinel.redis_settings().username(), Some("watch"));
        assert_eq!(sentinel.redis_settings().password(), Some("w@tch"));
        let node = parts.node("node", "/3", NODE_PORT).unwrap();
        assert_eq!(node.redis_settings().username(), Some("user"));
        assert_eq!(node.redis_settings().password(), Some("p@ss"));
        assert_eq!(node.redis_settings().db(), 3);
    }

    // Behaviour 95.
    #[test]
    fn a_wrong_url_is_explained_and_not_repeated() {
        for (url, reason) in [
            ("", "schemes"),
            ("hunter2", "schemes"),
            ("https://user:hunter2@host/", "schemes"),
            ("redis+proxy://user:hunter2@host/", "schemes"),
            ("redis:host", "schemes"),
            ("redis://user:hunter2@[/", "not the URL"),
            ("redis://user:hunter2@host/database", "not the URL"),
            ("redis://user:12/hunter2@host", "percent-encoded"),
            ("redis://user:12?hunter2@host", "percent-encoded"),
            ("redis://user:12#hunter2@host", "percent-encoded"),
            ("redis+cluster://user:12?hunter2@host", "percent-encoded"),
            (
                "redis+sentinel://user:12/hunter2@host/mymaster",
                "percent-encoded",
            ),
            ("redis+sentinel://user:hunter2@host", "mymaster"),
            (
                "redis+sentinel://user:hunter2@host/mymaster/x",
                "not the URL",
            ),
            (
                "redis+sentinel://user:hunter2@host/mymaster/1/2",
                "not the URL",
            ),
            ("redis+sentinel://user:hunter2@/mymaster", "not the URL"),
            ("redis+sentinel://user:hunter2@a,,b/mymaster", "not the URL"),
            ("redis+cluster://user:hunter2@a,b:x", "not the URL"),
            ("redis+cluster://user:hunter2@a/x", "not the URL"),
        ] {
            let text = refused(url);
            assert!(text.contains(reason), "{url}: {text}");
        }
    }

    #[test]
    fn root_certificates_are_checked() {
        let pem = rcgen::generate_simple_self_signed(["host".to_owned()]).unwrap();
        let pem = pem.cert.pem();
        for (url, pem, reason) in [
            ("rediss://host", pem.as_str(), None),
            ("rediss+sentinel://host/mymaster", &pem, None),
            ("rediss+cluster://host", &pem, None),
            ("redis://host", &pem, Some("without TLS")),
            ("redis+sentinel://host/mymaster", &pem, Some("without TLS")),
            ("redis+cluster://host", &pem, Some("without TLS")),
            ("redis+unix:///run/redis.sock", &pem, Some("without TLS")),
            ("rediss://host", "", Some("not PEM")),
            ("rediss+sentinel://host/mymaster", "", Some("not PEM")),
            ("rediss+cluster://host", "", Some("not PEM")),
            ("rediss://host", &pem[..100], Some("not PEM")),
            ("rediss://host", &pem.replace("MII", "AAA"), Some("not PEM")),
            (
                "rediss+cluster://host",
                &pem.replace("MII", "AAA"),
                Some("not PEM"),
            ),
        ] {
            let target = Target::parse(url).unwrap_or_else(|error| panic!("{url}: {error:?}"));
            let trusting = target.with_root_certificates(pem.as_bytes());
            let error = trusting.err().map(|error| format!("{error:?}"));
            match reason {
                Some(reason) => assert!(error.unwrap().contains(reason), "{url}"),
                None => assert_eq!(error, None, "{url}"),
            }
        }
    }
}
