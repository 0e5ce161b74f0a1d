//! Outbound HTTP.

use std::{error::Error as StdError, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use tower_service::Service;

use crate::error::{Error, ErrorKind};

#[cfg(feature = "reqwest")]
mod proxy;
#[cfg(feature = "reqwest")]
mod reqwest;

#[cfg(feature = "reqwest")]
pub(crate) use proxy::ForwardProxy;
#[cfg(feature = "reqwest")]
pub(crate) use reqwest::ReqwestTransport;

/// Sends the requests of this crate to the provider.
///
/// The default is reqwest with rustls (feature `reqwest`). A
/// `tower::Service<http::Request<Bytes>, Response = http::Response<Bytes>>` that is `Clone`, `Send` and `Sync` is a
/// transport, too. Its errors may be [`TransportError`]s; any other error counts as
/// [`broken`](TransportError::broken).
///
/// The layer limits every transport: the time for a whole request
/// ([`with_http_timeout`](crate::ConfigBuilder::with_http_timeout)), and a response body to 1 MiB; the report of an
/// identity verification, a PDF, to 16 MiB.
///
/// A transport must not follow redirects, must not retry a `POST` (an authorization code is single-use), and must not
/// log headers or bodies. It should send each `POST` over a new connection: the provider may close an idle connection
/// while a request is on its way, and then the code is lost. The default transport opens a connection for each request
/// except for introspections, and for user information after the sign-in, which may reuse a connection that was idle for
/// at most 4 seconds. If that connection breaks, or brings no response within 2 seconds (a quarter of a timeout below 8 seconds), the request
/// is sent once more, over a new one; the first response counts.
///
/// ```
/// # fn main() -> Result<(), tower_didit::ConfigError> {
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use tower_didit::{Config, transport::TransportError};
///
/// let offline = tower::service_fn(async |_: Request<Bytes>| {
///     Err::<Response<Bytes>, _>(TransportError::not_connected("no network"))
/// });
/// let config = Config::builder("client-id", "https://app.example/callback")
///     .with_client_secret("client-secret")
///     .with_transport(offline)
///     .build()?;
/// # let _ = config;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an HTTP transport",
    note = "a transport implements `HttpTransport`, or is a \
            `tower::Service<http::Request<Bytes>, Response = http::Response<Bytes>>` that is `Clone`, \
            `Send` and `Sync`; `tower::service_fn` makes one of an async function"
)]
pub trait HttpTransport: Send + Sync + 'static {
    /// Sends one request.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{HeaderValue, Request, header::USER_AGENT};
    /// use tower_didit::transport::{HttpTransport, TransportFuture};
    ///
    /// /// Adds the application's name to each request.
    /// struct Named<T>(T);
    ///
    /// impl<T: HttpTransport> HttpTransport for Named<T> {
    ///     fn send(&self, mut request: Request<Bytes>) -> TransportFuture {
    ///         let name = HeaderValue::from_static("acme/1.0");
    ///         request.headers_mut().insert(USER_AGENT, name);
    ///         self.0.send(request)
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// There is no complete response. A response with an error status is not an error.
    fn send(&self, request: Request<Bytes>) -> TransportFuture;
}

/// The future of [`HttpTransport::send`].
///
/// [Example](HttpTransport::send).
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
            let response = async {
                std::future::poll_fn(|cx| service.poll_ready(cx)).await?;
                service.call(request).await
            };
            response.await.map_err(TransportError::of_service)
        })
    }
}

/// Why a request has no response.
///
/// The error tells whether the request was sent: a code or a single-use refresh token that was certainly not sent can
/// be sent again.
///
/// ```
/// use tower_didit::transport::TransportError;
///
/// let error = TransportError::not_connected("connection refused");
/// assert_eq!(error.to_string(), "no connection");
/// ```
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct TransportError(Failure);

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("no connection")]
    NotConnected(#[source] BoxError),
    #[error("the connection broke")]
    Broken(#[source] BoxError),
    #[error("no response in time")]
    TimedOut,
    #[error("the response is larger than {} MiB", .limit / MIB)]
    TooLarge { limit: usize },
}

type BoxError = Box<dyn StdError + Send + Sync>;

impl TransportError {
    /// There was no connection: the request was certainly not sent.
    /// [Example](Self).
    pub fn not_connected(source: impl Into<BoxError>) -> Self {
        Self(Failure::NotConnected(source.into()))
    }

    /// The connection broke: the request may have been sent.
    ///
    /// ```
    /// use tower_didit::{Error, ErrorKind, transport::TransportError};
    ///
    /// let error = Error::from(TransportError::broken("connection reset"));
    /// assert_eq!(error.kind(), ErrorKind::ProviderUnreachable);
    /// ```
    pub fn broken(source: impl Into<BoxError>) -> Self {
        Self(Failure::Broken(source.into()))
    }

    /// There was no response in time: the request may have been sent.
    ///
    /// ```
    /// use tower_didit::{Error, ErrorKind, transport::TransportError};
    ///
    /// let error = Error::from(TransportError::timed_out());
    /// assert_eq!(error.kind(), ErrorKind::ProviderTimeout);
    /// ```
    pub fn timed_out() -> Self {
        Self(Failure::TimedOut)
    }

    /// The response body is larger than 1 MiB.
    ///
    /// ```
    /// use tower_didit::{Error, ErrorKind, transport::TransportError};
    ///
    /// let error = Error::from(TransportError::too_large());
    /// assert_eq!(error.kind(), ErrorKind::InvalidResponse);
    /// ```
    pub fn too_large() -> Self {
        Self::larger_than(MAX_BODY)
    }

    /// The response body is larger than `limit`, in bytes.
    fn larger_than(limit: usize) -> Self {
        Self(Failure::TooLarge { limit })
    }

    /// Whether the request was certainly not sent.
    pub(crate) fn is_not_connected(&self) -> bool {
        matches!(self.0, Failure::NotConnected(_))
    }

    /// Whether the connection broke.
    #[cfg(feature = "reqwest")]
    fn is_broken(&self) -> bool {
        matches!(self.0, Failure::Broken(_))
    }

    /// An error of another type may have occurred after sending.
    fn of_service(error: impl Into<BoxError>) -> Self {
        match error.into().downcast() {
            Ok(own) => *own,
            Err(unknown) => Self::broken(unknown),
        }
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        let kind = match error.0 {
            Failure::NotConnected(_) | Failure::Broken(_) => ErrorKind::ProviderUnreachable,
            Failure::TimedOut => ErrorKind::ProviderTimeout,
            Failure::TooLarge { .. } => ErrorKind::InvalidResponse,
        };
        Self::with_source(kind, error)
    }
}

/// Marks a request that the default transport may send over an idle connection, and once more over a new one if the
/// idle one breaks or brings no response in time. Only a request that may be repeated has it (RFC 9110 §9.2.2).
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReuseConnection;

/// Raises the limit of the body of a request's response, in bytes. Default: [`MAX_BODY`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimit(pub(crate) usize);

impl BodyLimit {
    fn of(request: &Request<Bytes>) -> usize {
        let limit = request.extensions().get::<Self>();
        limit.map_or(MAX_BODY, |limit| limit.0)
    }
}

/// A response with an unexpected status. `what` names the request.
pub(crate) fn unexpected_status(what: &str, status: StatusCode) -> Error {
    let context = format!("{what}: status {}", status.as_u16());
    Error::with_context(ErrorKind::InvalidResponse, context)
}

/// A transport with the limits that apply to all transports.
#[derive(Clone)]
pub(crate) struct LimitedTransport {
    pub(crate) transport: Arc<dyn HttpTransport>,
    /// For a whole request.
    pub(crate) timeout: Duration,
}

impl HttpTransport for LimitedTransport {
    fn send(&self, request: Request<Bytes>) -> TransportFuture {
        let limit = BodyLimit::of(&request);
        let answer = self.transport.send(request);
        let timeout = self.timeout;
        Box::pin(async move {
            let response = tokio::time::timeout(timeout, answer).await;
            let response = response.map_err(|_elapsed| TransportError::timed_out())??;
            if response.body().len() > limit {
                return Err(TransportError::larger_than(limit));
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

/// The limit of a response body, in bytes.
pub(crate) const MAX_BODY: usize = MIB;
const MIB: usize = 1024 * 1024;
