//! The clock of the fake.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A clock that stands still until a test advances it. Clones share the time.
///
/// It counts whole seconds, starts at 2026-01-01T00:00:00Z and stops at 9999-12-31T23:59:59Z.
///
/// ```
/// use std::time::Duration;
/// use fake_didit::FakeClock;
///
/// let clock = FakeClock::new();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(90));
/// assert_eq!(clock.now(), before + Duration::from_secs(90));
/// ```
#[derive(Clone, Debug)]
pub struct FakeClock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Seconds since 1970, or seconds ahead of the system's time.
    seconds: AtomicU64,
    follows_system: AtomicBool,
}

impl FakeClock {
    /// A clock at 2026-01-01T00:00:00Z. [Example](Self).
    pub fn new() -> Self {
        Self::standing(START)
    }

    /// A clock at `time`, limited to the years 1970 to 9999.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use fake_didit::FakeClock;
    ///
    /// let clock = FakeClock::at(SystemTime::UNIX_EPOCH);
    /// assert_eq!(clock.now(), SystemTime::UNIX_EPOCH);
    /// ```
    pub fn at(time: SystemTime) -> Self {
        Self::standing(unix_seconds(time))
    }

    /// The current time of this clock. [Example](Self).
    pub fn now(&self) -> SystemTime {
        let seconds = self.0.seconds.load(Ordering::SeqCst);
        let start = if self.0.follows_system.load(Ordering::SeqCst) {
            unix_seconds(SystemTime::now())
        } else {
            0
        };
        UNIX_EPOCH + Duration::from_secs(start.saturating_add(seconds).min(LATEST))
    }

    /// Advances the clock and its clones. Fractions of a second are dropped. [Example](Self).
    pub fn advance(&self, by: Duration) {
        let advanced = |seconds: u64| Some(seconds.saturating_add(by.as_secs()));
        let seconds = &self.0.seconds;
        let _ = seconds.fetch_update(Ordering::SeqCst, Ordering::SeqCst, advanced);
    }

    /// Switches to the system's time. [`advance`](Self::advance) moves the clock ahead of it.
    pub(crate) fn follow_system(&self) {
        self.0.seconds.store(0, Ordering::SeqCst);
        self.0.follows_system.store(true, Ordering::SeqCst);
    }

    fn standing(seconds: u64) -> Self {
        Self(Arc::new(Inner {
            seconds: AtomicU64::new(seconds),
            follows_system: AtomicBool::new(false),
        }))
    }
}

impl Default for FakeClock {
    fn default() -> Self {
        Self::new()
    }
}

/// Seconds since 1970; 0 for an earlier time.
pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// 2026-01-01T00:00:00Z.
const START: u64 = 1_767_225_600;
/// 9999-12-31T23:59:59Z: the last second that every date format can express. Adding a lifetime does not
/// overflow.
const LATEST: u64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_starts_at_its_documented_time() {
        assert_eq!(unix_seconds(FakeClock::new().now()), 1_767_225_600);
    }

    #[test]
    fn clones_share_the_time() {
        let clock = FakeClock::at(UNIX_EPOCH + Duration::from_secs(10));
        clock.clone().advance(Duration::from_secs(5));
        assert_eq!(unix_seconds(clock.now()), 15);
    }

    #[test]
    fn the_clock_stops_at_the_end_of_the_year_9999() {
        for follows_system in [false, true] {
            let clock = FakeClock::new();
            if follows_system {
                clock.follow_system();
            }
            for by in [1 << 63, u64::MAX, 1] {
                clock.advance(Duration::from_secs(by));
                assert_eq!(unix_seconds(clock.now()), LATEST);
            }
        }
    }

    #[test]
    fn a_clock_that_follows_the_system_can_be_advanced() {
        let clock = FakeClock::new();
        clock.follow_system();
        clock.advance(Duration::from_secs(3600));
        let ahead = clock.now().duration_since(SystemTime::now()).unwrap();
        assert!((3599..=3600).contains(&ahead.as_secs()), "{ahead:?}");
    }
}
