//! Response bodies: the application's pass frame by frame, the layer's have an exact length.

use std::{
    collections::VecDeque,
    convert::Infallible,
    marker::PhantomPinned,
    pin::Pin,
    rc::Rc,
    sync::Mutex,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tower::{Layer, ServiceExt, service_fn};
use tower_didit::fake::FakeDiditExt;

use super::Failure;
use crate::support::site::{CALLBACK, auth, didit};

/// A body that is not `Unpin`, with a size hint and an error type of its own.
struct Odd {
    frames: Mutex<VecDeque<Result<Frame<Bytes>, Failure>>>,
    _stays: PhantomPinned,
}

impl Odd {
    fn new(frames: impl IntoIterator<Item = Result<Frame<Bytes>, Failure>>) -> Self {
        Self {
            frames: Mutex::new(frames.into_iter().collect()),
            _stays: PhantomPinned,
        }
    }
}

impl Body for Odd {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        Poll::Ready(self.frames.lock().unwrap().pop_front())
    }

    fn is_end_stream(&self) -> bool {
        self.frames.lock().unwrap().is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        hint.set_lower(3);
        hint.set_upper(7);
        hint
    }
}

// Behaviour 95.
#[tokio::test]
async fn frames_trailers_size_hints_and_errors_of_a_body_pass_unchanged() {
    let inner = service_fn(async |_: Request<()>| {
        let trailers = HeaderMap::from_iter([(header::ETAG, "t".parse().unwrap())]);
        Ok::<_, Infallible>(Response::new(Odd::new([
            Ok(Frame::data(Bytes::from_static(b"one"))),
            Ok(Frame::data(Bytes::new())),
            Ok(Frame::trailers(trailers)),
            Err(Failure(Rc::from("broken"))),
        ])))
    });
    let response = auth(didit().config(CALLBACK))
        .layer(inner)
        .oneshot(Request::new(()))
        .await
        .unwrap();
    let mut body = Box::pin(response.into_body());
    assert_eq!(
        (body.size_hint().lower(), body.size_hint().upper()),
        (3, Some(7))
    );
    assert!(!body.is_end_stream());
    assert_eq!(
        body.frame().await.unwrap().unwrap().into_data().unwrap(),
        "one"
    );
    assert_eq!(
        body.frame().await.unwrap().unwrap().into_data().unwrap(),
        ""
    );
    assert!(body.frame().await.unwrap().unwrap().is_trailers());
    assert_eq!(&*body.frame().await.unwrap().unwrap_err().0, "broken");
    assert!(body.is_end_stream() && body.frame().await.is_none());
}

#[tokio::test]
async fn a_response_of_the_layer_has_an_exact_length() {
    let inner = service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Odd::new([]))));
    let service = auth(didit().config(CALLBACK)).layer(inner);
    for (path, empty) in [("/login", true), ("/logout", false)] {
        let request = Request::get(path).body(()).unwrap();
        let response = service.clone().oneshot(request).await.unwrap();
        let body = Box::pin(response.into_body());
        let length = body.size_hint().exact().unwrap();
        assert_eq!(
            (length == 0, body.is_end_stream()),
            (empty, empty),
            "{path}"
        );
        let collected = body.collect().await.unwrap().to_bytes();
        assert_eq!(collected.len() as u64, length, "{path}");
    }
}
