//! The time.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A source of the current time.
///
/// All lifetimes and limits are measured by the clock of the [`Config`](crate::Config), so that a test can move it.
/// Timeouts of calls to the provider are tokio's.
///
/// A function is a clock:
///
/// ```
/// # fn main() -> Result<(), tower_didit::ConfigError> {
/// use std::time::{Duration, SystemTime};
///
/// let config = tower_didit::Config::builder("client-id", "https://app.example/callback")
///     .with_client_secret("client-secret")
///     .with_clock(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600))
///     .build()?;
/// # let _ = config;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a clock",
    note = "a closure that returns `std::time::SystemTime` is one, for example `SystemTime::now`"
)]
pub trait Clock: Send + Sync + 'static {
    /// The current time.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use tower_didit::Clock;
    ///
    /// /// Stands still.
    /// struct Frozen(SystemTime);
    ///
    /// impl Clock for Frozen {
    ///     fn now(&self) -> SystemTime {
    ///         self.0
    ///     }
    /// }
    ///
    /// assert_eq!(Frozen(SystemTime::UNIX_EPOCH).now(), SystemTime::UNIX_EPOCH);
    /// ```
    fn now(&self) -> SystemTime;
}

impl<F: Fn() -> SystemTime + Send + Sync + 'static> Clock for F {
    fn now(&self) -> SystemTime {
        self()
    }
}

impl fmt::Debug for dyn Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// A moment in whole seconds since the Unix epoch, as tokens and cookies write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(u64);

impl Timestamp {
    pub(crate) fn now(clock: &dyn Clock) -> Self {
        let since_epoch = clock.now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(since_epoch.as_secs())
    }

    pub(crate) const fn from_unix(seconds: u64) -> Self {
        Self(seconds)
    }

    pub(crate) const fn as_unix(self) -> u64 {
        self.0
    }

    /// This moment and `later`; the last `Timestamp` if the sum overflows.
    pub(crate) const fn plus(self, later: Duration) -> Self {
        Self(self.0.saturating_add(later.as_secs()))
    }

    /// The time from `earlier` to this moment; zero if `earlier` is later.
    pub(crate) const fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }

    /// The time between two moments, whichever is later: one in the future is of a clock that was wrong.
    pub(crate) const fn distance(self, other: Self) -> Duration {
        Duration::from_secs(self.0.abs_diff(other.0))
    }
}

impl From<Timestamp> for SystemTime {
    /// At most the end of the year 9999, which every platform can express.
    fn from(timestamp: Timestamp) -> Self {
        const END_OF_9999: u64 = 253_402_300_799;
        UNIX_EPOCH + Duration::from_secs(timestamp.0.min(END_OF_9999))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };

    use super::*;

    /// A clock that is set by hand, in seconds; clones are the same clock.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct HandClock(Arc<AtomicU64>);

    impl HandClock {
        pub(crate) fn set(&self, now: Timestamp) {
            self.0.store(now.as_unix(), Ordering::SeqCst);
        }

        pub(crate) fn advance(&self, by: Duration) {
            self.0.fetch_add(by.as_secs(), Ordering::SeqCst);
        }
    }

    impl Clock for HandClock {
        fn now(&self) -> SystemTime {
            Timestamp::from_unix(self.0.load(Ordering::SeqCst)).into()
        }
    }

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        let late = Timestamp::from_unix(u64::MAX - 1);
        assert_eq!(late.plus(Duration::from_secs(9)).as_unix(), u64::MAX);
        assert_eq!(
            Timestamp::from_unix(5).since(Timestamp::from_unix(9)),
            Duration::ZERO
        );
    }

    #[test]
    fn the_last_timestamp_is_a_system_time() {
        let end = SystemTime::from(Timestamp::from_unix(u64::MAX));
        assert!(end > SystemTime::now());
    }
}
