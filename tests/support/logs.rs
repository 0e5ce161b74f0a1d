//! What a test logs.

use std::{cell::RefCell, io, sync::Once};

use tracing_subscriber::{
    Layer as _,
    filter::dynamic_filter_fn,
    fmt::{self, format::FmtSpan},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

/// Starts to keep what this thread logs, by this crate and by those that it uses, at every level.
///
/// One subscriber serves all threads: with one for each test, `tracing` would remember of a place
/// that logs whether it was of interest to the thread that came by first.
pub(crate) fn capture() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let lines = fmt::layer()
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(|| Logs)
            .with_filter(dynamic_filter_fn(|_, _| is_captured()));
        tracing_subscriber::registry().with(lines).init();
    });
    LOGS.set(Some(Vec::new()));
}

/// What this thread has logged since [`capture`].
pub(crate) fn logs() -> String {
    LOGS.with_borrow(|logs| {
        let logs = logs.as_ref().expect("logs are captured");
        String::from_utf8_lossy(logs).into_owned()
    })
}

fn is_captured() -> bool {
    // A thread that ends may log when there is no such place any more.
    LOGS.try_with(|logs| logs.try_borrow().is_ok_and(|logs| logs.is_some()))
        .unwrap_or(false)
}

thread_local! {
    static LOGS: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

struct Logs;

impl io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGS.with_borrow_mut(|logs| logs.get_or_insert_default().extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
