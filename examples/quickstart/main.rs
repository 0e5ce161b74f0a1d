//! A whole sign-in, in the browser: `cargo run --example quickstart`, then open the address that it
//! prints. Without `DIDIT_CLIENT_ID` it signs in with a fake Didit of its own.
//!
//! `LISTEN` is where it listens (default `127.0.0.1:3000`), `RUST_LOG` what it logs (default `info`).

#[path = "../support/page.rs"]
mod page;
mod pages;
#[path = "../support/site.rs"]
mod site;

use std::error::Error;

use axum::{Router, http::StatusCode, response::Html, routing::get};
use tower_didit::{DiditAuth, DiditTokens, IdClaims, ReturnTo, UserInfo, scope};

use site::Site;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let site = Site::open().await?;
    let scopes = [scope::OPENID, scope::EMAIL, scope::NAMES, scope::OFFLINE];
    let config = site.didit(scopes).await?.build()?;

    let app = Router::new()
        .route("/", get(home))
        .route("/profile", get(profile))
        .route("/callback", get(callback))
        .route("/favicon.ico", get(page::icon))
        .fallback(not_found)
        .layer(DiditAuth::new(config));
    site.serve(app).await
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

async fn not_found() -> (StatusCode, Html<String>) {
    (StatusCode::NOT_FOUND, pages::not_found())
}
