//! An example with its fake Didit, on a free port.

use super::process::{self, Process};

/// A running example.
pub(crate) struct Example {
    pub(crate) origin: String,
    process: Process,
}

impl Example {
    pub(crate) fn start(name: &str) -> Self {
        Self::start_with(name, &[])
    }

    /// Likewise, with these variables.
    pub(crate) fn start_with(name: &str, variables: &[(&str, &str)]) -> Self {
        let mut command = process::example(name);
        let command = command
            .env("LISTEN", "127.0.0.1:0")
            .envs(variables.iter().copied());
        let process = Process::start(command, "it was just there");
        Self {
            origin: process.wait_for("listening on "),
            process,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// What follows `marker` on the first line that contains it, waiting for that line.
    pub(crate) fn wait_for(&self, marker: &str) -> String {
        self.process.wait_for(marker)
    }
}
