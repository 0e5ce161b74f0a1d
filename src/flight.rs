//! A call that outlives the request that started it, and that several requests share (single flight).

use std::future::Future;

use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// A call in a task of its own. All waiters get its outcome, and dropping a waiter cancels nothing.
#[derive(Clone)]
pub(crate) struct Flight<T>(watch::Receiver<Option<T>>);

/// The progress of a call.
pub(crate) enum Progress<T> {
    InFlight,
    Completed(T),
    /// The call panicked, or its runtime has shut down.
    Lost,
}

impl<T: Clone + Send + Sync + 'static> Flight<T> {
    /// Starts the call.
    pub(crate) fn start(
        tasks: &TaskTracker,
        call: impl Future<Output = T> + Send + 'static,
    ) -> Self {
        let (sender, receiver) = watch::channel(None);
        let task = async move {
            sender.send_replace(Some(call.await));
        };
        tasks.spawn(task.in_current_span());
        Self(receiver)
    }

    /// A call that is over.
    #[cfg(feature = "redis")]
    pub(crate) fn completed(outcome: T) -> Self {
        Self(watch::channel(Some(outcome)).1)
    }

    pub(crate) fn progress(&self) -> Progress<T> {
        // In this order: the outcome is stored before the channel closes.
        let is_closed = self.0.has_changed().is_err();
        match self.0.borrow().clone() {
            Some(outcome) => Progress::Completed(outcome),
            None if is_closed => Progress::Lost,
            None => Progress::InFlight,
        }
    }

    pub(crate) fn is_in_flight(&self) -> bool {
        matches!(self.progress(), Progress::InFlight)
    }

    /// Waits for the outcome. `None` if the call is [lost](Progress::Lost).
    pub(crate) async fn outcome(&self) -> Option<T> {
        let mut receiver = self.0.clone();
        let outcome = receiver.wait_for(Option::is_some).await;
        outcome.ok().as_deref().cloned().flatten()
    }
}
