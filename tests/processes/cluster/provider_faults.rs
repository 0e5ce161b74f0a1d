//! What the provider does wrong, and what becomes of the session.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use tokio::task::JoinSet;

use crate::harness::{
    change::Kind,
    cluster::{Cluster, PROCESSES},
    course::Course,
    member::Member,
    moment::{eventually, wait_for_all, wait_until},
    wire::Wire,
};

// RFC 9700 §4.14.2; behaviours 84 and 87.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_have_been_sent_is_spent_and_one_that_was_not_is_not() {
    let cluster = Cluster::start("provider-faults").await;
    let left = cluster.sign_in(Duration::from_secs(10)).await;
    let spent = [
        Course::Fails,
        Course::HangsUp,
        Course::LosesTheAnswer,
        Course::Stalls,
        Course::Stammers,
    ];
    let members = cluster.sign_in_many(spent.len() + 2, LIFE).await;
    let [refused, ended, others @ ..] = &members[..] else {
        unreachable!("there are more");
    };

    wait_until(left.dead()).await;
    all_clients_leave(&cluster, &left).await;

    wait_for_all(members.iter().map(Member::due)).await;
    assert!(members.iter().all(is_alive), "this machine is too slow");
    the_provider_cannot_be_reached(&cluster, refused).await;
    let spending = others.iter().zip(spent);
    let spending = spending.map(|(member, course)| token_is_spent(&cluster, member, course));
    tokio::join!(
        futures_util::future::join_all(spending),
        the_provider_ends_it(&cluster, ended),
        lives_on(&cluster, refused),
    );
}

/// The new tokens are saved, and who comes next gets them.
async fn all_clients_leave(cluster: &Cluster, member: &Member) {
    cluster.provider.set_course(member.session(), Course::Held);
    let mut clients = JoinSet::new();
    for index in 0..200 {
        let (visitor, member) = (cluster.visitor().clone(), member.clone());
        clients.spawn(async move { visitor.ask(index % PROCESSES, "/hello", &member).await });
    }
    cluster.provider.has_received(member.session()).await;
    clients.shutdown().await;
    cluster.provider.let_go();
    eventually("the new tokens are saved", async || {
        let mut changes = cluster.wires.iter().flat_map(Wire::changes);
        changes.find(|change| change.kind == Kind::Save && change.key == member.key())
    })
    .await;
    for answer in cluster.visitor().ask_all(200, &[0, 1, 2], member).await {
        cluster.provider.assert_is_of(&answer, member);
    }
    assert_eq!(cluster.provider.attempts_of(member.session()), 1);
}

/// The refresh is abandoned: as soon as the provider is there, another process has new tokens. (Those that
/// have failed take their time, and go on with the old ones.)
async fn the_provider_cannot_be_reached(cluster: &Cluster, member: &Member) {
    cluster.provider.close().await;
    for answer in cluster.visitor().ask_all(200, &[0, 1], member).await {
        cluster.provider.assert_is_of(&answer, member);
    }
    cluster.provider.listen().await;
    assert_eq!(cluster.provider.attempts_of(member.session()), 0);
    for answer in cluster.visitor().ask_all(200, &[0, 1, 2], member).await {
        cluster.provider.assert_is_of(&answer, member);
    }
    assert_eq!(cluster.provider.attempts_of(member.session()), 1);
}

/// The session has its new tokens when the old ones have ended.
async fn lives_on(cluster: &Cluster, member: &Member) {
    wait_until(member.dead()).await;
    for answer in cluster.visitor().ask_all(200, &[0, 1, 2], member).await {
        cluster.provider.assert_is_of(&answer, member);
    }
    assert_eq!(cluster.provider.attempts_of(member.session()), 1);
}

/// The session lives on its access token, and ends with it.
async fn token_is_spent(cluster: &Cluster, member: &Member, course: Course) {
    cluster.provider.set_course(member.session(), course);
    for answer in cluster.visitor().ask_all(200, &[0, 1, 2], member).await {
        assert_eq!(answer.status, StatusCode::OK, "{course:?}");
    }
    wait_until(member.dead()).await;
    for answer in cluster.visitor().ask_all(200, &[0, 1, 2], member).await {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{course:?}");
    }
    assert_eq!(
        cluster.provider.attempts_of(member.session()),
        1,
        "{course:?}"
    );
}

/// The session ends at once.
async fn the_provider_ends_it(cluster: &Cluster, member: &Member) {
    cluster
        .provider
        .set_course(member.session(), Course::Refuses);
    let first = cluster.visitor().ask(0, "/hello", member).await;
    assert_eq!(first.status, StatusCode::UNAUTHORIZED);
    for answer in cluster.visitor().ask_all(200, &[0, 1, 2], member).await {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(cluster.provider.attempts_of(member.session()), 1);
}

fn is_alive(member: &Member) -> bool {
    Instant::now() < member.alive()
}

const LIFE: Duration = Duration::from_secs(30);
