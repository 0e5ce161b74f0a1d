//! A provider or a session store that does not answer for a while.

use std::time::Duration;

use http::StatusCode;
use tower_didit::fake::{FakeDidit, Page};

/// A 503 with this code, which says when to try again and asks for no sign-in.
#[track_caller]
pub(crate) fn assert_unavailable(page: &Page, code: &str) {
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.header("retry-after"), Some("1"));
    assert_eq!(page.header("location"), None);
    assert!(page.text().contains(code), "{}", page.text());
}

/// Moves both clocks, that of sessions and tokens and tokio's, by whole seconds. What is under way runs on.
pub(crate) async fn pass(didit: &FakeDidit, time: Duration) {
    for _ in 0..time.as_secs() {
        didit.clock().advance(Duration::from_secs(1));
        tokio::time::advance(Duration::from_secs(1)).await;
    }
}
