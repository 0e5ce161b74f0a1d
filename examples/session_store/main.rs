//! Sessions in a store of your own, which survive a restart: `cargo run --example session_store`, sign in,
//! stop it, start it again, reload.
//!
//! The store is in `store.rs`. Without `DIDIT_CLIENT_ID` it signs in with a fake Didit of its own.
//!
//! `SESSIONS` is the file of the sessions (default: one for temporary files), `LISTEN` where it listens (default
//! `127.0.0.1:3000`), `RUST_LOG` what it logs (default `info`).

#[path = "../support/site.rs"]
mod site;
mod store;

use std::{env, error::Error};

use axum::{Router, response::Html, routing::get};
use tower_didit::{DiditAuth, IdClaims, ReturnTo, scope};

use site::Site;
use store::FileStore;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let file = env::var("SESSIONS")
        .map_or_else(|_| env::temp_dir().join("tower-didit-sessions"), Into::into);
    let site = Site::open().await?;
    let config = site.didit([scope::OPENID, scope::OFFLINE]).await?;
    let config = config.with_session_store(FileStore::open(&file)?).build()?;
    let app = Router::new()
        .route("/", get(home))
        .route(
            "/callback",
            get(|_: IdClaims, back: ReturnTo| async { back }),
        )
        .layer(DiditAuth::new(config));

    println!("sessions are in {}", file.display());
    site.serve(app).await
}

async fn home(user: Option<IdClaims>) -> Html<String> {
    Html(match user {
        Some(user) => format!(
            "<p id=user>You are {}.<form method=post action=/logout><button id=sign-out>Sign out</button></form>\
             <script>onpageshow = event => event.persisted && location.reload()</script>",
            user.subject()
        ),
        None => "<a id=sign-in href=/login>Sign in with Didit</a>".to_owned(),
    })
}
