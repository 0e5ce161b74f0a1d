//! All that talks to a provider: one function an endpoint, over one transport.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
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
    exchanges: Arc<Semaphore>,
}

/// The right to one exchange. All are counted here, as a server's own limits do not count those that
/// go on without their browser.
pub(crate) type ExchangePermit = OwnedSemaphorePermit;

impl ProviderCalls {
    pub(crate) fn new(client: Client, transport: LimitedTransport) -> Self {
        Self {
            client: Arc::new(client),
            transport,
            exchanges: Arc::new(Semaphore::new(MAX_EXCHANGES)),
        }
    }

    /// The right to an exchange, if not too many are under way.
    pub(crate) fn permit_exchange(&self) -> Result<ExchangePermit, Error> {
        Arc::clone(&self.exchanges)
            .try_acquire_owned()
            .map_err(|_| Error::new(ErrorKind::TooManySignIns))
    }

    /// Exchanges a code for tokens.
    ///
    /// The code is sent once and never again (RFC 6749 §4.1.2), and what was sent is finished: the
    /// exchange runs in a task of its own, which a browser that goes away does not cancel.
    pub(crate) async fn exchange(
        &self,
        permit: ExchangePermit,
        grant: Grant,
        now: Timestamp,
    ) -> Result<UnverifiedTokens, Error> {
        let calls = self.clone();
        let exchange = async move {
            let outcome = calls.client.exchange(grant, now, &calls.transport).await;
            drop(permit);
            outcome
        };
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

/// At once. Each takes at most the HTTP time-out and 1 MiB.
const MAX_EXCHANGES: usize = 256;
