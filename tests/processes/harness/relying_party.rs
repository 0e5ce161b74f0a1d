//! `examples/relying_party`.

use reqwest::Url;

use super::process::{self, Process};
use crate::support::port::Port;

/// Must be form-encoded inside Basic.
pub(crate) const CLIENT_ID: &str = "relying party:1";
/// Likewise.
pub(crate) const CLIENT_SECRET: &str = "s3cret+/=%";
pub(crate) const SCOPES: &str = "openid offline email names";

/// The running application.
pub(crate) struct RelyingParty {
    origin: Url,
    process: Process,
}

impl RelyingParty {
    /// Starts it on `port`, with `settings` besides the credentials and scopes, or in their place.
    pub(crate) fn start(port: &Port, settings: &[(&str, &str)]) -> Self {
        let process = Process::start(
            process::example("relying_party")
                .env("LISTEN", format!("127.0.0.1:{}", port.number()))
                .env("DIDIT_CLIENT_ID", CLIENT_ID)
                .env("DIDIT_CLIENT_SECRET", CLIENT_SECRET)
                .env("DIDIT_REDIRECT_URI", redirect_uri(port))
                .env("DIDIT_SCOPES", SCOPES)
                .envs(settings.iter().copied()),
            "it was just there",
        );
        let origin = process.wait_for("listening on ");
        Self {
            origin: origin.parse().expect("it prints a whole URL"),
            process,
        }
    }

    /// What follows `marker` on the first line that contains it, waiting for that line.
    pub(crate) fn wait_for(&self, marker: &str) -> String {
        self.process.wait_for(marker)
    }

    /// Its output until now, which has a line that contains `marker`.
    pub(crate) fn output_with(&self, marker: &str) -> String {
        self.process.wait_for(marker);
        self.process.printed().join("\n")
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        self.origin.join(path).expect("a path of the application")
    }
}

/// Where the application at `port` is called back.
pub(crate) fn redirect_uri(port: &Port) -> String {
    format!("{}/callback", port.origin())
}
