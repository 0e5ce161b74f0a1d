//! A bar for verified adults: `cargo run --example age_gate`, then open the address that it prints. It signs in with a
//! fake Didit of its own, where four people show what the gate does; no account is needed.
//!
//! `LISTEN` is where it listens (default `127.0.0.1:3000`), `RUST_LOG` what it logs (default `info`).

mod bar;
mod pages;

use std::{env, error::Error};

use tokio::net::TcpListener;
use tower_didit::{Provider, fake::FakeDiditExt};
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

    let callback = format!("{site}/callback");
    let didit = bar::didit()
        .with_redirect_uri(&callback)
        .with_system_clock();
    let fake = didit.listen("127.0.0.1:0").await?;
    let provider = Provider::didit().with_authorization_endpoint(format!("http://{fake}/"));
    let app = bar::app(didit.config(&callback).with_provider(provider))?;

    println!("listening on {site}");
    axum::serve(listener, app).await?;
    Ok(())
}
