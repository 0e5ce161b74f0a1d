//! Sessions that need more than one cookie.
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use crate::support::sign_in::sign_in;
use crate::support::who::{CALLBACK, HOME, NOBODY, SESSION, routes};
use axum::{Router, routing::get};
use http::{Request, StatusCode, header};
use tower_didit::{
    ConfigBuilder, DiditAuth, DiditTokens,
    fake::{Browser, Endpoint, FakeDidit, Fault, Page, Person},
};

const LARGEST_LIMIT: usize = 40 * 1024;

const YEAR: std::time::Duration = std::time::Duration::from_secs(365 * 24 * 60 * 60);

/// Its access tokens outlive every session.
fn didit() -> FakeDidit {
    FakeDidit::new("client-id", "client-secret").with_access_token_lifetime(YEAR)
}

fn app(config: ConfigBuilder) -> Router {
    routes().layer(DiditAuth::new(config.build().unwrap()))
}

fn config(didit: &FakeDidit) -> ConfigBuilder {
    didit.config(CALLBACK).with_scopes(["openid", "offline"])
}

fn large_sessions(didit: &FakeDidit) -> Browser {
    let config = config(didit).with_session_cookie_limit(LARGEST_LIMIT);
    Browser::new(HOME, app(config))
}

/// The next refresh token has this length, and its ends tell it from others. (The ID token says which
/// access token belongs to it.)
fn issue_next(didit: &FakeDidit, length: usize) -> String {
    let token = format!("a{:.>1$}", "z", length - 1);
    let issued = token.clone();
    let edit = move |answer: &mut serde_json::Map<_, _>| {
        answer.insert("refresh_token".to_owned(), issued.clone().into());
    };
    didit.on_next(Endpoint::Token, Fault::edit(edit));
    token
}

/// Signs in with a refresh token of this length and sees it come back.
async fn sign_in_with(browser: &Browser, didit: &FakeDidit, length: usize) -> Page {
    let token = issue_next(didit, length);
    let page = sign_in(browser, didit).await;
    assert_eq!(page.status(), StatusCode::OK);
    assert!(page.text().ends_with(&token));
    assert_eq!(browser.get("/").await.text(), page.text());
    page
}

fn cookies(browser: &Browser) -> Vec<(String, String)> {
    let cookies = browser.cookies().into_iter();
    let pair = |cookie: tower_didit::fake::StoredCookie| {
        (cookie.name().to_owned(), cookie.value().to_owned())
    };
    cookies.map(pair).collect()
}

fn names(browser: &Browser) -> Vec<String> {
    cookies(browser).into_iter().map(|(name, _)| name).collect()
}

/// The names of a session's cookies when there are so many.
fn chunk_names(count: usize) -> Vec<String> {
    let more = (1..count).map(|index| format!("{SESSION}.{index}"));
    [SESSION.to_owned()].into_iter().chain(more).collect()
}

// Behaviour 83: what could not be read back is refused.
#[tokio::test]
async fn over_the_default_budget_the_sign_in_fails_before_the_handler_runs() {
    for (length, fits) in [(2500, true), (2700, false), (20_000, false)] {
        let didit = didit();
        let handled = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&handled);
        let callback = move |_: DiditTokens| {
            counter.fetch_add(1, Ordering::SeqCst);
            async {}
        };
        let app = Router::new()
            .route("/callback", get(callback))
            .layer(DiditAuth::new(config(&didit).build().unwrap()));
        let browser = Browser::new(HOME, app);

        issue_next(&didit, length);
        let started = browser.get("/login").await;
        let back = didit.approve(started.location(), Person::Alejandra);
        let request = Request::get(&back).header(header::ACCEPT, "application/json");
        let page = browser.send(request.body("").unwrap()).await;

        assert_eq!(didit.count(Endpoint::Token), 1);
        assert_eq!(handled.load(Ordering::SeqCst), usize::from(fits));
        if fits {
            assert_eq!(page.status(), StatusCode::OK);
            assert_eq!(names(&browser), [SESSION]);
        } else {
            assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(page.json()["code"], "session-too-large");
            assert_eq!(page.header("cache-control"), Some("private, no-store"));
            assert_eq!(names(&browser), [""; 0], "the sign-in is over");
        }
    }
}

#[tokio::test]
async fn a_sign_in_that_does_not_fit_leaves_the_session_of_before() {
    let didit = didit();
    let browser = Browser::new(HOME, app(config(&didit)));
    sign_in_with(&browser, &didit, 40).await;
    let before = cookies(&browser);

    issue_next(&didit, 3000);
    let page = sign_in(&browser, &didit).await;
    assert_eq!(page.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(page.text().contains("session-too-large"));
    assert_eq!(cookies(&browser), before);
}

#[tokio::test]
async fn the_limit_counts_names_and_attributes_of_all_its_cookies() {
    for limit in [1024, 4096, 8192, LARGEST_LIMIT] {
        let (mut largest, mut refused) = (0, 0);
        for length in (limit / 8..limit).step_by(limit / 64) {
            let didit = didit();
            let config = config(&didit).with_session_cookie_limit(limit);
            let browser = Browser::new(HOME, app(config));
            issue_next(&didit, length);
            let page = sign_in(&browser, &didit).await;
            if page.status() == StatusCode::OK {
                largest = largest.max(session_bytes(&page));
            } else {
                assert!(page.text().contains("session-too-large"));
                refused += 1;
            }
        }
        assert!(refused > 0, "nothing was too large for {limit}");
        assert!(largest <= limit, "{largest} bytes with a limit of {limit}");
        assert!(
            largest > limit * 8 / 10,
            "only {largest} bytes with a limit of {limit}"
        );
    }
}

/// How long the `Set-Cookie` lines are that set the session.
fn session_bytes(page: &Page) -> usize {
    let lines = page.headers().get_all(header::SET_COOKIE).iter();
    let lines = lines.filter(|line| !line.as_bytes().ends_with(b"Max-Age=0"));
    lines.map(http::HeaderValue::len).sum()
}

// Behaviour 79.
#[tokio::test]
async fn a_large_session_travels_in_chunks_of_at_most_4096_bytes() {
    for (length, count) in [
        (40, 1),
        (2500, 1),
        (2700, 2),
        (5450, 2),
        (5700, 3),
        (20_000, 7),
        (29_000, 10),
    ] {
        let didit = didit();
        let browser = large_sessions(&didit);
        let page = sign_in_with(&browser, &didit, length).await;
        assert_eq!(names(&browser), chunk_names(count), "{length}");
        assert!(browser.rejected_cookies().is_empty());
        for line in page.headers().get_all(header::SET_COOKIE) {
            assert!(line.len() <= 4096, "{} bytes", line.len());
        }
        for cookie in browser.cookies() {
            assert!(cookie.is_secure() && cookie.is_http_only() && cookie.is_host_only());
            assert_eq!(cookie.path(), "/");
        }
        assert_eq!(didit.count(Endpoint::Token), 1);
    }
}

// Behaviour 79.
#[tokio::test]
async fn an_exact_multiple_of_the_chunk_size_comes_back() {
    let didit = didit();
    let browser = large_sessions(&didit);
    sign_in_with(&browser, &didit, 12_000).await;
    let full = cookies(&browser)[1].1.len();

    // One more byte of token is one or two more characters of text.
    let mut lasts = Vec::new();
    for length in 5520..5640 {
        sign_in_with(&browser, &didit, length).await;
        let cookies = cookies(&browser);
        lasts.push((cookies.len(), cookies.last().unwrap().1.len()));
    }
    assert!(lasts.contains(&(2, full)), "{lasts:?}");
    assert!(
        lasts
            .iter()
            .any(|(count, length)| *count == 3 && *length < 4),
        "{lasts:?}"
    );
}

// Behaviour 79.
#[tokio::test]
async fn a_session_that_shrinks_or_ends_leaves_no_orphan() {
    let didit = didit();
    let browser = large_sessions(&didit);
    browser.set_cookie("theme", "dark");
    browser.set_cookie("__Host-didit.10", "planted");
    for (length, count) in [(29_000, 10), (6000, 3), (20_000, 7), (40, 1), (3000, 2)] {
        sign_in_with(&browser, &didit, length).await;
        let kept = names(&browser);
        assert_eq!(kept[0], "theme");
        assert_eq!(kept[1..], chunk_names(count), "{length}");
    }
    sign_in_with(&browser, &didit, 29_000).await;
    browser.post_form("/logout", &[]).await;
    assert_eq!(names(&browser), ["theme"]);
}

// Behaviour 79.
#[tokio::test]
async fn chunks_that_are_not_the_ones_that_were_written_are_nobodys() {
    let didit = didit();
    let browser = large_sessions(&didit);
    sign_in_with(&browser, &didit, 10_000).await;
    let other = cookies(&browser);
    let page = sign_in_with(&browser, &didit, 10_000).await;
    let good = cookies(&browser);
    assert_eq!(good.len(), 4);

    let token = page.text();
    let cases = HARMLESS.map(|case| (case, token)).into_iter();
    for ((case, change), expected) in cases.chain(HARMFUL.map(|case| (case, NOBODY))) {
        let mut chunks = good.clone();
        change(&mut chunks, &other);
        let lines = [chunks.iter().map(pair).collect::<Vec<_>>().join("; ")];
        assert!(ask(&browser, &lines).await == expected, "{case}");
        // HTTP/2 splits them.
        let lines: Vec<_> = chunks.iter().map(pair).collect();
        assert!(
            ask(&browser, &lines).await == expected,
            "{case}, on lines of their own"
        );
    }
    assert_eq!(didit.count(Endpoint::Token), 2);
}

/// What happens to the chunks of a session, given those of another one.
type Change = fn(&mut Vec<(String, String)>, &[(String, String)]);

const HARMLESS: [(&str, Change); 4] = [
    ("as they are", |_, _| {}),
    ("in another order on the line", |chunks, _| chunks.reverse()),
    ("among other cookies", |chunks, _| {
        chunks.insert(1, ("__Host-diditx".to_owned(), "1".to_owned()));
        chunks.push(("__Host-didit-1".to_owned(), "1".to_owned()));
        chunks.push(("didit".to_owned(), "1.x".to_owned()));
    }),
    ("with a name that no chunk has", |chunks, _| {
        chunks.push((format!("{SESSION}.01"), "1".to_owned()));
        chunks.push((format!("{SESSION}.x"), "1".to_owned()));
    }),
];

const HARMFUL: [(&str, Change); 14] = [
    ("the first is missing", |chunks, _| drop(chunks.remove(0))),
    ("one is missing", |chunks, _| drop(chunks.remove(2))),
    ("the last is missing", |chunks, _| drop(chunks.pop())),
    ("only the first is there", |chunks, _| chunks.truncate(1)),
    ("two are swapped", |chunks, _| {
        let first = std::mem::take(&mut chunks[1].1);
        chunks[1].1 = std::mem::replace(&mut chunks[2].1, first);
    }),
    ("one has another index", |chunks, _| {
        chunks[3].0 = format!("{SESSION}.4");
    }),
    ("one is too many", |chunks, _| {
        chunks.push((format!("{SESSION}.4"), "A".to_owned()));
    }),
    ("an empty one is too many", |chunks, _| {
        chunks.push((format!("{SESSION}.4"), String::new()));
    }),
    ("one is too many far behind", |chunks, _| {
        chunks.push((format!("{SESSION}.10"), "A".to_owned()));
    }),
    ("one is there twice", |chunks, _| {
        chunks.push(chunks[2].clone());
    }),
    ("the first is there twice", |chunks, _| {
        chunks.push(chunks[0].clone());
    }),
    ("one is of another session", |chunks, other| {
        chunks[2] = other[2].clone();
    }),
    ("the count is lower", |chunks, _| {
        chunks[0].1.replace_range(..1, "3");
        chunks.pop();
    }),
    ("the text was joined", |chunks, _| {
        let rest: String = chunks.drain(1..).map(|(_, text)| text).collect();
        chunks[0].1 = format!("1{}{rest}", &chunks[0].1[1..]);
    }),
];

fn pair((name, value): &(String, String)) -> String {
    format!("{name}={value}")
}

/// What [`who`] says of a request with these `Cookie` lines and no others.
async fn ask(browser: &Browser, lines: &[String]) -> String {
    let mut request = Request::get("/");
    for line in lines {
        request = request.header(header::COOKIE, line);
    }
    let page = browser.send(request.body("").unwrap()).await;
    assert_eq!(page.status(), StatusCode::OK);
    page.text().to_owned()
}

// Behaviours 79 and 81.
#[tokio::test]
async fn a_renewal_writes_all_chunks_again() {
    let didit = didit();
    let browser = large_sessions(&didit);
    let page = sign_in_with(&browser, &didit, 10_000).await;
    let before = cookies(&browser);

    didit.clock().advance(std::time::Duration::from_secs(8639));
    let early = browser.get("/").await;
    assert_eq!(early.header("set-cookie"), None);
    didit.clock().advance(std::time::Duration::from_secs(1));
    let renewed = browser.get("/").await;
    assert_eq!(
        renewed.headers().get_all(header::SET_COOKIE).iter().count(),
        4
    );

    let after = cookies(&browser);
    assert_eq!(names(&browser), chunk_names(4));
    assert!(
        before
            .iter()
            .zip(&after)
            .all(|(before, after)| before.1 != after.1)
    );
    assert!(browser.get("/").await.text() == page.text());
}
