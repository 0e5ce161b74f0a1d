//! Refreshes, and the outage that one of them notices for all.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::Request;
use tokio::sync::OwnedSemaphorePermit;

use super::{Inner, ProviderCalls};
use crate::{
    breaker::Attempt,
    error::{Error, ErrorKind},
    oidc::{TokenRequestFailure, UnverifiedTokens},
    provider::{Metadata, Signatures},
    tokens::DiditTokens,
};

/// What a refresh needs.
pub(crate) struct ReadyToRefresh {
    permit: OwnedSemaphorePermit,
    attempt: Attempt,
    metadata: Arc<Metadata>,
}

impl ProviderCalls {
    /// Whether the provider does not answer refreshes, as far as is known.
    pub(crate) fn is_silent(&self) -> bool {
        self.0.token_endpoint.is_open()
    }

    /// What a refresh needs before it is sent.
    pub(crate) async fn prepare_refresh(&self) -> Result<ReadyToRefresh, Error> {
        // Of their own: whoever is signed in does not suffer from those who want to be.
        let permit = Arc::clone(&self.0.refreshes).try_acquire_owned();
        let permit = permit.map_err(|_| Error::new(ErrorKind::TooManySignIns))?;
        let attempt = self.0.token_endpoint.attempt();
        let mut attempt = attempt.ok_or_else(|| Error::new(ErrorKind::TokensUnavailable))?;
        let prepare = self.metadata_and_keys(attempt.is_probe());
        let metadata = self.0.watch(&mut attempt, prepare).await;
        if metadata.as_ref().is_err_and(is_outage) {
            self.0.token_endpoint.failed(&mut attempt);
        }
        Ok(ReadyToRefresh {
            permit,
            attempt,
            metadata: metadata?,
        })
    }

    /// New tokens for those of a session, of the same user. What was sent is finished if the caller runs
    /// it to its end.
    pub(crate) async fn refresh(
        &self,
        ready: ReadyToRefresh,
        before: &DiditTokens,
    ) -> Result<DiditTokens, TokenRequestFailure> {
        let ReadyToRefresh {
            permit,
            mut attempt,
            metadata,
        } = ready;
        let inner = &self.0;
        let refresh = inner
            .client
            .refresh(&metadata, before, inner.now(), &inner.transport);
        let outcome = inner.watch(&mut attempt, refresh).await;
        inner.note(&mut attempt, &outcome);
        let host = metadata.token_endpoint.host();
        let tokens = outcome.map_err(|failure| failure.at(host))?;
        let checked = inner.check_refreshed(&metadata, &tokens, before).await;
        checked.map_err(|error| TokenRequestFailure::after_sending(error).at(host))?;
        drop(permit);
        Ok(tokens.in_place_of(before))
    }

    /// The metadata, once everything is there that a refresh needs.
    ///
    /// A refresh token that works once is not spent for an ID token that cannot be verified. Nor is it spent to
    /// find out whether the provider answers again: it is asked for its keys. One refresh follows, whose outcome
    /// decides for the others.
    async fn metadata_and_keys(&self, is_probe: bool) -> Result<Arc<Metadata>, Error> {
        let Inner {
            rules,
            keys,
            transport,
            ..
        } = &*self.0;
        let metadata = self.metadata(self.0.now()).await?;
        if let Signatures::KeysAt(url) = &metadata.signatures
            && rules.provider.has_single_use_refresh_tokens()
        {
            if is_probe {
                let mut request = Request::new(Bytes::new());
                *request.uri_mut() = url.uri();
                self.0.send(request, url).await?;
            }
            keys.prepare(url, transport, self.0.now()).await?;
        }
        Ok(metadata)
    }
}

impl Inner {
    /// OpenID Connect Core §12.2.
    async fn check_refreshed(
        &self,
        metadata: &Metadata,
        tokens: &UnverifiedTokens,
        before: &DiditTokens,
    ) -> Result<(), Error> {
        let Some(id_token) = tokens.id_token() else {
            return Ok(());
        };
        let signed = self.check_signature(metadata, id_token).await?;
        let access_token = tokens.access_token().secret();
        signed.check_refreshed(&self.rules, before.claims(), access_token, self.now())
    }

    /// Runs a call to its end. When the requests that wait for it give up, the outage is noted.
    async fn watch<T>(&self, attempt: &mut Attempt, call: impl Future<Output = T>) -> T {
        let mut call = pin!(call);
        if let Ok(outcome) = tokio::time::timeout(MAX_SILENCE, &mut call).await {
            return outcome;
        }
        self.token_endpoint.failed(attempt);
        call.await
    }

    /// Notes whether the token endpoint has answered, be it with an error.
    pub(super) fn note<T>(&self, attempt: &mut Attempt, outcome: &Result<T, TokenRequestFailure>) {
        if outcome
            .as_ref()
            .is_err_and(|failure| is_outage(&failure.error))
        {
            self.token_endpoint.failed(attempt);
        } else {
            self.token_endpoint.succeeded();
        }
    }
}

fn is_outage(error: &Error) -> bool {
    let kind = error.kind();
    matches!(
        kind,
        ErrorKind::ProviderUnreachable | ErrorKind::ProviderTimeout
    )
}

/// How long a call may be without an answer before others are not sent: a little less than the 5 s that a request
/// waits, so that the next one does not.
const MAX_SILENCE: Duration = Duration::from_millis(4900);
