//! What was sent and has to be finished.

use std::{fmt, future::Future, sync::Arc};

use tokio::{sync::watch, task::JoinHandle};
use tracing::Instrument;

/// The tasks of one layer in which something is finished: a browser that goes away drops what waits for
/// them, not them. Clones count the same tasks.
#[derive(Clone)]
pub(crate) struct UnderWay(Arc<watch::Sender<usize>>);

impl UnderWay {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }

    /// Runs a task to its end.
    pub(crate) fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let counted = Counted::new(self);
        let task = async move {
            let _counted = counted;
            task.await
        };
        tokio::spawn(task.in_current_span())
    }

    /// Waits until none is left.
    pub(crate) async fn finish(&self) {
        // The sender is there: it is this one.
        let _ = self.0.subscribe().wait_for(|tasks| *tasks == 0).await;
    }
}

/// One task, until it is dropped.
struct Counted(UnderWay);

impl Counted {
    fn new(under_way: &UnderWay) -> Self {
        under_way.0.send_modify(|tasks| *tasks += 1);
        Self(under_way.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.send_modify(|tasks| *tasks -= 1);
    }
}

impl fmt::Debug for UnderWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnderWay({})", *self.0.borrow())
    }
}

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
        let first = under_way.spawn(ended);
        let waiting = under_way.clone();
        let mut finish = pin!(waiting.finish());
        let mut is_over = async || {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            poll_fn(|cx| Poll::Ready(finish.as_mut().poll(cx).is_ready())).await
        };
        assert!(!is_over().await);
        // One that begins meanwhile counts as well.
        let (end_second, second_ended) = oneshot::channel::<()>();
        let second = under_way.spawn(second_ended);
        end.send(()).unwrap();
        first.await.unwrap().unwrap();
        assert!(!is_over().await);
        end_second.send(()).unwrap();
        second.await.unwrap().unwrap();
        assert!(is_over().await);
        assert_eq!(format!("{under_way:?}"), "UnderWay(0)");
    }

    #[tokio::test]
    async fn a_task_that_panics_is_over() {
        let under_way = UnderWay::new();
        assert!(
            under_way
                .spawn(async { panic!("as a transport may") })
                .await
                .is_err()
        );
        under_way.finish().await;
    }
}
