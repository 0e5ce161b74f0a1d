//! Three ways to test a handler: `cargo test --example testing`.
//!
//! The application is in this file, its tests are in `tests.rs`. `cargo run --example testing` serves it.

#[path = "../quickstart/didit.rs"]
mod didit;
#[cfg(test)]
mod tests;

use std::error::Error;

use axum::{Router, routing::get};
use tokio::net::TcpListener;
use tower_didit::{DiditAuth, DiditTokens, IdClaims, ReturnTo};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    let config = didit::configure("http://localhost:3000").await?;
    println!("listening on http://localhost:3000/profile");
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
