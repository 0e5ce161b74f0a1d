//! A whole sign-in, in the browser: `cargo run --example quickstart`, then open the address that it
//! prints. Without `DIDIT_CLIENT_ID` it signs in with a fake Didit of its own.

mod didit;
mod pages;

use axum::{Router, response::Html, routing::get};
use tokio::net::TcpListener;
use tower_didit::{DiditAuth, DiditClient, DiditTokens, Error, IdClaims, ReturnTo};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let address = std::env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(address).await?;
    let site = format!("http://localhost:{}", listener.local_addr()?.port());
    let config = didit::configure(&site).await?;

    let app = Router::new()
        .route("/", get(home))
        .route("/profile", get(profile))
        .route("/callback", get(callback))
        .layer(DiditAuth::new(config));

    println!("listening on {site}");
    axum::serve(listener, app).await?;
    Ok(())
}

/// Open to everybody.
async fn home(user: Option<IdClaims>) -> Html<String> {
    pages::home(user.is_some())
}

/// For signed-in users: whoever is not comes back here after the sign-in.
async fn profile(
    user: IdClaims,
    tokens: DiditTokens,
    didit: DiditClient,
) -> Result<Html<String>, Error> {
    let told = didit.user_info(&tokens).await?;
    Ok(pages::profile(&user, &tokens, &told))
}

/// Where Didit sends the browser back. The tokens are there already.
async fn callback(_tokens: DiditTokens, back: ReturnTo) -> ReturnTo {
    back
}
