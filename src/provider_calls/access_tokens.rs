//! The verification of access tokens that clients of an API send.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio_util::task::TaskTracker;
use zeroize::Zeroizing;

use super::{ProviderCalls, introspect::ReadyToIntrospect, token_cache::TokenCache};
use crate::{
    clock::Timestamp,
    error::{Actor, Error, ErrorKind},
    flight::Flight,
    lock::lock,
    oidc::{ReceivedAccessToken, refused_access_token},
    provider::{Endpoint, Metadata, Signatures},
    seal::sha256,
    tokens::AccessClaims,
};

/// The access tokens that were verified, and the introspections in flight.
pub(super) struct AccessTokens {
    verified: TokenCache<Verified>,
    /// Kept separately from the verified ones, so that a flood of made-up tokens removes none of them. By a hash of
    /// the token, which a stranger chooses.
    refused: TokenCache<Refused>,
    /// One for each token, by a hash of it.
    introspections: Mutex<HashMap<[u8; 32], Flight<Outcome>>>,
}

type Outcome = Result<AccessClaims, Error>;

#[derive(Clone)]
struct Verified {
    claims: AccessClaims,
    at: Timestamp,
    is_introspected: bool,
}

#[derive(Clone)]
struct Refused {
    error: Error,
    at: Timestamp,
}

impl AccessTokens {
    pub(super) fn new() -> Self {
        Self {
            verified: TokenCache::new(),
            refused: TokenCache::new(),
            introspections: Mutex::default(),
        }
    }

    /// What is known of a token. An introspection counts for `lifetime`; no answer counts after the token has expired.
    fn known(&self, token: &[u8], lifetime: Duration, now: Timestamp) -> Option<Outcome> {
        if let Some(verified) = self.verified.get(token) {
            let lifetime = if verified.is_introspected {
                lifetime
            } else {
                MAX_LOCAL_LIFETIME
            };
            let expires = verified.claims.expiry();
            if is_recent(verified.at, lifetime, now) && expires.is_none_or(|end| now < end) {
                return Some(Ok(verified.claims));
            }
        }
        // Never longer than an introspection that succeeds.
        let lifetime = REFUSED_LIFETIME.min(lifetime);
        let refused = self.refused.get(&sha256(&[token]));
        let refused = refused.filter(|refused| is_recent(refused.at, lifetime, now));
        refused.map(|refused| Err(refused.error))
    }

    fn note(&self, token: &str, outcome: &Outcome, is_introspected: bool, at: Timestamp) {
        match outcome {
            Ok(claims) => {
                let verified = Verified {
                    claims: claims.clone(),
                    at,
                    is_introspected,
                };
                self.verified.insert(token.as_bytes(), verified);
            }
            // Only refusals by introspection are remembered: verifying a JWT again costs no call.
            Err(error) if is_introspected && error.kind() == ErrorKind::AccessTokenRefused => {
                self.verified.remove(token);
                let error = error.clone();
                self.refused
                    .insert(&sha256(&[token.as_bytes()]), Refused { error, at });
            }
            Err(_) => {}
        }
    }
}

impl ProviderCalls {
    /// What is known of an access token without a call. An introspection counts for `lifetime`.
    #[inline]
    pub(crate) fn known_access_token(&self, token: &[u8], lifetime: Duration) -> Option<Outcome> {
        self.access_tokens.known(token, lifetime, self.now())
    }

    /// Verifies an access token: by introspection (RFC 7662) if the provider has an endpoint for that, else as a JWT (RFC
    /// 9068 §4). Waits at most 5 s. The audience is not checked.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AccessTokenRefused`]; [`ErrorKind::AccessTokenUnverified`] if the provider has failed.
    pub(crate) async fn verify_access_token(
        self: &Arc<Self>,
        token: &str,
        lifetime: Duration,
    ) -> Outcome {
        let verify = async {
            let metadata = self.metadata().await?;
            if metadata.introspection_endpoint.is_some() {
                self.introspected(token, lifetime).await
            } else {
                self.verify_jwt(&metadata, token).await
            }
        };
        let outcome = tokio::time::timeout(MAX_WAIT, verify).await;
        let outcome = outcome.unwrap_or_else(|_| Err(Error::new(ErrorKind::ProviderTimeout)));
        outcome.map_err(|error| match error.kind().row().actor {
            Actor::Provider => error.into_cause_of(ErrorKind::AccessTokenUnverified),
            _ => error,
        })
    }

    /// The outcome of an introspection that concurrent requests with the same token share. It continues if its waiters
    /// are dropped.
    async fn introspected(self: &Arc<Self>, token: &str, lifetime: Duration) -> Outcome {
        let flight = {
            let mut flights = lock(&self.access_tokens.introspections);
            // Another request may have completed it in the meantime.
            if let Some(known) = self.known_access_token(token.as_bytes(), lifetime) {
                return known;
            }
            let hash = sha256(&[token.as_bytes()]);
            let in_flight = flights.get(&hash).filter(|flight| flight.is_in_flight());
            if let Some(flight) = in_flight {
                flight.clone()
            } else {
                let ready = self.prepare_introspection()?;
                if flights.len() >= MAX_FLIGHTS {
                    // One that panicked is still here.
                    flights.retain(|_, flight| flight.is_in_flight());
                }
                let flight = self.start_introspection(token, hash, ready);
                flights.insert(hash, flight.clone());
                flight
            }
        };
        let lost = || Err(Error::new(ErrorKind::ProviderUnreachable));
        flight.outcome().await.unwrap_or_else(lost)
    }

    fn start_introspection(
        self: &Arc<Self>,
        token: &str,
        hash: [u8; 32],
        ready: ReadyToIntrospect,
    ) -> Flight<Outcome> {
        let (calls, token) = (Arc::clone(self), Zeroizing::new(token.to_owned()));
        // A shutdown need not wait for it.
        Flight::start(&TaskTracker::new(), async move {
            let at = calls.now();
            let outcome = calls.introspect_now(ready, &token).await;
            calls.access_tokens.note(&token, &outcome, true, at);
            lock(&calls.access_tokens.introspections).remove(&hash);
            outcome
        })
    }

    async fn verify_jwt(&self, metadata: &Metadata, token: &str) -> Outcome {
        // Not even if the application trusts TLS: the token does not come from the provider.
        let Signatures::KeysAt(keys) = &metadata.signatures else {
            let context = "introspection, or keys for access tokens";
            return Err(Error::with_context(ErrorKind::NotOffered, context));
        };
        let outcome = self.verify_with_keys(metadata, keys, token).await;
        let outcome = outcome.map_err(refused_access_token);
        self.access_tokens.note(token, &outcome, false, self.now());
        outcome
    }

    async fn verify_with_keys(&self, metadata: &Metadata, keys: &Endpoint, token: &str) -> Outcome {
        let algorithms = &metadata.signing_algorithms;
        let received = ReceivedAccessToken::read(token, &self.rules, algorithms)?;
        let verify = |keys: &_| received.verify_signature(keys);
        self.verify_signature(keys, verify).await?;
        received.accept(&self.rules, self.now())
    }
}

/// A value from the future, from before a clock was set back, is not recent.
fn is_recent(at: Timestamp, lifetime: Duration, now: Timestamp) -> bool {
    at <= now && now.since(at) < lifetime
}

/// How long the verification of a JWT counts: a key that the provider has withdrawn verifies nothing for longer.
/// Of introspections: twice the number of those in flight.
const MAX_FLIGHTS: usize = 512;
const MAX_LOCAL_LIFETIME: Duration = Duration::from_secs(5 * 60);
/// How long a refusal of the introspection endpoint counts.
const REFUSED_LIFETIME: Duration = Duration::from_secs(10);
/// Limit of the wait for a verification.
const MAX_WAIT: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;

    use super::*;
    use crate::{
        config::Config,
        transport::{HttpTransport, TransportFuture},
    };

    struct Panics;

    impl HttpTransport for Panics {
        fn send(&self, _: Request<Bytes>) -> TransportFuture {
            Box::pin(async { panic!("a transport of the application") })
        }
    }

    // Behaviour 124.
    #[tokio::test]
    async fn introspections_that_panic_take_bounded_memory() {
        let config = Config::api("client")
            .with_client_secret("secret")
            .with_transport(Panics);
        let calls = Arc::new(config.build_calls().unwrap());
        for token in 0..1000 {
            let token = token.to_string();
            let outcome = calls.verify_access_token(&token, REFUSED_LIFETIME).await;
            assert!(outcome.is_err());
        }
        assert!(lock(&calls.access_tokens.introspections).len() <= MAX_FLIGHTS);
    }

    // Behaviour 124. A stranger chooses them, and each may have 8 KiB.
    #[test]
    fn of_a_refused_token_only_a_hash_is_kept() {
        let (tokens, now) = (AccessTokens::new(), Timestamp::from_unix(1000));
        let refused = Err(Error::new(ErrorKind::AccessTokenRefused));
        tokens.note("made-up", &refused, true, now);
        let lifetime = Duration::from_secs(60);
        assert!(tokens.known(b"made-up", lifetime, now).is_some());
        assert!(tokens.known(b"made-up-too", lifetime, now).is_none());
        assert!(tokens.refused.get(b"made-up").is_none());
        assert!(tokens.refused.get(&sha256(&[b"made-up"])).is_some());
    }
}
