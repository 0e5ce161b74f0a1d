//! Strangers who send anything, and never finish a sign-in: the memory that they take is bounded, and so is the log.
//!
//! `STRANGERS` sets the number of requests; the default is 20,000.

use std::{
    env, fs,
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use allocation_counter::measure;
use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header, request::Builder};
use tokio::{runtime, task::yield_now};
use tower::{ServiceExt, service_fn};
use tower_didit::{
    Config, ConfigBuilder, DiditTokens, IdClaims, fake::FakeClock, store::MemoryStore,
    transport::TransportError,
};
use tracing_subscriber::filter::LevelFilter;

use crate::support::{
    cookies::{FLOW, SESSION},
    query::parameter,
    site::{CALLBACK, HOME, auth},
};

// Behaviour 5.
#[test]
fn memory_and_log_lines_are_bounded_whatever_strangers_send() {
    let requests = env::var("STRANGERS").map_or(REQUESTS, |count| count.parse().expect("a number"));
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::INFO)
        .with_writer({
            let lines = lines.clone();
            move || lines.clone()
        })
        .finish();
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .expect("a runtime");
    tracing::subscriber::with_default(subscriber, || {
        let strangers = Strangers::new();
        let mut grown = 0;
        for part in 0..PARTS {
            let range = requests / PARTS * part..requests / PARTS * (part + 1);
            let more = measure(|| runtime.block_on(strangers.send(range))).bytes_current;
            grown += more;
            println!("{more:>8} bytes more; {} KiB are resident", resident());
        }
        println!(
            "{requests} requests: {grown} bytes more, {} lines",
            lines.count()
        );
        let each = i64::try_from(requests).expect("a number") * 64;
        assert!(grown <= FLIGHTS + each.min(CACHES), "{grown} bytes more");
    });
    // The clock of tokio stands still: the minute of the limit does not end.
    assert!(lines.count() <= 60 * CODES, "{} lines", lines.count());
}

struct Strangers {
    apps: [Router; 2],
    clock: FakeClock,
}

impl Strangers {
    fn new() -> Self {
        let clock = FakeClock::default();
        let config = || config().with_clock(clock.clone());
        let store = MemoryStore::new().with_clock(clock.clone());
        let apps = [config(), config().with_session_store(store)].map(|config| {
            Router::new()
                .route("/", get(home))
                .route("/private", get(|_: IdClaims| async {}))
                .route("/callback", get(|_: DiditTokens| async {}))
                .layer(auth(config))
        });
        Self { apps, clock }
    }

    async fn send(&self, numbers: std::ops::Range<usize>) {
        for (number, app) in numbers.zip(self.apps.iter().cycle()) {
            send_one(app, number / 2).await;
            // What was started in the background runs.
            yield_now().await;
            if number % 1000 == 0 {
                self.clock.advance(Duration::from_secs(1));
            }
        }
    }
}

async fn send_one(app: &Router, number: usize) {
    let made_up = format!("{number:0>12}{}", "A".repeat(31));
    let session = format!("{SESSION}={made_up}");
    let request = match number % KINDS {
        0 => visit("/").header(header::COOKIE, &session),
        1 => visit("/private").header(header::COOKIE, &session),
        2 => visit("/private").header(
            header::COOKIE,
            format!("{session}; {SESSION}.1={made_up}; x=y"),
        ),
        3 => visit(&format!(
            "/callback?{made_up}&code&state=%00&state={number}"
        )),
        4 => visit(&format!("/callback?code={made_up}&state={made_up}")),
        5 => visit(&format!("/callback?code={made_up}&state={made_up}"))
            .header(header::COOKIE, format!("{FLOW}{made_up}={made_up}")),
        6 => visit(&format!("/login?return_to=/{made_up}")),
        7 => Request::head("/login"),
        8 => visit(&format!("/callback?code={made_up}&state={made_up}"))
            .header("sec-purpose", "prefetch"),
        9 => Request::post("/logout").header(header::ORIGIN, "https://evil.example"),
        10 => Request::post("/logout")
            .header(header::ORIGIN, HOME)
            .header(header::COOKIE, &session),
        number => {
            let (flow, state) = start(app).await;
            let forged = match number {
                11 => format!("code={made_up}"),
                12 => "error=invalid_scope".to_owned(),
                13 => format!("code={made_up}&iss=https%3A%2F%2Fevil.example"),
                _ => format!("code={made_up}&session=2"),
            };
            visit(&format!("/callback?state={state}&{forged}")).header(header::COOKIE, flow)
        }
    };
    let answer = answer(app, request).await;
    assert_ne!(answer.status(), StatusCode::OK, "a stranger is signed in");
}

async fn home(user: Option<IdClaims>) -> StatusCode {
    match user {
        Some(_) => StatusCode::OK,
        None => StatusCode::NO_CONTENT,
    }
}

/// Starts a sign-in. Gives its cookie and its state.
async fn start(app: &Router) -> (String, String) {
    let started = answer(app, visit("/login")).await;
    let location = started.headers()[header::LOCATION].to_str().expect("ASCII");
    let cookie = started.headers()[header::SET_COOKIE]
        .to_str()
        .expect("ASCII");
    let (pair, _) = cookie.split_once(';').expect("attributes");
    (pair.to_owned(), parameter(location, "state"))
}

async fn answer(app: &Router, request: Builder) -> Response<Body> {
    let request = request.body(Body::empty()).expect("a good request");
    let answer = app.clone().oneshot(request).await;
    answer.expect("it always answers")
}

fn visit(path: &str) -> Builder {
    Request::get(path)
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-dest", "document")
        .header(header::ACCEPT, "text/html")
}

/// A provider that refuses every code.
fn config() -> ConfigBuilder {
    let refuse = service_fn(async |_: Request<Bytes>| {
        let answer = Response::builder().status(StatusCode::BAD_REQUEST);
        let answer = answer.body(Bytes::from_static(br#"{"error":"invalid_grant"}"#));
        Ok::<_, TransportError>(answer.expect("a good response"))
    });
    Config::builder("client", CALLBACK)
        .with_client_secret("secret")
        .with_transport(refuse)
}

/// Counts the lines that are written.
#[derive(Clone, Default)]
struct Lines(Arc<AtomicUsize>);

impl Lines {
    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A line is written at once.
        assert!(bytes.ends_with(b"\n"));
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The memory of this process, in KiB; zero where the system does not tell.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let size = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    size.unwrap_or(0)
}

const REQUESTS: usize = 20_000;
const PARTS: usize = 10;
/// The bytes of 1,024 failed callbacks, for each of two applications.
const FLIGHTS: i64 = 5 << 20;
/// The bytes of all used states and all ended sessions that they remember.
const CACHES: i64 = 15 << 20;
/// Of errors above `DEBUG`: `callback-issuer-mismatch` and `invalid-scope`.
const CODES: usize = 2;
const KINDS: usize = 15;
