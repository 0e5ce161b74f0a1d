//! Sign-outs everywhere at random moments.
//!
//! In one round a user has sessions at all processes, and another user has some too. Some sessions are being refreshed,
//! some requests and some callbacks of both users are under way. Then one request ends all sessions of the first user, at a
//! random process and moment. Afterwards:
//!
//! - no cookie of the first user is signed in, at any process: neither those from before, nor one that a callback under way
//!   has set;
//! - all sessions of the other user are signed in, those of callbacks under way included;
//! - the first user can sign in again, and that is their only session.
//!
//! A callback is under way if the provider has its code before the sessions are ended.
//!
//! `ROUNDS` sets the number of rounds, half of them with one Redis and half with a cluster; the default is 40.
//! `TEST_SEED` repeats the choices of an earlier run, though not its timing.

use std::{
    env,
    time::{Duration, Instant},
};

use futures_util::future::{join, join_all};
use reqwest::StatusCode;
use tokio::task::JoinHandle;
use tower_didit::fake::Person;

use crate::harness::{
    answer::Answer,
    cluster::{Cluster, PROCESSES},
    course::Course,
    member::Member,
    moment::{wait_for_all, wait_until},
    random::Random,
    shards::Shards,
};

// Behaviour 122.
#[tokio::test(flavor = "multi_thread")]
async fn random_sign_outs_everywhere_leave_nobody_in_with_one_redis() {
    play_all("everywhere", async || Cluster::start("everywhere").await).await;
}

// Behaviour 122.
#[tokio::test(flavor = "multi_thread")]
async fn random_sign_outs_everywhere_leave_nobody_in_with_a_cluster() {
    let start = async || {
        let shards = Shards::start("everywhere-shards").await;
        Cluster::start_on(shards, "everywhere-cluster").await
    };
    play_all("everywhere-cluster", start).await;
}

async fn play_all(name: &str, start: impl AsyncFn() -> Cluster) {
    let mut random = Random::from_environment();
    let rounds = env::var("ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().expect("a number"));
    let (mut left, mut number) = (rounds.div_ceil(2), 0);
    let cluster = start().await;
    while left > 0 {
        let count = left.min(PER_WAVE);
        let rounds = (0..count).map(|_| {
            number += 1;
            Round::choose(&format!("{name}-{number}"), &mut random)
        });
        wave(&cluster, rounds.collect()).await;
        left -= count;
    }
    println!("{name}: {number} rounds");
}

/// Some rounds at the same time.
async fn wave(cluster: &Cluster, rounds: Vec<Round>) {
    cluster.provider.set_life(LIFE);
    let mut played = Vec::new();
    for round in rounds {
        let (leaver, stays) = (&round.leaver, &round.stays);
        let own = (0..PROCESSES).map(|index| cluster.sign_in_as(leaver, index, LIFE));
        let others = (0..2).map(|index| cluster.sign_in_as(stays, index, LIFE));
        let (own, others) = join(join_all(own), join_all(others)).await;
        for member in own.iter().chain(&others) {
            cluster.provider.set_course(member.session(), round.course);
        }
        played.push((round, own, others));
    }
    cluster.provider.set_life(Duration::from_secs(300));
    let members = played
        .iter()
        .flat_map(|(_, own, others)| own.iter().chain(others));
    wait_for_all(members.map(Member::due)).await;
    let played = played
        .into_iter()
        .map(|(round, own, others)| round.play(cluster, own, others));
    join_all(played).await;
}

/// What is under way when the sessions are ended.
struct Round {
    /// Ends all their sessions.
    leaver: Person,
    stays: Person,
    course: Course,
    /// To which process the request goes, with which of the sessions.
    ends_at: usize,
    ends_with: usize,
    /// How many callbacks of each user are under way.
    callbacks: usize,
    /// Whether the exchanges of these callbacks complete before the sessions have ended.
    is_released_first: bool,
    /// How many requests are under way.
    requests: usize,
    /// Milliseconds between these requests and the end.
    pause: u64,
}

/// A callback whose exchange is held.
struct Held {
    code: String,
    answer: JoinHandle<Answer>,
}

impl Round {
    fn choose(name: &str, random: &mut Random) -> Self {
        Self {
            leaver: Person::new(format!("leaver-{name}")),
            stays: Person::new(format!("stays-{name}")),
            course: [Course::Honest, Course::Dawdles][random.below(2)],
            ends_at: random.below(PROCESSES),
            ends_with: random.below(PROCESSES),
            callbacks: random.below(3),
            is_released_first: random.below(3) == 0,
            requests: random.below(12),
            pause: [0, 0, 5, 50][random.below(4)],
        }
    }

    async fn play(self, cluster: &Cluster, own: Vec<Member>, others: Vec<Member>) {
        let mut held = Vec::new();
        for index in 0..self.callbacks {
            for person in [&self.leaver, &self.stays] {
                held.push(hold(cluster, person, (self.ends_at + index) % PROCESSES).await);
            }
        }
        let requests: Vec<_> = (0..self.requests)
            .map(|index| {
                let member = [&own[index % own.len()], &others[index % others.len()]][index % 2];
                let (visitor, member) = (cluster.visitor().clone(), member.clone());
                let path = ["/me", "/hello", "/tokens/fingerprint", "/sessions"][index % 4];
                tokio::spawn(async move { visitor.ask(index % PROCESSES, path, &member).await })
            })
            .collect();
        wait_until(Instant::now() + Duration::from_millis(self.pause)).await;

        let release = || {
            for held in &held {
                cluster.provider.release(&held.code);
            }
        };
        if self.is_released_first {
            release();
        }
        let ending = &own[self.ends_with];
        let ended = cluster
            .visitor()
            .post(self.ends_at, "/sessions/end", ending);
        let ended = ended.await;
        assert_eq!(ended.status, StatusCode::SEE_OTHER, "{ended:?}");
        release();

        let mut out: Vec<_> = own
            .iter()
            .map(|member| member.cookie().to_owned())
            .collect();
        let mut inside: Vec<_> = others
            .iter()
            .map(|member| member.cookie().to_owned())
            .collect();
        for (index, held) in held.into_iter().enumerate() {
            let answer = held.answer.await.expect("it does not panic");
            let cookie = session_of(&answer);
            if index % 2 == 0 {
                out.extend(cookie);
            } else {
                let cookie = cookie.unwrap_or_else(|| panic!("not signed in: {answer:?}"));
                inside.push(cookie);
            }
        }
        for request in requests {
            let answer = request.await.expect("it does not panic");
            assert_eq!(session_of(&answer), None, "{answer:?}");
        }
        for process in 0..PROCESSES {
            for cookie in &out {
                let status = status(cluster, process, cookie).await;
                assert_eq!(status, StatusCode::UNAUTHORIZED, "{:?}", self.leaver);
            }
            for cookie in &inside {
                let status = status(cluster, process, cookie).await;
                assert_eq!(status, StatusCode::OK, "{:?}", self.stays);
            }
        }
        let again = cluster
            .sign_in_as(&self.leaver, self.ends_at, Duration::from_secs(300))
            .await;
        let list = cluster.visitor().ask(self.ends_with, "/sessions", &again);
        let list = list.await.json();
        assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    }
}

/// A callback whose code has reached the provider.
async fn hold(cluster: &Cluster, person: &Person, process: usize) -> Held {
    let (flow, back) = cluster.approved(person, process).await;
    let (_, query) = back.split_once('?').expect("a query");
    let mut parameters = url::form_urlencoded::parse(query.as_bytes());
    let code = parameters.find(|(name, _)| name == "code");
    let code = code.expect("a code").1.into_owned();
    cluster.provider.hold(&code);
    let visitor = cluster.visitor().clone();
    let answer = tokio::spawn(async move {
        let answer = visitor.get(process, &back, Some(&flow)).await;
        answer.expect("the process runs")
    });
    cluster.provider.has_received_code(&code).await;
    Held { code, answer }
}

/// The session's cookie that an answer sets.
fn session_of(answer: &Answer) -> Option<String> {
    let mut pairs = answer
        .set_cookies()
        .filter_map(|line| line.split(';').next());
    let pair = pairs.find(|pair| pair.starts_with("didit="))?;
    (pair != "didit=").then(|| pair.to_owned())
}

async fn status(cluster: &Cluster, process: usize, cookie: &str) -> StatusCode {
    let answer = cluster.visitor().get(process, "/me", Some(cookie)).await;
    answer.expect("the process runs").status
}

/// That of the first access tokens.
const LIFE: Duration = Duration::from_secs(24);
const ROUNDS: usize = 40;
/// The number of rounds at the same time.
const PER_WAVE: usize = 20;
