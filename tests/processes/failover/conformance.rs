//! A store keeps to its protocol however its Redis is run.

use std::time::Duration;

use tower_didit::{
    store::{RedisStore, conformance},
    verification,
};

use crate::harness::{replicas::Replicas, shards::Shards};

// Behaviours 82 and 130.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_with_sentinels_conforms() {
    let replicas = Replicas::start("conformance").await;
    check(&replicas.url()).await;
}

// Behaviours 82 and 130.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_in_a_cluster_conforms() {
    let shards = Shards::start("shards").await;
    check(&shards.url()).await;
}

async fn check(url: &str) {
    // The machine may be busy.
    let store = || {
        let store = RedisStore::new(url).expect("a good URL");
        store.with_timeout(Duration::from_secs(5))
    };
    conformance::check(&store(), &store()).await;
    verification::conformance::check(&store(), &store()).await;
}
