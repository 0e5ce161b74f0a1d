//! A service that a browser can visit.

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

/// Any Tower service, its types forgotten; bodies are read whole.
#[derive(Clone)]
pub(crate) struct Site(Arc<dyn Fn(Request<Bytes>) -> Exchange + Send + Sync>);

type Exchange = Pin<Box<dyn Future<Output = Response<Bytes>> + Send>>;

impl Site {
    /// A service with bodies of its own. An error of it, or of its body, is a panic: there is no
    /// answer that a test could look at.
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

    /// A service whose bodies are [`Bytes`] already.
    pub(crate) fn of_bytes<S>(service: S) -> Self
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + 'static,
        S::Error: fmt::Debug,
        S::Future: Send,
    {
        Self::of(service, |request| request, |response| async { response })
    }

    fn of<S, Q, F>(service: S, ask: fn(Request<Bytes>) -> Q, read: fn(S::Response) -> F) -> Self
    where
        S: Service<Q> + Clone + Send + 'static,
        S::Error: fmt::Debug,
        S::Future: Send,
        S::Response: 'static,
        Q: Send + 'static,
        F: Future<Output = Response<Bytes>> + Send + 'static,
    {
        // A service need not be `Sync`; each request has a clone of its own.
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
                let response = service.call(ask(request)).await.expect("the site answers");
                read(response).await
            })
        }))
    }

    /// Asks for `url` as over a socket: the path in the request line, the host in its header.
    pub(crate) async fn answer(&self, url: &Url, mut request: Request<Bytes>) -> Response<Bytes> {
        let path = url[Position::BeforePath..Position::AfterQuery].to_owned();
        *request.uri_mut() = path.parse::<Uri>().unwrap_or_else(|error| {
            let length = path.len();
            panic!("a path and query of {length} bytes cannot be requested: {error}")
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
