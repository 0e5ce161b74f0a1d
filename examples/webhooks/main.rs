//! Receives Didit's webhooks: `DIDIT_WEBHOOK_SECRET=secret cargo run --example webhooks`. The secret is that of the
//! destination in Didit's console. `docs::verification` shows a request to try it with.
//!
//! `LISTEN` is the address to listen on (default `127.0.0.1:3000`), `RUST_LOG` the filter of the log (default `info`).

#[expect(dead_code, reason = "nobody signs in")]
#[path = "../support/site.rs"]
mod site;
#[cfg(test)]
mod tests;

use std::{env, error::Error};

use axum::{Router, http::StatusCode, routing::post};
use tower_didit::verification::{DiditWebhooks, WebhookEvent};

use site::Site;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secret = env::var("DIDIT_WEBHOOK_SECRET").map_err(|_| "set DIDIT_WEBHOOK_SECRET")?;
    let webhooks = DiditWebhooks::new([secret])?;
    Site::open().await?.serve(app(webhooks)).await
}

fn app(webhooks: DiditWebhooks) -> Router {
    Router::new().route("/didit", post(webhook).layer(webhooks))
}

/// Normally runs once for each authentic event. An application stores the event here.
async fn webhook(event: WebhookEvent) -> StatusCode {
    tracing::info!(session = event.session_id(), status = ?event.status(), "webhook");
    StatusCode::NO_CONTENT
}
