//! The faults that are waiting for requests.

use std::collections::{HashMap, VecDeque};

use crate::{fault::Fault, provider::endpoint::Endpoint};

/// The faults of each endpoint: a queue for its next requests, then one for every request.
#[derive(Debug, Default)]
pub(crate) struct FaultQueue {
    next: HashMap<Endpoint, VecDeque<Fault>>,
    every: HashMap<Endpoint, Fault>,
}

impl FaultQueue {
    pub(crate) fn on_next(&mut self, endpoint: Endpoint, fault: Fault) {
        self.next.entry(endpoint).or_default().push_back(fault);
    }

    pub(crate) fn on_every(&mut self, endpoint: Endpoint, fault: Fault) {
        self.every.insert(endpoint, fault);
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Removes the faults of one endpoint.
    #[cfg(feature = "cli")]
    pub(crate) fn clear_at(&mut self, endpoint: Endpoint) {
        self.next.remove(&endpoint);
        self.every.remove(&endpoint);
    }

    /// The waiting faults, in order by endpoint; `true` marks the one for every request.
    #[cfg(feature = "cli")]
    pub(crate) fn pending(&self) -> impl Iterator<Item = (Endpoint, &Fault, bool)> {
        Endpoint::ALL.iter().flat_map(|endpoint| {
            let next = self.next.get(endpoint).into_iter().flatten();
            let every = self.every.get(endpoint).into_iter();
            let next = next.map(|fault| (*endpoint, fault, false));
            next.chain(every.map(|fault| (*endpoint, fault, true)))
        })
    }

    /// The fault for the current request.
    pub(crate) fn take(&mut self, endpoint: Endpoint) -> Option<Fault> {
        let queued = self.next.get_mut(&endpoint).and_then(VecDeque::pop_front);
        queued.or_else(|| self.every.get(&endpoint).cloned())
    }
}
