//! A Redis that is reached over TLS, as a user with a password.

use std::time::Duration;

use tower_didit::store::{RedisStore, conformance};

use super::{
    faults::{assert_logged_once, fail_to_sign_in, permit, sign_in},
    site::{Outcome, Site},
};
use crate::{
    harness::{
        authority::Authority,
        moment::eventually,
        redis::Redis,
        replicas::{SERVICE, Sentinel},
    },
    support::{logs::capture, port::Port},
};

/// A Redis with a port for TLS, besides the other one.
struct Secure {
    redis: Redis,
    port: Port,
}

impl Secure {
    /// With a certificate for these hosts, and options.
    fn start(name: &str, authority: &Authority, hosts: &[&str], options: &str) -> Self {
        let port = Port::keep();
        let tls = authority.certify(hosts);
        let tls = tls.iter().map(|(name, value)| format!("--{name} {value}"));
        let options = options.split(' ').filter(|option| !option.is_empty());
        let options = tls
            .chain([format!("--tls-port {}", port.number())])
            .chain(options.map(str::to_owned));
        let redis = Redis::start_with(&format!("tls-{name}"), options);
        permit(&redis, "+role +cluster|slots +ping +asking");
        Self { redis, port }
    }

    /// This host and its port in a URL, with the user's password.
    fn host(&self, name: &str) -> String {
        format!("app:hunter2@{name}:{}", self.port.number())
    }
}

fn store(url: &str, authority: &Authority) -> RedisStore {
    let store = RedisStore::new(url).expect("a good URL");
    let store = store.with_root_certificates(&authority.pem);
    store
        .expect("good certificates")
        // The machine may be busy.
        .with_timeout(Duration::from_secs(5))
}

async fn conforms(url: &str, authority: &Authority) {
    conformance::check(&store(url, authority), &store(url, authority)).await;
}

// Behaviours 82 and 104.
#[tokio::test]
async fn a_store_over_tls_conforms() {
    let authority = Authority::new("node");
    let secure = Secure::start("node", &authority, &HOSTS, "");
    for host in HOSTS {
        let url = format!("rediss://{}", secure.host(host));
        conforms(&url, &authority).await;
        let site = Site::with_store(|| store(&url, &authority));
        let user = sign_in(&site).await;
        assert_eq!(user.asks_everywhere().await, Outcome::Done);
    }
}

// Behaviours 82 and 104.
#[tokio::test]
async fn a_store_with_sentinels_over_tls_conforms() {
    let authority = Authority::new("sentinel");
    let secure = Secure::start("primary", &authority, &HOSTS, "");
    let port = Port::keep();
    let tls = authority.certify(&HOSTS);
    let tls = tls.iter().map(|(name, value)| format!("{name} {value}\n"));
    let settings = format!("tls-port {}\ntls-replication yes\n", port.number());
    let settings = tls.collect::<String>() + &settings;
    let _sentinel = Sentinel::start("tls", secure.port.number(), &settings);
    let host = format!("app:hunter2@localhost:{}", port.number());
    let url = format!("rediss+sentinel://{host}/{SERVICE}");
    conforms(&url, &authority).await;
    is_refused(&secure, &url, Some(&Authority::new("sentinel-other"))).await;
}

// Behaviours 82 and 104.
#[tokio::test]
async fn a_store_in_a_cluster_over_tls_conforms() {
    let authority = Authority::new("cluster");
    let bus = Port::keep();
    let options = format!(
        "--cluster-enabled yes --tls-cluster yes --cluster-port {}",
        bus.number()
    );
    let secure = Secure::start("cluster", &authority, &HOSTS, &options);
    secure
        .redis
        .ask(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    eventually("the cluster is well", async || {
        let facts = secure.redis.ask(&["CLUSTER", "INFO"]);
        let facts = String::from_utf8_lossy(facts.text()).into_owned();
        facts.contains("cluster_state:ok").then_some(())
    })
    .await;
    let url = format!("rediss+cluster://{}", secure.host("127.0.0.1"));
    conforms(&url, &authority).await;
    is_refused(&secure, &url, Some(&Authority::new("cluster-other"))).await;
}

// Behaviour 104.
#[tokio::test]
async fn a_certificate_that_is_not_trusted_or_of_another_host_is_refused_and_logged_once() {
    let authority = Authority::new("right");
    let other = Authority::new("wrong");
    let right = Secure::start("right", &authority, &HOSTS, "");
    let elsewhere = Secure::start("elsewhere", &authority, &["redis.example"], "");
    for (secure, trusted) in [
        (&right, None),
        (&right, Some(&other)),
        (&elsewhere, Some(&authority)),
    ] {
        let url = format!("rediss://{}", secure.host("localhost"));
        is_refused(secure, &url, trusted).await;
    }
}

/// A store that trusts this authority, or the system's, sends nothing.
async fn is_refused(secure: &Secure, url: &str, trusted: Option<&Authority>) {
    let site = Site::with_store(|| match trusted {
        Some(trusted) => store(url, trusted),
        None => RedisStore::new(url).expect("a good URL"),
    });
    let logins = || {
        let stats = secure.redis.ask(&["INFO", "commandstats"]);
        let stats = String::from_utf8_lossy(stats.text()).into_owned();
        let login = stats.lines().find(|line| line.starts_with("cmdstat_auth:"));
        login.map(str::to_owned)
    };
    let before = logins();
    capture();
    fail_to_sign_in(&site).await;
    assert_logged_once("CERTIFICATE", "with_root_certificates");
    assert_eq!(logins(), before);
}

const HOSTS: [&str; 2] = ["localhost", "127.0.0.1"];
