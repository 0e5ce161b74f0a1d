//! Arbitrary request cookies: only the cookies that were set sign a user in, and no request fails.

use std::collections::HashMap;

use super::{
    any_cookies::{Cookie, bytes, changes, lines, names},
    application::app,
};
use http::{HeaderName, HeaderValue, Method, Request, header};
use proptest::{
    collection::vec,
    prelude::*,
    sample::{select, subsequence},
    test_runner::{Config, TestRunner},
};
use tokio::runtime::Runtime;
use tower_didit::fake::{Browser, Endpoint, FakeDidit, FakeDiditExt, Page};

use crate::support::{
    cookies::{chunk_name, lasting},
    faults::with_refresh_token_of,
    sign_in::sign_in,
    site::{CALLBACK, HOME, NOBODY, didit, memory},
};

/// An application, and the cookies of its signed-in users.
struct Story {
    browser: Browser,
    /// What the application returns for each user.
    people: Vec<(Vec<Cookie>, String)>,
    runtime: Runtime,
}

impl Story {
    fn start(has_store: bool) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.expect("a runtime");
        let didit = didit();
        let config = didit.config(CALLBACK).with_scopes(["openid", "offline"]);
        let config = if has_store {
            config.with_session_store(memory(&didit))
        } else {
            config.with_session_cookie_limit(40 * 1024)
        };
        let browser = Browser::new(HOME, app(config));
        // Both sessions have the same number of chunks.
        let people =
            [9000, 9000, 10].map(|length| runtime.block_on(enter(&browser, &didit, length)));
        Self {
            browser: browser.new_browser(),
            people: people.into(),
            runtime,
        }
    }

    fn send(&self, request: Request<&'static str>) -> Page {
        self.runtime.block_on(self.browser.send(request))
    }

    /// Who is signed in with only these cookies.
    fn expected(&self, lines: &[Vec<u8>]) -> &str {
        let brought = cookies_of(lines);
        // The first and the last values of each name are tried.
        let last: HashMap<_, _> = brought.iter().cloned().collect();
        let first: HashMap<_, _> = brought.into_iter().rev().collect();
        match (self.session_in(&first), self.session_in(&last)) {
            (Some(first), Some(last)) if first != last => NOBODY,
            (first, last) => first.or(last).unwrap_or(NOBODY),
        }
    }

    /// The user of the session in these cookies, which may contain cookies of a longer session or of another layer.
    fn session_in(&self, cookies: &HashMap<String, Vec<u8>>) -> Option<&str> {
        let mut people = self.people.iter();
        let found = people.find(|(own, _)| {
            own.iter()
                .all(|(name, value)| cookies.get(name) == Some(value))
        });
        found.map(|(_, who)| &**who)
    }
}

/// The session cookies of a newly signed-in user, in order, and what the application returns for the user.
async fn enter(browser: &Browser, didit: &FakeDidit, length: usize) -> (Vec<Cookie>, String) {
    didit.on_next(Endpoint::Token, with_refresh_token_of(length));
    let browser = browser.new_browser();
    let page = sign_in(&browser, didit).await;
    let cookies = lasting(&browser).into_iter();
    let cookies = cookies.map(|cookie| (cookie.name().to_owned(), cookie.value().into()));
    let mut cookies: Vec<_> = cookies.collect();
    cookies.sort();
    (cookies, page.text().to_owned())
}

/// The session cookies among these lines.
fn cookies_of(lines: &[Vec<u8>]) -> Vec<Cookie> {
    let pairs = lines
        .iter()
        .flat_map(|line| line.split(|byte| *byte == b';'));
    let cookies = pairs.filter_map(|pair| {
        let equals = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = pair.split_at(equals);
        let name = std::str::from_utf8(name.trim_ascii()).ok()?.to_owned();
        let is_ours = (0..11).any(|index| name == chunk_name(index));
        is_ours.then(|| {
            (
                name,
                value.get(1..).unwrap_or_default().trim_ascii().to_vec(),
            )
        })
    });
    cookies.collect()
}

fn check<S: Strategy>(
    cases: u32,
    strategy: &S,
    test: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(strategy, test);
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Arbitrary changes of the users' cookies, in any order and on any lines.
fn other_cookies_sign_nobody_in(has_store: bool) {
    let story = Story::start(has_store);
    let person = 0..story.people.len();
    let input = (
        person.clone(),
        person,
        changes(),
        any::<u64>(),
        vec(any::<bool>(), 8),
    );
    let signed_in = std::cell::Cell::new(0);
    check(1000, &input, |(person, other, changes, order, breaks)| {
        let mut cookies = story.people[person].0.clone();
        for change in changes {
            change.apply(&mut cookies, &story.people[other].0);
        }
        let turns = usize::try_from(order % 8).expect("small");
        let turns = turns.min(cookies.len());
        cookies.rotate_left(turns);
        if order % 3 == 0 {
            cookies.reverse();
        }
        let lines: Vec<_> = lines(&cookies, &breaks);
        let mut request = Request::get("/");
        for line in &lines {
            let Ok(line) = HeaderValue::from_bytes(line) else {
                // The flipped byte is not allowed in a header.
                return Ok(());
            };
            request = request.header(header::COOKIE, line);
        }
        let page = story.send(request.body("").expect("a request"));
        let expected = story.expected(&lines);
        signed_in.set(signed_in.get() + u32::from(expected != NOBODY));
        prop_assert_eq!(page.status(), 200);
        prop_assert!(
            page.text() == expected,
            "{} for {}",
            page.text().len(),
            expected.len()
        );
        prop_assert!(page.header("set-cookie").is_none());
        Ok(())
    });
    assert!(
        (100..900).contains(&signed_in.get()),
        "{signed_in:?} of 1000"
    );
}

// Behaviours 77 and 79.
#[test]
fn only_sealed_cookies_sign_a_user_in() {
    other_cookies_sign_nobody_in(false);
}

// Behaviours 75 and 77.
#[test]
fn only_cookie_ids_in_the_store_sign_a_user_in() {
    other_cookies_sign_nobody_in(true);
}

// Behaviour 77.
#[test]
fn any_request_is_answered_without_a_panic() {
    let stories = [Story::start(false), Story::start(true)];
    let fields = [
        header::ACCEPT,
        header::ORIGIN,
        header::HOST,
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        HeaderName::from_static("sec-fetch-site"),
        HeaderName::from_static("sec-fetch-mode"),
        HeaderName::from_static("sec-fetch-dest"),
        HeaderName::from_static("x-forwarded-host"),
    ];
    let fields = subsequence(fields.to_vec(), 0..5).prop_flat_map(|names| {
        let values = vec(bytes(20), names.len());
        values.prop_map(move |values| names.iter().cloned().zip(values).collect::<Vec<_>>())
    });
    let cookies = vec((names(), bytes(200)), 0..20);
    let path = select(vec!["/", "/login", "/callback", "/logout", "/elsewhere"]);
    let query = "[-a-z0-9=&%+;/?]{0,40}|(code=[a-z]{0,9}&)?state=[a-zA-Z0-9_-]{0,43}";
    let method = select(vec![
        Method::GET,
        Method::POST,
        Method::HEAD,
        Method::OPTIONS,
    ]);
    let breaks = vec(any::<bool>(), 8);
    let input = (
        (path, query, method),
        (cookies, breaks, vec(bytes(300), 0..3)),
        fields,
    );
    check(
        1000,
        &input,
        |((path, query, method), (cookies, breaks, garbage), fields)| {
            for story in &stories {
                let mut request = Request::builder()
                    .method(method.clone())
                    .uri(format!("{path}?{query}"));
                for line in lines(&cookies, &breaks).iter().chain(&garbage) {
                    let line = HeaderValue::from_bytes(line).expect("bytes of a header");
                    request = request.header(header::COOKIE, line);
                }
                for (name, value) in &fields {
                    let value = HeaderValue::from_bytes(value).expect("bytes of a header");
                    request = request.header(name, value);
                }
                let page = story.send(request.body("").expect("a request"));
                prop_assert!(!page.status().is_server_error(), "{}", page.text());
                if path == "/" && method == Method::GET {
                    prop_assert_eq!(page.text(), NOBODY);
                }
            }
            Ok(())
        },
    );
}
