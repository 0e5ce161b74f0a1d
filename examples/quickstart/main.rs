//! A whole sign-in, in the browser: `cargo run --example quickstart`, then open the address that it
//! prints. Without `DIDIT_CLIENT_ID` it signs in with a fake Didit of its own.
//!
//! `LISTEN` is where it listens (default `127.0.0.1:3000`), `RUST_LOG` what it logs (default `info`).

mod didit;
mod pages;

use std::{env, error::Error, io::ErrorKind, process::ExitCode};

use axum::{
    Router,
    http::{StatusCode, header},
    response::{Html, IntoResponse},
    routing::get,
};
use tokio::net::TcpListener;
use tower_didit::{DiditAuth, DiditTokens, IdClaims, ReturnTo, UserInfo};
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            EnvFilter::builder()
                .with_default_directive(LevelFilter::INFO.into())
                .from_env_lossy(),
        )
        .with_writer(std::io::stderr)
        .init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let listener = listener().await?;
    let site = format!("http://localhost:{}", listener.local_addr()?.port());
    let config = didit::configure(&site).await?;

    let app = Router::new()
        .route("/", get(home))
        .route("/profile", get(profile))
        .route("/callback", get(callback))
        .route("/favicon.ico", get(icon))
        .fallback(not_found)
        .layer(DiditAuth::new(config));

    println!("listening on {site}");
    axum::serve(listener, app).await?;
    Ok(())
}

async fn listener() -> Result<TcpListener, String> {
    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    TcpListener::bind(&address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => format!(
            "{address} is in use: stop the program that listens there, or choose another address, such as \
             LISTEN=127.0.0.1:3001"
        ),
        _ => format!("cannot listen on {address}: {error}"),
    })
}

/// Open to everyone.
async fn home(user: Option<IdClaims>, told: Result<UserInfo, tower_didit::Error>) -> Html<String> {
    if user.is_none() {
        return pages::welcome();
    }
    // Without Didit's answer there is no name; the page is there all the same.
    pages::home(told.ok().as_ref().and_then(UserInfo::full_name))
}

/// For signed-in users only; anyone else signs in first and comes back here.
async fn profile(user: IdClaims, tokens: DiditTokens, told: UserInfo) -> Html<String> {
    pages::profile(&user, &tokens, &told)
}

/// Where Didit sends the browser back. The layer has exchanged the code for tokens already.
async fn callback(_tokens: DiditTokens, back: ReturnTo) -> ReturnTo {
    back
}

async fn icon() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "max-age=86400"),
    ];
    (headers, include_str!("icon.svg"))
}

async fn not_found() -> (StatusCode, Html<String>) {
    (StatusCode::NOT_FOUND, pages::not_found())
}
