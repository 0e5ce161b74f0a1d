//! The default transport: reqwest with rustls.

use std::{error::Error as StdError, time::Duration};

use ::reqwest::{Certificate, Client, ClientBuilder, redirect::Policy, retry};
use bytes::{Bytes, BytesMut};
use http::{Request, Response};

use super::{HttpTransport, MAX_BODY, TransportError, TransportFuture};

/// A connection pool for HTTP/1.1, without redirects, retries, decompression and proxies.
///
/// Each is disabled by name, because another crate may enable the features of reqwest.
#[derive(Clone, Debug)]
pub(crate) struct ReqwestTransport(Client);

impl ReqwestTransport {
    /// `roots` are PEM files of certificates that are trusted in addition to the system's.
    ///
    /// # Errors
    ///
    /// One of these certificates, or of the system's, cannot be read.
    pub(crate) fn new(
        connect_timeout: Duration,
        roots: &[Vec<u8>],
    ) -> Result<Self, Box<dyn StdError + Send + Sync>> {
        let mut certificates = Vec::new();
        for pem in roots {
            let bundle = Certificate::from_pem_bundle(pem)?;
            if bundle.is_empty() {
                return Err("no certificate in the PEM file".into());
            }
            certificates.extend(bundle);
        }
        let client = ClientBuilder::new()
            .tls_backend_rustls()
            .tls_certs_merge(certificates)
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
            .build()?;
        Ok(Self(client))
    }
}

impl HttpTransport for ReqwestTransport {
    fn send(&self, request: Request<Bytes>) -> TransportFuture {
        let client = self.0.clone();
        Box::pin(async move {
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
        })
    }
}

fn failed(error: ::reqwest::Error) -> TransportError {
    let error = error.without_url();
    if error.is_connect() || error.is_builder() {
        TransportError::not_connected(error)
    } else if error.is_timeout() {
        TransportError::timed_out()
    } else {
        TransportError::broken(error)
    }
}

const USER_AGENT: &str = concat!("tower-didit/", env!("CARGO_PKG_VERSION"));
