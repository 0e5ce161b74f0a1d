//! Sessions in a store of your own, which survive a restart: `cargo run --example session_store`, sign in,
//! stop it, start it again, reload.
//!
//! The store is in `store.rs`. Without `DIDIT_CLIENT_ID` it signs in with a fake Didit of its own.
//! `RUST_LOG` says what is logged (default `info`).

mod store;

use std::{env, error::Error};

use axum::{Router, response::Html, routing::get};
use tokio::net::TcpListener;
use tower_didit::{
    Config, ConfigBuilder, DiditAuth, IdClaims, Provider, ReturnTo,
    fake::{FakeDidit, FakeDiditExt},
    scope,
};

use store::FileStore;
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
    let file = env::var("SESSIONS")
        .map_or_else(|_| env::temp_dir().join("tower-didit-sessions"), Into::into);
    let listener = TcpListener::bind(&address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let site = format!("http://localhost:{}", listener.local_addr()?.port());

    let config = configure(&site).await?;
    let config = config.with_session_store(FileStore::open(&file)?).build()?;
    let app = Router::new()
        .route("/", get(home))
        .route(
            "/callback",
            get(|_: IdClaims, back: ReturnTo| async { back }),
        )
        .layer(DiditAuth::new(config));

    println!("sessions are in {}", file.display());
    println!("listening on {site}");
    axum::serve(listener, app).await?;
    Ok(())
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

async fn configure(site: &str) -> Result<ConfigBuilder, Box<dyn Error>> {
    if env::var_os("DIDIT_CLIENT_ID").is_some() {
        return Ok(Config::from_env());
    }
    let callback = format!("{site}/callback");
    let didit = FakeDidit::new("example", "example-secret")
        .with_redirect_uri(&callback)
        .with_system_clock();
    let address = didit.listen("127.0.0.1:0").await?;
    let provider = Provider::didit().with_authorization_endpoint(format!("http://{address}/"));
    Ok(didit
        .config(&callback)
        .with_provider(provider)
        .with_scopes([scope::OPENID, scope::OFFLINE]))
}
