//! Whether a renewal keeps its promises, whatever happens at the same time and whatever goes wrong.
//!
//! Some processes share a store and a provider. Each call of one of them is a point at which another one
//! may go on, time may pass, and something may go wrong: the call or its answer is lost, the process dies.
//! A call that was lost may take effect at any later time, or never. All the ways through all these points
//! are walked, up to a number of faults on one way; on each it is checked what must hold at its end.
//! `MORE_FAULTS=1 cargo test --release --lib --all-features renewal` walks tens of millions of ways, with one
//! fault more.

mod paths;
mod run;
mod stage;
mod view;
mod world;

use std::time::Duration;

use paths::{Paths, Walked};
use run::{Ended, Move};
use stage::{End, Role, Scenario, Stage};
use world::{Call, Fate, Flaw};

use crate::{
    error::{ErrorKind, TokenError},
    session::{store::SessionKey, user_sessions::Generation},
};

/// Walks all ways. An error is what does not hold on one of them, and that way.
async fn walk(scenario: Scenario) -> Result<Walked, String> {
    let stage = Stage::new(scenario);
    let mut paths = Paths::default();
    loop {
        if let Some(ended) = stage.run(&mut paths).await? {
            ended.check(&scenario)?;
        }
        if let Some(walked) = paths.end_run() {
            println!("{scenario:?}: {walked:?}");
            return Ok(walked);
        }
    }
}

impl Ended {
    fn check(&self, scenario: &Scenario) -> Result<(), String> {
        self.owes(self.everybody_has_living_tokens(), "dead tokens")?;
        self.owes(self.what_ended_stays_so(), "what had ended is back")?;
        self.owes(self.what_arrived_is_kept(scenario), "tokens are lost")?;
        self.owes(self.a_refusal_ends_it(), "goes on after a refusal")?;
        self.owes(self.nothing_goes_wrong_by_itself(), "no fault, and failed")?;
        self.owes(self.it_goes_on_later(scenario), "not to be renewed later")?;
        self.owes(
            self.no_session_outlives_the_end_of_all(),
            "outlives the end of all",
        )
    }

    fn owes(&self, is_kept: bool, otherwise: &str) -> Result<(), String> {
        if is_kept {
            return Ok(());
        }
        let (ends, later, stored) = (&self.ends, self.later, self.stored);
        let (moves, received) = (&self.moves, &self.world.state().received);
        Err(format!(
            "{otherwise}: {ends:?}, later {later:?}; stored {stored:?}, received {received:?}: {moves:?}"
        ))
    }

    /// Whoever is told of new tokens gets some that the provider has issued since.
    fn everybody_has_living_tokens(&self) -> bool {
        let issued = self.world.state().issued;
        self.ends.iter().chain([&self.later]).all(|end| match *end {
            End::Renewed(found, got) => found < got && got <= issued,
            _ => true,
        })
    }

    fn what_ended_stays_so(&self) -> bool {
        let is_gone = self.stored.is_none() && self.later == End::FoundNobody;
        let certain = End::SignedOut { is_certain: true };
        let must_be_gone =
            self.was_deleted || self.ends.contains(&certain) || self.ends.contains(&ENDED_ALL);
        is_gone || !must_be_gone
    }

    /// New tokens are in the store, if the process that received them lives and the store did not fail for
    /// longer than it has patience.
    fn what_arrived_is_kept(&self, scenario: &Scenario) -> bool {
        let has_failed = self
            .has_met(|call, fate| matches!(call, Call::Replace | Call::Load) && fate != Fate::Done);
        let is_impatient =
            self.has_met(|_, fate| fate == Fate::LostLate) || self.moves.contains(&Move::Pause);
        if self.was_deleted || (has_failed && is_impatient) {
            return true;
        }
        let state = self.world.state();
        state.received.iter().all(|(process, got)| {
            let least = if scenario.rotates { *got } else { 1 };
            let role = scenario.processes.get(*process);
            self.stored.is_some_and(|stored| stored >= least)
                || !matches!(role, Some(Role::Renews))
                || self.ends[*process] == End::Crashed
        })
    }

    fn a_refusal_ends_it(&self) -> bool {
        let is_lost = self.has_met(|call, fate| call == Call::Delete && fate != Fate::Done);
        let was_refused = self
            .ends
            .contains(&End::Failed(TokenError::InvalidGrant.into()));
        is_lost || !was_refused || self.stored.is_none()
    }

    fn nothing_goes_wrong_by_itself(&self) -> bool {
        let has_failed = |end: &End| match end {
            End::Failed(kind) => *kind != ErrorKind::SessionEnded,
            End::EndedAll { is_certain } => !is_certain,
            _ => false,
        };
        self.is_slow
            || self.moves.iter().any(|step| step.is_fault())
            || !self.ends.iter().any(has_failed)
    }

    /// A later attempt succeeds, unless the refresh token works once and may have been used, or does not
    /// work any more.
    fn it_goes_on_later(&self, scenario: &Scenario) -> bool {
        let is_doubtful = self.moves.contains(&Move::Pause)
            || self.has_met(|call, fate| match fate {
                Fate::Dies | Fate::LostLate => true,
                Fate::Lost => call == Call::Send,
                _ => false,
            });
        let is_over = self.ends.contains(&End::SignedOut { is_certain: false })
            || self.has_met(|_, fate| fate == Fate::Refused);
        self.stored.is_none()
            || matches!(self.later, End::Renewed(..))
            || (scenario.rotates && is_doubtful)
            || is_over
    }

    /// A session that a browser was given is listed while it lives, and lives after the end of all only if it
    /// began later.
    fn no_session_outlives_the_end_of_all(&self) -> bool {
        let has_ended_all = self.ends.contains(&ENDED_ALL);
        let user = self.owner.user();
        let listed = self.world.list(user);
        let last = Generation::of(self.world.stored(SessionKey::of_generation(user)).as_ref());
        let begun = self.world.state().begun.clone();
        let mut living = begun
            .iter()
            .filter(|(key, _)| self.world.stored(*key).is_some());
        living.all(|(key, first)| listed.contains(key) && (!has_ended_all || *first == last))
    }

    fn has_met(&self, is_meant: impl Fn(Call, Fate) -> bool) -> bool {
        let mut moves = self.moves.iter();
        moves.any(|step| match step {
            Move::Answer(_, call, fate) => is_meant(*call, *fate),
            _ => false,
        })
    }
}

const ENDED_ALL: End = End::EndedAll { is_certain: true };
const TWO: &[Role] = &[Role::Renews; 2];
const THREE: &[Role] = &[Role::Renews; 3];
const ONE_AND_A_SIGN_OUT: &[Role] = &[Role::Renews, Role::SignsOut];
const TWO_AND_A_SIGN_OUT: &[Role] = &[Role::Renews, Role::Renews, Role::SignsOut];

const ONE_AND_THE_END_OF_ALL: &[Role] = &[Role::Renews, Role::EndsAll];
const A_SIGN_IN_AND_THE_END_OF_ALL: &[Role] = &[Role::SignsIn, Role::EndsAll];
const TWO_SIGN_INS_AND_THE_END_OF_ALL: &[Role] = &[Role::SignsIn, Role::SignsIn, Role::EndsAll];

const fn of(processes: &'static [Role], rotates: bool, faults: usize) -> Scenario {
    Scenario {
        processes,
        rotates,
        unused: Duration::ZERO,
        faults,
        flaw: None,
    }
}

/// That all is well, and that it was no small matter.
async fn holds(scenario: Scenario, at_least: u128) {
    let more = std::env::var("MORE_FAULTS").map_or(0, |more| more.parse().expect("a number"));
    let faults = scenario.faults + more;
    let walked = walk(Scenario { faults, ..scenario }).await;
    let walked = walked.unwrap_or_else(|broken| panic!("{broken}"));
    assert!(walked.ways > at_least, "{walked:?}");
}

// RFC 9700 §4.14.2; behaviour 87.
#[tokio::test(start_paused = true)]
async fn one_that_works_once_is_sent_once_whatever_two_things_go_wrong() {
    holds(of(TWO, true, 2), 300_000).await;
}

// Behaviour 87.
#[tokio::test(start_paused = true)]
async fn one_that_works_more_than_once_is_taken_over_whatever_goes_wrong() {
    holds(of(TWO, false, 1), 50_000).await;
}

// Behaviour 89.
#[tokio::test(start_paused = true)]
async fn a_sign_out_comes_between() {
    holds(of(TWO_AND_A_SIGN_OUT, true, 0), 10_000).await;
    holds(of(ONE_AND_A_SIGN_OUT, true, 1), 1000).await;
    holds(of(ONE_AND_A_SIGN_OUT, false, 1), 1000).await;
}

// Behaviour 82. Concurrent updates are not lost.
#[tokio::test(start_paused = true)]
async fn use_is_noted_at_the_same_time() {
    let unused = Duration::from_secs(100);
    let scenario = of(TWO, true, 1);
    holds(Scenario { unused, ..scenario }, 20_000).await;
}

// Behaviour 84.
#[tokio::test(start_paused = true)]
async fn three_want_it() {
    holds(of(THREE, true, 0), 10_000).await;
}

// Behaviour 122.
#[tokio::test(start_paused = true)]
async fn all_sessions_of_the_user_are_ended_at_the_same_time() {
    holds(of(ONE_AND_THE_END_OF_ALL, true, 1), 1000).await;
    holds(of(A_SIGN_IN_AND_THE_END_OF_ALL, true, 1), 1000).await;
    holds(of(TWO_SIGN_INS_AND_THE_END_OF_ALL, true, 0), 1000).await;
}

/// None of it would show anything if nothing could be found.
#[tokio::test(start_paused = true)]
async fn what_is_not_as_it_has_to_be_is_found() {
    for (flaw, faults) in [
        (Flaw::BeginsAnyVersion, 0),
        (Flaw::ForgetsAttempts, 0),
        (Flaw::ReplacesAnyVersion, 1),
        (Flaw::DeniesSending, 1),
    ] {
        let flaw = Some(flaw);
        let scenario = of(TWO, true, faults);
        let broken = walk(Scenario { flaw, ..scenario }).await;
        let broken = broken.expect_err("there is a flaw");
        assert!(broken.contains("was sent twice"), "{broken}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_outlives_the_end_of_all_is_found() {
    for flaw in [Flaw::ForgetsOwners, Flaw::LosesGenerations] {
        let scenario = of(A_SIGN_IN_AND_THE_END_OF_ALL, true, 0);
        let flaw = Some(flaw);
        let broken = walk(Scenario { flaw, ..scenario }).await;
        let broken = broken.expect_err("there is a flaw");
        assert!(broken.contains("outlives the end of all"), "{broken}");
    }
}
