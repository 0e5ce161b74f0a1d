//! Codes and tokens that look random but are the same in every run.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

/// Generates unique opaque values: a counter, hashed together with the client id.
///
/// Two runs of a test get the same values. A real provider must never do this.
pub(crate) struct TokenGenerator {
    seed: String,
    count: u64,
}

impl TokenGenerator {
    pub(crate) fn new(client_id: &str) -> Self {
        Self {
            seed: format!("tower-didit fake\0{client_id}\0"),
            count: 0,
        }
    }

    /// The prefix, an underscore, and 43 unreserved characters.
    pub(crate) fn next(&mut self, prefix: &str) -> String {
        self.count += 1;
        let hash = digest(&SHA256, format!("{}{}", self.seed, self.count).as_bytes());
        format!("{prefix}_{}", BASE64_URL_SAFE_NO_PAD.encode(hash.as_ref()))
    }
}

impl fmt::Debug for TokenGenerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenGenerator")
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_the_same_in_every_run_and_unique_within_one() {
        let (mut one, mut other) = (TokenGenerator::new("client"), TokenGenerator::new("client"));
        let first = one.next("code");
        assert_eq!(first, other.next("code"));
        assert_ne!(first, one.next("code"));
        assert_ne!(first, TokenGenerator::new("another").next("code"));
    }
}
