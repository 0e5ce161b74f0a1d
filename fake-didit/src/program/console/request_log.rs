//! The lines of `--log-requests`.

use std::{
    fmt::Write as _,
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::redaction::Redaction;
use crate::{FakeDidit, log::RecordedRequest};

/// Prints recorded requests on the standard error.
#[derive(Clone, Debug, Default)]
pub(super) struct RequestLog {
    /// The number of the last printed request.
    printed: Arc<AtomicU64>,
}

impl RequestLog {
    /// Prints the requests that were recorded since the previous call.
    pub(super) fn print_new(&self, didit: &FakeDidit) {
        let state = didit.lock();
        let redaction = Redaction {
            client_secret: state.client.secret(),
        };
        let printed = self.printed.swap(state.log.recorded(), Ordering::SeqCst);
        let lines: String = state
            .log
            .since(printed)
            .map(|request| line(request, &redaction))
            .collect();
        drop(state);
        // A closed standard error is no reason to stop.
        let _ = io::stderr().write_all(lines.as_bytes());
    }
}

fn line(request: &RecordedRequest, redaction: &Redaction<'_>) -> String {
    let mut line = format!("#{} {} ", request.number(), request.method());
    match request.endpoint() {
        Some(endpoint) => line.push_str(endpoint.name()),
        None => line.push_str(&redaction.text(request.uri().path())),
    }
    match request.status() {
        Some(status) => write!(line, " {}", status.as_u16()),
        None => write!(line, " no response"),
    }
    .expect("writing to a string does not fail");
    if let Some(fault) = request.fault() {
        write!(line, " (fault: {fault})").expect("writing to a string does not fail");
    }
    if let Some(problem) = request.problem() {
        write!(line, ": {}", redaction.text(problem)).expect("writing to a string does not fail");
    }
    // Attacker-controlled: no control sequence reaches the terminal.
    line.replace(char::is_control, "\u{fffd}") + "\n"
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{Request, StatusCode};

    use super::*;
    use crate::{
        Endpoint, Fault,
        log::{Log, Outcome},
    };

    fn logged(path: &str, outcome: Outcome) -> String {
        let mut log = Log::default();
        log.record(&Request::get(path).body(Bytes::new()).unwrap(), outcome);
        let redaction = Redaction {
            client_secret: Some("secret"),
        };
        line(&log.requests()[0], &redaction)
    }

    #[test]
    fn a_line_has_number_method_endpoint_status_fault_and_problem() {
        let token = Outcome {
            endpoint: Some(Endpoint::Token),
            status: Some(StatusCode::BAD_REQUEST),
            problem: Some("the code has expired".to_owned()),
            ..Outcome::default()
        };
        assert_eq!(
            logged("/auth/v2/token?code=secret", token),
            "#1 GET token 400: the code has expired\n"
        );
        let jwks = Outcome {
            endpoint: Some(Endpoint::Jwks),
            fault: Some(Fault::hang()),
            ..Outcome::default()
        };
        assert_eq!(
            logged("/auth/jwks", jwks),
            "#1 GET jwks no response (fault: never answers)\n"
        );
    }

    #[test]
    fn a_line_has_neither_secrets_nor_control_characters() {
        let token = format!("rt_{}", "0123456789".repeat(4));
        let outcome = Outcome {
            status: Some(StatusCode::NOT_FOUND),
            problem: Some(format!("{token}\n\u{1b}[2J")),
            ..Outcome::default()
        };
        assert_eq!(
            logged(&format!("/{token}"), outcome),
            "#1 GET /rt_012… 404: rt_012…\u{fffd}\u{fffd}[2J\n"
        );
    }
}
