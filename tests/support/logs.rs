//! What a test logs.

use std::{cell::RefCell, io, sync::Once};

use tracing::Level;

/// Starts to keep what this thread logs, at every level.
///
/// One subscriber serves all threads: with one for each test, `tracing` would remember of a place
/// that logs whether it was of interest to the thread that came by first.
pub(crate) fn capture() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .with_writer(|| Logs)
            .init();
    });
    LOGS.take();
}

/// What this thread has logged since [`capture`].
pub(crate) fn logs() -> String {
    LOGS.with_borrow(|logs| String::from_utf8_lossy(logs).into_owned())
}

thread_local! {
    static LOGS: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Logs;

impl io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGS.with_borrow_mut(|logs| logs.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
