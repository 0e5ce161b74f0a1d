//! A limit on log lines at `WARN`, many of which anybody can cause.

use std::{cell::RefCell, collections::HashMap, time::Duration};

use tokio::time::Instant;

/// Whether this thread may log another error with this message and code at `WARN`: `Some` with the number of such
/// errors that it has logged at `DEBUG` since the last one at `WARN`.
///
/// The message is part of the key, so that anonymous requests cannot use up the limit of a background task whose
/// errors have the same code. The limit is the thread's own and needs no lock.
pub(super) fn allows(message: String, code: &'static str) -> Option<u64> {
    // A thread that ends has no limit any more.
    let allowed = LIMITS.try_with(|limits| {
        let mut limits = limits.borrow_mut();
        let limit = limits.entry((message, code));
        limit.or_insert_with(Limit::new).take()
    });
    allowed.unwrap_or(Some(0))
}

thread_local! {
    static LIMITS: RefCell<HashMap<(String, &'static str), Limit>> = RefCell::default();
}

/// Of one message and code.
struct Limit {
    since: Instant,
    lines: u32,
    left_out: u64,
}

impl Limit {
    fn new() -> Self {
        Self {
            since: Instant::now(),
            lines: 0,
            left_out: 0,
        }
    }

    fn take(&mut self) -> Option<u64> {
        if self.since.elapsed() >= PERIOD {
            self.since = Instant::now();
            self.lines = 0;
        }
        if self.lines == MAX_LINES {
            self.left_out += 1;
            return None;
        }
        self.lines += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

/// In each [`PERIOD`].
const MAX_LINES: u32 = 60;
const PERIOD: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_message_has_sixty_lines_of_a_code_in_a_minute() {
        let allows = |message: &str, code| super::allows(message.to_owned(), code);
        let next = || allows("request failed", "a");
        let lines = |count: usize| (0..count).filter_map(|_| next()).collect::<Vec<_>>();
        assert_eq!(lines(10_000), [0; 60]);
        assert_eq!(allows("request failed", "b"), Some(0));
        assert_eq!(allows("failed to delete ended session", "a"), Some(0));
        advance(Duration::from_millis(59_999)).await;
        assert_eq!(lines(1), [0; 0]);
        advance(Duration::from_millis(1)).await;
        let next = lines(100);
        assert_eq!(next.len(), 60);
        assert_eq!(next[..2], [9_941, 0]);
    }
}
