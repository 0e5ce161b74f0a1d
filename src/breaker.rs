//! A circuit breaker: during an outage requests fail at once instead of waiting.

use std::{sync::Mutex, time::Duration};

use tokio::time::Instant;

use crate::lock::lock;

/// Fails calls to a remote service at once while it does not answer.
///
/// Opens when a call fails or is abandoned, unless another call has succeeded since the failed one began: a single slow
/// call does not open it. Stays open for `open_for`, then lets one call through, the probe. After a failed probe it
/// stays open for `open_for` again.
#[derive(Debug)]
pub(crate) struct Breaker {
    open_for: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// How many calls have succeeded.
    successes: u64,
    opened: Option<Instant>,
}

/// A call to a remote service.
#[derive(Debug)]
pub(crate) struct Call {
    /// How many calls had succeeded before.
    successes: u64,
    /// Whether the breaker is open, so that the call tests whether the service answers again.
    pub(crate) is_probe: bool,
}

impl Breaker {
    pub(crate) fn new(open_for: Duration) -> Self {
        Self {
            open_for,
            state: Mutex::default(),
        }
    }

    /// Begins a call, unless the breaker is open.
    pub(crate) fn try_begin(&self) -> Option<Call> {
        let mut state = lock(&self.state);
        let is_probe = match state.opened {
            None => false,
            Some(opened) if opened.elapsed() < self.open_for => return None,
            Some(_) => {
                state.opened = Some(Instant::now());
                true
            }
        };
        Some(Call {
            successes: state.successes,
            is_probe,
        })
    }

    /// Begins a call in any case.
    pub(crate) fn begin(&self) -> Call {
        Call {
            successes: lock(&self.state).successes,
            is_probe: false,
        }
    }

    /// Whether the service did not answer the last call.
    pub(crate) fn is_open(&self) -> bool {
        lock(&self.state).opened.is_some()
    }

    /// The service has answered.
    pub(crate) fn succeeded(&self) {
        let mut state = lock(&self.state);
        state.successes = state.successes.wrapping_add(1);
        state.opened = None;
    }

    /// The service has not answered this call. The same failure may be reported again at the end of the call.
    pub(crate) fn failed(&self, call: &mut Call) {
        let mut state = lock(&self.state);
        // A call from before the outage does not keep the breaker open.
        let counts = state.opened.is_none() || call.is_probe;
        if counts && state.successes == call.successes {
            state.opened = Some(Instant::now());
        }
        call.is_probe = false;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const OPEN_FOR: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn an_open_breaker_lets_one_probe_through_in_time() {
        let breaker = Breaker::new(OPEN_FOR);
        let mut first = breaker.try_begin().expect("the breaker is closed");
        assert!(!first.is_probe);
        advance(5 * SECOND).await;
        breaker.failed(&mut first);
        assert!(breaker.is_open() && breaker.try_begin().is_none());
        advance(OPEN_FOR).await;
        let probe = breaker.try_begin().expect("a probe is due");
        assert!(probe.is_probe);
        assert!(breaker.try_begin().is_none());
        breaker.succeeded();
        assert!(!breaker.is_open() && breaker.try_begin().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_call_does_not_open_the_breaker_while_others_succeed() {
        let breaker = Breaker::new(OPEN_FOR);
        let mut slow = breaker.begin();
        breaker.succeeded();
        breaker.failed(&mut slow);
        assert!(!breaker.is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_probe_is_followed_by_another_one() {
        let breaker = Breaker::new(OPEN_FOR);
        breaker.failed(&mut breaker.begin());
        for _ in 0..3 {
            advance(OPEN_FOR).await;
            let mut probe = breaker.try_begin().expect("a probe is due");
            advance(5 * SECOND).await;
            breaker.failed(&mut probe);
            advance(9 * SECOND).await;
            // The end of the call reports the same failure again.
            breaker.failed(&mut probe);
            assert!(breaker.try_begin().is_none());
            advance(SECOND).await;
            // The outcome of a dropped probe is unknown.
            assert!(breaker.try_begin().is_some_and(|probe| probe.is_probe));
            assert!(breaker.try_begin().is_none());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_from_before_the_outage_does_not_keep_the_breaker_open() {
        let breaker = Breaker::new(OPEN_FOR);
        let mut slow = breaker.begin();
        breaker.failed(&mut breaker.begin());
        advance(5 * SECOND).await;
        breaker.failed(&mut slow);
        advance(5 * SECOND).await;
        assert!(breaker.try_begin().is_some());
    }
}
