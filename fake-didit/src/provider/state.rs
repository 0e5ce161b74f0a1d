//! All that a fake Didit knows.

use std::sync::Arc;

use super::{
    client::Client,
    clock::{FakeClock, unix_seconds},
    endpoint::Endpoint,
    interactions::Interactions,
    issuer::Issuer,
    keys::Keys,
    ledger::Ledger,
    log::Log,
    product::{DIDIT, END_SESSION, Product, REVOCATION},
    script::Script,
};
use crate::{clock::Clock, provider::Provider};

/// The settings, and what happened so far.
#[derive(Debug)]
pub(super) struct State {
    pub(super) product: Product,
    /// Didit has not switched the product on for this application.
    pub(super) is_off: bool,
    pub(super) client: Client,
    pub(super) redirect_uris: Vec<String>,
    pub(super) post_logout_redirect_uris: Vec<String>,
    /// Endpoints that a real Didit does not have.
    pub(super) switched_on: Vec<Endpoint>,
    pub(super) issuer: Issuer,
    /// Whether the answer to an authorization request has an `iss` (RFC 9207).
    pub(super) sends_iss: bool,
    pub(super) code_lifetime: u64,
    pub(super) access_token_lifetime: u64,
    pub(super) refresh_token_lifetime: u64,
    pub(super) rotates_refresh_tokens: bool,
    pub(super) jwks_max_age: u64,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) keys: Keys,
    pub(super) ledger: Ledger,
    pub(super) interactions: Interactions,
    pub(super) script: Script,
    pub(super) log: Log,
}

impl State {
    pub(super) fn new(product: Product, client: Client, clock: FakeClock) -> Self {
        Self {
            product,
            is_off: false,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            switched_on: Vec::new(),
            issuer: product.issuer(),
            sends_iss: false,
            code_lifetime: 60,
            access_token_lifetime: 3600,
            refresh_token_lifetime: 30 * 24 * 3600,
            rotates_refresh_tokens: false,
            jwks_max_age: 300,
            clock: Arc::new(clock),
            keys: Keys::default(),
            ledger: Ledger::new(&client.id),
            interactions: Interactions::default(),
            script: Script::default(),
            log: Log::default(),
            client,
        }
    }

    /// The endpoint at a path.
    pub(super) fn endpoint(&self, path: &str) -> Option<Endpoint> {
        let endpoint = self.product.endpoint(&self.issuer, path);
        endpoint.filter(|&endpoint| self.has(endpoint))
    }

    /// Whether it has an endpoint that the product may have.
    pub(super) fn has(&self, endpoint: Endpoint) -> bool {
        let is_extra = [Endpoint::Revocation, Endpoint::EndSession].contains(&endpoint);
        !is_extra || self.switched_on.contains(&endpoint)
    }

    /// The provider that an application is configured with.
    pub(super) fn provider(&self) -> Provider {
        let mut provider = match self.product {
            Product::SignIn => Provider::didit(),
            Product::Authentication => return Provider::authentication(self.issuer.as_str()),
        };
        if self.has(Endpoint::Revocation) {
            provider = provider.with_revocation_endpoint(format!("{DIDIT}{REVOCATION}"));
        }
        if self.has(Endpoint::EndSession) {
            provider = provider.with_end_session_endpoint(format!("{DIDIT}{END_SESSION}"));
        }
        provider
    }

    /// Seconds since 1970.
    pub(super) fn now(&self) -> u64 {
        unix_seconds(self.clock.now())
    }
}
