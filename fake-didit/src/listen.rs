//! The HTTP server.

use std::{convert::Infallible, error::Error, future::pending, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    net::TcpListener,
    sync::Semaphore,
    time::{sleep, timeout},
};
use tower_service::Service;

/// Marks a request whose body was dropped because it exceeds [`MAX_BODY`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyTooLarge;

/// The connections of a listener: at most [`MAX_CONNECTIONS`]. Further ones wait until one ends.
#[derive(Debug)]
pub(crate) struct Connections {
    permits: Arc<Semaphore>,
    open: GracefulShutdown,
}

impl Connections {
    pub(crate) fn new() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            open: GracefulShutdown::new(),
        }
    }

    /// Serves HTTP/1.1 forever, each connection in its own task.
    pub(crate) async fn serve<S>(&self, listener: &TcpListener, service: S) -> Infallible
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send,
    {
        loop {
            let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else {
                return pending().await;
            };
            let Ok((stream, _)) = listener.accept().await else {
                // The connection failed, or the process has too many open files: some need time to close.
                sleep(ACCEPT_RETRY).await;
                continue;
            };
            let service = service.clone();
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(READ_TIMEOUT)
                .max_buf_size(MAX_HEAD)
                .serve_connection(
                    TokioIo::new(stream),
                    service_fn(move |request| respond(service.clone(), request)),
                );
            let connection = self.open.watch(connection);
            tokio::spawn(async move {
                // An error means that the client disconnected or sent an invalid request.
                let _ = connection.await;
                drop(permit);
            });
        }
    }

    /// Closes idle connections now, and busy ones after their response or after `within`.
    #[cfg(feature = "cli")]
    pub(crate) async fn shutdown(self, within: Duration) {
        // An endpoint with `Fault::hang` never responds.
        let _ = timeout(within, self.open.shutdown()).await;
    }
}

async fn respond<S>(
    mut service: S,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Box<dyn Error + Send + Sync>>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error = Infallible>,
{
    let (mut parts, body) = request.into_parts();
    let Ok(body) = timeout(READ_TIMEOUT, read(body)).await else {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
        return Ok(response);
    };
    let body = body?.unwrap_or_else(|| {
        parts.extensions.insert(BodyTooLarge);
        Bytes::new()
    });
    let response = service.call(Request::from_parts(parts, body)).await?;
    Ok(response.map(Full::new))
}

/// The body; `None` if it is too large. Even then it is read to its end, up to [`MAX_DISCARDED`]: otherwise
/// the client would see a broken connection instead of the response.
async fn read(mut body: Incoming) -> Result<Option<Bytes>, Box<dyn Error + Send + Sync>> {
    let (mut read, mut length) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        length += data.len();
        if length <= MAX_BODY {
            read.extend_from_slice(&data);
        } else if length > MAX_DISCARDED {
            break;
        }
    }
    Ok((length <= MAX_BODY).then(|| read.into()))
}

/// The limit of concurrent connections. Each uses a few hundred kilobytes at most.
pub(crate) const MAX_CONNECTIONS: usize = 512;
/// The limit of a request body, in bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024;
/// The limit of request line and headers together, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// How many bytes of a body are read in all.
const MAX_DISCARDED: usize = 16 * 1024 * 1024;
/// The time limit for the headers (so for idle connections, too) and for the body.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
const ACCEPT_RETRY: Duration = Duration::from_millis(50);
