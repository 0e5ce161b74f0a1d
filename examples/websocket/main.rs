//! A chat over a `WebSocket` that ends with its session: `cargo run --example websocket`, then open the address that it
//! prints, in two tabs. Without `DIDIT_CLIENT_ID` it signs in with a fake Didit of its own.
//!
//! The guard refuses a handshake from a page of another origin, and one without a session. A sign-out in one tab closes
//! the sockets of all tabs, with a code by which `chat.js` tells the user to sign in again.
//!
//! `LISTEN` is where it listens (default `127.0.0.1:3000`), `RUST_LOG` what it logs (default `info`).

#[path = "../support/page.rs"]
mod page;
mod pages;
mod room;
#[path = "../support/site.rs"]
mod site;

use std::error::Error;

use axum::{
    Router,
    extract::{State, WebSocketUpgrade},
    http::header,
    response::{Html, IntoResponse, Response},
    routing::get,
};
use tower_didit::{DiditAuth, DiditClient, RequireSignIn, UserInfo, me, scope};

use room::Room;
use site::Site;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let site = Site::open().await?;
    let config = site.didit([scope::OPENID, scope::NAMES]).await?;
    let config = config
        // The session keeps the name, so that a handshake has it without a call.
        .with_user_info_at_sign_in()
        .with_redirect_after_sign_in()
        .build()?;

    let sockets = Router::new()
        .route("/chat/socket", get(socket))
        .route("/chat/me", get(me(["names"])))
        // A handshake is a `GET` that browsers let any page send. The guard checks its `Origin` nonetheless.
        .route_layer(RequireSignIn::new().always_401().same_origin());
    let members = Router::new()
        .route("/chat", get(chat))
        .route_layer(RequireSignIn::new());
    let app = Router::new()
        .route("/", get(pages::home))
        .route("/chat.js", get(script))
        .route("/favicon.ico", get(page::icon))
        .merge(members)
        .merge(sockets)
        .with_state(Room::default())
        .layer(DiditAuth::new(config));
    site.serve(app).await
}

async fn chat(user: UserInfo) -> Html<String> {
    pages::chat(name(&user))
}

async fn socket(
    State(room): State<Room>,
    user: UserInfo,
    client: DiditClient,
    upgrade: WebSocketUpgrade,
) -> Response {
    let name = name(&user).to_owned();
    // Called before the response: afterwards the session can no longer be looked up.
    let ended = client.ended();
    upgrade
        .max_message_size(room::LONGEST_MESSAGE)
        .on_upgrade(move |socket| room.join(socket, name, ended))
}

fn name(user: &UserInfo) -> &str {
    user.full_name().unwrap_or("Somebody")
}

async fn script() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "text/javascript")];
    (headers, include_str!("chat.js"))
}
