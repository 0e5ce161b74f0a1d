//! Sessions that become due under random faults.
//!
//! One round is one session, with requests to all three processes. The provider treats the refresh of each session
//! differently; meanwhile processes are killed, or Redis hangs or crashes. A session is lost if and only if it has to
//! be:
//!
//! - the provider got its refresh token and did not give new ones: it failed, hung up, lost its response,
//!   stalled, stammered, or called the session ended; or
//! - a process that had begun its refresh was killed before Redis had the new tokens: the begin is one that
//!   Redis has answered, the save one that it has not, by what the wire in between has seen.
//!
//! Nothing else loses a session: not a provider that is slow or refuses connections, not a Redis that hangs or
//! crashes (and keeps what it has acknowledged), not a client that leaves.
//!
//! `ROUNDS` sets the number of rounds, half of them for each kind of fault; the default is 200. `TEST_SEED` repeats
//! the choices of an earlier run, though not its timing.

use std::{
    collections::{BTreeSet, HashSet},
    env,
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt, future::join_all, stream};
use reqwest::StatusCode;
use tokio::sync::watch;
use tower_didit::fake::RecordedRequest;

use super::tally::Tally;
use crate::harness::{
    answer::Answer,
    cluster::{Cluster, PROCESSES},
    course::Course,
    member::Member,
    moment::{eventually, wait_for_all},
    provider::Provider,
    random::Random,
    visitor::Visitor,
};

// RFC 9700 §4.14.2; behaviours 84, 87 and 88.
#[tokio::test(flavor = "multi_thread")]
async fn process_crashes_lose_no_more_sessions_than_necessary() {
    no_more_sessions_are_lost_than_necessary(Trouble::Crashes).await;
}

// RFC 9700 §4.14.2; behaviours 84, 87 and 88.
#[tokio::test(flavor = "multi_thread")]
async fn redis_failures_lose_no_more_sessions_than_necessary() {
    no_more_sessions_are_lost_than_necessary(Trouble::Redis).await;
}

async fn no_more_sessions_are_lost_than_necessary(trouble: Trouble) {
    let mut random = Random::from_environment();
    let mut tally = Tally::default();
    let rounds = env::var("ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().expect("a number"));
    let mut left = rounds.div_ceil(2);
    while left > 0 {
        let count = left.min(PER_WAVE);
        wave(count, trouble, &mut random, &mut tally).await;
        left -= count;
    }
    println!("{tally:?}");
}

/// Some rounds, at a cluster of their own.
async fn wave(count: usize, trouble: Trouble, random: &mut Random, tally: &mut Tally) {
    let mut cluster = Cluster::start(&format!("{trouble:?}")).await;
    let rounds = rounds(count, &cluster, random).await;
    wait_for_all(rounds.iter().map(|round| round.member.due())).await;

    without_provider(&cluster, &rounds, tally).await;
    let ended = watch::Sender::new(0);
    let running = tokio::spawn(run(
        rounds.clone(),
        cluster.visitor().clone(),
        Arc::clone(&cluster.provider),
        ended.clone(),
    ));
    for quarter in 1..4 {
        let mut ended = ended.subscribe();
        let moment = ended.wait_for(|ended| *ended >= quarter * count / 4);
        moment.await.expect("they run");
        make(trouble, &mut cluster, random).await;
    }
    let answers = running.await.expect("no round panics");

    wait_for_all(rounds.iter().map(|round| round.member.dead())).await;
    let lost = lost(&cluster, &rounds).await;
    tally.settle(&cluster, &rounds, &answers, &lost, trouble);
    no_refresh_token_came_twice(&cluster.provider);
}

/// A session, and what happens to it.
#[derive(Clone)]
pub(super) struct Round {
    pub(super) member: Member,
    pub(super) course: Course,
    /// Whether the provider refuses connections when the session becomes due.
    pub(super) is_cut_off: bool,
    /// Whether the clients go away as soon as the provider has got the refresh token.
    leaves: bool,
    /// To which process, and for what.
    requests: Vec<(usize, &'static str)>,
}

/// The fault of all sessions of a wave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Processes are killed and restarted.
    Crashes,
    /// Redis hangs, or crashes and restarts.
    Redis,
}

/// What each request of a round got.
pub(super) type Answers = Vec<(&'static str, Option<Answer>)>;

async fn rounds(count: usize, cluster: &Cluster, random: &mut Random) -> Vec<Round> {
    let members = cluster.sign_in_many(count, Duration::from_secs(16)).await;
    let rounds = members.into_iter().map(|member| {
        let course = COURSES[random.below(COURSES.len())];
        cluster.provider.set_course(member.session(), course);
        // Each process is asked at least once.
        let mut requests: Vec<_> = (0..3 + random.below(6))
            .map(|index| (index % PROCESSES, PATHS[random.below(PATHS.len())]))
            .collect();
        random.shuffle(&mut requests);
        Round {
            member,
            course,
            is_cut_off: random.below(10) == 0,
            leaves: random.below(6) == 0,
            requests,
        }
    });
    rounds.collect()
}

/// The provider refuses connections. One process tries, in vain, and abandons the refresh.
async fn without_provider(cluster: &Cluster, rounds: &[Round], tally: &mut Tally) {
    cluster.provider.close().await;
    let before = cluster.provider.attempts().len();
    let cut_off: Vec<_> = rounds.iter().filter(|round| round.is_cut_off).collect();
    let path = "/tokens/fingerprint";
    let asked = cut_off
        .iter()
        .map(|round| cluster.visitor().ask(0, path, &round.member));
    let answers = join_all(asked).await;
    assert_eq!(cluster.provider.attempts().len(), before);
    cluster.provider.listen().await;
    for (answer, round) in answers.iter().zip(cut_off) {
        tally.count(round, &cluster.provider, path, Some(answer));
    }
}

/// Half of the rounds at a time: many do nothing but wait, and some begin when others have ended.
async fn run(
    rounds: Vec<Round>,
    visitor: Visitor,
    provider: Arc<Provider>,
    ended: watch::Sender<usize>,
) -> Vec<Answers> {
    let at_once = rounds.len().div_ceil(2);
    let running = stream::iter(rounds).map(|round| {
        let (visitor, provider, ended) = (visitor.clone(), Arc::clone(&provider), ended.clone());
        async move {
            let answers = play(&round, &visitor, &provider).await;
            ended.send_modify(|ended| *ended += 1);
            answers
        }
    });
    running.buffered(at_once).collect().await
}

async fn play(round: &Round, visitor: &Visitor, provider: &Provider) -> Answers {
    let member = &round.member;
    let all = round.requests.iter().map(|(process, path)| async move {
        let answer = visitor.get(*process, path, Some(member.cookie())).await;
        (*path, answer)
    });
    let all = join_all(all);
    if round.leaves {
        tokio::select! {
            answers = all => answers,
            () = provider.has_received(member.session()) => Vec::new(),
        }
    } else {
        all.await
    }
}

async fn make(trouble: Trouble, cluster: &mut Cluster, random: &mut Random) {
    match (trouble, random.below(2)) {
        (Trouble::Crashes, _) => {
            let process = random.below(PROCESSES);
            cluster.kill(process).await;
            cluster.start_again(process);
        }
        (Trouble::Redis, 0) => {
            cluster.redis.pause();
            for _ in 0..=random.below(3) {
                redis_is_missed(cluster).await; // after a second
            }
            cluster.redis.go_on();
        }
        (Trouble::Redis, _) => {
            cluster.redis.kill();
            redis_is_missed(cluster).await;
            cluster.redis.start_again();
        }
    }
}

async fn redis_is_missed(cluster: &Cluster) {
    eventually("the application asks in vain", async || {
        // An id like any other.
        let cookie = format!("didit={}", "A".repeat(43));
        let answer = cluster.visitor().get(0, "/", Some(&cookie)).await;
        answer?.says_try_again().then_some(())
    })
    .await;
}

/// The sessions that have ended in all three processes, after all first access tokens have expired.
async fn lost(cluster: &Cluster, rounds: &[Round]) -> BTreeSet<String> {
    let visitor = cluster.visitor();
    let fates = stream::iter(rounds).map(|round| async move {
        let agreed = eventually("the processes agree", async || {
            let all = visitor.ask_all(PROCESSES, &[0, 1, 2], &round.member).await;
            let first = all[0].status;
            let is_fate = [StatusCode::OK, StatusCode::UNAUTHORIZED].contains(&first);
            (is_fate && all.iter().all(|answer| answer.status == first)).then_some(first)
        });
        (agreed.await == StatusCode::UNAUTHORIZED).then(|| round.member.session().to_owned())
    });
    let fates: Vec<_> = fates.buffered(rounds.len().div_ceil(2)).collect().await;
    fates.into_iter().flatten().collect()
}

fn no_refresh_token_came_twice(provider: &Provider) {
    let mut seen = HashSet::new();
    for attempt in provider.attempts() {
        assert!(seen.insert(attempt.refresh_token), "sent twice");
    }
    // By its own log, which has not forgotten any.
    let requests = provider.didit().requests();
    assert!(requests.len() < 10_000);
    let bodies = requests.iter().filter_map(RecordedRequest::json);
    let sent = bodies.filter_map(|body| Some(body.get("refresh_token")?.as_str()?.to_owned()));
    let mut seen = HashSet::new();
    assert!(
        sent.into_iter().all(|token| seen.insert(token)),
        "sent twice"
    );
}

const ROUNDS: usize = 200;
/// The number of sessions that become due at the same time.
const PER_WAVE: usize = 200;
const PATHS: [&str; 3] = ["/me", "/tokens/fingerprint", "/hello"];
/// Half of them do no harm.
const COURSES: [Course; 12] = [
    Course::Honest,
    Course::Honest,
    Course::Honest,
    Course::Honest,
    Course::Dawdles,
    Course::Dawdles,
    Course::Fails,
    Course::HangsUp,
    Course::LosesTheAnswer,
    Course::Stalls,
    Course::Stammers,
    Course::Refuses,
];
