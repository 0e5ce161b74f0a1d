//! All that a fake Didit knows.

use std::sync::Arc;

use super::{
    client::Client,
    clock::{FakeClock, unix_seconds},
    interactions::Interactions,
    keys::Keys,
    ledger::Ledger,
    log::Log,
    script::Script,
};
use crate::clock::Clock;

/// The settings, and what happened so far.
#[derive(Debug)]
pub(super) struct State {
    pub(super) client: Client,
    pub(super) redirect_uris: Vec<String>,
    pub(super) issuer: String,
    pub(super) code_lifetime: u64,
    pub(super) access_token_lifetime: u64,
    pub(super) refresh_token_lifetime: u64,
    pub(super) rotates_refresh_tokens: bool,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) keys: Keys,
    pub(super) ledger: Ledger,
    pub(super) interactions: Interactions,
    pub(super) script: Script,
    pub(super) log: Log,
}

impl State {
    pub(super) fn new(client: Client, clock: FakeClock) -> Self {
        Self {
            redirect_uris: Vec::new(),
            issuer: "https://apx.didit.me".to_owned(),
            code_lifetime: 60,
            access_token_lifetime: 3600,
            refresh_token_lifetime: 30 * 24 * 3600,
            rotates_refresh_tokens: false,
            clock: Arc::new(clock),
            keys: Keys::default(),
            ledger: Ledger::new(&client.id),
            interactions: Interactions::default(),
            script: Script::default(),
            log: Log::default(),
            client,
        }
    }

    /// Seconds since 1970.
    pub(super) fn now(&self) -> u64 {
        unix_seconds(self.clock.now())
    }
}
