//! What the fake was asked.

mod recorded_request;

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use http::{Request, StatusCode};

pub use self::recorded_request::RecordedRequest;
use crate::{fault::Fault, provider::endpoint::Endpoint};

/// The latest requests, and a count of all.
#[derive(Debug, Default)]
pub(crate) struct Log {
    requests: VecDeque<RecordedRequest>,
    counts: HashMap<Endpoint, usize>,
    recorded: u64,
    bytes: usize,
}

/// What became of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) endpoint: Option<Endpoint>,
    /// The number of the request, from 1.
    pub(crate) number: u64,
    /// Seconds since 1970.
    pub(crate) at: u64,
    pub(crate) fault: Option<Fault>,
    /// `None` when there was no answer.
    pub(crate) status: Option<StatusCode>,
    pub(crate) problem: Option<String>,
}

impl Log {
    /// Keeps a request together with its outcome, whose number is set here.
    pub(crate) fn record(&mut self, request: &Request<Bytes>, outcome: Outcome) {
        self.recorded += 1;
        if let Some(endpoint) = outcome.endpoint {
            *self.counts.entry(endpoint).or_default() += 1;
        }
        let number = self.recorded;
        let recorded = RecordedRequest::new(request, Outcome { number, ..outcome });
        self.bytes += recorded.size();
        self.requests.push_back(recorded);
        while self.requests.len() > CAPACITY || self.bytes > CAPACITY_BYTES {
            let oldest = self.requests.pop_front();
            self.bytes -= oldest.map_or(self.bytes, |oldest| oldest.size());
        }
    }

    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.since(0).cloned().collect()
    }

    /// The requests with a number above `number`.
    pub(crate) fn since(&self, number: u64) -> impl Iterator<Item = &RecordedRequest> {
        let first = self
            .requests
            .partition_point(|request| request.number() <= number);
        self.requests.range(first..)
    }

    /// How many requests there were, forgotten ones included.
    #[cfg(feature = "cli")]
    pub(crate) fn recorded(&self) -> u64 {
        self.recorded
    }

    /// Forgets the requests; counts and numbers go on.
    pub(crate) fn clear(&mut self) {
        self.requests.clear();
        self.bytes = 0;
    }

    pub(crate) fn count(&self, endpoint: Endpoint) -> usize {
        self.counts.get(&endpoint).copied().unwrap_or_default()
    }

    pub(crate) fn last(&self, endpoint: Endpoint) -> Option<RecordedRequest> {
        self.requests
            .iter()
            .rev()
            .find(|request| request.endpoint() == Some(endpoint))
            .cloned()
    }
}

/// Enough for any test; the counts go on past it.
const CAPACITY: usize = 10_000;
const CAPACITY_BYTES: usize = 32 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request<Bytes> {
        Request::new(Bytes::new())
    }

    fn at(endpoint: Endpoint) -> Outcome {
        Outcome {
            endpoint: Some(endpoint),
            ..Outcome::default()
        }
    }

    #[test]
    fn the_last_request_is_that_of_the_endpoint() {
        let mut log = Log::default();
        for endpoint in [Endpoint::Token, Endpoint::Token, Endpoint::UserInfo] {
            log.record(&request(), at(endpoint));
        }
        let number = |endpoint| log.last(endpoint).map(|request| request.number());
        assert_eq!(number(Endpoint::Token), Some(2));
        assert_eq!(number(Endpoint::Jwks), None);
    }

    #[test]
    fn the_count_goes_on_when_the_oldest_are_forgotten() {
        let mut log = Log::default();
        for _ in 0..=CAPACITY {
            log.record(&request(), at(Endpoint::Token));
        }
        assert_eq!(log.requests().len(), CAPACITY);
        assert_eq!(log.count(Endpoint::Token), CAPACITY + 1);
    }

    #[test]
    fn the_oldest_are_forgotten_when_they_are_large() {
        let mut log = Log::default();
        let large = request().map(|_| Bytes::from(vec![b'x'; CAPACITY_BYTES / 4]));
        for _ in 0..9 {
            log.record(&large, at(Endpoint::Token));
        }
        assert_eq!(log.requests().len(), 3);
        assert_eq!(log.requests()[0].number(), 7);
    }
}
