//! The default transport: reqwest with rustls.

use std::{error::Error as StdError, time::Duration};

use ::reqwest::{Certificate, Client, ClientBuilder, redirect::Policy, retry};
use bytes::{Bytes, BytesMut};
use futures_util::future::select_ok;
use http::{Request, Response};
use tokio::time::timeout;

use super::{
    BodyLimit, ForwardProxy, HttpTransport, ReuseConnection, TransportError, TransportFuture,
};

/// HTTP/1.1, without redirects and decompression.
///
/// A provider may close an idle connection while the next request is on its way. That would cost a code or a refresh
/// token, which must not be sent again, or the keys that a spent code needs. So only [`ReuseConnection`] reuses one.
#[derive(Clone)]
pub(crate) struct ReqwestTransport {
    /// Reuses connections that were idle for at most [`MAX_IDLE`].
    pooled: Client,
    /// Opens a connection for each request.
    fresh: Client,
    /// When a request over `pooled` has no response after this time, it is sent over `fresh` too.
    repeat_after: Duration,
    proxy: Option<ForwardProxy>,
}

impl ReqwestTransport {
    /// `roots` are PEM files of certificates that are trusted in addition to the system's.
    ///
    /// # Errors
    ///
    /// One of these certificates, or of the system's, cannot be read.
    pub(crate) fn new(
        connect_timeout: Duration,
        http_timeout: Duration,
        roots: &[Vec<u8>],
        proxy: Option<ForwardProxy>,
    ) -> Result<Self, Box<dyn StdError + Send + Sync>> {
        let mut certificates = Vec::new();
        for pem in roots {
            let bundle = Certificate::from_pem_bundle(pem)?;
            if bundle.is_empty() {
                return Err("no certificate in the PEM file".into());
            }
            certificates.extend(bundle);
        }
        let client = || {
            let client = client(connect_timeout).tls_certs_merge(certificates.clone());
            match &proxy {
                Some(proxy) => client.proxy(proxy.rule()),
                None => client,
            }
        };
        Ok(Self {
            pooled: client().pool_idle_timeout(MAX_IDLE).build()?,
            fresh: client().pool_max_idle_per_host(0).build()?,
            repeat_after: MAX_REPEAT_AFTER.min(http_timeout / 4),
            proxy,
        })
    }

    /// Sends a request over a connection that may be an idle one. If that connection breaks or brings no response in
    /// time, sends the request once more, over a new one; the first response counts.
    ///
    /// Without a response the request may not even have been sent: hyper loses a request, without an error, if one thread
    /// queues it while another one drops the closed connection (<https://github.com/hyperium/hyper/issues/4122>).
    async fn send_reusing(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let mut first = Box::pin(self.send_once(&self.pooled, request.clone()));
        let second = Box::pin(self.send_once(&self.fresh, request));
        match timeout(self.repeat_after, &mut first).await {
            Ok(Err(error)) if error.is_broken() => second.await,
            Ok(outcome) => outcome,
            Err(_elapsed) => Ok(select_ok([first, second]).await?.0),
        }
    }

    async fn send_once(
        &self,
        client: &Client,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let failed = |error| self.failed(error);
        let limit = BodyLimit::of(&request);
        let request = ::reqwest::Request::try_from(request).map_err(failed)?;
        let mut response = client.execute(request).await.map_err(failed)?;
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > limit {
                return Err(TransportError::larger_than(limit));
            }
            body.extend_from_slice(&chunk);
        }
        *answer.body_mut() = body.freeze();
        Ok(answer)
    }

    fn failed(&self, error: ::reqwest::Error) -> TransportError {
        let error = error.without_url();
        if error.is_connect() || error.is_builder() {
            return match &self.proxy {
                Some(proxy) => TransportError::not_connected(proxy.explain(error)),
                None => TransportError::not_connected(error),
            };
        }
        if error.is_timeout() {
            TransportError::timed_out()
        } else {
            TransportError::broken(error)
        }
    }
}

impl HttpTransport for ReqwestTransport {
    fn send(&self, request: Request<Bytes>) -> TransportFuture {
        let this = self.clone();
        Box::pin(async move {
            match request.extensions().get::<ReuseConnection>() {
                Some(_) => this.send_reusing(request).await,
                None => this.send_once(&this.fresh, request).await,
            }
        })
    }
}

/// Each feature is disabled by name, because another crate may enable the features of reqwest.
fn client(connect_timeout: Duration) -> ClientBuilder {
    ClientBuilder::new()
        .tls_backend_rustls()
        .connect_timeout(connect_timeout)
        .redirect(Policy::none())
        .retry(retry::never())
        .referer(false)
        .no_gzip()
        .no_brotli()
        .no_deflate()
        .no_zstd()
        .no_proxy()
        .http1_only()
        .user_agent(USER_AGENT)
}

const USER_AGENT: &str = concat!("tower-didit/", env!("CARGO_PKG_VERSION"));
/// Shorter than the 5 seconds after which common servers close an idle connection.
const MAX_IDLE: Duration = Duration::from_secs(4);
/// Longer than a response of the provider usually takes.
const MAX_REPEAT_AFTER: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use std::{
        future::pending,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
        sync::Notify,
    };

    use super::*;

    /// Answers the first request of each connection, and the second one late or never.
    #[derive(Default)]
    struct Server {
        answers_late: bool,
        /// The number of requests that were the second one of their connection.
        reused: AtomicUsize,
        repeated: Notify,
    }

    impl Server {
        async fn start(self: Arc<Self>) -> String {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let address = listener.local_addr().expect("it is bound");
            tokio::spawn(async move {
                while let Ok((socket, _)) = listener.accept().await {
                    tokio::spawn(Arc::clone(&self).serve(socket));
                }
            });
            format!("http://{address}/")
        }

        async fn serve(self: Arc<Self>, mut socket: TcpStream) {
            read_request(&mut socket).await;
            if self.answers_late && self.reused.load(Ordering::Relaxed) > 0 {
                self.repeated.notify_one();
                pending::<()>().await;
            }
            answer(&mut socket, "first").await;
            read_request(&mut socket).await;
            self.reused.fetch_add(1, Ordering::Relaxed);
            if self.answers_late {
                self.repeated.notified().await;
                answer(&mut socket, "late").await;
            }
            pending::<()>().await;
        }
    }

    async fn read_request(socket: &mut TcpStream) {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            if !matches!(socket.read_buf(&mut request).await, Ok(1..)) {
                pending::<()>().await;
            }
        }
    }

    async fn answer(socket: &mut TcpStream, body: &str) {
        let length = body.len();
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
        let _ = socket.write_all(answer.as_bytes()).await;
    }

    /// The body of the first call that has reused a connection.
    async fn call_over_a_reused_connection(server: Server) -> Bytes {
        let server = Arc::new(server);
        let url = Arc::clone(&server).start().await;
        let transport = ReqwestTransport::new(SECONDS, SECONDS, &[], None);
        let mut transport = transport.expect("no certificates");
        for _ in 0..100 {
            let mut request = Request::get(&url).body(Bytes::new()).expect("a URL");
            request.extensions_mut().insert(ReuseConnection);
            let response = timeout(SECONDS, transport.send(request)).await;
            let response = response.expect("in time").expect("a response");
            if server.reused.load(Ordering::Relaxed) > 0 {
                return response.into_body();
            }
            transport.repeat_after = Duration::from_millis(50);
        }
        panic!("no connection was reused");
    }

    // RFC 9110 §9.2.2; behaviour 107.
    #[tokio::test]
    async fn a_request_that_a_reused_connection_loses_is_repeated_over_a_new_one() {
        let body = call_over_a_reused_connection(Server::default()).await;
        assert_eq!(body, "first");
    }

    // RFC 9110 §9.2.2; behaviour 107.
    #[tokio::test]
    async fn a_late_response_of_a_reused_connection_counts() {
        let server = Server {
            answers_late: true,
            ..Server::default()
        };
        let body = call_over_a_reused_connection(server).await;
        assert_eq!(body, "late");
    }

    const SECONDS: Duration = Duration::from_secs(10);
}
