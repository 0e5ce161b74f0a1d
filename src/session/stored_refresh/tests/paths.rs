//! All execution paths of a program that asks for every choice.

use std::collections::HashMap;

use aws_lc_rs::digest::{SHA256, digest};

/// Explores depth first: each path is a new run of the program, which repeats the choices of the previous path up to
/// the last fork that has an option left. (A future cannot be copied, so a run cannot go back to a fork.)
///
/// The program names its state at each fork. The paths that continue from a state that was met before, on another path,
/// are known and not explored again.
#[derive(Default)]
pub(super) struct Paths {
    path: Vec<Fork>,
    /// How many forks of the path this run has passed.
    depth: usize,
    /// How many paths continue from a state whose paths were all explored.
    known: HashMap<State, u128>,
    /// How many paths continue from the state where this run stopped.
    beyond: Option<u128>,
    runs: usize,
}

struct Fork {
    state: State,
    options: usize,
    taken: usize,
    paths: u128,
}

type State = [u8; 32];

/// What was explored.
#[derive(Debug)]
pub(super) struct Explored {
    /// How often the program was run.
    pub(super) runs: usize,
    /// In how many states the program had a choice.
    pub(super) states: usize,
    /// How many paths there are through these states.
    pub(super) paths: u128,
}

impl Paths {
    /// The option to take; `None` if all paths that continue from this state are known.
    pub(super) fn choose(
        &mut self,
        state: impl FnOnce() -> Vec<u8>,
        options: usize,
    ) -> Option<usize> {
        if let Some(fork) = self.path.get(self.depth) {
            self.depth += 1;
            assert_eq!(fork.options, options, "a run is repeated to the letter");
            return Some(fork.taken);
        }
        let state = digest(&SHA256, &state());
        let state = *state.as_ref().first_chunk().expect("SHA-256 has 32 bytes");
        if let Some(paths) = self.known.get(&state) {
            self.beyond = Some(*paths);
            return None;
        }
        self.path.push(Fork {
            state,
            options,
            taken: 0,
            paths: 0,
        });
        self.depth += 1;
        Some(0)
    }

    /// Ends a run. Returns what was explored if that was the last.
    pub(super) fn end_run(&mut self) -> Option<Explored> {
        let mut paths = self.beyond.take().unwrap_or(1);
        self.runs += 1;
        self.depth = 0;
        while let Some(fork) = self.path.last_mut() {
            fork.taken += 1;
            fork.paths += paths;
            if fork.taken < fork.options {
                return None;
            }
            paths = fork.paths;
            self.known.insert(fork.state, paths);
            self.path.pop();
        }
        Some(Explored {
            runs: self.runs,
            states: self.known.len(),
            paths,
        })
    }
}

#[test]
fn every_path_is_explored() {
    let mut paths = Paths::default();
    let mut ends = Vec::new();
    let explored = loop {
        let mut end = String::new();
        for _ in 0..3 {
            let Some(option) = paths.choose(|| end.clone().into(), 2) else {
                panic!("no two paths meet");
            };
            end.push(if option == 0 { 'a' } else { 'b' });
        }
        ends.push(end);
        if let Some(explored) = paths.end_run() {
            break explored;
        }
    };
    let expected = ["aaa", "aab", "aba", "abb", "baa", "bab", "bba", "bbb"];
    assert_eq!(ends, expected);
    assert_eq!((explored.runs, explored.states, explored.paths), (8, 7, 8));
}

#[test]
fn paths_that_meet_are_explored_once_from_there() {
    let mut paths = Paths::default();
    let explored = loop {
        // Three times left or right, in any order.
        let mut left = 0;
        for step in 0..3_u8 {
            match paths.choose(|| vec![step, left], 2) {
                Some(0) => left += 1,
                Some(_) => {}
                None => break,
            }
        }
        if let Some(explored) = paths.end_run() {
            break explored;
        }
    };
    assert_eq!((explored.runs, explored.states, explored.paths), (7, 6, 8));
}
