//! Connections that close before the response.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use crate::browser::page::Page;

/// Closes the connection of a pending request.
///
/// Drops the service's future, as a server does when its client disconnects. The browser receives neither
/// the response nor its cookies, and stays on its page; [`Browser::reload`](crate::Browser::reload) sends
/// the request again. Dropping the future of a request does the same. Nothing is sent before the future is
/// first polled.
///
/// ```
/// use std::{future::pending, sync::Arc};
/// use axum::{Router, routing::get};
/// use fake_didit::{Browser, Disconnect};
/// use tokio::sync::Notify;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // A handler that signals its start and never completes.
/// let started = Arc::new(Notify::new());
/// let start = started.clone();
/// let app = Router::new().route("/", get(|| async move {
///     start.notify_one();
///     pending::<()>().await
/// }));
///
/// let browser = Browser::new("https://app.example", app);
/// browser.visit("/").disconnect_when(started.notified()).await;
/// # }
/// ```
pub trait Disconnect: Future<Output = Page> + Sized {
    /// Sends the request, and closes its connection when `signal` completes. Returns the output of `signal`.
    ///
    /// # Panics
    ///
    /// If the response arrives first.
    fn disconnect_when<S: Future>(self, signal: S) -> impl Future<Output = S::Output> {
        async {
            let (mut request, mut signal) = (pin!(self), pin!(signal));
            poll_fn(|context| match request.as_mut().poll(context) {
                Poll::Ready(page) => panic!(
                    "the response {} of {} arrived before the connection closed",
                    page.status(),
                    page.url()
                ),
                Poll::Pending => signal.as_mut().poll(context),
            })
            .await
        }
    }
}

impl<F: Future<Output = Page>> Disconnect for F {}
