//! The request log.

mod recorded_request;

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use http::{Request, StatusCode};

pub use self::recorded_request::RecordedRequest;
use crate::{fault::Fault, provider::endpoint::Endpoint};

/// The latest requests, and counts of all requests.
#[derive(Debug, Default)]
pub(crate) struct Log {
    requests: VecDeque<RecordedRequest>,
    counts: HashMap<Endpoint, usize>,
    recorded: u64,
    bytes: usize,
}

/// What the fake did with a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) endpoint: Option<Endpoint>,
    /// The number of the request, from 1.
    pub(crate) number: u64,
    /// Seconds since 1970.
    pub(crate) at: u64,
    pub(crate) fault: Option<Fault>,
    /// `None` without a response.
    pub(crate) status: Option<StatusCode>,
    pub(crate) problem: Option<String>,
}

impl Log {
    /// Records a request with its outcome, and numbers it.
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

    /// The number of requests so far, with those that are no longer kept.
    #[cfg(feature = "cli")]
    pub(crate) fn recorded(&self) -> u64 {
        self.recorded
    }

    /// Removes the requests. Counts and numbers continue.
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

/// How many requests are kept.
const CAPACITY: usize = 10_000;
/// How many bytes of requests are kept.
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
    fn last_gives_the_last_request_of_an_endpoint() {
        let mut log = Log::default();
        for endpoint in [Endpoint::Token, Endpoint::Token, Endpoint::UserInfo] {
            log.record(&request(), at(endpoint));
        }
        let number = |endpoint| log.last(endpoint).map(|request| request.number());
        assert_eq!(number(Endpoint::Token), Some(2));
        assert_eq!(number(Endpoint::Jwks), None);
    }

    #[test]
    fn counts_include_requests_that_are_no_longer_kept() {
        let mut log = Log::default();
        for _ in 0..=CAPACITY {
            log.record(&request(), at(Endpoint::Token));
        }
        assert_eq!(log.requests().len(), CAPACITY);
        assert_eq!(log.count(Endpoint::Token), CAPACITY + 1);
    }

    #[test]
    fn large_requests_displace_older_ones() {
        let mut log = Log::default();
        let large = request().map(|_| Bytes::from(vec![b'x'; CAPACITY_BYTES / 4]));
        for _ in 0..9 {
            log.record(&large, at(Endpoint::Token));
        }
        assert_eq!(log.requests().len(), 3);
        assert_eq!(log.requests()[0].number(), 7);
    }
}
