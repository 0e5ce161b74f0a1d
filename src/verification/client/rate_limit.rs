//! Didit's rate limits, kept by the client.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::Method;

use crate::{
    clock::{Clock, Timestamp},
    lock::lock,
};

/// The calls that share a limit of Didit's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Creation,
    Read,
    Write,
    Report,
}

impl Class {
    pub(super) fn of(method: &Method, path: &str) -> Self {
        if path == super::SESSIONS {
            Self::Creation
        } else if path.ends_with("/generate-pdf/") {
            Self::Report
        } else if *method == Method::GET {
            Self::Read
        } else {
            Self::Write
        }
    }

    /// Calls in each window.
    const fn limit(self) -> u32 {
        match self {
            Self::Creation | Self::Read => 600,
            Self::Write => 300,
            Self::Report => 50,
        }
    }
}

/// Counts the calls of a client and its clones.
pub(super) struct RateLimits {
    clock: Arc<dyn Clock>,
    creations: Mutex<Calls>,
    reads: Mutex<Calls>,
    writes: Mutex<Calls>,
    reports: Mutex<Calls>,
}

impl RateLimits {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            creations: Mutex::default(),
            reads: Mutex::default(),
            writes: Mutex::default(),
            reports: Mutex::default(),
        }
    }

    /// Counts a call that may be sent now. Fails with the time to wait.
    pub(super) fn begin(&self, class: Class) -> Result<(), Duration> {
        let now = Timestamp::now(&*self.clock);
        lock(self.calls(class)).begin(now, class.limit())
    }

    /// Whether more than half of the calls of a class are used up.
    pub(super) fn is_busy(&self, class: Class) -> bool {
        let now = Timestamp::now(&*self.clock);
        let mut calls = lock(self.calls(class));
        calls.forget(now);
        calls.resumes > now || calls.sent() > class.limit() / 2
    }

    /// Stops the calls of a class, after a 429.
    pub(super) fn pause(&self, class: Class, wait: Option<Duration>) {
        let resumes = Timestamp::now(&*self.clock).plus(wait.unwrap_or(PAUSE));
        lock(self.calls(class)).resumes = resumes;
    }

    const fn calls(&self, class: Class) -> &Mutex<Calls> {
        match class {
            Class::Creation => &self.creations,
            Class::Read => &self.reads,
            Class::Write => &self.writes,
            Class::Report => &self.reports,
        }
    }
}

impl fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimits").finish_non_exhaustive()
    }
}

/// The calls of a class in the last window.
struct Calls {
    /// Their number in each second, oldest first.
    recent: VecDeque<(Timestamp, u32)>,
    /// After a 429: no call is sent before this time.
    resumes: Timestamp,
}

impl Calls {
    fn begin(&mut self, now: Timestamp, limit: u32) -> Result<(), Duration> {
        self.forget(now);
        if self.resumes > now {
            return Err(self.resumes.since(now));
        }
        if let Some((oldest, _)) = self.recent.front()
            && self.sent() >= limit
        {
            return Err(WINDOW.saturating_sub(now.since(*oldest)));
        }
        match self.recent.back_mut() {
            Some((at, count)) if *at == now => *count += 1,
            _ => self.recent.push_back((now, 1)),
        }
        Ok(())
    }

    /// Forgets calls older than a window. If the clock was set back, calls wait for a window or a pause at most.
    fn forget(&mut self, now: Timestamp) {
        self.resumes = self.resumes.min(now.plus(MAX_PAUSE));
        for (at, _) in &mut self.recent {
            *at = (*at).min(now);
        }
        while let Some((at, _)) = self.recent.front()
            && now.since(*at) >= WINDOW
        {
            self.recent.pop_front();
        }
    }

    fn sent(&self) -> u32 {
        self.recent.iter().map(|(_, count)| count).sum()
    }
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            recent: VecDeque::new(),
            resumes: Timestamp::from_unix(0),
        }
    }
}

/// Didit's window of 60 s and one more second, because timestamps are whole seconds.
const WINDOW: Duration = Duration::from_secs(61);
/// After a 429 without `Retry-After`.
const PAUSE: Duration = Duration::from_secs(10);
/// The `Retry-After` of a sandbox is up to 24 hours, but its quota may be raised before.
const MAX_PAUSE: Duration = Duration::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::tests::HandClock;

    const START: u64 = 1_000_000;

    fn limits() -> (HandClock, RateLimits) {
        let clock = HandClock::default();
        clock.set(Timestamp::from_unix(START));
        (clock.clone(), RateLimits::new(Arc::new(clock)))
    }

    #[test]
    fn each_class_has_its_documented_limit_in_every_window() {
        for (class, limit) in [
            (Class::Creation, 600),
            (Class::Read, 600),
            (Class::Write, 300),
            (Class::Report, 50),
        ] {
            let (clock, limits) = limits();
            let mut sent = Vec::new();
            for second in 0..300_u64 {
                // A few calls at first, then as many as possible.
                for _ in 0..if second < 30 { limit / 60 } else { limit } {
                    if limits.begin(class).is_ok() {
                        sent.push(second);
                    }
                }
                clock.advance(Duration::from_secs(1));
            }
            for start in 0..300 {
                let window = start..=start + 60;
                let count = sent.iter().filter(|at| window.contains(*at)).count();
                assert!(count <= limit, "{class:?}: {count} from {start}");
            }
            assert!(sent.len() >= 4 * limit, "{class:?}: {}", sent.len());
        }
    }

    #[test]
    fn a_refused_call_says_when_the_next_one_is_possible() {
        let (clock, limits) = limits();
        assert!((0..50).all(|_| limits.begin(Class::Report).is_ok()));
        clock.advance(Duration::from_secs(20));
        let wait = limits.begin(Class::Report).unwrap_err();
        assert_eq!(wait, Duration::from_secs(41));
        // The other classes have calls left.
        assert_eq!(limits.begin(Class::Read), Ok(()));
        clock.advance(wait);
        assert_eq!(limits.begin(Class::Report), Ok(()));
    }

    #[test]
    fn a_429_stops_its_class_until_the_time_that_didit_says() {
        for (said, wait) in [
            (Some(Duration::from_secs(17)), 17),
            (Some(Duration::from_secs(86_400)), 300),
            (Some(Duration::MAX), 300),
            (None, 10),
        ] {
            let (clock, limits) = limits();
            limits.pause(Class::Read, said);
            let wait = Duration::from_secs(wait);
            assert_eq!(limits.begin(Class::Read), Err(wait));
            assert_eq!(limits.begin(Class::Creation), Ok(()));
            clock.advance(wait);
            assert_eq!(limits.begin(Class::Read), Ok(()));
        }
    }

    #[test]
    fn a_clock_that_is_set_back_stops_no_calls_for_long() {
        let (clock, limits) = limits();
        assert!((0..600).all(|_| limits.begin(Class::Read).is_ok()));
        limits.pause(Class::Creation, Some(Duration::from_secs(300)));
        clock.set(Timestamp::from_unix(START / 2));
        assert_eq!(limits.begin(Class::Read), Err(WINDOW));
        assert_eq!(limits.begin(Class::Creation), Err(MAX_PAUSE));
        clock.advance(WINDOW);
        assert_eq!(limits.begin(Class::Read), Ok(()));
        clock.advance(MAX_PAUSE);
        assert_eq!(limits.begin(Class::Creation), Ok(()));
    }

    #[test]
    fn a_call_is_counted_by_method_and_path() {
        let id = "11111111-2222-3333-4444-555555555555";
        for (method, path, class) in [
            (Method::POST, "/v3/session/".to_owned(), Class::Creation),
            (
                Method::GET,
                format!("/v3/session/{id}/decision/"),
                Class::Read,
            ),
            (Method::GET, "/v3/sessions/?limit=1".to_owned(), Class::Read),
            (
                Method::PATCH,
                format!("/v3/session/{id}/update-status/"),
                Class::Write,
            ),
            (
                Method::DELETE,
                format!("/v3/session/{id}/delete/"),
                Class::Write,
            ),
            (
                Method::POST,
                "/v3/webhook/destinations/".to_owned(),
                Class::Write,
            ),
            (
                Method::GET,
                format!("/v3/session/{id}/generate-pdf/"),
                Class::Report,
            ),
        ] {
            assert_eq!(Class::of(&method, &path), class, "{method} {path}");
        }
    }
}
