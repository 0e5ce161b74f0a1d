//! Which faults are still to come.

use std::collections::{HashMap, VecDeque};

use crate::{fault::Fault, provider::endpoint::Endpoint};

/// The faults of each endpoint: those for its next calls, then the one for every call.
#[derive(Debug, Default)]
pub(crate) struct Script {
    next: HashMap<Endpoint, VecDeque<Fault>>,
    every: HashMap<Endpoint, Fault>,
}

impl Script {
    pub(crate) fn on_next(&mut self, endpoint: Endpoint, fault: Fault) {
        self.next.entry(endpoint).or_default().push_back(fault);
    }

    pub(crate) fn on_every(&mut self, endpoint: Endpoint, fault: Fault) {
        self.every.insert(endpoint, fault);
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The fault for the call that came in now.
    pub(crate) fn take(&mut self, endpoint: Endpoint) -> Option<Fault> {
        let queued = self.next.get_mut(&endpoint).and_then(VecDeque::pop_front);
        queued.or_else(|| self.every.get(&endpoint).cloned())
    }
}
