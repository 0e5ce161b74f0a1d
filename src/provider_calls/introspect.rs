//! Introspections, and the breaker that stops them while the endpoint does not answer.

use std::{future::Future, pin::pin, sync::Arc};

use tokio::sync::OwnedSemaphorePermit;

use super::{
    ProviderCalls,
    refresh::{BREAKER_TIMEOUT, is_outage},
};
use crate::{
    breaker::Call,
    error::{Error, ErrorKind, TokenError},
    oidc::introspected,
    provider::ClientAuthentication,
    tokens::AccessClaims,
    transport::ReuseConnection,
};

/// Everything that an introspection needs before it is sent.
pub(super) struct ReadyToIntrospect {
    _permit: OwnedSemaphorePermit,
    call: Call,
}

impl ProviderCalls {
    /// Introspects an access token (RFC 7662). The audience is not checked.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AccessTokenRefused`] if the token is not active.
    pub(crate) async fn introspect(&self, token: &str) -> Result<AccessClaims, Error> {
        self.introspect_now(self.prepare_introspection()?, token)
            .await
    }

    /// Prepares an introspection: a permit and the breaker. Fails at once, and waits for nothing.
    pub(super) fn prepare_introspection(&self) -> Result<ReadyToIntrospect, Error> {
        let unverified = |why| Error::with_context(ErrorKind::AccessTokenUnverified, why);
        let permit = Arc::clone(&self.introspections).try_acquire_owned();
        let permit = permit.map_err(|_| unverified("256 introspections wait for the provider"))?;
        let call = self.introspection_endpoint.try_begin();
        let call = call
            .ok_or_else(|| unverified("the introspection endpoint did not answer a moment ago"))?;
        Ok(ReadyToIntrospect {
            _permit: permit,
            call,
        })
    }

    pub(super) async fn introspect_now(
        &self,
        mut ready: ReadyToIntrospect,
        token: &str,
    ) -> Result<AccessClaims, Error> {
        let call = &mut ready.call;
        let response = self.watch_introspection(call, async {
            let metadata = self.metadata().await?;
            let not_offered = || Error::with_context(ErrorKind::NotOffered, "introspection");
            let url = metadata
                .introspection_endpoint
                .clone()
                .ok_or_else(not_offered)?;
            // RFC 7662 §2.1: a provider that knows its clients by secrets answers nobody else.
            let is_public = metadata.client_authentication == ClientAuthentication::None;
            if !is_public && !self.client.has_secret() {
                let context = "introspection needs a client secret";
                return Err(Error::with_context(TokenError::InvalidClient, context));
            }
            let mut request = self.client.introspection(&metadata, &url, token);
            request.extensions_mut().insert(ReuseConnection);
            Ok((self.send(request, &url).await?, url))
        });
        let response = response.await;
        match &response {
            Err(error) if is_outage(error) => self.introspection_endpoint.failed(call),
            _ => self.introspection_endpoint.succeeded(),
        }
        let (response, url) = response?;
        let claims = introspected(&response, &self.rules, self.now());
        claims.map_err(|error| error.at(url.host()))
    }

    /// Runs the work of a call to its end. The breaker opens if the work takes longer than [`BREAKER_TIMEOUT`].
    async fn watch_introspection<T>(&self, call: &mut Call, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        if let Ok(outcome) = tokio::time::timeout(BREAKER_TIMEOUT, &mut work).await {
            return outcome;
        }
        self.introspection_endpoint.failed(call);
        work.await
    }
}
