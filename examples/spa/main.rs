//! A front end in the browser, with a JSON API, and without a token in the browser: `cargo run --example spa`, then
//! open the address that it prints. Without `DIDIT_CLIENT_ID` it signs in with a fake Didit of its own.
//!
//! The front end is `index.html` and `app.js`. It meets a 401, signs in, comes back to where it was, and signs out.
//!
//! `LISTEN` is where it listens (default `127.0.0.1:3000`), `RUST_LOG` what it logs (default `info`).

#[path = "../support/page.rs"]
#[expect(dead_code, reason = "the browser makes the pages")]
mod page;
#[path = "../support/site.rs"]
mod site;

use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse},
    routing::get,
};
use serde::{Deserialize, Serialize};
use tower_didit::{DiditAuth, IdClaims, RequireSignIn, ReturnTo, me, scope};

use site::Site;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let site = Site::open().await?;
    let scopes = [scope::OPENID, scope::NAMES, scope::OFFLINE];
    let config = site.didit(scopes).await?;
    // The session keeps what Didit says of the user, so that `me` has it without a call.
    let config = config.with_user_info_at_sign_in().build()?;

    let api = Router::new()
        .route("/me", get(me(["names"])))
        .route("/notes", get(list).post(add))
        .layer(DefaultBodyLimit::max(4096))
        // A program gets 401, not a redirect; what changes something has to come from this site.
        .layer(RequireSignIn::new().always_401().same_origin())
        .fallback(unknown);
    let app = Router::new()
        .nest("/api", api)
        .route("/callback", get(callback))
        .route("/app.js", get(script))
        .route("/style.css", get(style))
        .route("/favicon.ico", get(page::icon))
        // One page for all views.
        .route("/", get(index))
        .route("/notes", get(index))
        .with_state(Notes::default())
        .layer(DiditAuth::new(config));
    site.serve(app).await
}

/// The notes of each user, by the subject of the ID token.
type Notes = Arc<Mutex<HashMap<String, Vec<Note>>>>;

#[derive(Clone, Deserialize, Serialize)]
struct Note {
    text: String,
}

async fn list(State(notes): State<Notes>, user: IdClaims) -> Json<Vec<Note>> {
    let notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    Json(notes.get(user.subject()).cloned().unwrap_or_default())
}

async fn add(
    State(notes): State<Notes>,
    user: IdClaims,
    Json(note): Json<Note>,
) -> (StatusCode, Json<Note>) {
    let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    let own = notes.entry(user.subject().to_owned()).or_default();
    own.push(note.clone());
    (StatusCode::CREATED, Json(note))
}

async fn unknown() -> StatusCode {
    StatusCode::NOT_FOUND
}

/// Where Didit sends the browser back. The layer has exchanged the code for tokens already.
async fn callback(_: IdClaims, back: ReturnTo) -> ReturnTo {
    back
}

async fn index() -> Html<&'static str> {
    Html(include_str!("index.html"))
}

async fn script() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "text/javascript")];
    (headers, include_str!("app.js"))
}

async fn style() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "text/css")];
    (headers, include_str!("../support/style.css"))
}
