//! The floor: the least that a layer does if handlers may ask it for a session.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use http::{HeaderValue, Request, Response, header};
use memchr::memchr;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

/// Puts one `Arc` into the extensions of a request, looks for a session cookie, and after the answer reads
/// whether a handler has asked.
#[derive(Clone)]
pub struct FloorLayer;

#[derive(Clone)]
pub struct Floor<S>(S);

#[derive(Default)]
struct Asked(AtomicBool);

impl<S> Layer<S> for FloorLayer {
    type Service = Floor<S>;

    fn layer(&self, inner: S) -> Floor<S> {
        Floor(inner)
    }
}

impl<S, B, R> Service<Request<B>> for Floor<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = FloorFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let asked = Arc::new(Asked::default());
        let cookies = request.headers().get_all(header::COOKIE);
        let has_session = cookies.into_iter().any(has_session);
        request.extensions_mut().insert(Arc::clone(&asked));
        FloorFuture {
            future: self.0.call(request),
            asked,
            has_session,
        }
    }
}

pin_project! {
    pub struct FloorFuture<F> {
        #[pin]
        future: F,
        asked: Arc<Asked>,
        has_session: bool,
    }
}

impl<F, R, E> Future for FloorFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = ready!(this.future.poll(cx))?;
        if *this.has_session && this.asked.0.load(Ordering::Acquire) {
            let vary = HeaderValue::from_static("Cookie");
            response.headers_mut().append(header::VARY, vary);
        }
        Poll::Ready(Ok(response))
    }
}

/// Whether one of the cookies has the name of a session cookie.
fn has_session(line: &HeaderValue) -> bool {
    let mut rest = line.as_bytes();
    loop {
        if rest.trim_ascii_start().starts_with(b"__Host-didit=") {
            return true;
        }
        match memchr(b';', rest) {
            Some(end) => rest = rest.split_at(end + 1).1,
            None => return false,
        }
    }
}
