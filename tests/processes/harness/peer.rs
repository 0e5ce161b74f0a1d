//! An OpenID provider that this project did not write: npm's `oidc-provider`, in `tests/peer`.

use std::{path::Path, process::Command};

use reqwest::Url;

use super::{
    browser::Browser,
    process::Process,
    relying_party::{CLIENT_ID, CLIENT_SECRET, redirect_uri},
};
use crate::support::port::Port;

/// Who signs in there.
pub(crate) const ACCOUNT: &str = "alejandra";

/// The running provider.
pub(crate) struct Peer {
    origin: String,
    process: Process,
}

impl Peer {
    /// Starts it on `port`, for the one application at `app`, with `settings` as its header says.
    pub(crate) fn start(port: &Port, app: &Port, settings: &[(&str, &str)]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer");
        assert!(
            folder.join("node_modules/oidc-provider").is_dir(),
            "the provider is not installed: run `npm ci` in {}",
            folder.display()
        );
        let process = Process::start(
            Command::new("node")
                .arg(folder.join("provider.mjs"))
                .env("CLIENT_ID", CLIENT_ID)
                .env("CLIENT_SECRET", CLIENT_SECRET)
                .env("REDIRECT_URI", redirect_uri(app))
                .env("ACCOUNT", ACCOUNT)
                .env("PORT", port.number().to_string())
                .env("INTERACTIVE", "0")
                .envs(settings.iter().copied()),
            "on Debian it is in the package `nodejs` (apt-get install nodejs npm)",
        );
        let origin = process.wait_for("listening on ");
        Self { origin, process }
    }

    /// Its issuer.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        let url = format!("{}{path}", self.origin);
        url.parse().expect("it prints a whole URL")
    }

    /// How many requests it has answered until now that start like this: `METHOD PATH `.
    pub(crate) async fn answered(&self, start: &str) -> usize {
        // It logs in the order in which it answers: after this request's line, all earlier are there.
        let fence = format!("/fence-{}", self.printed("GET /fence-"));
        let _ = Browser::new().get(&self.url(&fence), "*/*").await;
        self.process.wait_for(&format!("GET {fence} "));
        self.printed(start)
    }

    fn printed(&self, start: &str) -> usize {
        let lines = self.process.printed();
        lines.iter().filter(|line| line.starts_with(start)).count()
    }
}
