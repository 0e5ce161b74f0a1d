//! Accounts in an `SQLite` database: the callback's handler creates or updates the account, and refuses a banned user:
//! `cargo run --example provisioning`, then open the address that it prints. Without `DIDIT_CLIENT_ID` it signs in with a
//! fake Didit of its own.
//!
//! `DATABASE` is the file of the database (default: in memory), `LISTEN` where it listens (default `127.0.0.1:3000`),
//! `RUST_LOG` what it logs (default `info`).

mod accounts;
#[path = "../support/page.rs"]
mod page;
mod pages;
#[path = "../support/site.rs"]
mod site;
#[cfg(test)]
mod tests;

use std::{env, error::Error};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use tower_didit::{DiditAuth, IdClaims, ReturnTo, UserInfo, scope};

use accounts::{Account, Accounts};
use site::Site;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let site = Site::open().await?;
    let scopes = [scope::OPENID, scope::EMAIL, scope::NAMES];
    let config = site.didit(scopes).await?.build()?;
    let database = env::var("DATABASE").unwrap_or_else(|_| ":memory:".to_owned());
    let accounts = Accounts::open(&database)?;
    site.serve(app(DiditAuth::new(config), accounts)).await
}

fn app(auth: DiditAuth, accounts: Accounts) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/account", get(account))
        .route("/account/ban", post(ban))
        .route("/callback", get(callback))
        .route("/favicon.ico", get(page::icon))
        .fallback(not_found)
        .with_state(accounts)
        .layer(auth)
}

/// Where Didit sends the browser back. The session begins if the response's status is below 400.
///
/// The handler may run twice for one sign-in, if the connection of the browser breaks: an upsert gives the same account.
async fn callback(
    State(accounts): State<Accounts>,
    user: IdClaims,
    told: UserInfo,
    back: ReturnTo,
) -> Response {
    match accounts.upsert(&user, &told) {
        Ok(account) if account.is_banned => pages::banned().into_response(),
        Ok(_) => back.into_response(),
        Err(error) => failed(&error).into_response(),
    }
}

/// Open to everyone.
async fn home(user: Option<IdClaims>) -> Html<String> {
    pages::home(user.is_some())
}

/// For signed-in users whose account is not banned: the extractor looks the account up on each request.
async fn account(account: Account) -> Html<String> {
    pages::account(&account)
}

/// Stands for the page of an administrator.
async fn ban(State(accounts): State<Accounts>, account: Account) -> Response {
    match accounts.ban(&account.subject) {
        Ok(()) => Redirect::to("/account").into_response(),
        Err(error) => failed(&error).into_response(),
    }
}

async fn not_found() -> (StatusCode, Html<String>) {
    (StatusCode::NOT_FOUND, pages::not_found())
}

fn failed(error: &rusqlite::Error) -> (StatusCode, Html<String>) {
    tracing::error!(%error, "database unavailable");
    pages::unavailable()
}
