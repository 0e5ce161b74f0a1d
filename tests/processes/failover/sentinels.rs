//! A Redis that Sentinels watch over.

use super::{forms::Users, site::Site};
use crate::harness::replicas::Replicas;

// Behaviours 104 and 113.
#[tokio::test(flavor = "multi_thread")]
async fn the_primary_that_sentinels_name_is_followed() {
    let mut replicas = Replicas::start("failover").await;
    for fault in [Fault::Kill, Fault::Hang, Fault::Command] {
        let site = Site::new(&replicas.url());
        let mut users = Users::of(&site).await;
        let old = replicas.primary().expect("all is well");
        replicas.nodes[old].redis.is_replicated(2);
        match fault {
            Fault::Kill => replicas.nodes[old].redis.kill(),
            Fault::Hang => replicas.nodes[old].redis.pause(),
            Fault::Command => {}
        }
        if fault == Fault::Command {
            // Nobody acts: what the old primary acknowledges after the new one has left it is lost.
            replicas.fail_over_from(old).await;
            replicas.is_demoted(old).await;
        } else {
            users.act().await;
            replicas.have_another_than(old).await;
        }
        users.recover(&site, &format!("Sentinel: {fault:?}")).await;
        match fault {
            Fault::Kill => replicas.nodes[old].redis.start_again(),
            Fault::Hang => replicas.nodes[old].redis.go_on(),
            Fault::Command => {}
        }
        replicas.are_well().await;
    }
}

// Behaviour 104.
#[tokio::test(flavor = "multi_thread")]
async fn lost_and_silent_connections_to_a_primary_with_sentinels_are_replaced() {
    let replicas = Replicas::start("connections").await;
    let primary = replicas.primary().expect("all is well");
    let gate = &replicas.nodes[primary].gate;
    let forms: [(&str, &dyn Fn()); 2] = [
        ("Sentinel: connections are closed", &|| gate.sever()),
        ("Sentinel: connections go silent", &|| gate.stall()),
    ];
    for (form, fault) in forms {
        let site = Site::new(&replicas.url());
        let users = Users::of(&site).await;
        fault();
        users.recover(&site, form).await;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Kill,
    Hang,
    Command,
}
