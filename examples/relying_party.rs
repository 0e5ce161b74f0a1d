//! A complete application that is configured only through the environment, so that it can be
//! pointed at anything that speaks OpenID Connect: see `Config::from_env` for the variables, and add
//! `LISTEN` (default `127.0.0.1:3000`) and `RUST_LOG` (default `info`).
//!
//! ```text
//! GET  /                    {"signed_in": bool, "sub": …}
//! GET  /me                  who is signed in and what Didit tells of them, for members only; never a token
//! GET  /hello               the text `hello`, for members only
//! GET  /plain               the text `hello`
//! GET  /tokens/fingerprint  8 hex digits that change with the access token
//! GET  /login, POST /logout
//! ```
//!
//! In JSON for `Accept: application/json`, as plain pages for a browser.

use std::{
    env,
    error::Error,
    time::{Duration, SystemTime},
};

use aws_lc_rs::digest;
use axum::{
    Router,
    response::{Html, IntoResponse, Json, Response},
    routing::get,
};
use http::{HeaderMap, header};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_didit::{
    Config, DiditAuth, DiditClient, DiditTokens, ErrorKind, IdClaims, RequireSignIn, ReturnTo,
};
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

    let config = Config::from_env().build()?;
    let callback = http::Uri::try_from(env::var("DIDIT_REDIRECT_URI")?)?;
    let members = Router::new()
        .route("/me", get(me))
        .route("/tokens/fingerprint", get(fingerprint))
        .route_layer(RequireSignIn::new());
    let auth = DiditAuth::new(config);
    let app = Router::new()
        .route("/", get(home))
        .route("/plain", get(|| async { "hello" }))
        .route("/hello", get(|_: DiditTokens| async { "hello" }))
        .route(
            callback.path(),
            get(|_: DiditTokens, back: ReturnTo| async { back }),
        )
        .merge(members)
        .layer(auth.clone());

    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(&address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}"))?;
    println!("listening on http://{}", listener.local_addr()?);
    // Another name of the same machine, such as 127.0.0.1 for localhost, has other cookies.
    if let (Some(scheme), Some(authority)) = (callback.scheme(), callback.authority()) {
        println!("open {scheme}://{authority}/");
    }
    axum::serve(listener, app)
        .with_graceful_shutdown(asked_to_stop())
        .await?;
    // What was sent to the provider is finished, so that nobody loses a session.
    let _ = tokio::time::timeout(Duration::from_secs(20), auth.shutdown()).await;
    Ok(())
}

#[cfg(unix)]
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate()).expect("a signal can be waited for");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[cfg(not(unix))]
async fn asked_to_stop() {
    let _ = tokio::signal::ctrl_c().await;
}

async fn home(headers: HeaderMap, user: Option<IdClaims>) -> Response {
    let subject = user.as_ref().map(IdClaims::subject);
    show(
        &headers,
        &json!({ "signed_in": user.is_some(), "sub": subject }),
    )
}

async fn me(
    headers: HeaderMap,
    user: IdClaims,
    tokens: DiditTokens,
    client: DiditClient,
) -> Result<Response, tower_didit::Error> {
    let expires_in = tokens.expires_at().map(|end| {
        let rest = end.duration_since(SystemTime::now());
        rest.unwrap_or_default().as_secs()
    });
    let user_info = match client.user_info(&tokens).await {
        Ok(told) => told.extra()?,
        Err(error) if error.kind() == ErrorKind::NotOffered => Value::Null,
        Err(error) => return Err(error),
    };
    let me = json!({
        "sub": user.subject(),
        "claims": user.extra::<Value>()?,
        "scope": tokens.scopes().to_string(),
        "expires_in": expires_in,
        "has_refresh_token": tokens.refresh_token().is_some(),
        "user_info": user_info,
    });
    Ok(show(&headers, &me))
}

async fn fingerprint(tokens: DiditTokens) -> String {
    let hash = digest::digest(&digest::SHA256, tokens.access_token().secret().as_bytes());
    let [a, b, c, d, ..] = *hash.as_ref() else {
        unreachable!("SHA-256 gives 32 bytes");
    };
    format!("{a:02x}{b:02x}{c:02x}{d:02x}")
}

fn show(headers: &HeaderMap, facts: &Value) -> Response {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("application/json")) {
        return Json(facts).into_response();
    }
    let text = format!("{facts:#}")
        .replace('&', "&amp;")
        .replace('<', "&lt;");
    Html(format!(
        "<!doctype html><html lang=en><meta name=viewport content=width=device-width>\
         <link rel=icon href=data:,><title>Relying party</title><pre>{text}</pre>\
         <p><a href=/>Home</a> <a href=/me>Me</a> <a href=/login?return_to=/me>Sign in</a></p>\
         <form method=post action=/logout><button>Sign out</button></form>"
    ))
    .into_response()
}
