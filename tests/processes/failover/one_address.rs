//! A Redis at one address, behind which there is another server from time to time.

use futures_util::future::join_all;
use tower_didit::fake::Person;

use super::{
    forms::{HEALED, Users},
    site::{Outcome, Site},
};
use crate::harness::{
    gate::Gate,
    hosts::Hosts,
    moment::{eventually, within},
    redis::Redis,
};

/// A primary, its replica, and the address of the one that counts.
struct Pair {
    primary: Redis,
    replica: Redis,
    gate: Gate,
}

impl Pair {
    async fn start(name: &str) -> (Self, Site, Users) {
        Self::start_at(name, "127.0.0.1").await
    }

    /// Applications know it by this host.
    async fn start_at(name: &str, host: &str) -> (Self, Site, Users) {
        let primary = Redis::start(&format!("{name}-primary"));
        let options = [
            format!("--replicaof 127.0.0.1 {}", primary.port()),
            "--replica-serve-stale-data no --repl-diskless-sync-delay 0".to_owned(),
        ];
        let replica = Redis::start_with(&format!("{name}-replica"), options);
        primary.ask(&["CONFIG", "SET", "replica-serve-stale-data", "no"]);
        eventually("the replica follows", async || {
            let facts = replica.ask(&["INFO", "replication"]);
            String::from_utf8_lossy(facts.text())
                .contains("master_link_status:up")
                .then_some(())
        })
        .await;
        let gate = Gate::open(primary.port()).await;
        let site = Site::new(&format!("redis://{host}:{}/", gate.port()));
        let users = Users::of(&site).await;
        primary.is_replicated(1);
        let pair = Self {
            primary,
            replica,
            gate,
        };
        (pair, site, users)
    }

    /// The replica becomes the primary.
    fn promote(&self) {
        self.replica.ask(&["REPLICAOF", "NO", "ONE"]);
        self.gate.lead_to(self.replica.port());
    }

    /// The old primary follows another server, and keeps its connections.
    fn demote(&self, to: u16) {
        self.primary
            .ask(&["REPLICAOF", "127.0.0.1", &to.to_string()]);
    }
}

// Behaviour 104.
#[tokio::test(flavor = "multi_thread")]
async fn a_demoted_primary_that_keeps_its_connections_is_left() {
    let (pair, site, users) = Pair::start("demoted").await;
    pair.promote();
    pair.demote(pair.replica.port());
    users
        .recover(&site, "READONLY: demoted, keeps its connections")
        .await;

    let (pair, site, mut users) = Pair::start("orphaned").await;
    // It has lost its new primary, and serves no stale data.
    pair.demote(1);
    users.act().await;
    pair.promote();
    users
        .recover(&site, "MASTERDOWN: demoted, follows nobody")
        .await;
}

// Behaviour 104.
#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_is_gone_is_replaced() {
    let (mut pair, site, mut users) = Pair::start("gone").await;
    pair.primary.kill();
    users.act().await;
    pair.promote();
    users.recover(&site, "gone, replaced by its replica").await;

    let (mut pair, site, mut users) = Pair::start("restarted").await;
    pair.primary.kill();
    users.act().await;
    pair.primary.start_again();
    users.recover(&site, "gone, restarted with its data").await;
}

// Behaviour 104.
#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_hangs_is_replaced() {
    let (pair, site, mut users) = Pair::start("hung").await;
    pair.primary.pause();
    users.act().await;
    pair.promote();
    users.recover(&site, "hangs, replaced by its replica").await;
    pair.primary.go_on();

    let (pair, site, users) = Pair::start("stalled").await;
    pair.gate.stall();
    users.recover(&site, "connections go silent").await;
}

// Behaviour 104.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_points_elsewhere_is_followed() {
    let (pair, site, users) = Pair::start("moved").await;
    pair.promote();
    pair.gate.sever();
    users
        .recover(&site, "connections are closed, the name points elsewhere")
        .await;
}

// Behaviour 104.
#[test]
fn a_name_that_points_elsewhere_is_followed_while_the_old_server_goes_on() {
    let test = "failover::one_address::a_name_that_points_elsewhere_is_followed_while_the_old_server_goes_on";
    let Some(mut hosts) = Hosts::of_test(test) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        hosts.point(NAME, "127.0.0.1");
        let (pair, site, users) = Pair::start_at("renamed", NAME).await;
        let gate = Gate::at(([127, 0, 0, 2], pair.gate.port()).into()).await;
        gate.lead_to(pair.replica.port());
        hosts.point(NAME, "127.0.0.2");
        // Not before there is a primary.
        eventually("both processes look at the replica", async || {
            (gate.connections() >= 2).then_some(())
        })
        .await;
        assert_eq!(users.reader.asks_everywhere().await, Outcome::Done);
        let key = site.signed_in(Person::john()).await.key();
        assert_eq!(pair.primary.ask(&["EXISTS", &key]).number(), 1);
        pair.primary.is_replicated(1);

        pair.replica.ask(&["REPLICAOF", "NO", "ONE"]);
        let moved = eventually("sessions begin at the new primary", async || {
            let user = site.signed_in(Person::john()).await;
            let is_new = pair.replica.ask(&["EXISTS", &user.key()]).number() == 1;
            (is_new && user.asks(1).await == Outcome::Done).then_some(())
        });
        within(HEALED, "the name points elsewhere", Box::pin(moved)).await;
        users
            .recover(&site, "the name points elsewhere, the old server goes on")
            .await;
    });
}

// Behaviour 104.
#[tokio::test(flavor = "multi_thread")]
async fn scripts_that_were_flushed_are_sent_again() {
    let (pair, site, users) = Pair::start("flushed").await;
    pair.primary.ask(&["SCRIPT", "FLUSH"]);
    users.recover(&site, "NOSCRIPT: scripts are flushed").await;
}

// Behaviour 104.
#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_heals() {
    // Each takes as long as a request waits.
    let forms = REFUSALS.iter().enumerate();
    join_all(forms.map(|(number, refusal)| Box::pin(heals(number, refusal)))).await;
}

async fn heals(number: usize, refusal: &'static str) {
    let (pair, site, mut users) = Pair::start(&format!("refused-{number}")).await;
    pair.gate.refuse(refusal);
    users.act().await;
    pair.gate.admit();
    let form = refusal.split(' ').next().expect("a code");
    users.recover(&site, form).await;
}

const NAME: &str = "redis.test";

const REFUSALS: [&str; 9] = [
    "READONLY You can't write against a read only replica.",
    // Of Redis before 7.
    "ERR Error running script (call to f_1): @user_script:1: @user_script: 1: -READONLY You can't write against a \
     read only replica.",
    "LOADING Redis is loading the dataset in memory",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "NOREPLICAS Not enough good replicas to write.",
    "CLUSTERDOWN The cluster is down",
    "TRYAGAIN Multiple keys request during rehashing of slot",
    "MOVED 7 127.0.0.1:1",
    "NOSCRIPT No matching script. Please use EVAL.",
];
