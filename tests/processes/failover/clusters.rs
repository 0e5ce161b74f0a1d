//! A cluster.

use tower_didit::fake::Person;

use super::{
    forms::Users,
    site::{Site, User},
};
use crate::harness::{moment::eventually, shards::Shards};

/// Users whose sessions are on the same node.
async fn users_at(site: &Site, shards: &Shards, node: usize) -> Users {
    let sign_in = async |person: Person| -> User {
        loop {
            let user = site.signed_in(person.clone()).await;
            if shards.primary_of(&user.key()) == Some(node) {
                return user;
            }
        }
    };
    Users::who(site, sign_in).await
}

// Behaviour 104.
#[tokio::test(flavor = "multi_thread")]
async fn the_nodes_of_a_cluster_are_followed() {
    let mut shards = Shards::start("cluster").await;
    for (node, fault) in [(0, Fault::Kill), (1, Fault::Hang), (2, Fault::Command)] {
        let site = Site::new(&shards.url());
        let mut users = users_at(&site, &shards, node).await;
        let (key, partner) = (users.reader.key(), Shards::partner(node));
        shards.nodes[node].redis.is_replicated(1);
        match fault {
            Fault::Kill => shards.nodes[node].redis.kill(),
            Fault::Hang => shards.nodes[node].redis.pause(),
            Fault::Command => {
                shards.nodes[partner].redis.ask(&["CLUSTER", "FAILOVER"]);
            }
        }
        if fault != Fault::Hang {
            users.act().await;
        }
        eventually("another primary", async || {
            let others = shards.primary_in_view_of(partner, &key);
            (others == Some(partner)).then_some(())
        })
        .await;
        users.recover(&site, &format!("cluster: {fault:?}")).await;
        match fault {
            Fault::Kill => shards.nodes[node].redis.start_again(),
            Fault::Hang => shards.nodes[node].redis.go_on(),
            Fault::Command => {}
        }
        shards.are_well().await;
    }
}

// Behaviour 104.
#[tokio::test(flavor = "multi_thread")]
async fn lost_and_silent_connections_to_a_cluster_are_replaced() {
    let shards = Shards::start("nodes").await;
    let gate = &shards.nodes[0].gate;
    let forms: [(&str, &dyn Fn()); 2] = [
        ("cluster: connections are closed", &|| gate.sever()),
        ("cluster: connections go silent", &|| gate.stall()),
    ];
    for (form, fault) in forms {
        let site = Site::new(&shards.url());
        let users = users_at(&site, &shards, 0).await;
        fault();
        users.recover(&site, form).await;
    }
}

// Behaviour 104.
#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_of_a_cluster_heals() {
    let shards = Shards::start("refusals").await;
    for refusal in [
        "READONLY You can't write against a read only replica.",
        "LOADING Redis is loading the dataset in memory",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "CLUSTERDOWN The cluster is down",
        "TRYAGAIN Multiple keys request during rehashing of slot",
    ] {
        let site = Site::new(&shards.url());
        let mut users = users_at(&site, &shards, 0).await;
        shards.nodes[0].gate.refuse(refusal);
        users.act().await;
        shards.nodes[0].gate.admit();
        let code = refusal.split(' ').next().expect("a code");
        users.recover(&site, &format!("cluster: {code}")).await;
    }
}

// Behaviour 104.
#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_is_moving_is_followed() {
    let shards = Shards::start("moving").await;
    let site = Site::new(&shards.url());
    let users = users_at(&site, &shards, 0).await;
    for user in [&users.reader, &users.refresher, &users.leaver] {
        shards.move_key(&user.key(), 0, 1);
    }
    users.recover(&site, "cluster: ASK: slots are moving").await;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Kill,
    Hang,
    Command,
}
