//! All that talks to a provider: one function an endpoint, over one transport.

use std::sync::Arc;

use tracing::Instrument;

use crate::{
    clock::Timestamp,
    error::{Error, ErrorKind},
    oidc::{Client, Grant, UnverifiedTokens},
    transport::LimitedTransport,
};

/// The provider's endpoints, as functions.
#[derive(Clone, Debug)]
pub(crate) struct ProviderCalls {
    client: Arc<Client>,
    transport: LimitedTransport,
}

impl ProviderCalls {
    pub(crate) fn new(client: Client, transport: LimitedTransport) -> Self {
        Self {
            client: Arc::new(client),
            transport,
        }
    }

    /// Exchanges a code for tokens.
    ///
    /// The code is sent once and never again (RFC 6749 §4.1.2), and what was sent is finished: the
    /// exchange runs in a task of its own, which a browser that goes away does not cancel.
    pub(crate) async fn exchange(
        &self,
        grant: Grant,
        now: Timestamp,
    ) -> Result<UnverifiedTokens, Error> {
        let calls = self.clone();
        let exchange = async move { calls.client.exchange(grant, now, &calls.transport).await };
        match tokio::spawn(exchange.in_current_span()).await {
            Ok(outcome) => outcome,
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime is shutting down.
                Err(stopped) => Err(Error::with_source(ErrorKind::ProviderUnreachable, stopped)),
            },
        }
    }
}
