//! The time as the fake sees it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::clock::Clock;

/// A clock that stands still until a test moves it; all clones are the same clock.
///
/// It counts whole seconds and starts at 2026-01-01T00:00:00Z.
///
/// ```
/// use std::time::Duration;
/// use tower_didit::{Clock, fake::FakeClock};
///
/// let clock = FakeClock::new();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(90));
/// assert_eq!(clock.now(), before + Duration::from_secs(90));
/// ```
#[derive(Clone, Debug)]
pub struct FakeClock {
    seconds: Arc<AtomicU64>,
}

impl FakeClock {
    /// A clock that shows 2026-01-01T00:00:00Z.
    pub fn new() -> Self {
        Self {
            seconds: Arc::new(AtomicU64::new(START)),
        }
    }

    /// A clock that shows `time`; a time before 1970 becomes 1970.
    pub fn at(time: SystemTime) -> Self {
        Self {
            seconds: Arc::new(AtomicU64::new(unix_seconds(time))),
        }
    }

    /// Moves the clock, and all its clones, forward by whole seconds.
    pub fn advance(&self, by: Duration) {
        self.seconds.fetch_add(by.as_secs(), Ordering::SeqCst);
    }
}

impl Default for FakeClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for FakeClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.seconds.load(Ordering::SeqCst))
    }
}

/// Seconds since 1970; a time before that is 0.
pub(super) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// 2026-01-01T00:00:00Z.
const START: u64 = 1_767_225_600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_at_its_documented_instant() {
        assert_eq!(unix_seconds(FakeClock::new().now()), 1_767_225_600);
    }

    #[test]
    fn clones_are_the_same_clock() {
        let clock = FakeClock::at(UNIX_EPOCH + Duration::from_secs(10));
        clock.clone().advance(Duration::from_secs(5));
        assert_eq!(unix_seconds(clock.now()), 15);
    }
}
