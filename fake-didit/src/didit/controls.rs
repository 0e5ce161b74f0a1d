//! What a test changes while the fake runs.

use super::FakeDidit;
use crate::{fault::Fault, provider::endpoint::Endpoint};

impl FakeDidit {
    /// Revokes all grants so far, with their codes and tokens.
    pub fn revoke_all(&self) {
        self.lock().ledger.revoke_all();
    }

    /// From now on every path answers 404: the product is not switched on for the application.
    pub fn switch_off(&self) {
        self.lock().is_off = true;
    }

    /// Undoes [`switch_off`](Self::switch_off).
    pub fn switch_on(&self) {
        self.lock().is_off = false;
    }

    /// Publishes the next keys besides those that sign, as a provider does a while before it uses
    /// them.
    pub fn announce_keys(&self) {
        self.lock().keys.announce();
    }

    /// Signs with the next keys from now on, and publishes them besides those before.
    pub fn rotate_keys_gently(&self) {
        self.lock().keys.rotate_gently();
    }

    /// Publishes only the keys that sign.
    pub fn retire_keys(&self) {
        self.lock().keys.retire();
    }

    /// Signs with the next keys from now on, and publishes only those: a compromised key disappears at
    /// once. There are two sets, which take turns under new names.
    pub fn rotate_keys(&self) {
        self.lock().keys.rotate();
    }

    /// The JWK set that it publishes now.
    pub fn jwks_document(&self) -> String {
        self.lock().keys.jwks().to_string()
    }

    /// Injects a fault at the next call of an endpoint. Faults queue up, one for each call.
    pub fn on_next(&self, endpoint: Endpoint, fault: Fault) {
        self.lock().script.on_next(endpoint, fault);
    }

    /// Injects a fault at every call of an endpoint that has no fault queued.
    pub fn on_every(&self, endpoint: Endpoint, fault: Fault) {
        self.lock().script.on_every(endpoint, fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.lock().script.clear();
    }
}
