//! A site that a browser can visit.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use axum_core::body::Body as RequestBody;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use http_body::Body;
use http_body_util::BodyExt;
use tower_service::Service;
use url::{Position, Url};

/// A type-erased Tower service whose response bodies are collected.
#[derive(Clone)]
pub(crate) struct Site(Arc<dyn Fn(Request<Bytes>) -> ResponseFuture + Send + Sync>);

type ResponseFuture = Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>;

impl Site {
    /// A service with any body type. Its errors panic: they would give a test no response to check.
    pub(crate) fn new<S, R>(service: S) -> Self
    where
        S: Service<Request<RequestBody>, Response = Response<R>> + Clone + Send + 'static,
        S::Error: fmt::Debug,
        S::Future: Send,
        R: Body + Send + 'static,
        R::Data: Send,
        R::Error: fmt::Debug,
    {
        Self::of(
            service,
            |request: Request<Bytes>| request.map(RequestBody::from),
            |response: Response<R>| async {
                let (parts, body) = response.into_parts();
                let body = body.collect().await.expect("the site's response body");
                Response::from_parts(parts, body.to_bytes())
            },
        )
    }

    /// A service whose bodies are [`Bytes`].
    pub(crate) fn of_bytes<S>(service: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + 'static,
        S::Error: fmt::Debug,
        S::Future: Send,
    {
        Self::of(service, |request| request, |response| async { response })
    }

    fn of<S, Q, F>(
        service: S,
        into_request: fn(Request<Bytes>) -> Q,
        collect: fn(S::Response) -> F,
    ) -> Self
    where
        S: Service<Q> + Clone + Send + 'static,
        S::Error: fmt::Debug,
        S::Future: Send,
        S::Response: 'static,
        Q: Send + 'static,
        F: Future<Output = Response<Bytes>> + Send + 'static,
    {
        // A service need not be `Sync`, so each request uses its own clone.
        let service = Mutex::new(service);
        Self(Arc::new(move |request| {
            let mut service = service
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            Box::pin(async move {
                poll_fn(|context| service.poll_ready(context))
                    .await
                    .expect("the site is ready");
                let response = service
                    .call(into_request(request))
                    .await
                    .expect("the site responds");
                collect(response).await
            })
        }))
    }

    /// Sends a request as over a socket: with path and query as its URI, and a `Host` header.
    pub(crate) async fn send(&self, url: &Url, mut request: Request<Bytes>) -> Response<Bytes> {
        let path = url[Position::BeforePath..Position::AfterQuery].to_owned();
        *request.uri_mut() = path.parse::<Uri>().unwrap_or_else(|error| {
            let length = path.len();
            panic!("a path and query of {length} bytes is not a URI: {error}")
        });
        let host = HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort])
            .expect("the host of a URL is ASCII");
        request.headers_mut().entry(header::HOST).or_insert(host);
        (self.0)(request).await
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Site")
    }
}
