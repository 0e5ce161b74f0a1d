//! Three processes of the application, one Redis, one provider.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use tower_didit::fake::Person;

use super::{
    change::Kind,
    member::Member,
    provider::Provider,
    redis::Redis,
    relying_party::{CLIENT_ID, RelyingParty, redirect_uri},
    shards::Shards,
    visitor::Visitor,
    wire::Wire,
};
use crate::support::port::Port;

pub(crate) const PROCESSES: usize = 3;

/// The timeout of the application's calls to the provider.
const HTTP_TIMEOUT: Duration = Duration::from_secs(4);

pub(crate) struct Cluster {
    pub(crate) provider: Arc<Provider>,
    pub(crate) redis: Redis,
    /// Where the sessions are, if not in `redis`.
    shards: Option<Shards>,
    pub(crate) wires: Vec<Wire>,
    ports: Vec<Port>,
    processes: Vec<Option<RelyingParty>>,
    /// Of each process, how many changes its wire had seen when it was killed.
    deaths: Vec<Vec<usize>>,
    visitor: Visitor,
}

impl Cluster {
    /// Starts all of it for the story `name`.
    pub(crate) async fn start(name: &str) -> Self {
        Self::start_with(name, None).await
    }

    /// Likewise, with the sessions in a cluster of Redis.
    pub(crate) async fn start_on(shards: Shards, name: &str) -> Self {
        Self::start_with(name, Some(shards)).await
    }

    async fn start_with(name: &str, shards: Option<Shards>) -> Self {
        let redis = Redis::start(name);
        let ports: Vec<_> = (0..PROCESSES).map(|_| Port::keep()).collect();
        let provider = Provider::start(CLIENT_ID, &redirect_uri(&ports[0])).await;
        let mut wires = Vec::new();
        for _ in &ports {
            wires.push(Wire::open(redis.port()).await);
        }
        let mut cluster = Self {
            provider: Arc::new(provider),
            redis,
            shards,
            wires,
            processes: Vec::new(),
            deaths: vec![Vec::new(); PROCESSES],
            ports,
            visitor: Visitor::default(),
        };
        for index in 0..PROCESSES {
            let process = cluster.start_process(index);
            cluster.visitor.add(process.url("/"));
            cluster.processes.push(Some(process));
        }
        cluster
    }

    pub(crate) fn visitor(&self) -> &Visitor {
        &self.visitor
    }

    /// Starts a process that was killed.
    pub(crate) fn start_again(&mut self, index: usize) {
        self.processes[index] = Some(self.start_process(index));
    }

    fn start_process(&self, index: usize) -> RelyingParty {
        let timeout = HTTP_TIMEOUT.as_secs().to_string();
        let wire = || self.wires[index].url();
        let redis = self.shards.as_ref().map_or_else(wire, Shards::url);
        RelyingParty::start(
            &self.ports[index],
            &[
                ("DIDIT_CLIENT_SECRET", ""),
                ("DIDIT_COOKIE_KEYS", COOKIE_KEY),
                // Of all three: they stand for one application behind one address.
                ("DIDIT_REDIRECT_URI", &redirect_uri(&self.ports[0])),
                ("DIDIT_PROVIDER", "authentication"),
                ("DIDIT_ISSUER", &self.provider.issuer()),
                ("DIDIT_SCOPES", "offline_access"),
                ("DIDIT_HTTP_TIMEOUT", &timeout),
                ("DIDIT_REDIS_URL", &redis),
            ],
        )
    }

    /// Kills a process (SIGKILL), and waits until Redis has done what it had sent.
    pub(crate) async fn kill(&mut self, index: usize) {
        self.kill_at_once(index);
        self.bury(index).await;
    }

    /// Kills it while something is held that it had sent: `bury` it later.
    pub(crate) fn kill_at_once(&mut self, index: usize) {
        self.processes[index] = None;
    }

    /// Waits until Redis has done what a killed process had sent.
    pub(crate) async fn bury(&mut self, index: usize) {
        self.wires[index].is_quiet().await;
        self.deaths[index].push(self.wires[index].changes().len());
    }

    /// The keys of the sessions whose refresh a process had begun, and neither saved nor abandoned, when it was
    /// killed.
    pub(crate) fn orphans(&self) -> HashSet<String> {
        let mut orphans = HashSet::new();
        for (wire, deaths) in self.wires.iter().zip(&self.deaths) {
            let changes = wire.changes();
            let mut birth = 0;
            for death in deaths {
                let mut refreshing = HashSet::new();
                for change in &changes[birth..*death] {
                    match change.kind {
                        Kind::BeginRefresh => refreshing.insert(change.key.clone()),
                        Kind::AbandonRefresh | Kind::Save => refreshing.remove(&change.key),
                    };
                }
                orphans.extend(refreshing);
                birth = *death;
            }
        }
        orphans
    }

    /// Signs somebody in whose first access token lives that long; later ones live for five minutes.
    pub(crate) async fn sign_in(&self, life: Duration) -> Member {
        let mut members = self.sign_in_many(1, life).await;
        members.pop().expect("one was asked for")
    }

    /// Likewise, many of them, a few at a time.
    pub(crate) async fn sign_in_many(&self, count: usize, life: Duration) -> Vec<Member> {
        self.provider.set_life(life);
        let mut members = Vec::with_capacity(count);
        while members.len() < count {
            let present = members.len();
            let some =
                (present..count.min(present + 16)).map(|index| self.sign_in_one(index, life));
            members.extend(futures_util::future::join_all(some).await);
        }
        self.provider.set_life(Duration::from_secs(300));
        members
    }

    async fn sign_in_one(&self, index: usize, life: Duration) -> Member {
        let person = if index.is_multiple_of(2) {
            Person::alejandra()
        } else {
            Person::john()
        };
        self.sign_in_as(&person, index, life).await
    }

    /// Signs this person in. `life` is that of the access token.
    ///
    /// Where a sign-in starts, one process; where it ends, another.
    pub(crate) async fn sign_in_as(&self, person: &Person, index: usize, life: Duration) -> Member {
        let (here, there) = (index % PROCESSES, (index + 1) % PROCESSES);
        let (flow, back) = self.approved(person, here).await;
        let earliest = Instant::now();
        let page = self.visitor.get(there, &back, Some(&flow)).await;
        let page = page.expect("the process runs");
        assert!(page.status.is_redirection(), "{page:?}");
        let cookie = page.cookie("didit=");
        let me = self.visitor.get(here, "/me", Some(&cookie)).await;
        let me = me.expect("the process runs").json();
        assert_eq!(me["sub"], person.subject());
        let session = me["claims"]["sid"].as_str().expect("a session");
        Member::new(
            cookie,
            session,
            person.subject(),
            (earliest, Instant::now()),
            life,
        )
    }

    /// Starts a sign-in of this person, who approves: the cookie and the path of the callback.
    pub(crate) async fn approved(&self, person: &Person, process: usize) -> (String, String) {
        let started = self.visitor.get(process, "/login", None).await;
        let started = started.expect("the process runs");
        let to = started.location().expect("it leads to the provider");
        let back = self.provider.didit().approve(to.as_str(), person);
        let (_, back) = back
            .split_once("/callback")
            .expect("back at the application");
        (started.cookie("didit-flow-"), format!("/callback{back}"))
    }
}

/// The processes open what the others sealed.
const COOKIE_KEY: &str = "Y29va2llIGtleXMgb2YgYSBwdWJsaWMgY2xpZW50Li4=";
