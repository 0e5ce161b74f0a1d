//! What a stranger sends costs little.
use axum::{Router, routing::get};
use http::{Request, StatusCode, header};
use tower::ServiceExt;
use tower_didit::{
    DiditAuth, DiditTokens, ReturnTo,
    fake::{Browser, Endpoint, FakeDidit, Fault, Person},
};

const HOME: &str = "https://app.example";

fn app(didit: &FakeDidit) -> Router {
    let config = didit
        .config("https://app.example/callback")
        .build()
        .unwrap();
    Router::new()
        .route(
            "/callback",
            get(|_: DiditTokens, back: ReturnTo| async { back }),
        )
        .layer(DiditAuth::new(config))
}

/// As many exchanges as may go on at once without anybody waiting for them.
const MOST: usize = 256;

#[tokio::test(start_paused = true)]
async fn exchanges_that_nobody_waits_for_are_bounded() {
    let didit = FakeDidit::new("client-id", "client-secret");
    let app = app(&didit);
    let first = Browser::new(HOME, app.clone());
    didit.on_every(Endpoint::Token, Fault::hang());

    for _ in 0..MOST {
        let browser = first.new_browser();
        let started = browser.get("/login").await;
        let back = didit.approve(started.location(), Person::John);
        let mut request = Request::get(back).body(axum::body::Body::empty()).unwrap();
        let cookies: Vec<_> = browser
            .cookies()
            .iter()
            .map(|cookie| format!("{}={}", cookie.name(), cookie.value()))
            .collect();
        let cookies = cookies.join("; ").parse().unwrap();
        request.headers_mut().insert(header::COOKIE, cookies);
        // The browser goes away as soon as its code is on the way.
        let sent = didit.count(Endpoint::Token);
        let answer = tokio::spawn(app.clone().oneshot(request));
        turn_until(|| didit.count(Endpoint::Token) > sent).await;
        assert!(!answer.is_finished());
        answer.abort();
    }

    let started = first.get("/login").await;
    let back = didit.approve(started.location(), Person::John);
    let page = first.get(&back).await;
    assert_eq!(page.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.text().contains("too-many-sign-ins"));
    assert_eq!(page.header("retry-after"), Some("1"));
    assert_eq!(didit.count(Endpoint::Token), MOST);

    // The time-out of the others makes room, and this sign-in was not used up.
    didit.clear_faults();
    tokio::time::advance(std::time::Duration::from_secs(11)).await;
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let page = first.click(&page, "try-again").await;
    assert_eq!(page.url(), "https://app.example/");
    assert!(first.cookie("__Host-didit").is_some());
    assert_eq!(didit.count(Endpoint::Token), MOST + 1);
}

/// Lets other tasks run until `done`.
async fn turn_until(done: impl Fn() -> bool) {
    for _ in 0..1000 {
        if done() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it did not come to that");
}

#[tokio::test]
async fn planted_cookies_do_not_blow_up_an_answer() {
    let didit = FakeDidit::new("client-id", "client-secret");
    let planted: Vec<_> = (0..10_000)
        .map(|number| format!("__Host-didit-flow-{number}=x"))
        .collect();
    // The sign-in's own, and 64 removals.
    for (method, path, most) in [("GET", "/login", 65), ("POST", "/logout", 64)] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, planted.join("; "))
            .body(axum::body::Body::empty())
            .unwrap();
        let answer = app(&didit).oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let set = answer.headers().get_all(header::SET_COOKIE);
        assert_eq!(set.iter().count(), most, "{path}");
    }
}
