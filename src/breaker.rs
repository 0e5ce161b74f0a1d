//! A circuit breaker: an outage is noticed once, not by every request.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Fails calls to a peer at once while it does not answer.
///
/// It opens when a call is given up or its connection is refused, unless another call to the peer has
/// succeeded since that one began: one slow key opens nothing. It stays open for `rest`, then lets one call
/// through, the probe, and the next one after another `rest` unless the probe has succeeded.
#[derive(Debug)]
pub(crate) struct Breaker {
    rest: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    succeeded: Option<Instant>,
    opened: Option<Instant>,
}

/// What may be done with a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passage {
    /// It works, as far as is known.
    Closed,
    /// It did not: the caller finds out whether it does now.
    Probe,
    /// It does not.
    Open,
}

impl Breaker {
    pub(crate) fn new(rest: Duration) -> Self {
        Self {
            rest,
            state: Mutex::default(),
        }
    }

    /// Whether a call may begin.
    pub(crate) fn passage(&self) -> Passage {
        let mut state = self.lock();
        let Some(opened) = state.opened else {
            return Passage::Closed;
        };
        let now = Instant::now();
        if now.duration_since(opened) < self.rest {
            return Passage::Open;
        }
        state.opened = Some(now);
        Passage::Probe
    }

    /// The peer has answered.
    pub(crate) fn succeeded(&self) {
        let mut state = self.lock();
        state.succeeded = Some(Instant::now());
        state.opened = None;
    }

    /// A call that began then has found no answer.
    pub(crate) fn failed(&self, began: Instant) {
        let mut state = self.lock();
        let answers = state.succeeded.is_some_and(|succeeded| succeeded >= began);
        // What is open stays so for no longer because of calls from before.
        if !answers && state.opened.is_none() {
            state.opened = Some(Instant::now());
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const REST: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn an_open_breaker_lets_one_probe_through_after_its_rest() {
        let breaker = Breaker::new(REST);
        let began = Instant::now();
        assert_eq!(breaker.passage(), Passage::Closed);
        advance(Duration::from_secs(5)).await;
        breaker.failed(began);
        assert_eq!(breaker.passage(), Passage::Open);
        advance(REST).await;
        assert_eq!(breaker.passage(), Passage::Probe);
        assert_eq!(breaker.passage(), Passage::Open);
        breaker.succeeded();
        assert_eq!(breaker.passage(), Passage::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_call_opens_nothing_while_others_succeed() {
        let breaker = Breaker::new(REST);
        let began = Instant::now();
        advance(Duration::from_secs(1)).await;
        breaker.succeeded();
        advance(Duration::from_secs(4)).await;
        breaker.failed(began);
        assert_eq!(breaker.passage(), Passage::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_without_an_answer_is_followed_by_another() {
        let breaker = Breaker::new(REST);
        breaker.failed(Instant::now());
        for _ in 0..3 {
            advance(REST).await;
            assert_eq!(breaker.passage(), Passage::Probe);
            assert_eq!(breaker.passage(), Passage::Open);
        }
    }
}
