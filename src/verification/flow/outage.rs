//! Pages that reload themselves while Didit does not respond.

use std::time::Duration;

use http::HeaderValue;

use crate::error::{Error, ErrorKind, VerificationError};

/// The time after which a page reloads itself; `None` for an error that a reload does not resolve.
pub(super) fn wait(error: &Error) -> Option<Duration> {
    match error.kind() {
        ErrorKind::ProviderUnreachable
        | ErrorKind::ProviderTimeout
        | ErrorKind::InvalidResponse
        | ErrorKind::Verification(
            VerificationError::RateLimited | VerificationError::Unavailable,
        ) => {
            let wait = error.retry_after().unwrap_or(SHORTEST);
            Some(wait.clamp(SHORTEST, LONGEST))
        }
        _ => None,
    }
}

/// The error for a person's page.
pub(super) fn of_page(error: Error) -> Error {
    let Some(wait) = wait(&error) else {
        return error;
    };
    match error.kind() {
        ErrorKind::Verification(_) => error,
        _ => error.into_cause_of(VerificationError::Unavailable.into()),
    }
    .with_retry_after(wait)
}

/// The value of `Refresh`. An empty `url` is the page itself.
pub(super) fn refresh(wait: Duration, url: &str) -> Option<HeaderValue> {
    let seconds = wait.as_secs();
    let value = if url.is_empty() {
        seconds.to_string()
    } else {
        format!("{seconds}; url={url}")
    };
    HeaderValue::from_str(&value).ok()
}

const SHORTEST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(300);
