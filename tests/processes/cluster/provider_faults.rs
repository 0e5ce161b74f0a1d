//! Faults of the provider, and their effect on the session.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use tokio::task::JoinSet;

use crate::harness::{
    answer::Answer,
    change::Kind,
    cluster::{Cluster, PROCESSES},
    course::Course,
    member::Member,
    moment::{eventually, wait_for_all, wait_until},
    wire::Wire,
};

// RFC 9700 §4.14.2; behaviours 84 and 87.
#[tokio::test(flavor = "multi_thread")]
async fn only_a_refresh_token_that_may_have_been_sent_counts_as_spent() {
    tokio::join!(tokens_are_sent(), a_token_is_not_sent());
}

async fn tokens_are_sent() {
    let cluster = Cluster::start("provider-faults").await;
    let answers = [Course::Fails, Course::Stammers];
    let outages = [Course::HangsUp, Course::LosesTheAnswer, Course::Stalls];
    let courses = [&answers[..], &outages].concat();
    let members = cluster.sign_in_many(courses.len() + 1, LIFE).await;
    let (ended, others) = members.split_first().expect("there are more");
    let mut spending = others.iter().zip(&courses);
    let mut next = || {
        let (member, course) = spending.next().expect("one for each course");
        token_is_spent(&cluster, member, *course)
    };

    are_due(&members).await;
    tokio::join!(the_provider_ends_it(&cluster, ended), next(), next());
    // Each outage opens the breaker of the process that sends the token: the next one is sent by another.
    for _ in outages {
        next().await;
    }
    wait_for_all(others.iter().map(Member::dead)).await;
    for (member, course) in others.iter().zip(courses) {
        session_has_ended(&cluster, member, course).await;
    }
}

async fn a_token_is_not_sent() {
    let cluster = Cluster::start("provider-refuses").await;
    let left = cluster.sign_in(Duration::from_secs(10)).await;
    let refused = cluster.sign_in(LIFE).await;

    wait_until(left.dead()).await;
    all_clients_leave(&cluster, &left).await;

    are_due(std::slice::from_ref(&refused)).await;
    the_provider_cannot_be_reached(&cluster, &refused).await;
    lives_on(&cluster, &refused).await;
}

async fn are_due(members: &[Member]) {
    wait_for_all(members.iter().map(Member::due)).await;
    assert!(members.iter().all(is_alive), "this machine is too slow");
}

/// The new tokens are saved, and the next request gets them.
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

/// The refresh is abandoned: as soon as the provider is there, another process has new tokens. The breakers of
/// those that have failed are open, and they go on with the old ones.
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

/// The session continues with the access token.
async fn token_is_spent(cluster: &Cluster, member: &Member, course: Course) {
    cluster.provider.set_course(member.session(), course);
    for answer in cluster.visitor().ask_all(200, &[0, 1, 2], member).await {
        assert_eq!(answer.status, StatusCode::OK, "{course:?}: {answer:?}");
    }
    let attempts = cluster.provider.attempts_of(member.session());
    assert_eq!(attempts, 1, "{course:?}");
}

/// The session ends with its access token. A process whose breaker is open answers 503 until the refresh attempt has lapsed.
async fn session_has_ended(cluster: &Cluster, member: &Member, course: Course) {
    let is_refused = |answer: &Answer| answer.status == StatusCode::UNAUTHORIZED;
    for process in 0..PROCESSES {
        eventually("the session has ended", async || {
            let answers = cluster.visitor().ask_all(70, &[process], member).await;
            for answer in &answers {
                let is_good = is_refused(answer) || answer.says_try_again();
                assert!(is_good, "{course:?}: {answer:?}");
            }
            answers.iter().all(is_refused).then_some(())
        })
        .await;
    }
    let attempts = cluster.provider.attempts_of(member.session());
    assert_eq!(attempts, 1, "{course:?}");
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

const LIFE: Duration = Duration::from_secs(50);
