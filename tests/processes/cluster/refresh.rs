//! One refresh for a session, however many requests arrive at however many processes.

use std::time::{Duration, Instant};

use crate::harness::{cluster::Cluster, moment::wait_until};

// Behaviour 84.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_requests_over_three_processes_are_one_refresh() {
    let cluster = Cluster::start("refresh").await;
    let dying = cluster.sign_in(Duration::from_secs(10)).await;
    let living = cluster.sign_in(Duration::from_secs(16)).await;

    wait_until(dying.dead()).await;
    let answers = cluster.visitor().ask_all(200, &[0, 1, 2], &dying).await;
    assert_eq!(cluster.provider.attempts_of(dying.session()), 1);
    // Only the new token is valid.
    for answer in &answers {
        cluster.provider.assert_is_of(answer, &dying);
        assert_eq!(answer.body, answers[0].body);
    }

    wait_until(living.due()).await;
    assert!(Instant::now() < living.alive(), "this machine is too slow");
    let answers = cluster.visitor().ask_all(200, &[0, 1, 2], &living).await;
    for answer in &answers {
        cluster.provider.assert_is_of(answer, &living);
    }
    assert_eq!(cluster.provider.attempts_of(living.session()), 1);
    let after = cluster.visitor().ask_all(3, &[0, 1, 2], &living).await;
    for answer in &after {
        cluster.provider.assert_is_of(answer, &living);
        assert_eq!(answer.body, after[0].body);
    }
    assert_eq!(cluster.provider.attempts().len(), 2);
}
