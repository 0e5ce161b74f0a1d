//! A site whose account page is open to verified people: `cargo run --example verified_site`, then open the address that
//! it prints. A person signs in, is verified at Didit, and returns to the account. Later webhooks update the record.
//! Without settings, Didit is a fake in this process, and `/desk` is the page of the employee who decides.
//!
//! With Didit's sandbox, in which nobody is really checked:
//!
//! 1. In Didit's console, create an application in sandbox mode, and in it a workflow with document, liveness and face
//!    match. Publish the workflow. `DIDIT_WORKFLOW` is its id, `DIDIT_API_KEY` the API key of the application.
//! 2. Add a webhook destination of version v3, for the events `status.updated`, `data.updated` and
//!    `user.status.updated`. Its URL is that of a tunnel to `/didit`. `DIDIT_WEBHOOK_SECRET` is its secret. Without a
//!    tunnel use any URL: the site then learns of later changes only when it asks Didit again.
//! 3. For a sign-in at Didit too, also set `DIDIT_CLIENT_ID`, `DIDIT_CLIENT_SECRET` and `DIDIT_REDIRECT_URI`.
//!
//! `DIDIT_VERIFICATION_URL` is another address of the API, such as that of the program `fake-didit`, which prints all of
//! these variables.
//! `DATABASE` is the file of the database (default: in memory), `LISTEN` the address to listen on (default
//! `127.0.0.1:3000`), `RUST_LOG` the filter of the log (default `info`).

mod account;
mod desk;
#[path = "../support/page.rs"]
mod page;
mod pages;
mod records;
#[path = "../support/site.rs"]
#[expect(dead_code, reason = "shared with examples without a fake of their own")]
mod site;
#[cfg(test)]
mod tests;

use std::{env, error::Error};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::Html,
    routing::{get, get_service, post},
};
use tower_didit::{
    DiditAuth, IdClaims, RequireSignIn,
    fake::FakeDidit,
    scope,
    verification::{DiditWebhooks, RequireVerified, Requirements, Verification, WebhookEvent},
};

use account::Account;
use records::Records;
use site::Site;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let site = Site::open().await?;
    let fake = FakeDidit::new("verified-site", "verified-site-secret");
    let account = Account::open(&site, &fake).await?;
    let config = site.didit_or(fake, [scope::OPENID]).await?;
    let config = config
        .with_redirect_after_sign_in()
        .with_error_page(|error, _request, next| pages::error(error.kind(), next))
        .build()?;

    // An approved session in which one of these checks is missing or not approved verifies nobody.
    let mut requirements = Requirements::identity()
        .with_liveness()
        .with_face_match()
        .with_workflow(&account.workflow);
    let mut webhooks = DiditWebhooks::new([&account.webhook_secret])?;
    if account.is_sandbox {
        // Never in production: a sandbox checks nobody.
        requirements = requirements.accept_sandbox();
        webhooks = webhooks.accept_sandbox();
    }
    let verification = Verification::new(
        account.client()?,
        requirements,
        format!("{}/verified", site.origin),
        Records::open(&env::var("DATABASE").unwrap_or_else(|_| ":memory:".to_owned()))?,
    )?;

    let app = app(verification, webhooks).merge(account.desk());
    site.serve(app.layer(DiditAuth::new(config))).await
}

fn app(verification: Verification, webhooks: DiditWebhooks) -> Router {
    Router::new()
        .route("/account", get(account))
        .route_layer(RequireVerified::new(&verification))
        .route_layer(RequireSignIn::new())
        // The browser returns here from Didit. Its query is ignored: the service asks Didit for the decision.
        .route("/verified", get_service(verification.return_page()))
        // Didit's servers send webhooks here, also long after a verification.
        .route("/didit", post(webhook).layer(webhooks))
        .route("/", get(home))
        .route("/favicon.ico", get(page::icon))
        .fallback(not_found)
        .with_state(verification)
}

/// For verified users only. Anybody else signs in, is verified, and returns here.
async fn account(
    State(verification): State<Verification>,
    user: IdClaims,
) -> Result<Html<String>, tower_didit::Error> {
    let record = verification.record_of(&user).await?;
    Ok(pages::account(record.as_ref()))
}

/// Open to everybody. Shows how the user's verification stands.
async fn home(
    State(verification): State<Verification>,
    user: Option<IdClaims>,
) -> Result<Html<String>, tower_didit::Error> {
    let Some(user) = user else {
        return Ok(pages::welcome());
    };
    let record = verification.record_of(&user).await?;
    Ok(pages::home(record.as_ref()))
}

/// Normally runs once for each event that Didit has signed. After an error Didit sends the event again.
async fn webhook(
    State(verification): State<Verification>,
    event: WebhookEvent,
) -> Result<StatusCode, tower_didit::Error> {
    verification.receive(&event).await?;
    tracing::info!(kind = ?event.kind(), status = ?event.status(), "webhook handled");
    Ok(StatusCode::NO_CONTENT)
}

async fn not_found() -> (StatusCode, Html<String>) {
    (StatusCode::NOT_FOUND, pages::not_found())
}
