//! A provider that closes connections at random moments, also while the next request is on its way.
//!
//! `SIGN_INS` sets the number of sign-ins and of other calls; the default is 500. `TEST_SEED` repeats the choices of an earlier run,
//! though not its timing.

use std::{
    collections::HashSet,
    convert::Infallible,
    env,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{Router, routing::get};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{Method, Request, Response, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::yield_now,
};
use tower::Service;
use tower_didit::{
    Config, DiditClient, DiditTokens, Error, Provider,
    fake::{Browser, FakeDidit, Person},
};

use crate::{
    harness::random::Random,
    support::site::{CALLBACK, HOME, auth},
};

// RFC 6749 §4.1.2, RFC 9112 §9.3.1; behaviours 42, 84 and 107.
#[tokio::test(flavor = "multi_thread")]
async fn no_stale_connection_costs_a_sign_in_or_a_refresh() {
    let (site, sign_ins) = (Site::start().await, count());
    let all = (0..sign_ins).map(|_| site.sign_in_and_refresh());
    let done = stream::iter(all).buffer_unordered(AT_ONCE).count().await;
    assert_eq!(done, sign_ins);

    let seen = site.wire.seen();
    println!("{sign_ins} sign-ins and refreshes: {}", seen.summary());
    assert_eq!((seen.tokens.len(), seen.sent_again), (2 * sign_ins, 0));
    // Each sign-in has fetched the user information too, and many have fetched the keys and the metadata.
    assert!(seen.connections > 3 * sign_ins + sign_ins / 20);
    assert_eq!(seen.reused, 0);
}

// RFC 9110 §9.2.2; behaviour 107. On several threads, since hyper loses about two in 100,000 of these requests there.
#[tokio::test(flavor = "multi_thread")]
async fn no_stale_connection_costs_the_user_information() {
    let (site, calls) = (Site::start().await, count());
    let browser = site.browser.new_browser();
    site.sign_in(&browser).await;
    let all = (0..calls).map(|_| site.open(&browser, "/user"));
    let done = stream::iter(all).buffer_unordered(AT_ONCE).count().await;
    assert_eq!(done, calls);

    let seen = site.wire.seen();
    println!("{calls} calls: {}", seen.summary());
    assert!(seen.reused > calls / 10, "{}", seen.summary());
    assert!(seen.unanswered > calls / 20, "{}", seen.summary());
}

fn count() -> usize {
    env::var("SIGN_INS").map_or(SIGN_INS, |count| count.parse().expect("a number"))
}

struct Site {
    browser: Browser,
    didit: FakeDidit,
    wire: Arc<Wire>,
}

impl Site {
    async fn start() -> Self {
        // A person may take as long as the others need for all of their sign-ins.
        let didit = FakeDidit::new("client", "secret")
            .with_redirect_uri(CALLBACK)
            .with_rotating_refresh_tokens()
            .with_code_lifetime(Duration::from_secs(60 * 60 * 24))
            .with_jwks_max_age(Duration::from_secs(60));
        let wire = Arc::<Wire>::default();
        let origin = listen(didit.clone(), Arc::clone(&wire)).await;
        let didit = didit.with_issuer(&origin);
        let config = Config::builder("client", CALLBACK)
            .with_client_secret("secret")
            .with_provider(Provider::discovered(&origin).with_single_use_refresh_tokens())
            .with_scopes(["openid", "email", "offline"])
            .with_user_info_at_sign_in()
            .with_clock(didit.clock());
        let app = Router::new()
            .route("/callback", get(|_: DiditTokens| async {}))
            .route("/refresh", get(refresh))
            .route("/user", get(user))
            .layer(auth(config));
        let browser = Browser::new(HOME, app);
        Self {
            browser,
            didit,
            wire,
        }
    }

    async fn sign_in_and_refresh(&self) {
        let browser = self.browser.new_browser();
        self.sign_in(&browser).await;
        self.open(&browser, "/refresh").await;
        // The metadata and the keys expire after some more.
        self.didit.clock().advance(Duration::from_secs(5));
    }

    async fn sign_in(&self, browser: &Browser) {
        let started = browser.get("/login").await;
        let callback = self.didit.approve(started.location(), &Person::alejandra());
        self.open(browser, &callback).await;
    }

    async fn open(&self, browser: &Browser, url: &str) {
        let page = browser.get(url).await;
        let seen = self.wire.seen().summary();
        assert_eq!(page.status(), StatusCode::OK, "{seen}: {}", page.text());
    }
}

async fn user(client: DiditClient, tokens: DiditTokens) -> Result<(), Error> {
    client.user_info(&tokens).await.map(drop)
}

async fn refresh(client: DiditClient, tokens: DiditTokens) -> Result<(), Error> {
    client.refresh(&tokens).await.map(drop)
}

/// What the provider has seen.
#[derive(Default)]
struct Wire {
    seen: Mutex<Seen>,
    random: Mutex<Option<Random>>,
}

#[derive(Default)]
struct Seen {
    connections: usize,
    /// Requests that were not the first of their connection.
    reused: usize,
    /// Those whose connection was closed in place of a response.
    unanswered: usize,
    /// Codes and refresh tokens.
    tokens: HashSet<String>,
    sent_again: usize,
}

impl Seen {
    fn summary(&self) -> String {
        format!(
            "{} connections, {} reused for a request, {} of these closed without a response; \
             {} codes and refresh tokens, {} sent again",
            self.connections,
            self.reused,
            self.unanswered,
            self.tokens.len(),
            self.sent_again
        )
    }

    fn note(&mut self, request: &Request<Bytes>, is_first: bool) {
        self.connections += usize::from(is_first);
        self.reused += usize::from(!is_first);
        if request.method() != Method::POST {
            return;
        }
        let form = url::form_urlencoded::parse(request.body());
        let token = form
            .into_owned()
            .find_map(|(name, value)| matches!(&*name, "code" | "refresh_token").then_some(value));
        let is_new = self
            .tokens
            .insert(token.expect("a code or a refresh token"));
        self.sent_again += usize::from(!is_new);
    }
}

impl Wire {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }

    fn below(&self, end: usize) -> usize {
        let mut random = lock(&self.random);
        random
            .get_or_insert_with(Random::from_environment)
            .below(end)
    }
}

async fn listen(didit: FakeDidit, wire: Arc<Wire>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(serve(socket, didit.clone(), Arc::clone(&wire)));
        }
    });
    format!("http://{address}")
}

/// Answers the first request of a connection. What becomes of the connection then is left to chance.
async fn serve(mut socket: TcpStream, mut didit: FakeDidit, wire: Arc<Wire>) {
    for number in 0.. {
        let Some(request) = read_request(&mut socket).await else {
            return;
        };
        wire.seen().note(&request, number == 0);
        if number > 0 && wire.below(2) == 0 {
            // The close that crossed the request.
            wire.seen().unanswered += 1;
            return;
        }
        let answer: Result<_, Infallible> = didit.call(request).await;
        let answer = bytes_of(&answer.expect("it always answers"));
        if socket.write_all(&answer).await.is_err() {
            return;
        }
        match wire.below(5) {
            0 => return,
            1 => return socket.set_zero_linger().expect("a socket"),
            2 => {
                for _ in 0..wire.below(100) {
                    yield_now().await;
                }
                return;
            }
            _ => {}
        }
    }
}

async fn read_request(socket: &mut TcpStream) -> Option<Request<Bytes>> {
    let mut read = Vec::new();
    let head = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break read.drain(..end + 4).collect::<Vec<u8>>();
        }
        socket
            .read_buf(&mut read)
            .await
            .ok()
            .filter(|&read| read > 0)?;
    };
    let head = String::from_utf8(head).expect("ASCII");
    let mut lines = head.trim_end().split("\r\n");
    let mut start = lines.next()?.split(' ');
    let (method, uri) = (start.next()?, start.next()?);
    let mut request = Request::builder().method(method).uri(uri);
    let mut length = 0;
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        request = request.header(name, value);
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse().expect("a number");
        }
    }
    while read.len() < length {
        socket
            .read_buf(&mut read)
            .await
            .ok()
            .filter(|&read| read > 0)?;
    }
    Some(request.body(read.into()).expect("a good request"))
}

fn bytes_of(answer: &Response<Bytes>) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {}\r\n", answer.status()).into_bytes();
    for (name, value) in answer.headers() {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    let length = answer.body().len();
    bytes.extend(format!("content-length: {length}\r\n\r\n").into_bytes());
    bytes.extend(answer.body());
    bytes
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const SIGN_INS: usize = 500;
const AT_ONCE: usize = 8;
