//! An API whose requests carry an access token: `cargo run --example bearer_api`, then send the request that it prints.
//! Without `DIDIT_CLIENT_ID` it verifies the tokens of a fake Didit of its own.
//!
//! `LISTEN` is where it listens (default `127.0.0.1:3000`), `RUST_LOG` what it logs (default `info`).

#[path = "../support/site.rs"]
#[expect(dead_code, reason = "an API needs no redirect URI")]
mod site;

use std::{env, error::Error};

use axum::{Json, Router, routing::get};
use serde_json::{Value, json};
use tower_didit::{
    AccessClaims, Config, ConfigBuilder, DiditBearer,
    fake::{FakeDidit, FakeDiditExt, Person},
    scope,
};

use site::Site;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let site = Site::open().await?;
    let layer = DiditBearer::new(didit(&site.origin))?;

    // The same access tokens, with a scope that not all of them have.
    let contacts = Router::new()
        .route("/contacts", get(contacts))
        .layer(layer.clone().require_scopes([scope::EMAIL]));
    let app = Router::new()
        .route("/orders", get(orders))
        .layer(layer)
        .merge(contacts)
        .route("/health", get(|| async { "ok" }));
    site.serve(app).await
}

/// The real Didit if the environment has credentials, otherwise a fake one in this process.
fn didit(origin: &str) -> ConfigBuilder {
    if env::var_os("DIDIT_CLIENT_ID").is_some() {
        println!("DIDIT_CLIENT_ID is set: verifying access tokens as the environment says");
        return Config::from_env();
    }
    let didit = FakeDidit::new("example", "example-secret").with_system_clock();
    let token = didit.issue_tokens(&Person::alejandra(), [scope::OPENID]);
    println!("no DIDIT_CLIENT_ID is set: verifying access tokens of a fake Didit");
    println!(
        "send: curl -i -H 'Authorization: Bearer {}' {origin}/orders",
        token.access_token()
    );
    didit.config("http://localhost/unused")
}

async fn orders(access: AccessClaims) -> Json<Value> {
    Json(json!({ "orders_of": access.subject(), "sent_by": access.client_id() }))
}

async fn contacts(access: AccessClaims) -> Json<Value> {
    Json(json!({ "contacts_of": access.subject() }))
}
