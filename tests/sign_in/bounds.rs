//! Limits on the cost of hostile requests.

use std::time::Duration;

use axum::{Router, body::Body, routing::get};
use http::{Request, StatusCode, header};
use tower::ServiceExt;
use tower_didit::{
    DiditTokens, ReturnTo,
    fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Fault},
};

use crate::support::{
    cookies::{FLOW, SESSION, header_of},
    sign_in::{approved, sign_in},
    site::{CALLBACK, HOME, auth, didit},
    tasks::yield_until,
};

fn app(didit: &FakeDidit) -> Router {
    Router::new()
        .route(
            "/callback",
            get(|_: DiditTokens, back: ReturnTo| async { back }),
        )
        .layer(auth(didit.config(CALLBACK)))
}

/// The number of concurrent exchanges for which no request waits.
const MOST: usize = 256;

#[tokio::test(start_paused = true)]
async fn abandoned_exchanges_are_bounded() {
    let didit = didit();
    let app = app(&didit);
    let first = Browser::new(HOME, app.clone());
    didit.on_every(Endpoint::Token, Fault::hang());

    for _ in 0..MOST {
        let browser = first.new_browser();
        let back = approved("/login", &browser, &didit).await;
        let request = Request::get(back)
            .header(header::COOKIE, header_of(&browser))
            .body(Body::empty())
            .unwrap();
        // The browser disconnects as soon as its code was sent.
        let sent = didit.count(Endpoint::Token);
        let answer = tokio::spawn(app.clone().oneshot(request));
        yield_until(|| didit.count(Endpoint::Token) > sent).await;
        assert!(!answer.is_finished());
        answer.abort();
    }

    let page = sign_in(&first, &didit).await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.text().contains("too-many-token-requests"));
    assert_eq!(page.header("retry-after"), Some("1"));
    assert_eq!(didit.count(Endpoint::Token), MOST);

    // The others have timed out, and this sign-in was not used up.
    didit.clear_faults();
    tokio::time::advance(Duration::from_secs(11)).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let page = first.click(&page, "try-again").await;
    assert_eq!(page.url(), format!("{HOME}/"));
    assert!(first.cookie(SESSION).is_some());
    assert_eq!(didit.count(Endpoint::Token), MOST + 1);
}

// Behaviours 5 and 105.
#[tokio::test]
async fn the_response_to_planted_cookies_is_bounded() {
    let didit = didit();
    let planted: Vec<_> = (0..10_000)
        .map(|number| format!("{FLOW}{number}=x"))
        .collect();
    // The new flow cookie, and removals.
    for (method, path) in [("GET", "/login"), ("POST", "/logout")] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, planted.join("; "))
            .body(Body::empty())
            .unwrap();
        let answer = app(&didit).oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let set = answer.headers().get_all(header::SET_COOKIE).iter();
        let bytes: usize = set.map(|line| "set-cookie: \r\n".len() + line.len()).sum();
        assert!((1900..=2048).contains(&bytes), "{bytes} at {path}");
    }
}
