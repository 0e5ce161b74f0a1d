//! The response body.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The response body behind [`DiditAuth`](crate::DiditAuth): the inner service's body, unchanged, or a page,
    /// problem details or nothing from the layer.
    ///
    /// ```
    /// use axum::{Router, body::Body};
    /// use http::{Request, Response};
    /// use tower::ServiceExt;
    /// use tower_didit::middleware::{DiditAuthService, ResponseBody};
    ///
    /// async fn respond(
    ///     service: DiditAuthService<Router>,
    ///     request: Request<Body>,
    /// ) -> Response<ResponseBody<Body>> {
    ///     let Ok(response) = service.oneshot(request).await;
    ///     response
    /// }
    /// ```
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        inner: Inner<B>,
    }
}

// No larger than axum's `Body`, which spares the copies of a larger response.
pin_project! {
    #[project = InnerProjection]
    #[derive(Debug)]
    enum Inner<B> {
        Application { #[pin] body: B },
        Own { bytes: Option<Box<Bytes>> },
    }
}

impl<B> ResponseBody<B> {
    pub(crate) fn application(body: B) -> Self {
        Self {
            inner: Inner::Application { body },
        }
    }

    pub(crate) fn own(bytes: Bytes) -> Self {
        let bytes = (!bytes.is_empty()).then(|| Box::new(bytes));
        Self {
            inner: Inner::Own { bytes },
        }
    }
}

impl<B> Default for ResponseBody<B> {
    /// An empty body.
    fn default() -> Self {
        Self::own(Bytes::new())
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body<Data = Bytes>,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.project().inner.project() {
            InnerProjection::Application { body } => body.poll_frame(cx),
            InnerProjection::Own { bytes } => {
                Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(*bytes))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.inner {
            Inner::Application { body } => body.is_end_stream(),
            Inner::Own { bytes } => bytes.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.inner {
            Inner::Application { body } => body.size_hint(),
            Inner::Own { bytes } => {
                let length = bytes.as_ref().map_or(0, |bytes| bytes.len());
                SizeHint::with_exact(length as u64)
            }
        }
    }
}
