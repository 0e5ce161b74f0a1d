//! Refreshes, and the breaker that stops them while the token endpoint does not answer.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use http::Method;
use tokio::sync::OwnedSemaphorePermit;

use super::ProviderCalls;
use crate::{
    breaker::Call,
    error::{Error, ErrorKind},
    oidc::TokenRequestFailure,
    provider::{Metadata, Signatures},
    tokens::DiditTokens,
};

/// Everything that a refresh needs before it is sent.
pub(crate) struct ReadyToRefresh {
    _permit: OwnedSemaphorePermit,
    call: Call,
    metadata: Arc<Metadata>,
}

impl ProviderCalls {
    /// Whether the token endpoint did not answer the last call.
    pub(crate) fn is_unresponsive(&self) -> bool {
        self.token_endpoint.is_open()
    }

    /// Prepares a refresh: a permit, the breaker, the metadata and, for single-use refresh tokens, the keys.
    pub(crate) async fn prepare_refresh(&self) -> Result<ReadyToRefresh, Error> {
        // Not the permits of exchanges: sign-ins must not block the refreshes of users who are signed in.
        let permit = Arc::clone(&self.refreshes).try_acquire_owned();
        let permit = permit.map_err(|_| Error::new(ErrorKind::TooManyTokenRequests))?;
        let call = self.token_endpoint.try_begin();
        let mut call = call.ok_or_else(|| Error::new(ErrorKind::TokensUnavailable))?;
        let prepare = self.metadata_and_keys(call.is_probe);
        let metadata = self.watch(&mut call, prepare).await;
        if metadata.as_ref().is_err_and(is_outage) {
            self.token_endpoint.failed(&mut call);
        }
        Ok(ReadyToRefresh {
            _permit: permit,
            call,
            metadata: metadata?,
        })
    }

    /// Refreshes the tokens of a session. The caller must run it to its end.
    pub(crate) async fn refresh(
        &self,
        mut ready: ReadyToRefresh,
        before: &DiditTokens,
    ) -> Result<DiditTokens, TokenRequestFailure> {
        let (call, metadata) = (&mut ready.call, &*ready.metadata);
        let (now, transport) = (self.now(), &self.transport);
        let refresh = self.client.refresh(metadata, before, now, transport);
        let outcome = self.watch(call, refresh).await;
        self.note(call, &outcome);
        let tokens = outcome?;
        // OpenID Connect Core §12.2.
        if let Some(id_token) = &tokens.id_token {
            let access_token = tokens.access_token.secret();
            let checked = self.check_signature(metadata, id_token).await;
            checked
                .and_then(|signed| {
                    signed.check_refreshed(&self.rules, before.claims(), access_token, self.now())
                })
                .map_err(|error| {
                    let host = metadata.token_endpoint.host();
                    TokenRequestFailure::not_repeatable(error.at(host))
                })?;
        }
        Ok(tokens.after_refresh_of(before))
    }

    /// The metadata. For single-use refresh tokens the keys are fetched as well, so that no refresh token is spent on
    /// an ID token that cannot be verified. A probe fetches the keys uncached, to test the provider without risking a
    /// refresh token.
    async fn metadata_and_keys(&self, is_probe: bool) -> Result<Arc<Metadata>, Error> {
        let metadata = self.metadata().await?;
        if let Signatures::KeysAt(url) = &metadata.signatures
            && self.rules.provider.single_use_refresh_tokens
        {
            if is_probe {
                self.send(url.request(Method::GET), url).await?;
            }
            self.keys(url).await?;
        }
        Ok(metadata)
    }

    /// Runs the work of a call to its end. The breaker opens if the work takes longer than [`BREAKER_TIMEOUT`].
    pub(super) async fn watch<T>(&self, call: &mut Call, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        if let Ok(outcome) = tokio::time::timeout(BREAKER_TIMEOUT, &mut work).await {
            return outcome;
        }
        self.token_endpoint.failed(call);
        work.await
    }

    /// Tells the breaker whether the token endpoint answered. An error response is a response.
    pub(super) fn note<T>(&self, call: &mut Call, outcome: &Result<T, TokenRequestFailure>) {
        match outcome {
            Err(failure) if is_outage(&failure.error) => self.token_endpoint.failed(call),
            _ => self.token_endpoint.succeeded(),
        }
    }
}

pub(super) fn is_outage(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ProviderUnreachable | ErrorKind::ProviderTimeout
    )
}

/// The time without a response after which the breaker opens. Slightly less than the 5 s that a request waits, so
/// that the next request does not wait.
pub(super) const BREAKER_TIMEOUT: Duration = Duration::from_millis(4900);
