//! Refreshes while the access token is valid: they run in the background.

use std::time::Duration;

use tokio::time::Instant;
use tower_didit::fake::{Browser, Endpoint, Fault, Page};

use crate::support::{
    cookies::sets_session,
    handlers::{Case, app, cases, user_of},
    outage::pass,
    tasks::run_background,
};

const SECOND: Duration = Duration::from_secs(1);

async fn timed(browser: &Browser, path: &str) -> (Page, u64) {
    let start = Instant::now();
    let page = browser.get(path).await;
    (page, start.elapsed().as_secs())
}

// Behaviour 84.
#[tokio::test(start_paused = true)]
async fn only_a_request_that_needs_the_new_tokens_waits_and_at_most_two_seconds() {
    for (delay, is_in_time) in [(1, true), (5, false)] {
        for Case {
            didit,
            config,
            is_stored,
            works_once,
            last_second,
        } in cases()
        {
            let app = app(config);
            let (browser, first) = user_of(&didit, &app.router).await;
            didit.clock().advance(last_second);
            didit.on_next(Endpoint::Token, Fault::delay(delay * SECOND));

            // A request for the claims starts no refresh.
            assert_eq!(timed(&browser, "/user").await.1, 0);
            run_background().await;
            assert_eq!(didit.count(Endpoint::Token), 1);

            // The first request for the tokens waits if its response has to carry the new ones, or if the old ones end
            // with the refresh.
            let waits = !is_stored || works_once;
            let (page, waited) = timed(&browser, "/").await;
            let expected = if waits { delay.min(2) } else { 0 };
            assert_eq!(waited, u64::from(expected));
            assert_eq!(page.text() != first, waits && is_in_time);
            assert_eq!(sets_session(&page), !is_stored && is_in_time);

            // Other requests do not wait.
            assert_eq!(timed(&browser, "/").await.1, 0);
            run_background().await;
            assert_eq!(didit.count(Endpoint::Token), 2);

            // Later requests get the new tokens.
            pass(&didit, 10 * SECOND).await;
            let (page, waited) = timed(&browser, "/").await;
            assert_ne!(page.text(), first);
            assert_eq!(waited, 0);
            assert_eq!(sets_session(&page), !is_stored && !is_in_time);
            assert_eq!(didit.count(Endpoint::Token), 2);
        }
    }
}
