//! Faults of Redis, and their effect on the sessions.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use tokio::task::JoinHandle;

use crate::harness::{
    answer::Answer,
    change::Kind,
    cluster::{Cluster, PROCESSES},
    member::Member,
    moment::{eventually, wait_for_all, wait_until},
    wire::Stage,
};

// Behaviour 82.
#[tokio::test(flavor = "multi_thread")]
async fn while_redis_does_not_answer_sessions_are_unavailable() {
    let cluster = Cluster::start("paused").await;
    let member = cluster.sign_in(Duration::from_secs(300)).await;
    cluster.redis.pause();
    for answer in cluster.visitor().ask_all(200, &[0, 1, 2], &member).await {
        assert!(answer.says_try_again(), "{answer:?}");
    }
    for process in 0..PROCESSES {
        // No redirect to the sign-in, which would come back here.
        let page = cluster.visitor().navigate(process, "/me", &member).await;
        assert!(page.says_try_again(), "{page:?}");
        let home = cluster.visitor().ask(process, "/", &member).await;
        assert!(home.says_try_again(), "{home:?}");
        let plain = cluster.visitor().ask(process, "/plain", &member).await;
        assert_eq!(plain.status, StatusCode::OK);
    }
    cluster.redis.go_on();
    every_process_finds_the_session_again(&cluster, &member).await;
}

// Behaviours 82 and 84.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_completes_when_redis_answers_again() {
    let mut cluster = Cluster::start("interrupted").await;
    let members = cluster.sign_in_many(4, Duration::from_secs(10)).await;
    wait_for_all(members.iter().map(Member::dead)).await;
    let interruptions = [
        (Kind::BeginRefresh, Interruption::Pause),
        (Kind::Save, Interruption::Pause),
        (Kind::BeginRefresh, Interruption::Restart),
        (Kind::Save, Interruption::Restart),
    ];
    for (member, (kind, interruption)) in members.iter().zip(interruptions) {
        let hold = cluster.wires[0].hold(kind, Stage::Command);
        let elected = clients(&cluster, 1, member);
        hold.has_caught().await;
        let others = clients(&cluster, 200, member);
        match interruption {
            Interruption::Pause => cluster.redis.pause(),
            Interruption::Restart => cluster.redis.kill(),
        }
        hold.let_go();
        // The outage was noticed.
        eventually("the application asks in vain", async || {
            let answer = cluster.visitor().ask(1, "/hello", member).await;
            answer.says_try_again().then_some(())
        })
        .await;
        match interruption {
            Interruption::Pause => cluster.redis.go_on(),
            Interruption::Restart => cluster.redis.start_again(),
        }
        let answers = tokio::try_join!(elected, others);
        let (elected, others) = answers.expect("nothing panics");
        for answer in [elected, others].concat() {
            let is_good = answer.status == StatusCode::OK || answer.says_try_again();
            assert!(is_good, "{kind:?} {interruption:?}: {answer:?}");
        }
        every_process_finds_the_session_again(&cluster, member).await;
        let attempts = cluster.provider.attempts_of(member.session());
        assert_eq!(attempts, 1, "{kind:?} {interruption:?}");
    }
}

// Behaviours 82 and 84.
#[tokio::test(flavor = "multi_thread")]
async fn new_tokens_that_are_not_saved_end_no_session() {
    let cluster = Cluster::start("unsaved").await;
    let member = cluster.sign_in(Duration::from_secs(10)).await;
    wait_until(member.dead()).await;
    let save = cluster.wires[0].hold(Kind::Save, Stage::Command);
    let elected = clients(&cluster, 1, &member);
    save.has_caught().await;
    let others = clients(&cluster, 200, &member);
    cluster.redis.pause();
    save.let_go();
    // They wait for as long as a refresh may take; the outcome is unknown.
    let answers = tokio::try_join!(elected, others);
    let (elected, others) = answers.expect("nothing panics");
    for answer in [elected, others].concat() {
        assert!(answer.says_try_again(), "{answer:?}");
    }
    cluster.redis.go_on();
    is_there_again(&cluster, 0, &member).await;
    every_process_finds_the_session_again(&cluster, &member).await;
    assert_eq!(cluster.provider.attempts_of(member.session()), 1);
}

// Behaviour 82.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_loses_no_session_and_an_empty_redis_ends_them_all() {
    let mut cluster = Cluster::start("restarted").await;
    let member = cluster.sign_in(Duration::from_secs(300)).await;
    cluster.redis.start_again();
    // At once: the first command on the lost connection is sent again.
    for answer in cluster.visitor().ask_all(200, &[0, 1, 2], &member).await {
        cluster.provider.assert_is_of(&answer, &member);
    }

    cluster.redis.kill();
    for answer in cluster.visitor().ask_all(200, &[0, 1, 2], &member).await {
        assert!(answer.says_try_again(), "{answer:?}");
    }
    cluster.redis.start_again();
    every_process_finds_the_session_again(&cluster, &member).await;

    cluster.redis.start_again_empty();
    for answer in cluster.visitor().ask_all(200, &[0, 1, 2], &member).await {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{answer:?}");
    }
    for process in 0..PROCESSES {
        let page = cluster.visitor().navigate(process, "/me", &member).await;
        assert!(page.status.is_redirection(), "{page:?}");
        let location = page.location().expect("it leads to the provider");
        assert!(location.as_str().starts_with(&cluster.provider.issuer()));
    }
    let again = cluster.sign_in(Duration::from_secs(300)).await;
    assert_ne!(again.key(), member.key());
    for answer in cluster.visitor().ask_all(200, &[0, 1, 2], &again).await {
        cluster.provider.assert_is_of(&answer, &again);
    }
}

#[derive(Clone, Copy, Debug)]
enum Interruption {
    Pause,
    Restart,
}

fn clients(cluster: &Cluster, count: usize, member: &Member) -> JoinHandle<Vec<Answer>> {
    let (visitor, member) = (cluster.visitor().clone(), member.clone());
    let processes = if count == 1 { &[0][..] } else { &[0, 1, 2] };
    tokio::spawn(async move { visitor.ask_all(count, processes, &member).await })
}

/// Waits until all processes answer again, a few seconds after Redis.
async fn every_process_finds_the_session_again(cluster: &Cluster, member: &Member) {
    let start = Instant::now();
    for process in 0..PROCESSES {
        is_there_again(cluster, process, member).await;
    }
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    for answer in cluster.visitor().ask_all(200, &[0, 1, 2], member).await {
        cluster.provider.assert_is_of(&answer, member);
    }
}

async fn is_there_again(cluster: &Cluster, process: usize, member: &Member) {
    eventually("the session is there again", async || {
        let answer = cluster
            .visitor()
            .ask(process, "/tokens/fingerprint", member)
            .await;
        if answer.says_try_again() {
            return None;
        }
        cluster.provider.assert_is_of(&answer, member);
        Some(())
    })
    .await;
}
