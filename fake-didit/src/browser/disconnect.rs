//! A connection that closes before the answer.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use crate::browser::page::Page;

/// Closes the connection of a request that is under way.
///
/// The service's future is dropped, as a server does when its client goes away. The browser receives
/// neither answer nor cookie and stays on the page it is on; [`Browser::reload`](crate::Browser::reload)
/// sends the request again. Dropping the future of a request has the same effect at a point of a test's
/// own choice; nothing has been sent before its first poll.
///
/// ```
/// use std::{future::pending, sync::Arc};
/// use axum::{Router, routing::get};
/// use fake_didit::{Browser, Disconnect};
/// use tokio::sync::Notify;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// // A handler that says when it has begun, and never ends.
/// let begun = Arc::new(Notify::new());
/// let begins = begun.clone();
/// let app = Router::new().route("/", get(|| async move {
///     begins.notify_one();
///     pending::<()>().await
/// }));
///
/// let browser = Browser::new("https://app.example", app);
/// browser.visit("/").disconnect_when(begun.notified()).await;
/// # }
/// ```
pub trait Disconnect: Future<Output = Page> + Sized {
    /// Sends the request until `signal` is ready, closes its connection, and gives what `signal` gave.
    ///
    /// # Panics
    ///
    /// When the answer comes before that.
    fn disconnect_when<S: Future>(self, signal: S) -> impl Future<Output = S::Output> {
        async {
            let (mut request, mut signal) = (pin!(self), pin!(signal));
            poll_fn(|context| match request.as_mut().poll(context) {
                Poll::Ready(page) => panic!(
                    "the {} of {} came before the connection closed",
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
