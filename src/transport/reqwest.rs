//! The default transport: reqwest with rustls.

use std::{error::Error as StdError, time::Duration};

use ::reqwest::{Certificate, Client, ClientBuilder, redirect::Policy, retry};
use bytes::{Bytes, BytesMut};
use http::{Request, Response};

use super::{
    ForwardProxy, HttpTransport, MAX_BODY, ReuseConnection, TransportError, TransportFuture,
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
            proxy,
        })
    }

    async fn send_once(
        &self,
        client: &Client,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let failed = |error| self.failed(error);
        let request = ::reqwest::Request::try_from(request).map_err(failed)?;
        let mut response = client.execute(request).await.map_err(failed)?;
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(TransportError::too_large());
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
            if request.extensions().get::<ReuseConnection>().is_none() {
                return this.send_once(&this.fresh, request).await;
            }
            match this.send_once(&this.pooled, request.clone()).await {
                Err(error) if error.is_broken() => this.send_once(&this.fresh, request).await,
                outcome => outcome,
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
