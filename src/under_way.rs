//! What was sent and has to be finished.

use std::{fmt, future::Future, sync::Arc};

use tokio::{sync::Semaphore, task::JoinHandle};
use tracing::Instrument;

/// The tasks of one layer: all that it spawns. A browser that goes away drops what waits for them, not
/// them. Clones count the same tasks.
#[derive(Clone)]
pub(crate) struct UnderWay(Arc<Semaphore>);

impl UnderWay {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(ALL as usize)))
    }

    /// Runs a task to its end.
    pub(crate) fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let counted = Arc::clone(&self.0).try_acquire_owned();
        let task = async move {
            let output = task.await;
            drop(counted);
            output
        };
        tokio::spawn(task.in_current_span())
    }

    /// Waits until none is left.
    pub(crate) async fn finish(&self) {
        // The semaphore is never closed.
        let _all = self.0.acquire_many(ALL).await;
    }
}

impl fmt::Debug for UnderWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tasks = (ALL as usize).saturating_sub(self.0.available_permits());
        write!(f, "UnderWay({tasks})")
    }
}

/// More than there can be: those that ask the provider are bounded.
const ALL: u32 = 1 << 20;

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, pin::pin, task::Poll};

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn the_end_waits_for_every_task() {
        let under_way = UnderWay::new();
        under_way.finish().await;
        let (end, ended) = oneshot::channel::<()>();
        let task = under_way.spawn(ended);
        let waiting = under_way.clone();
        let mut finish = pin!(waiting.finish());
        for _ in 0..10 {
            let is_over = poll_fn(|cx| Poll::Ready(finish.as_mut().poll(cx).is_ready()));
            assert!(!is_over.await);
            tokio::task::yield_now().await;
        }
        end.send(()).unwrap();
        finish.await;
        assert!(task.await.unwrap().is_ok());
        assert_eq!(format!("{under_way:?}"), "UnderWay(0)");
    }
}
