//! A limit on the rate of fetches.

use std::time::Duration;

use crate::clock::Timestamp;

/// Allows a burst of `capacity` fetches, then one per interval.
#[derive(Debug)]
pub(super) struct TokenBucket {
    capacity: u64,
    interval: Duration,
    tokens: u64,
    filled: Timestamp,
}

impl TokenBucket {
    /// A full bucket. The interval is in whole seconds, at least one.
    pub(super) fn new((capacity, interval): (u64, Duration)) -> Self {
        Self {
            capacity,
            interval,
            tokens: capacity,
            filled: Timestamp::from_unix(0),
        }
    }

    /// Takes a token, if there is one.
    pub(super) fn take(&mut self, now: Timestamp) -> bool {
        // A clock that is set back does not stop the refill.
        self.filled = self.filled.min(now);
        let intervals = now.since(self.filled).as_secs() / self.interval.as_secs().max(1);
        if intervals > 0 {
            self.tokens = self.tokens.saturating_add(intervals).min(self.capacity);
            self.filled = now;
        }
        let taken = self.tokens > 0;
        self.tokens -= u64::from(taken);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_then_one_an_interval() {
        let mut bucket = TokenBucket::new((3, Duration::from_secs(60)));
        let mut taken_at = |seconds: u64| {
            let now = Timestamp::from_unix(1_000_000 + seconds);
            (0..1000_u32).filter(|_| bucket.take(now)).count()
        };
        assert_eq!(taken_at(0), 3);
        assert_eq!(taken_at(59), 0);
        assert_eq!(taken_at(60), 1);
        assert_eq!(taken_at(60 + 119), 1);
        assert_eq!(taken_at(60 * 60), 3);
        // The clock is set back.
        assert_eq!(taken_at(0), 0);
        assert_eq!(taken_at(60), 1);
    }
}
