//! Three ways to test a handler: `cargo test --example testing`.
//!
//! The application is in this file, its tests are in `tests.rs`. `cargo run --example testing` serves it: open `/profile`.
//! `LISTEN` is where it listens (default `127.0.0.1:3000`), `RUST_LOG` what it logs (default `info`).

#[path = "../support/site.rs"]
mod site;
#[cfg(test)]
mod tests;

use std::error::Error;

use axum::{Router, routing::get};
use tower_didit::{DiditAuth, DiditTokens, IdClaims, ReturnTo, scope};

use site::Site;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let site = Site::open().await?;
    let scopes = [scope::OPENID, scope::EMAIL, scope::NAMES, scope::OFFLINE];
    let config = site.didit(scopes).await?.build()?;
    site.serve(app(DiditAuth::new(config))).await
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
