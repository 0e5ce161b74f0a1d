//! The state of a fake.

use std::collections::VecDeque;

use crate::{
    clock::{FakeClock, unix_seconds},
    fault::queue::FaultQueue,
    keys::Keys,
    log::{Log, Outcome},
    person::accounts::Accounts,
    provider::{
        client::Client,
        endpoint::Endpoint,
        interactions::Interactions,
        issuer::Issuer,
        product::{DIDIT, END_SESSION, Product, REVOCATION},
        token_store::TokenStore,
    },
    verification::{routes, state::Verification},
};

/// Settings, issued tokens, injected faults and recorded requests.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) product: Product,
    /// Every endpoint answers 404: the product is not enabled for the application.
    pub(crate) is_off: bool,
    pub(crate) client: Client,
    /// The accepted scopes.
    pub(crate) scopes: Vec<String>,
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) post_logout_redirect_uris: Vec<String>,
    /// Endpoints that Didit does not have.
    pub(crate) switched_on: Vec<Endpoint>,
    pub(crate) issuer: Issuer,
    /// Whether authorization responses have an `iss` (RFC 9207).
    pub(crate) sends_iss: bool,
    pub(crate) code_lifetime: u64,
    pub(crate) access_token_lifetime: u64,
    pub(crate) refresh_token_lifetime: u64,
    pub(crate) rotates_refresh_tokens: bool,
    pub(crate) jwks_max_age: u64,
    pub(crate) clock: FakeClock,
    pub(crate) keys: Keys,
    pub(crate) tokens: TokenStore,
    pub(crate) accounts: Accounts,
    pub(crate) interactions: Interactions,
    /// When sessions were checked in the last hour.
    pub(crate) session_checks: VecDeque<u64>,
    pub(crate) faults: FaultQueue,
    pub(crate) log: Log,
    pub(crate) verification: Verification,
}

impl State {
    pub(crate) fn new(product: Product, client: Client, clock: FakeClock) -> Self {
        Self {
            product,
            is_off: false,
            scopes: product
                .scopes()
                .iter()
                .copied()
                .map(str::to_owned)
                .collect(),
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
            clock,
            keys: Keys::default(),
            tokens: TokenStore::new(&client.id),
            accounts: Accounts::default(),
            interactions: Interactions::default(),
            session_checks: VecDeque::new(),
            faults: FaultQueue::default(),
            log: Log::default(),
            verification: Verification::new(),
            client,
        }
    }

    /// The endpoint at a path.
    pub(crate) fn endpoint(&self, path: &str) -> Option<Endpoint> {
        let endpoint = self.product.endpoint(&self.issuer, path);
        let endpoint = endpoint.filter(|&endpoint| self.has(endpoint));
        endpoint.or_else(|| routes::endpoint(path))
    }

    /// The endpoints of the product, with the optional ones that are switched on.
    #[cfg(feature = "cli")]
    pub(crate) fn endpoints(&self) -> impl Iterator<Item = Endpoint> {
        let all = Endpoint::ALL.iter().copied();
        all.filter(|&endpoint| self.product.supports(endpoint) && self.has(endpoint))
    }

    /// Whether an endpoint of the product is available; optional ones must be switched on.
    pub(crate) fn has(&self, endpoint: Endpoint) -> bool {
        let is_optional = [Endpoint::Revocation, Endpoint::EndSession].contains(&endpoint);
        !is_optional || self.switched_on.contains(&endpoint)
    }

    /// The URL of an optional endpoint that is switched on.
    pub(crate) fn optional_endpoint(&self, endpoint: Endpoint) -> Option<String> {
        let path = match endpoint {
            Endpoint::Revocation => REVOCATION,
            Endpoint::EndSession => END_SESSION,
            _ => return None,
        };
        self.has(endpoint).then(|| format!("{DIDIT}{path}"))
    }

    /// The outcome of a request that arrives now, before it is processed.
    pub(crate) fn outcome(&self, endpoint: Option<Endpoint>) -> Outcome {
        Outcome {
            endpoint,
            at: self.now(),
            ..Outcome::default()
        }
    }

    /// Seconds since 1970.
    pub(crate) fn now(&self) -> u64 {
        unix_seconds(self.clock.now())
    }
}
