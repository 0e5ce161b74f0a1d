//! Three ways to test a handler: `cargo test --example testing`.
//!
//! The application is in this file, its tests are in `tests.rs`. `cargo run --example testing` serves it:
//! `LISTEN` is where (default `127.0.0.1:3000`), `RUST_LOG` what it logs (default `info`).

#[path = "../quickstart/didit.rs"]
mod didit;
#[cfg(test)]
mod tests;

use std::{env, error::Error};

use axum::{Router, routing::get};
use tokio::net::TcpListener;
use tower_didit::{DiditAuth, DiditTokens, IdClaims, ReturnTo};
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_env_filter(
            EnvFilter::builder()
                .with_default_directive(LevelFilter::INFO.into())
                .from_env_lossy(),
        )
        .with_writer(std::io::stderr)
        .init();
    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(&address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let site = format!("http://localhost:{}", listener.local_addr()?.port());
    let config = didit::configure(&site).await?;
    println!("listening on {site}/profile");
    axum::serve(listener, app(DiditAuth::new(config))).await?;
    Ok(())
}

/// The application, apart from its configuration: what the tests call.
fn app(auth: DiditAuth) -> Router {
    Router::new()
        .route("/profile", get(profile))
        .route("/scopes", get(scopes))
        .route(
            "/callback",
            get(|_: DiditTokens, back: ReturnTo| async { back }),
        )
        .layer(auth)
}

async fn profile(user: IdClaims) -> String {
    format!("your id is {}", user.subject())
}

async fn scopes(tokens: DiditTokens) -> String {
    format!("you granted {}", tokens.scopes())
}
