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

    /// Forgets the faults of one endpoint.
    #[cfg(feature = "cli")]
    pub(crate) fn clear_at(&mut self, endpoint: Endpoint) {
        self.next.remove(&endpoint);
        self.every.remove(&endpoint);
    }

    /// The faults still to come, in the order in which an endpoint has them, and whether each is for every
    /// call.
    #[cfg(feature = "cli")]
    pub(crate) fn coming(&self) -> impl Iterator<Item = (Endpoint, &Fault, bool)> {
        Endpoint::ALL.iter().flat_map(|endpoint| {
            let next = self.next.get(endpoint).into_iter().flatten();
            let every = self.every.get(endpoint).into_iter();
            let next = next.map(|fault| (*endpoint, fault, false));
            next.chain(every.map(|fault| (*endpoint, fault, true)))
        })
    }

    /// The fault for the call that came in now.
    pub(crate) fn take(&mut self, endpoint: Endpoint) -> Option<Fault> {
        let queued = self.next.get_mut(&endpoint).and_then(VecDeque::pop_front);
        queued.or_else(|| self.every.get(&endpoint).cloned())
    }
}
