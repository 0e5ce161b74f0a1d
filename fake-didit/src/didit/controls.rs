//! What a test changes during a run: faults, keys, grants, availability.

use super::FakeDidit;
use crate::{fault::Fault, provider::endpoint::Endpoint};

/// # Controls
///
/// What a test changes while its application runs. [`FakeDidit`](FakeDidit#controls) has an example.
impl FakeDidit {
    /// Injects a fault into the next request to an endpoint. Further faults are queued, one for each
    /// request. [Example](Self#controls).
    pub fn on_next(&self, endpoint: Endpoint, fault: Fault) {
        self.lock().faults.on_next(endpoint, fault);
    }

    /// Injects a fault into every request to an endpoint for which none is queued. Replaces the previous
    /// one. [Example](Self#controls).
    pub fn on_every(&self, endpoint: Endpoint, fault: Fault) {
        self.lock().faults.on_every(endpoint, fault);
    }

    /// Removes all faults, also those of webhooks. [Example](Self#controls).
    pub fn clear_faults(&self) {
        let mut state = self.lock();
        state.faults.clear();
        state.verification.outbox.clear_faults();
    }

    /// Revokes all grants so far, with their codes and tokens. [Example](Self#controls).
    pub fn revoke_all(&self) {
        self.lock().tokens.revoke_all();
    }

    /// Answers every request with 404, as Didit does when the product is not enabled for the application.
    /// [Example](Self#controls).
    pub fn switch_off(&self) {
        self.lock().is_off = true;
    }

    /// Reverts [`switch_off`](Self::switch_off).
    pub fn switch_on(&self) {
        self.lock().is_off = false;
    }

    /// Publishes the next keys in addition to the current ones, as providers do some time before they use
    /// them.
    ///
    /// ```
    /// use fake_didit::FakeDidit;
    ///
    /// let didit = FakeDidit::new("app", "secret");
    /// didit.announce_keys(); // publishes keys 1 and 2, signs with 1
    /// assert!(didit.jwks_document().contains("fake-es256-2"));
    /// didit.rotate_keys_gently(); // publishes keys 1 and 2, signs with 2
    /// didit.retire_keys(); // publishes and signs with 2
    /// assert!(!didit.jwks_document().contains("fake-es256-1"));
    /// ```
    pub fn announce_keys(&self) {
        self.lock().keys.announce();
    }

    /// Signs with the next keys, and still publishes the previous ones. See the example of
    /// [`announce_keys`](Self::announce_keys).
    pub fn rotate_keys_gently(&self) {
        self.lock().keys.rotate_gently();
    }

    /// Publishes only the current keys. See the example of [`announce_keys`](Self::announce_keys).
    pub fn retire_keys(&self) {
        self.lock().keys.retire();
    }

    /// Signs with the next keys and publishes only those, as after a key compromise.
    /// [Example](Self#controls).
    ///
    /// There are two sets of keys. They alternate, with a new `kid` each time.
    pub fn rotate_keys(&self) {
        self.lock().keys.rotate();
    }

    /// The JWK set that is published now. See the example of [`announce_keys`](Self::announce_keys).
    pub fn jwks_document(&self) -> String {
        self.lock().keys.jwks().to_string()
    }
}
