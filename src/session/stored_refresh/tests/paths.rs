//! All the ways that a program can go which asks for each choice it has.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};

/// Depth first: the program is run anew for each way, and takes the choices of the way before up to the
/// last one that has an option left. (A future cannot be copied, so there is no going back to the fork.)
///
/// The program names the state that it is in. Whatever follows a state that was met before, on another
/// way, is known already and not walked again.
#[derive(Default)]
pub(super) struct Paths {
    way: Vec<Fork>,
    /// How many forks of the way this run has passed.
    depth: usize,
    /// How many ways go on from a state, all of which were walked.
    known: HashMap<State, u128>,
    /// How many go on from where this run was broken off.
    beyond: Option<u128>,
    runs: usize,
}

struct Fork {
    state: State,
    options: usize,
    taken: usize,
    ways: u128,
}

type State = [u8; 32];

/// What was walked.
#[derive(Debug)]
pub(super) struct Walked {
    /// How often the program was run.
    pub(super) runs: usize,
    /// In how many states it had a choice.
    pub(super) states: usize,
    /// How many ways there are through them.
    pub(super) ways: u128,
}

impl Paths {
    /// The option to take; none where all that can follow is known.
    pub(super) fn choose(
        &mut self,
        state: impl FnOnce() -> Vec<u8>,
        options: usize,
    ) -> Option<usize> {
        if let Some(fork) = self.way.get(self.depth) {
            self.depth += 1;
            assert_eq!(fork.options, options, "a run is repeated to the letter");
            return Some(fork.taken);
        }
        let state = digest(&SHA256, &state());
        let state = *state.as_ref().first_chunk().expect("SHA-256 has 32 bytes");
        if let Some(ways) = self.known.get(&state) {
            self.beyond = Some(*ways);
            return None;
        }
        self.way.push(Fork {
            state,
            options,
            taken: 0,
            ways: 0,
        });
        self.depth += 1;
        Some(0)
    }

    /// Ends a run. Returns what was walked if that was the last.
    pub(super) fn end_run(&mut self) -> Option<Walked> {
        let mut ways = self.beyond.take().unwrap_or(1);
        self.runs += 1;
        self.depth = 0;
        while let Some(fork) = self.way.last_mut() {
            fork.taken += 1;
            fork.ways += ways;
            if fork.taken < fork.options {
                return None;
            }
            ways = fork.ways;
            self.known.insert(fork.state, ways);
            self.way.pop();
        }
        Some(Walked {
            runs: self.runs,
            states: self.known.len(),
            ways,
        })
    }
}

#[test]
fn every_path_is_explored() {
    let mut paths = Paths::default();
    let mut ends = Vec::new();
    let walked = loop {
        let mut end = String::new();
        for _ in 0..3 {
            let Some(option) = paths.choose(|| end.clone().into(), 2) else {
                panic!("no two ways meet");
            };
            end.push(if option == 0 { 'a' } else { 'b' });
        }
        ends.push(end);
        if let Some(walked) = paths.end_run() {
            break walked;
        }
    };
    let expected = ["aaa", "aab", "aba", "abb", "baa", "bab", "bba", "bbb"];
    assert_eq!(ends, expected);
    assert_eq!((walked.runs, walked.states, walked.ways), (8, 7, 8));
}

#[test]
fn paths_that_meet_are_explored_once_from_there() {
    let mut paths = Paths::default();
    let walked = loop {
        // Three times left or right, in any order.
        let mut left = 0;
        for step in 0..3_u8 {
            match paths.choose(|| vec![step, left], 2) {
                Some(0) => left += 1,
                Some(_) => {}
                None => break,
            }
        }
        if let Some(walked) = paths.end_run() {
            break walked;
        }
    };
    assert_eq!((walked.runs, walked.states, walked.ways), (7, 6, 8));
}
