//! How long requests wait while the provider, or the session store, accepts everything and never answers:
//! `cargo bench --bench outages`. It takes 35 s and prints a table.
//!
//! 1,500 users are signed in, and their access tokens have expired. 64 connections send their requests, one after
//! the other: a third of them for a static route, for `IdClaims` and for `DiditTokens`.

#![expect(clippy::indexing_slicing, reason = "a bench fails by panicking")]

mod client;
mod silent;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{Router, routing::get};
use http::HeaderValue;
use tokio::net::TcpListener;
use tower_didit::{
    ConfigBuilder, DiditAuth, DiditTokens, IdClaims, Provider,
    fake::{FakeDidit, FakeDiditExt, Person},
};

use client::{Waited, ask_all};
use silent::{SilentStore, silent_server};

const USERS: usize = 1500;
/// Static, identity, tokens.
const PATHS: [&str; 3] = ["/static", "/user", "/tokens"];

#[tokio::main]
async fn main() {
    println!("| silent | route | requests | 200 | p50 | p99 | longest |");
    println!("|---|---|---|---|---|---|---|");
    let token_endpoint = format!("http://{}/token", silent_server().await);
    let provider = Provider::didit().with_token_endpoint(token_endpoint);
    let (address, users) = serve(|config| config.with_provider(provider)).await;
    // Until the outage is noticed, until the next refresh finds out that it goes on, and until that is noticed.
    report(
        "provider",
        ask_all(address, &users, Duration::from_secs(22)).await,
    );

    let store = SilentStore::default();
    let (address, users) = serve(|config| config.with_session_store(store.clone())).await;
    store.fall_silent();
    report(
        "store",
        ask_all(address, &users, Duration::from_secs(10)).await,
    );
}

/// An application with many users, whose access tokens have expired: gives its address and their cookies.
async fn serve(
    configure: impl FnOnce(ConfigBuilder) -> ConfigBuilder,
) -> (std::net::SocketAddr, Vec<HeaderValue>) {
    let didit = FakeDidit::new("client-id", "client-secret").with_system_clock();
    let is_later = Arc::new(AtomicBool::new(false));
    let config = tower_didit::Config::builder("client-id", "https://app.example/callback")
        .with_client_secret("client-secret")
        .with_scopes(["openid", "offline"])
        .with_clock(clock(Arc::clone(&is_later)));
    let auth = DiditAuth::new(configure(config).build().expect("a good configuration"));
    let app = Router::new()
        .route("/static", get(async || "static"))
        .route("/user", get(async |_: IdClaims| "user"))
        .route("/tokens", get(async |_: DiditTokens| "tokens"))
        .layer(auth.clone());
    let mut users = Vec::new();
    for _ in 0..USERS {
        let cookies = didit.session_cookies(&auth, &Person::alejandra()).await;
        users.push(cookies.expect("a session"));
    }
    is_later.store(true, Ordering::Relaxed);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async { axum::serve(listener, app).await });
    (address, users)
}

/// The system's, or that in an hour, when the access tokens have expired.
fn clock(is_later: Arc<AtomicBool>) -> impl Fn() -> SystemTime + Send + Sync {
    move || {
        let hours = u64::from(is_later.load(Ordering::Relaxed));
        SystemTime::now() + Duration::from_secs(3600 * hours)
    }
}

fn report(silent: &str, waited: [Vec<Waited>; 3]) {
    for (path, mut waited) in PATHS.into_iter().zip(waited) {
        waited.sort_unstable();
        let percentile =
            |percent: usize| Milliseconds(waited[(waited.len() - 1) * percent / 100].0);
        println!(
            "| {silent} | `{path}` | {} | {} | {} | {} | {} |",
            waited.len(),
            waited.iter().filter(|waited| waited.1 == 200).count(),
            percentile(50),
            percentile(99),
            percentile(100),
        );
    }
}

struct Milliseconds(Duration);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} ms", self.0.as_secs_f64() * 1000.0)
    }
}
