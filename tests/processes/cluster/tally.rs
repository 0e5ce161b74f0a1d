//! The outcomes of all rounds, and whether they are allowed.

use std::collections::{BTreeSet, HashMap};

use reqwest::StatusCode;

use super::rounds::{Answers, Round, Trouble};
use crate::harness::{answer::Answer, cluster::Cluster, course::Course, provider::Provider};

/// The outcomes of all rounds.
#[derive(Debug, Default)]
pub(super) struct Tally {
    rounds: usize,
    answers: usize,
    good: usize,
    try_again: usize,
    no_answer: usize,
    refused: usize,
    lost: usize,
    had_to_be_lost: usize,
    lost_with_a_process: usize,
}

impl Tally {
    /// Counts a wave, and tests that exactly the sessions are lost that have to be.
    pub(super) fn settle(
        &mut self,
        cluster: &Cluster,
        rounds: &[Round],
        answers: &[Answers],
        lost: &BTreeSet<String>,
        trouble: Trouble,
    ) {
        let attempts = cluster.provider.attempts();
        let courses: HashMap<_, _> = attempts
            .iter()
            .map(|attempt| (&*attempt.session, attempt.course))
            .collect();
        let orphans = cluster.orphans();
        let mut had_to = BTreeSet::new();
        for (round, answers) in rounds.iter().zip(answers) {
            let session = round.member.session();
            let ended = courses
                .get(session)
                .is_some_and(|course: &Course| course.ends_the_session());
            let orphaned = orphans.contains(&round.member.key());
            if ended || orphaned {
                had_to.insert(session.to_owned());
            }
            self.lost_with_a_process += usize::from(orphaned && !ended);
            for (path, answer) in answers {
                assert!(answer.is_some() || trouble == Trouble::Crashes, "{path}");
                let status = self.count(round, &cluster.provider, path, answer.as_ref());
                // A process without the provider may answer 503 after the access token has expired, until another
                // process has new tokens.
                let is_good = status != Some(StatusCode::UNAUTHORIZED)
                    || had_to.contains(session)
                    || round.is_cut_off;
                assert!(is_good, "signed out by accident: {:?} {path}", round.course);
            }
        }
        assert_eq!(*lost, had_to);
        self.rounds += rounds.len();
        self.lost += lost.len();
        self.had_to_be_lost += had_to.len();
    }

    /// Counts a response, which must be about the session that asked.
    pub(super) fn count(
        &mut self,
        round: &Round,
        provider: &Provider,
        path: &str,
        answer: Option<&Answer>,
    ) -> Option<StatusCode> {
        self.answers += 1;
        let member = &round.member;
        let Some(answer) = answer else {
            self.no_answer += 1;
            return None;
        };
        match answer.status {
            StatusCode::OK => {
                self.good += 1;
                match path {
                    "/me" => {
                        let me = answer.json();
                        assert_eq!(me["sub"], member.subject());
                        assert_eq!(me["claims"]["sid"], member.session());
                    }
                    "/tokens/fingerprint" => provider.assert_is_of(answer, member),
                    _ => assert_eq!(answer.body, "hello"),
                }
            }
            StatusCode::UNAUTHORIZED => self.refused += 1,
            _ => {
                assert!(answer.says_try_again(), "{answer:?}");
                self.try_again += 1;
            }
        }
        Some(answer.status)
    }
}
