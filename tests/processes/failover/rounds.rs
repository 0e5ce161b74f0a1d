//! Users who come, go on and leave while Redis fails over at random.
//!
//! In one round somebody signs in, somebody signs out, and all others have access tokens that have expired; their
//! requests go to both processes. Meanwhile the primary is killed or hangs, the Sentinels are told to replace it, or the
//! connections to it end or go silent. Then:
//!
//! - nobody is seen as another user;
//! - all is well again within 5 s of there being a primary;
//! - nobody is signed out, nobody stays signed in who has left, and no refresh token comes twice, except for sessions
//!   of which Redis has lost an acknowledged write. Redis loses such a write if an old primary goes on for a moment
//!   and the new one does not get its writes. The gates see the loss: an entry is older than the acknowledged write,
//!   or two writes have changed the same version of the entry.
//!
//! `ROUNDS` sets the number of rounds; the default is 40. `TEST_SEED` repeats the choices of an earlier run.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
    env, thread,
    time::Duration,
};

use futures_util::future::join_all;
use tokio::time::{Instant, sleep, timeout};
use tower_didit::fake::Person;

use super::{
    forms::HEALED,
    site::{Outcome, Site, User},
};
use crate::harness::{random::Random, replicas::Replicas};

// RFC 9700 §4.14.2; behaviours 88, 104 and 113.
#[test]
fn random_failovers_lose_nothing_that_redis_keeps() {
    let rounds = env::var("ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().expect("a number"));
    let mut random = Random::from_environment();
    let mut lanes = vec![Vec::new(); LANES];
    for round in 0..rounds {
        lanes[round % LANES].push(Round::choose(&mut random));
    }
    let lanes = lanes.into_iter().enumerate();
    let lanes: Vec<_> = lanes
        .map(|(lane, rounds)| thread::spawn(move || run(lane, rounds)))
        .collect();
    // All of them end, or their servers would not.
    let tallies: Vec<_> = lanes.into_iter().map(thread::JoinHandle::join).collect();
    let mut total = Tally::default();
    for tally in tallies {
        total.add(tally.expect("no round fails"));
    }
    assert_eq!(total.healed.len(), rounds);
    total.print();
}

/// Some rounds, one after the other, with servers of their own.
fn run(lane: usize, rounds: Vec<Round>) -> Tally {
    // Waiting for servers blocks this thread, and the gates go on.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let mut replicas = Replicas::start(&format!("lane-{lane}")).await;
        let site = Site::new(&replicas.url());
        let mut members = Vec::new();
        let mut tally = Tally::default();
        for round in rounds {
            while members.len() < MEMBERS {
                let person = [Person::alejandra(), Person::john()][members.len() % 2].clone();
                members.push(Member::new(site.signed_in(person).await).await);
            }
            Box::pin(round.play(&mut replicas, &site, &mut members, &mut tally)).await;
        }
        tally
    })
}

/// Somebody who is signed in, and the refresh tokens that the session has had.
struct Member {
    user: User,
    key: String,
    refresh_tokens: HashSet<String>,
}

impl Member {
    async fn new(user: User) -> Self {
        Self {
            key: user.key(),
            refresh_tokens: user.refresh_token(0).await.into_iter().collect(),
            user,
        }
    }
}

/// What happens in a round.
#[derive(Clone, Copy, Debug)]
struct Round {
    fault: Fault,
    /// The number of requests before the fault.
    moment: usize,
    /// Who signs out.
    leaver: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Fault {
    Kill,
    Hang,
    Failover,
    Sever,
    Stall,
}

impl Fault {
    const ALL: [Self; 5] = [
        Self::Kill,
        Self::Hang,
        Self::Failover,
        Self::Sever,
        Self::Stall,
    ];

    fn strike(self, replicas: &mut Replicas, primary: usize) {
        let node = &mut replicas.nodes[primary];
        match self {
            Self::Kill => node.redis.kill(),
            Self::Hang => node.redis.pause(),
            Self::Failover => replicas.fail_over(),
            Self::Sever => node.gate.sever(),
            Self::Stall => node.gate.stall(),
        }
    }

    fn end(self, replicas: &mut Replicas, primary: usize) {
        match self {
            Self::Kill => replicas.nodes[primary].redis.start_again(),
            Self::Hang => replicas.nodes[primary].redis.go_on(),
            Self::Failover | Self::Sever | Self::Stall => {}
        }
    }
}

impl Round {
    fn choose(random: &mut Random) -> Self {
        Self {
            fault: Fault::ALL[random.below(Fault::ALL.len())],
            moment: random.below((MEMBERS - 1) * REQUESTS + 2),
            leaver: random.below(MEMBERS),
        }
    }

    async fn play(
        self,
        replicas: &mut Replicas,
        site: &Site,
        members: &mut Vec<Member>,
        tally: &mut Tally,
    ) {
        let old = prepare(replicas);
        let leaver = members.remove(self.leaver);
        site.didit.clock().advance(EXPIRY);
        let (newcomer, back) = site.newcomer(Person::alejandra()).await;

        let (count, servers) = (Cell::new(0), RefCell::new(&mut *replicas));
        let strike = || {
            if count.replace(count.get() + 1) == self.moment {
                self.fault.strike(&mut servers.borrow_mut(), old);
            }
        };
        let requests = members.iter().enumerate().map(async |(index, member)| {
            let mut outcomes = Vec::new();
            for request in index..index + REQUESTS {
                strike();
                outcomes.push(member.user.asks(request % 2).await);
            }
            outcomes
        });
        let (requests, sign_in, sign_out) = tokio::join!(
            join_all(requests),
            async {
                strike();
                newcomer.comes_back(&back).await
            },
            async {
                strike();
                leaver.user.signs_out().await
            },
        );
        tally.requests.extend(requests.into_iter().flatten());
        tally.requests.extend([sign_in, sign_out]);

        match self.fault {
            Fault::Kill | Fault::Hang => {
                replicas.have_another_than(old).await;
            }
            Fault::Failover => {
                replicas.fail_over_from(old).await;
            }
            Fault::Sever | Fault::Stall => {}
        }
        let (fates, new, gone) = tokio::join!(
            join_all(
                members
                    .iter()
                    .map(|member| fate(async || member.user.asks_everywhere().await))
            ),
            fate(async || match sign_in {
                Outcome::Done => newcomer.asks_everywhere().await,
                _ => newcomer.comes_back(&back).await,
            }),
            // The rest of a sign-out that has failed happens in the background.
            fate(async || leaver.user.is_signed_out().await),
        );
        self.fault.end(replicas, old);
        replicas.are_well().await;

        let lost = lost(replicas);
        for (member, fate) in members.iter_mut().zip(&fates) {
            assert!(
                fate.is_some() || lost.contains(&member.key),
                "signed out: {self:?}"
            );
            member
                .refresh_tokens
                .extend(member.user.refresh_token(0).await);
        }
        assert!(
            gone.is_some() || lost.contains(&leaver.key),
            "still signed in: {self:?}"
        );
        for token in site.came_twice("refresh_token") {
            let mut owners = members.iter().chain([&leaver]);
            let owner = owners.find(|owner| owner.refresh_tokens.contains(&token));
            let is_lost = owner.is_some_and(|owner| lost.contains(&owner.key));
            assert!(
                is_lost || tally.twice.contains(&token),
                "came twice: {self:?}"
            );
            tally.twice.insert(token);
        }
        assert_eq!(site.came_twice("code"), [""; 0]);

        *tally.faults.entry(self.fault).or_default() += 1;
        let healed = fates.iter().chain([&new, &gone]).flatten().max();
        tally.healed.extend(healed.map(Duration::as_millis));
        tally.lost += lost.len();
        members.retain(|member| !lost.contains(&member.key));
        if new.is_some() && newcomer.asks_everywhere().await == Outcome::Done {
            members.push(Member::new(newcomer).await);
        }
    }
}

/// The primary, whose replicas have all that was written.
fn prepare(replicas: &Replicas) -> usize {
    let primary = replicas.primary().expect("all is well");
    replicas.nodes[primary].redis.is_replicated(2);
    for node in &replicas.nodes {
        node.gate.take_writes();
    }
    primary
}

/// How long it takes until something is done. `None` if the user is signed out, and stays so.
async fn fate(mut act: impl AsyncFnMut() -> Outcome) -> Option<Duration> {
    let start = Instant::now();
    let mut last = Outcome::TryAgain;
    let done = async {
        while last != Outcome::Done {
            last = act().await;
            sleep(Duration::from_millis(20)).await;
        }
    };
    let is_done = timeout(HEALED, done).await.is_ok();
    assert!(
        is_done || last == Outcome::Nobody,
        "takes more than {HEALED:?}"
    );
    is_done.then(|| start.elapsed())
}

/// The entries of which Redis has lost an acknowledged write: it is behind, or two writes have changed one version.
fn lost(replicas: &Replicas) -> HashSet<String> {
    let primary = &replicas.nodes[replicas.primary().expect("all is well")].redis;
    let mut versions = HashMap::<_, Vec<_>>::new();
    for node in &replicas.nodes {
        for write in node.gate.take_writes() {
            versions.entry(write.key).or_default().push(write.version);
        }
    }
    let is_lost = |key: &str, written: &[Option<u64>]| {
        let head = primary.ask(&["GETRANGE", key, "0", "7"]);
        let present = head
            .text()
            .first_chunk()
            .map(|head| u64::from_be_bytes(*head));
        let last = written.iter().flatten().max();
        let is_behind = match (present, written.contains(&None)) {
            (Some(_), true) => true,
            (None, true) => false,
            (present, false) => present.unwrap_or(0) < last.map_or(0, |last| last + 1),
        };
        let changed: HashSet<_> = written.iter().flatten().collect();
        is_behind || changed.len() < written.iter().flatten().count()
    };
    let lost = versions
        .iter()
        .filter(|(key, written)| is_lost(key, written));
    lost.map(|(key, _)| key.clone()).collect()
}

/// The outcomes of all rounds.
#[derive(Default)]
struct Tally {
    faults: HashMap<Fault, usize>,
    /// During the faults.
    requests: Vec<Outcome>,
    /// Milliseconds, of each round.
    healed: Vec<u128>,
    /// Entries of which Redis has lost an acknowledged write.
    lost: usize,
    /// Refresh tokens that came twice, because Redis had lost that they were sent.
    twice: HashSet<String>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        for (fault, count) in other.faults {
            *self.faults.entry(fault).or_default() += count;
        }
        self.requests.extend(other.requests);
        self.healed.extend(other.healed);
        self.lost += other.lost;
        self.twice.extend(other.twice);
    }

    fn print(&mut self) {
        self.healed.sort_unstable();
        let (rounds, last) = (self.healed.len(), self.healed.last());
        let count = |outcome| {
            self.requests
                .iter()
                .filter(|other| **other == outcome)
                .count()
        };
        println!(
            "{rounds} failovers {:?}\n{} requests meanwhile: {} done, {} to be tried again, {} signed out\n\
             healed after {} ms (median), {} ms (at most)\n\
             {} entries lost by Redis, {} refresh tokens twice because of that",
            self.faults,
            self.requests.len(),
            count(Outcome::Done),
            count(Outcome::TryAgain),
            count(Outcome::Nobody),
            self.healed[rounds / 2],
            last.expect("there are rounds"),
            self.lost,
            self.twice.len(),
        );
    }
}

const ROUNDS: usize = 40;
/// Groups of servers that fail over at the same time.
const LANES: usize = 4;
const MEMBERS: usize = 5;
/// Of each member, in each round.
const REQUESTS: usize = 6;
/// An access token lives for 300 s.
const EXPIRY: Duration = Duration::from_secs(301);
