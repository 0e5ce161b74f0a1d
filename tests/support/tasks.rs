//! Futures and tasks that a story lets run as far as it wants.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

/// Polls `future`, which does not end before `is_there` holds; gives the rest of it.
pub(crate) async fn poll_until<F: Future>(future: F, is_there: impl Fn() -> bool) -> Pin<Box<F>> {
    let mut future = Box::pin(future);
    while !is_there() {
        assert_is_pending(&mut future).await;
        tokio::task::yield_now().await;
    }
    future
}

/// Polls `future` once.
pub(crate) async fn assert_is_pending<F: Future>(future: &mut Pin<Box<F>>) {
    let is_pending = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending()));
    assert!(is_pending.await, "it has ended");
}

/// Lets other tasks run until `is_there` holds.
pub(crate) async fn yield_until(is_there: impl Fn() -> bool) {
    for _ in 0..1000 {
        if is_there() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it did not come to that");
}

/// Lets the tasks that run in the background go on for as long as they wait for nothing.
pub(crate) async fn run_background() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}
