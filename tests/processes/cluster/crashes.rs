//! Processes that are killed in the middle of a refresh.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use tokio::task::JoinHandle;

use crate::harness::{
    answer::Answer,
    change::Kind,
    cluster::{Cluster, PROCESSES},
    course::Course,
    member::Member,
    moment::{wait_for_all, wait_until},
    wire::Stage,
};

// RFC 9700 §4.14.2; behaviours 84 and 87.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_a_killed_process_may_have_sent_is_not_sent_again() {
    let mut cluster = Cluster::start("crashes").await;
    // One after another, so that each is due alone.
    let start = Instant::now();
    let mut members = Vec::new();
    for turn in 0..4 {
        wait_until(start + turn * Duration::from_secs(3)).await;
        members.push(cluster.sign_in(Duration::from_secs(20)).await);
    }
    let [unsent, in_flight, unsaved, saved] = &members[..] else {
        unreachable!("there are four");
    };
    let crashes = [
        (unsent, Crash::BeforeItIsSent),
        (in_flight, Crash::InFlight),
        (unsaved, Crash::BeforeTheSave),
        (saved, Crash::AfterTheSave),
    ];

    for (index, (member, crash)) in crashes.iter().enumerate() {
        wait_until(member.due()).await;
        assert!(Instant::now() < member.alive(), "this machine is too slow");
        let elected = index % PROCESSES;
        die(&mut cluster, elected, member, *crash).await;
        // The other processes use the access token while it is valid, and none refreshes.
        let others = [(elected + 1) % PROCESSES, (elected + 2) % PROCESSES];
        for answer in cluster.visitor().ask_all(200, &others, member).await {
            cluster.provider.assert_is_of(&answer, member);
        }
        cluster.start_again(elected);
    }

    // Then the sessions end, except those whose new tokens were saved.
    wait_for_all(members.iter().map(Member::dead)).await;
    for (member, crash) in crashes {
        let expected = match crash {
            Crash::AfterTheSave => StatusCode::OK,
            _ => StatusCode::UNAUTHORIZED,
        };
        for answer in cluster.visitor().ask_all(200, &[0, 1, 2], member).await {
            assert_eq!(answer.status, expected, "{crash:?}");
        }
        let attempts = usize::from(crash != Crash::BeforeItIsSent);
        assert_eq!(
            cluster.provider.attempts_of(member.session()),
            attempts,
            "{crash:?}"
        );
    }
    let orphans = [unsent, in_flight, unsaved].map(Member::key);
    assert_eq!(cluster.orphans(), orphans.into());
}

/// When a process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Crash {
    BeforeItIsSent,
    InFlight,
    BeforeTheSave,
    AfterTheSave,
}

/// Kills the process that refreshes.
async fn die(cluster: &mut Cluster, elected: usize, member: &Member, crash: Crash) {
    let wire = cluster.wires[elected].clone();
    match crash {
        Crash::BeforeItIsSent => {
            let attempt = wire.hold(Kind::BeginRefresh, Stage::Answer);
            let client = client(cluster, elected, member);
            attempt.has_caught().await;
            cluster.kill_at_once(elected);
            attempt.let_go();
            got_nothing_new(client).await;
        }
        Crash::InFlight => {
            cluster.provider.set_course(member.session(), Course::Held);
            let client = client(cluster, elected, member);
            cluster.provider.has_received(member.session()).await;
            cluster.kill_at_once(elected);
            cluster.provider.let_go();
            got_nothing_new(client).await;
        }
        Crash::BeforeTheSave => {
            let save = wire.hold(Kind::Save, Stage::Command);
            let client = client(cluster, elected, member);
            save.has_caught().await;
            cluster.kill_at_once(elected);
            save.lose();
            got_nothing_new(client).await;
        }
        Crash::AfterTheSave => {
            let save = wire.hold(Kind::Save, Stage::Answer);
            let client = client(cluster, elected, member);
            save.has_caught().await;
            cluster.kill_at_once(elected);
            save.let_go();
            got_nothing_new(client).await;
        }
    }
    cluster.bury(elected).await;
}

fn client(cluster: &Cluster, process: usize, member: &Member) -> JoinHandle<Option<Answer>> {
    let (visitor, cookie) = (cluster.visitor().clone(), member.cookie().to_owned());
    tokio::spawn(async move { visitor.get(process, "/hello", Some(&cookie)).await })
}

/// The access token is valid, so the response may have come before the process was killed.
async fn got_nothing_new(client: JoinHandle<Option<Answer>>) {
    if let Some(answer) = client.await.expect("it does not panic") {
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    }
}
