//! The provider's keys, kept.

use std::{
    future::Future,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use super::{cached::Cached, fetch::fetch, token_bucket::TokenBucket};
use crate::{
    clock::Timestamp,
    error::Error,
    oidc::{Jwks, KeyRefusal, ReceivedIdToken, SignedIdToken},
    provider::Endpoint,
    transport::LimitedTransport,
};

/// The keys of a provider, which follow a rotation at once and cannot be made to ask all the time.
pub(super) struct KeyCache {
    cached: Cached<(Endpoint, Jwks)>,
    refetches: Mutex<TokenBucket>,
}

impl KeyCache {
    pub(super) fn new() -> Self {
        Self {
            cached: Cached::new("JWKS"),
            refetches: Mutex::new(TokenBucket::new(REFETCHES)),
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
        let known = self.cached.get(now, get(url, transport)).await?;
        let (token, refusal) = match verify(token, &known.value, url) {
            Ok(signed) => return Ok(signed),
            Err(refused) => refused,
        };
        // Also of a signature that is wrong: some providers give a new key the name of the old one.
        let may_fetch = || self.take(now);
        let fetch = get(url, transport);
        match self.cached.newer(&known, now, may_fetch, fetch).await {
            None => Err(Error::from(refusal)
                .explained("the keys were fetched for others a moment ago, and are not again")),
            Some(newer) => verify(token, &newer?.value, url).map_err(|(_, refusal)| refusal.into()),
        }
    }

    /// Fetches the keys, if there are none.
    pub(super) async fn prepare(
        &self,
        url: &Endpoint,
        transport: &LimitedTransport,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.cached.get(now, get(url, transport)).await.map(drop)
    }

    fn take(&self, now: Timestamp) -> bool {
        let mut refetches = self
            .refetches
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        refetches.take(now)
    }
}

/// Gets the keys that are at `url` now.
fn get(
    url: &Endpoint,
    transport: &LimitedTransport,
) -> impl Future<Output = Result<((Endpoint, Jwks), Duration), Error>> + Send + use<> {
    let (url, transport) = (url.clone(), transport.clone());
    async move {
        let published = fetch(&transport, &url, "the key set").await?;
        let keys = Jwks::parse(&published.body).map_err(|error| error.at(url.host()))?;
        Ok(((url, keys), published.lifetime))
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

/// How often keys are fetched for a token that fits none: a few times at once, then once a minute.
const REFETCHES: (u64, Duration) = (3, Duration::from_secs(60));
