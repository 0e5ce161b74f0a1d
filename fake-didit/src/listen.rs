//! The fake on a socket.

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
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tower_service::Service;

/// A body was left out of a request, because it has too many bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyTooLarge;

/// The connections of a listener, so many at a time that memory stays bounded; others wait until one of
/// them ends.
#[derive(Debug)]
pub(crate) struct Connections {
    places: Arc<Semaphore>,
    open: GracefulShutdown,
}

impl Connections {
    pub(crate) fn new() -> Self {
        Self {
            places: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
            open: GracefulShutdown::new(),
        }
    }

    /// Serves HTTP/1.1 for ever; each connection in a task of its own.
    pub(crate) async fn serve<S>(&self, listener: &TcpListener, service: S) -> Infallible
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send,
    {
        loop {
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else {
                return pending().await;
            };
            match listener.accept().await {
                Ok((stream, _)) => self.spawn(stream, service.clone(), place),
                // That connection failed, or the process has too many files open: others need time to end.
                Err(_) => sleep(ACCEPT_AGAIN).await,
            }
        }
    }

    /// Ends what is idle now and the rest when it is answered, for at most `within`.
    #[cfg(feature = "cli")]
    pub(crate) async fn shutdown(self, within: Duration) {
        // What is not answered by then may never be: an endpoint that hangs.
        let _ = timeout(within, self.open.shutdown()).await;
    }

    fn spawn<S>(&self, stream: TcpStream, service: S, place: OwnedSemaphorePermit)
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>, Error = Infallible>
            + Clone
            + Send
            + 'static,
        S::Future: Send,
    {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(READ_TIMEOUT)
            .max_buf_size(MAX_HEAD)
            .serve_connection(
                TokioIo::new(stream),
                service_fn(move |request| answer(service.clone(), request)),
            );
        let connection = self.open.watch(connection);
        tokio::spawn(async move {
            // An error is a client that went away or was refused: nothing to do for a test kit.
            let _ = connection.await;
            drop(place);
        });
    }
}

async fn answer<S>(
    mut service: S,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Box<dyn Error + Send + Sync>>
where
    S: Service<Request<Bytes>, Response = Response<Bytes>, Error = Infallible>,
{
    let (mut parts, body) = request.into_parts();
    let Ok(body) = timeout(READ_TIMEOUT, read(body)).await else {
        let mut refusal = Response::new(Full::default());
        *refusal.status_mut() = StatusCode::REQUEST_TIMEOUT;
        return Ok(refusal);
    };
    let body = body?.unwrap_or_else(|| {
        parts.extensions.insert(BodyTooLarge);
        Bytes::new()
    });
    let answer = service.call(Request::from_parts(parts, body)).await?;
    Ok(answer.map(Full::new))
}

/// The body; `None` when it is too large. Its rest is read all the same, up to a limit, or the client
/// would see a broken connection in place of the answer.
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

/// At a time; each takes a few hundred kilobytes at most.
pub(crate) const MAX_CONNECTIONS: usize = 512;
pub(crate) const MAX_BODY: usize = 64 * 1024;
/// Of the request line and the headers, in bytes.
const MAX_HEAD: usize = 64 * 1024;
const MAX_DISCARDED: usize = 16 * 1024 * 1024;
/// For the headers, which is also how long a connection may be idle, and for the body.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);
