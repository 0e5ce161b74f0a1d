//! A bar for verified adults: `cargo run --example age_gate`, then open the address that it prints. It signs in with a
//! fake Didit of its own, where four people show what the gate does; no account is needed.
//!
//! `LISTEN` is where it listens (default `127.0.0.1:3000`), `RUST_LOG` what it logs (default `info`).

mod pages;
#[cfg(test)]
mod tests;

use std::{env, error::Error};

use axum::{Router, routing::get};
use tokio::net::TcpListener;
use tower_didit::{
    ConfigBuilder, ConfigError, DiditAuth, IdClaims, Provider, RequireSignIn,
    fake::{FakeDidit, FakeDiditExt, Person},
    scope,
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
    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(&address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let site = format!("http://localhost:{}", listener.local_addr()?.port());

    let callback = format!("{site}/callback");
    let didit = didit().with_redirect_uri(&callback).with_system_clock();
    let fake = didit.listen("127.0.0.1:0").await?;
    let provider = Provider::didit().with_authorization_endpoint(format!("http://{fake}/"));
    let app = app(didit.config(&callback).with_provider(provider))?;

    println!("listening on {site}");
    axum::serve(listener, app).await?;
    Ok(())
}

/// The application, apart from its client and its provider.
fn app(config: ConfigBuilder) -> Result<Router, ConfigError> {
    let config = config
        .with_scopes([scope::OPENID, scope::IS_VERIFIED, scope::IS_OVER_18])
        // Asks Didit once for each sign-in. The session keeps the response, which the guard reads.
        .with_user_info_at_sign_in()
        .with_redirect_after_sign_in()
        .with_error_page(|error, _request, next| pages::error(error.kind(), next))
        .build()?;

    let adults = RequireSignIn::new().verified().over_18();
    // A setting that is missing stops the program here, and not its visitors.
    adults.check(&config)?;

    Ok(Router::new()
        .route("/bar", get(pages::bar))
        .route_layer(adults)
        .route("/", get(home))
        .route("/style.css", get(pages::style))
        .layer(DiditAuth::new(config)))
}

/// Open to everyone.
async fn home(user: Option<IdClaims>) -> axum::response::Html<String> {
    pages::home(user.is_some())
}

/// A Didit with people who may pass, and people who may not.
fn didit() -> FakeDidit {
    FakeDidit::new("the-bar", "the-bar-secret").with_people([
        Person::alejandra(),
        minor(),
        unverified(),
        undisclosed(),
    ])
}

/// Verified, and too young.
fn minor() -> Person {
    Person::new("7d1f0a52-minor")
        .with_names("Mia", "Minor")
        .with_email("mia@example.com")
        .with_verified(true)
        .with_over_18(false)
}

/// Says that he is an adult. Didit has not verified him.
fn unverified() -> Person {
    Person::new("7d1f0a52-unverified")
        .with_names("Uwe", "Unverified")
        .with_email("uwe@example.com")
        .with_over_18(true)
}

/// Verified, of an age that Didit does not know.
fn undisclosed() -> Person {
    Person::new("7d1f0a52-undisclosed")
        .with_names("Ada", "Ageless")
        .with_email("ada@example.com")
        .with_verified(true)
}
