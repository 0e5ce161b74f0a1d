//! A Didit for tests: the crate [`fake-didit`](fake_didit), and what connects an application to it.
//!
//! ```
//! use axum::{Router, routing::get};
//! use tower_didit::{
//!     DiditAuth, DiditTokens, ReturnTo,
//!     fake::{Browser, FakeDidit, FakeDiditExt},
//! };
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower_didit::ConfigError> {
//! let didit = FakeDidit::new("app", "secret");
//! let config = didit.config("https://app.example/callback").build()?;
//! let app = Router::new()
//!     .route("/profile", get(|_: DiditTokens| async { "your profile" }))
//!     .route("/callback", get(|_: DiditTokens, back: ReturnTo| async { back }))
//!     .layer(DiditAuth::new(config));
//!
//! let browser = Browser::new("https://app.example", app).add_didit(&didit);
//! let sign_in = browser.visit("/profile").await;
//! assert!(sign_in.url().starts_with("https://auth.didit.me/"));
//! let profile = browser.click(&sign_in, "approve-alejandra").await;
//! assert_eq!(profile.url(), "https://app.example/profile");
//! assert_eq!(profile.text(), "your profile");
//! # Ok(())
//! # }
//! ```

use std::time::SystemTime;

pub use fake_didit::*;

use crate::{
    clock::Clock,
    config::{Config, ConfigBuilder},
    provider::Provider,
};

/// An application for a [`FakeDidit`].
pub trait FakeDiditExt {
    /// Starts the configuration of an application that signs in at this fake, in the process: with the
    /// fake's client, provider and clock. The redirect URI is registered.
    ///
    /// Endpoints that are switched on later are not part of it. The application of a public client
    /// lacks only its cookie keys.
    ///
    /// # Panics
    ///
    /// As [`FakeDidit::with_redirect_uri`].
    fn config(&self, redirect_uri: &str) -> ConfigBuilder;
}

impl FakeDiditExt for FakeDidit {
    fn config(&self, redirect_uri: &str) -> ConfigBuilder {
        let didit = self.clone().with_redirect_uri(redirect_uri);
        let config = Config::builder(didit.client_id(), redirect_uri)
            .with_provider(provider(&didit))
            .with_clock(didit.clock());
        let config = match didit.client_secret() {
            Some(secret) => config.with_client_secret(secret),
            None => config,
        };
        config.with_transport(didit)
    }
}

impl Clock for FakeClock {
    fn now(&self) -> SystemTime {
        FakeClock::now(self)
    }
}

fn provider(didit: &FakeDidit) -> Provider {
    if didit.product() == Product::Authentication {
        return Provider::authentication(didit.issuer());
    }
    let mut provider = Provider::didit();
    if let Some(endpoint) = didit.revocation_endpoint() {
        provider = provider.with_revocation_endpoint(endpoint);
    }
    if let Some(endpoint) = didit.end_session_endpoint() {
        provider = provider.with_end_session_endpoint(endpoint);
    }
    provider
}
