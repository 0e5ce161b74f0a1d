//! Codes and tokens that look random and are the same in every run of a test.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

/// Gives a new opaque value each time: a counter, hashed together with the client id.
///
/// Within one fake no value repeats; two runs of a test get the same values. That is what a test
/// wants and what a real provider must never do.
pub(crate) struct Secrets {
    seed: String,
    given: u64,
}

impl Secrets {
    pub(crate) fn new(client_id: &str) -> Self {
        Self {
            seed: format!("tower-didit fake\0{client_id}\0"),
            given: 0,
        }
    }

    /// 43 unreserved characters behind a prefix that says what they are for.
    pub(crate) fn next(&mut self, prefix: &str) -> String {
        self.given += 1;
        let hash = digest(&SHA256, format!("{}{}", self.seed, self.given).as_bytes());
        format!("{prefix}_{}", BASE64_URL_SAFE_NO_PAD.encode(hash.as_ref()))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets")
            .field("given", &self.given)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeatable_between_runs_and_unique_within_one() {
        let (mut one, mut other) = (Secrets::new("client"), Secrets::new("client"));
        let first = one.next("code");
        assert_eq!(first, other.next("code"));
        assert_ne!(first, one.next("code"));
        assert_ne!(first, Secrets::new("another").next("code"));
    }
}
