//! An application that says whose request it is.

use axum::{Router, routing::get};
use tower_didit::{DiditTokens, ReturnTo};

pub(crate) const HOME: &str = "https://app.example";
pub(crate) const CALLBACK: &str = "https://app.example/callback";
pub(crate) const SESSION: &str = "__Host-didit";
pub(crate) const NOBODY: &str = "nobody";

/// Both handlers say whose request it is, by the access token and the refresh token.
pub(crate) fn routes() -> Router {
    Router::new().route("/", get(who)).route(
        "/callback",
        get(|tokens: DiditTokens, _: ReturnTo| who(Some(tokens))),
    )
}

async fn who(tokens: Option<DiditTokens>) -> String {
    tokens.map_or(NOBODY.to_owned(), |tokens| {
        let refresh_token = tokens.refresh_token().map_or("", |token| token.secret());
        format!("{} {refresh_token}", tokens.access_token().secret())
    })
}
