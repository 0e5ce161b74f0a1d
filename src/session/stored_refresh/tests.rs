//! Explores all interleavings of concurrent refreshes.
//!
//! Several processes share a store and a provider. At each call of a process another process may continue, time may
//! pass, or a fault may happen: the call or its response is lost, or the process dies. A lost call may take effect at
//! any later time, or never. All interleavings are explored, up to a number of faults in each; the invariants are
//! checked at the end of each. `MORE_FAULTS=1 cargo test --release --lib --all-features stored_refresh` explores tens
//! of millions of interleavings, with one more fault.

mod paths;
mod run;
mod stage;
mod view;
mod world;

use std::time::Duration;

use paths::{Explored, Paths};
use run::{Ended, Move};
use stage::{End, Role, Scenario, Stage};
use world::{Call, CallResult, Defect};

use crate::{
    error::{ErrorKind, TokenError},
    session::{store::SessionKey, user_sessions::Generation},
};

/// Explores all interleavings. The error is a broken invariant and the interleaving that breaks it.
async fn walk(scenario: Scenario) -> Result<Explored, String> {
    let stage = Stage::new(scenario);
    let mut paths = Paths::default();
    loop {
        if let Some(ended) = stage.run(&mut paths).await? {
            ended.check(&scenario)?;
        }
        if let Some(explored) = paths.end_run() {
            println!("{scenario:?}: {explored:?}");
            return Ok(explored);
        }
    }
}

impl Ended {
    fn check(&self, scenario: &Scenario) -> Result<(), String> {
        self.require(self.refreshed_tokens_are_new(), "old tokens")?;
        self.require(self.ended_sessions_stay_ended(), "an ended session is back")?;
        self.require(self.received_tokens_are_saved(scenario), "tokens are lost")?;
        self.require(
            self.a_refusal_ends_the_session(),
            "a session outlives a refusal",
        )?;
        self.require(
            self.nothing_fails_without_a_fault(),
            "failed without a fault",
        )?;
        self.require(
            self.a_later_refresh_succeeds(scenario),
            "cannot be refreshed later",
        )?;
        self.require(self.changed_data_is_kept(), "data is lost")?;
        self.require(
            self.no_session_outlives_the_end_of_all(),
            "outlives the end of all",
        )
    }

    fn require(&self, is_kept: bool, otherwise: &str) -> Result<(), String> {
        if is_kept {
            return Ok(());
        }
        let (ends, later, stored) = (&self.ends, self.later, self.stored);
        let (moves, received) = (&self.moves, &self.world.state().received);
        Err(format!(
            "{otherwise}: {ends:?}, later {later:?}; stored {stored:?}, received {received:?}: {moves:?}"
        ))
    }

    /// A process that gets new tokens gets tokens that the provider issued later.
    fn refreshed_tokens_are_new(&self) -> bool {
        let issued = self.world.state().issued;
        self.ends.iter().chain([&self.later]).all(|end| match *end {
            End::Refreshed(found, got) => found < got && got <= issued,
            _ => true,
        })
    }

    fn ended_sessions_stay_ended(&self) -> bool {
        let is_gone = self.stored.is_none() && self.later == End::FoundNobody;
        let certain = End::SignedOut { is_certain: true };
        let must_be_gone =
            self.was_deleted || self.ends.contains(&certain) || self.ends.contains(&ENDED_ALL);
        is_gone || !must_be_gone
    }

    /// New tokens are in the store, if the process that received them has not crashed and the store did not fail
    /// for longer than the process retries.
    fn received_tokens_are_saved(&self, scenario: &Scenario) -> bool {
        let has_failed = self.has_met(|call, result| {
            matches!(call, Call::Replace | Call::Load) && result != CallResult::Done
        });
        let is_impatient = self.has_met(|_, result| result == CallResult::LostLate)
            || self.moves.contains(&Move::Stall);
        if self.was_deleted || (has_failed && is_impatient) {
            return true;
        }
        let state = self.world.state();
        state.received.iter().all(|(process, got)| {
            let least = if scenario.single_use { *got } else { 1 };
            let role = scenario.processes.get(*process);
            self.stored.is_some_and(|stored| stored >= least)
                || !matches!(role, Some(Role::Refreshes))
                || self.ends[*process] == End::Crashed
        })
    }

    fn a_refusal_ends_the_session(&self) -> bool {
        let is_lost =
            self.has_met(|call, result| call == Call::Delete && result != CallResult::Done);
        let was_refused = self
            .ends
            .contains(&End::Failed(TokenError::InvalidGrant.into()));
        is_lost || !was_refused || self.stored.is_none()
    }

    fn nothing_fails_without_a_fault(&self) -> bool {
        let has_failed = |end: &End| match end {
            End::Failed(kind) => *kind != ErrorKind::SessionEnded,
            End::EndedAll { is_certain } => !is_certain,
            _ => false,
        };
        self.is_slow
            || self.moves.iter().any(|step| step.is_fault())
            || !self.ends.iter().any(has_failed)
    }

    /// A later refresh succeeds, unless the refresh token was single-use and may have been sent, or is invalid.
    fn a_later_refresh_succeeds(&self, scenario: &Scenario) -> bool {
        let is_doubtful = self.moves.contains(&Move::Stall)
            || self.has_met(|call, result| match result {
                CallResult::Dies | CallResult::LostLate => true,
                CallResult::Lost => call == Call::Send,
                _ => false,
            });
        let is_over = self.ends.contains(&End::SignedOut { is_certain: false })
            || self.has_met(|_, result| result == CallResult::Refused);
        self.stored.is_none()
            || matches!(self.later, End::Refreshed(..))
            || (scenario.single_use && is_doubtful)
            || is_over
    }

    /// Data that a process has changed is in the store, if the session is.
    fn changed_data_is_kept(&self) -> bool {
        let Some(data) = &self.data else {
            return true;
        };
        let mut ends = self.ends.iter().enumerate();
        ends.all(|(index, end)| {
            let kept = data.get(&index.to_string()).expect("a number");
            *end != End::ChangedData || kept == Some(index)
        })
    }

    /// A session whose cookie id a browser has is listed while it exists, and exists after the end of all sessions only
    /// if it began later.
    fn no_session_outlives_the_end_of_all(&self) -> bool {
        let has_ended_all = self.ends.contains(&ENDED_ALL);
        let user = self.owner.user();
        let listed = self.world.list(user);
        let last = Generation::of(self.world.stored(SessionKey::of_generation(user)).as_ref());
        let begun = self.world.state().begun.clone();
        let mut living = begun
            .iter()
            .filter(|(key, ..)| self.world.stored(*key).is_some());
        living.all(|(key, arrival, first)| {
            let is_later = *first == last && *arrival >= last.epoch;
            listed.contains(key) && (!has_ended_all || is_later)
        })
    }

    fn has_met(&self, is_meant: impl Fn(Call, CallResult) -> bool) -> bool {
        let mut moves = self.moves.iter();
        moves.any(|step| match step {
            Move::Answer(_, call, result) => is_meant(*call, *result),
            _ => false,
        })
    }
}

const ENDED_ALL: End = End::EndedAll { is_certain: true };
const TWO: &[Role] = &[Role::Refreshes; 2];
const THREE: &[Role] = &[Role::Refreshes; 3];
const ONE_AND_A_SIGN_OUT: &[Role] = &[Role::Refreshes, Role::SignsOut];
const TWO_AND_A_SIGN_OUT: &[Role] = &[Role::Refreshes, Role::Refreshes, Role::SignsOut];

const ONE_AND_A_CHANGE_OF_DATA: &[Role] = &[Role::Refreshes, Role::ChangesData];
const ONE_AND_TWO_CHANGES_OF_DATA: &[Role] =
    &[Role::Refreshes, Role::ChangesData, Role::ChangesData];
const ONE_AND_THE_END_OF_ALL: &[Role] = &[Role::Refreshes, Role::EndsAll];
const A_SIGN_IN_AND_THE_END_OF_ALL: &[Role] = &[Role::SignsIn, Role::EndsAll];
const TWO_SIGN_INS_AND_THE_END_OF_ALL: &[Role] = &[Role::SignsIn, Role::SignsIn, Role::EndsAll];

const fn of(processes: &'static [Role], single_use: bool, faults: usize) -> Scenario {
    Scenario {
        processes,
        single_use,
        unused: Duration::ZERO,
        faults,
        defect: None,
    }
}

/// Tests that all invariants hold, in more than `at_least` interleavings.
async fn holds(scenario: Scenario, at_least: u128) {
    let more = std::env::var("MORE_FAULTS").map_or(0, |more| more.parse().expect("a number"));
    let faults = scenario.faults + more;
    let explored = walk(Scenario { faults, ..scenario }).await;
    let explored = explored.unwrap_or_else(|broken| panic!("{broken}"));
    assert!(explored.paths > at_least, "{explored:?}");
}

// RFC 9700 §4.14.2; behaviour 87.
#[tokio::test(start_paused = true)]
async fn a_single_use_refresh_token_is_sent_once_despite_two_faults() {
    holds(of(TWO, true, 2), 300_000).await;
}

// Behaviour 87.
#[tokio::test(start_paused = true)]
async fn a_reusable_refresh_token_is_taken_over_despite_a_fault() {
    holds(of(TWO, false, 1), 50_000).await;
}

// Behaviour 89.
#[tokio::test(start_paused = true)]
async fn a_sign_out_during_a_refresh_ends_the_session() {
    holds(of(TWO_AND_A_SIGN_OUT, true, 0), 10_000).await;
    holds(of(ONE_AND_A_SIGN_OUT, true, 1), 1000).await;
    holds(of(ONE_AND_A_SIGN_OUT, false, 1), 1000).await;
}

// Behaviour 82. Concurrent updates are not lost.
#[tokio::test(start_paused = true)]
async fn a_concurrent_record_of_use_loses_no_refresh() {
    let unused = Duration::from_secs(100);
    let scenario = of(TWO, true, 1);
    holds(Scenario { unused, ..scenario }, 20_000).await;
}

// Behaviours 87 and 123.
#[tokio::test(start_paused = true)]
async fn a_concurrent_change_of_data_loses_no_refresh_and_no_data() {
    holds(of(ONE_AND_A_CHANGE_OF_DATA, true, 2), 1000).await;
    holds(of(ONE_AND_A_CHANGE_OF_DATA, false, 1), 100).await;
    holds(of(ONE_AND_TWO_CHANGES_OF_DATA, true, 0), 1000).await;
    let unused = Duration::from_secs(100);
    let scenario = of(ONE_AND_A_CHANGE_OF_DATA, true, 1);
    holds(Scenario { unused, ..scenario }, 1000).await;
}

// Behaviour 84.
#[tokio::test(start_paused = true)]
async fn three_processes_refresh_one_session() {
    holds(of(THREE, true, 0), 10_000).await;
}

// Behaviour 122.
#[tokio::test(start_paused = true)]
async fn no_session_outlives_a_concurrent_end_of_all() {
    holds(of(ONE_AND_THE_END_OF_ALL, true, 1), 1000).await;
    holds(of(A_SIGN_IN_AND_THE_END_OF_ALL, true, 1), 1000).await;
    holds(of(TWO_SIGN_INS_AND_THE_END_OF_ALL, true, 0), 1000).await;
}

/// The invariants can fail.
#[tokio::test(start_paused = true)]
async fn a_defect_that_sends_a_token_twice_is_found() {
    for (defect, faults) in [
        (Defect::BeginsAnyVersion, 0),
        (Defect::ForgetsAttempts, 0),
        (Defect::ReplacesAnyVersion, 1),
        (Defect::DeniesSending, 1),
    ] {
        let defect = Some(defect);
        let scenario = of(TWO, true, faults);
        let broken = walk(Scenario { defect, ..scenario }).await;
        let broken = broken.expect_err("there is a defect");
        assert!(broken.contains("was sent twice"), "{broken}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_that_outlives_the_end_of_all_is_found() {
    for defect in [Defect::ForgetsOwners, Defect::LosesGenerations] {
        let scenario = of(A_SIGN_IN_AND_THE_END_OF_ALL, true, 0);
        let defect = Some(defect);
        let broken = walk(Scenario { defect, ..scenario }).await;
        let broken = broken.expect_err("there is a defect");
        assert!(broken.contains("outlives the end of all"), "{broken}");
    }
}
