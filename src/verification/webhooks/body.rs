//! Reads the body of a webhook.

use std::{
    future::poll_fn,
    pin::pin,
    task::{Poll, ready},
    time::Duration,
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::StatusCode;
use http_body::{Body, Frame};
use tokio::sync::Semaphore;

/// Reads bodies. Whoever can connect can send one, so at most [`MAX_LARGE`] large ones are read at a time. Didit's have
/// some KiB.
#[derive(Debug)]
pub(super) struct Reader {
    large: Semaphore,
}

impl Default for Reader {
    fn default() -> Self {
        let large = Semaphore::new(MAX_LARGE);
        Self { large }
    }
}

impl Reader {
    /// Reads a whole body, bounded in size and time. Fails with the status of the response: 413 if it is too large; 503, so
    /// that Didit sends the webhook again, if it is too slow or incomplete, or if too many large bodies are being read.
    pub(super) async fn read<B: Body>(&self, body: B) -> Result<Bytes, StatusCode> {
        let (wrong, answer) = match tokio::time::timeout(TIME_LIMIT, self.read_all(body)).await {
            Ok(Ok(body)) => return Ok(body),
            Ok(Err(StatusCode::PAYLOAD_TOO_LARGE)) => ("size", StatusCode::PAYLOAD_TOO_LARGE),
            Ok(Err(answer)) => ("end", answer),
            Err(_) => ("time", StatusCode::SERVICE_UNAVAILABLE),
        };
        tracing::debug!(wrong, "webhook not read");
        Err(answer)
    }

    async fn read_all<B: Body>(&self, body: B) -> Result<Bytes, StatusCode> {
        let mut body = pin!(body);
        if body.size_hint().lower() > SIZE_LIMIT as u64 {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let (mut read, mut permit) = (BytesMut::new(), None);
        loop {
            let before = read.len();
            let appended = poll_fn(|cx| {
                let frame = ready!(body.as_mut().poll_frame(cx));
                Poll::Ready(frame.map(|frame| append::<B>(&mut read, frame)))
            });
            match appended.await {
                Some(appended) => appended?,
                None => break,
            }
            if read.len() > SMALL && permit.is_none() {
                let busy = |_| StatusCode::SERVICE_UNAVAILABLE;
                permit = Some(self.large.try_acquire().map_err(busy)?);
            }
            if read.len() == before {
                // A series of empty frames must not keep the time limit from being checked.
                tokio::task::yield_now().await;
            }
        }
        Ok(read.freeze())
    }
}

fn append<B: Body>(
    read: &mut BytesMut,
    frame: Result<Frame<B::Data>, B::Error>,
) -> Result<(), StatusCode> {
    let frame = frame.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let Ok(data) = frame.into_data() else {
        return Ok(()); // trailers
    };
    if data.remaining() > SIZE_LIMIT - read.len() {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    read.put(data);
    Ok(())
}

const SIZE_LIMIT: usize = 1024 * 1024;
/// A body up to this size is read whatever else is.
const SMALL: usize = 64 * 1024;
/// How many larger ones are read at a time.
const MAX_LARGE: usize = 32;
/// Didit waits 5 s for the answer.
const TIME_LIMIT: Duration = Duration::from_secs(4);
