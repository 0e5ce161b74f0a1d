//! How requests reach Didit.

use std::{error::Error as StdError, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use tower_service::Service;

use crate::error::{Error, ErrorKind};

#[cfg(feature = "reqwest")]
mod reqwest;

#[cfg(feature = "reqwest")]
pub(crate) use reqwest::ReqwestTransport;

/// Sends a request to Didit and gives its answer: every outbound call of this crate goes through
/// one of these.
///
/// The default is built on reqwest and rustls (feature `reqwest`). Any
/// `tower::Service<http::Request<Bytes>, Response = http::Response<Bytes>>` that is `Clone`, `Send`
/// and `Sync` is one too; its errors may be [`TransportError`]s.
///
/// What the layer adds itself, whatever the transport: the total time-out
/// ([`with_http_timeout`](crate::ConfigBuilder::with_http_timeout)) and a limit of 1 MiB for the
/// answer's body. What a transport owes: it follows no redirects, retries nothing (an authorization
/// code works once), and logs no headers and no bodies.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an HTTP transport",
    note = "a transport implements `HttpTransport`, or is a \
            `tower::Service<http::Request<Bytes>, Response = http::Response<Bytes>>` that is `Clone`, \
            `Send` and `Sync`; `tower::service_fn` makes one of an async function"
)]
pub trait HttpTransport: Send + Sync + 'static {
    /// Sends one request.
    ///
    /// # Errors
    ///
    /// When there is no answer. An answer with an error status is not an error here.
    fn send(&self, request: Request<Bytes>) -> TransportFuture;
}

/// The future of [`HttpTransport::send`].
pub type TransportFuture =
    Pin<Box<dyn Future<Output = Result<Response<Bytes>, TransportError>> + Send>>;

impl<S> HttpTransport for S
where
    S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    fn send(&self, request: Request<Bytes>) -> TransportFuture {
        let mut service = self.clone();
        Box::pin(async move {
            std::future::poll_fn(|cx| service.poll_ready(cx))
                .await
                .map_err(TransportError::of_service)?;
            service
                .call(request)
                .await
                .map_err(TransportError::of_service)
        })
    }
}

/// Why a request got no answer.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TransportErrorKind {
    NotConnected,
    Broken,
    TimedOut,
    TooLarge,
}

impl TransportError {
    /// No connection was established: the request was certainly not sent.
    pub fn not_connected(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(TransportErrorKind::NotConnected, Some(source.into()))
    }

    /// The connection broke: the request may have been sent.
    pub fn broken(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(TransportErrorKind::Broken, Some(source.into()))
    }

    /// There was no answer in time: the request may have been sent.
    pub fn timed_out() -> Self {
        Self::new(TransportErrorKind::TimedOut, None)
    }

    /// The answer is larger than a body may be.
    pub fn too_large() -> Self {
        Self::new(TransportErrorKind::TooLarge, None)
    }

    /// Whether the request certainly did not leave this machine.
    pub(crate) fn is_not_connected(&self) -> bool {
        self.kind == TransportErrorKind::NotConnected
    }

    /// What a service says of itself, else nothing is known.
    fn of_service(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        match error.into().downcast() {
            Ok(own) => *own,
            Err(unknown) => Self::broken(unknown),
        }
    }

    fn new(kind: TransportErrorKind, source: Option<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind, source }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransportErrorKind::NotConnected => "no connection",
            TransportErrorKind::Broken => "the connection broke",
            TransportErrorKind::TimedOut => "no answer in time",
            TransportErrorKind::TooLarge => "the answer is larger than 1 MiB",
        })
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        let kind = match error.kind {
            TransportErrorKind::NotConnected | TransportErrorKind::Broken => {
                ErrorKind::ProviderUnreachable
            }
            TransportErrorKind::TimedOut => ErrorKind::ProviderTimeout,
            TransportErrorKind::TooLarge => ErrorKind::InvalidAnswer,
        };
        Self::with_source(kind, error)
    }
}

/// Any transport under the limits that hold for all of them.
#[derive(Clone)]
pub(crate) struct LimitedTransport {
    transport: Arc<dyn HttpTransport>,
    timeout: Duration,
}

impl LimitedTransport {
    pub(crate) fn new(transport: Arc<dyn HttpTransport>, timeout: Duration) -> Self {
        Self { transport, timeout }
    }

    /// How long a call may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }
}

impl HttpTransport for LimitedTransport {
    fn send(&self, request: Request<Bytes>) -> TransportFuture {
        let answer = self.transport.send(request);
        let timeout = self.timeout;
        Box::pin(async move {
            let response = tokio::time::timeout(timeout, answer)
                .await
                .map_err(|_elapsed| TransportError::timed_out())??;
            if response.body().len() > MAX_BODY {
                return Err(TransportError::too_large());
            }
            Ok(response)
        })
    }
}

impl fmt::Debug for LimitedTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LimitedTransport")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// The most that the body of an answer may have, in bytes.
pub(crate) const MAX_BODY: usize = 1024 * 1024;
