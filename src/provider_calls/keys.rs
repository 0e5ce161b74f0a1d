//! The provider's keys, kept.

use std::sync::{Mutex, PoisonError};

use super::{cached::Cached, fetch::fetch};
use crate::{
    clock::Timestamp,
    error::Error,
    oidc::{Jwks, KeyRefusal, ReceivedIdToken, SignedIdToken},
    provider::Endpoint,
    transport::LimitedTransport,
};

/// The keys of a provider, which follow a rotation at once and cannot be made to ask all the time.
#[derive(Debug)]
pub(super) struct KeyCache {
    cached: Cached<(Endpoint, Jwks)>,
    refetches: Mutex<TokenBucket>,
}

impl KeyCache {
    pub(super) fn new() -> Self {
        Self {
            cached: Cached::new("JWKS"),
            refetches: Mutex::new(TokenBucket::full()),
        }
    }

    /// Verifies the signature of a token with the keys at `url`. If none of the known ones does, they are
    /// fetched once more, if that was not done too often (OpenID Connect Core §10.1.1).
    pub(super) async fn verify(
        &self,
        token: ReceivedIdToken<'_>,
        url: &Endpoint,
        transport: &LimitedTransport,
        now: Timestamp,
    ) -> Result<SignedIdToken, Error> {
        let fetch = || {
            let (url, transport) = (url.clone(), transport.clone());
            async move {
                let published = fetch(&transport, &url, "the key set").await?;
                Ok(((url, Jwks::parse(&published.body)?), published.lifetime))
            }
        };
        let known = self.cached.get(now, fetch()).await?;
        let (token, refusal) = match verify(token, &known.value, url) {
            Ok(signed) => return Ok(signed),
            Err(refused) => refused,
        };
        // Also of a signature that is wrong: some providers give a new key the name of the old one.
        let may_fetch = || self.take(now);
        match self.cached.newer(&known, now, may_fetch, fetch()).await {
            None => {
                tracing::warn!("an ID token fits no key again: the keys are not fetched");
                Err(refusal.into())
            }
            Some(newer) => verify(token, &newer?.value, url).map_err(|(_, refusal)| refusal.into()),
        }
    }

    fn take(&self, now: Timestamp) -> bool {
        let mut refetches = self
            .refetches
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        refetches.take(now)
    }
}

/// Verifies with keys that are from `url`: the metadata may name another address by now.
#[expect(
    clippy::result_large_err,
    reason = "a token is moved once or twice in a sign-in"
)]
fn verify<'a>(
    token: ReceivedIdToken<'a>,
    (source, keys): &(Endpoint, Jwks),
    url: &Endpoint,
) -> Result<SignedIdToken, (ReceivedIdToken<'a>, KeyRefusal)> {
    if source == url {
        token.verify_signature(keys)
    } else {
        Err((token, KeyRefusal::Unknown))
    }
}

/// A few at once, then one a minute.
#[derive(Debug)]
struct TokenBucket {
    tokens: u64,
    filled: Timestamp,
}

impl TokenBucket {
    fn full() -> Self {
        Self {
            tokens: CAPACITY,
            filled: Timestamp::from_unix(0),
        }
    }

    fn take(&mut self, now: Timestamp) -> bool {
        // A clock that was ahead and was set back does not stop the minutes.
        self.filled = self.filled.min(now);
        let minutes = now.since(self.filled).as_secs() / 60;
        if minutes > 0 {
            self.tokens = self.tokens.saturating_add(minutes).min(CAPACITY);
            self.filled = now;
        }
        let taken = self.tokens > 0;
        self.tokens -= u64::from(taken);
        taken
    }
}

const CAPACITY: u64 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_at_once_then_one_a_minute() {
        let mut bucket = TokenBucket::full();
        let mut taken_at = |seconds: u64| {
            let now = Timestamp::from_unix(1_000_000 + seconds);
            (0..1000_u32).filter(|_| bucket.take(now)).count()
        };
        assert_eq!(taken_at(0), 3);
        assert_eq!(taken_at(59), 0);
        assert_eq!(taken_at(60), 1);
        assert_eq!(taken_at(60 + 119), 1);
        assert_eq!(taken_at(60 * 60), 3);
        // The clock is set back.
        assert_eq!(taken_at(0), 0);
        assert_eq!(taken_at(60), 1);
    }
}
