//! A circuit breaker: an outage is noticed once, not by every request.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Fails calls to a peer at once while it does not answer.
///
/// It opens when a call fails or is given up, unless another call to the peer has succeeded since that one began:
/// one slow entry does not open it. It stays open for `rest`, then lets one call
/// through, the probe, and the next one `rest` after the probe has failed.
#[derive(Debug)]
pub(crate) struct Breaker {
    rest: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How many calls have succeeded.
    successes: u64,
    opened: Option<Instant>,
}

/// A call to a peer, from its beginning.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// How many calls had succeeded before.
    successes: u64,
    is_probe: bool,
}

impl Attempt {
    /// Whether the peer did not answer before: this call finds out whether it does now.
    pub(crate) fn is_probe(&self) -> bool {
        self.is_probe
    }
}

impl Breaker {
    pub(crate) fn new(rest: Duration) -> Self {
        Self {
            rest,
            state: Mutex::default(),
        }
    }

    /// Begins a call, unless the peer does not answer.
    pub(crate) fn attempt(&self) -> Option<Attempt> {
        let mut state = self.lock();
        let is_probe = match state.opened {
            None => false,
            Some(opened) if opened.elapsed() < self.rest => return None,
            Some(_) => {
                state.opened = Some(Instant::now());
                true
            }
        };
        Some(Attempt {
            successes: state.successes,
            is_probe,
        })
    }

    /// Begins a call in any case.
    pub(crate) fn begin(&self) -> Attempt {
        Attempt {
            successes: self.lock().successes,
            is_probe: false,
        }
    }

    /// Whether the peer does not answer, as far as is known.
    pub(crate) fn is_open(&self) -> bool {
        self.lock().opened.is_some()
    }

    /// The peer has answered.
    pub(crate) fn succeeded(&self) {
        let mut state = self.lock();
        state.successes = state.successes.wrapping_add(1);
        state.opened = None;
    }

    /// A call has found no answer so far. The end of the same call may report the failure again.
    pub(crate) fn failed(&self, attempt: &mut Attempt) {
        let mut state = self.lock();
        // Calls from before the outage do not make it longer.
        let counts = state.opened.is_none() || attempt.is_probe;
        if counts && state.successes == attempt.successes {
            state.opened = Some(Instant::now());
        }
        attempt.is_probe = false;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const REST: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn an_open_breaker_lets_one_probe_through_after_its_rest() {
        let breaker = Breaker::new(REST);
        let mut first = breaker.attempt().expect("it is closed");
        assert!(!first.is_probe());
        advance(5 * SECOND).await;
        breaker.failed(&mut first);
        assert!(breaker.is_open() && breaker.attempt().is_none());
        advance(REST).await;
        let probe = breaker.attempt().expect("the rest is over");
        assert!(probe.is_probe());
        assert!(breaker.attempt().is_none());
        breaker.succeeded();
        assert!(!breaker.is_open() && breaker.attempt().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_call_opens_nothing_while_others_succeed() {
        let breaker = Breaker::new(REST);
        let mut slow = breaker.begin();
        breaker.succeeded();
        breaker.failed(&mut slow);
        assert!(!breaker.is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_fails_is_followed_by_another_after_the_rest() {
        let breaker = Breaker::new(REST);
        breaker.failed(&mut breaker.begin());
        for _ in 0..3 {
            advance(REST).await;
            let mut probe = breaker.attempt().expect("the rest is over");
            advance(5 * SECOND).await;
            breaker.failed(&mut probe);
            advance(9 * SECOND).await;
            // The same failure is reported again at the end of the call.
            breaker.failed(&mut probe);
            assert!(breaker.attempt().is_none());
            advance(SECOND).await;
            // The outcome of a dropped probe is unknown.
            assert!(breaker.attempt().is_some_and(|probe| probe.is_probe()));
            assert!(breaker.attempt().is_none());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_from_before_does_not_keep_it_open() {
        let breaker = Breaker::new(REST);
        let mut slow = breaker.begin();
        breaker.failed(&mut breaker.begin());
        advance(5 * SECOND).await;
        breaker.failed(&mut slow);
        advance(5 * SECOND).await;
        assert!(breaker.attempt().is_some());
    }
}
