//! The application at Didit that verifies people: one of the sandbox, or that of a fake.

use std::{env, error::Error};

use axum::Router;
use tower_didit::{
    ConfigError,
    fake::{FakeDidit, FakeVerification},
    verification::VerificationClient,
};

use crate::{desk, site::Site};

/// The values of an application in Didit's console.
pub(crate) struct Account {
    pub(crate) workflow: String,
    pub(crate) webhook_secret: String,
    pub(crate) is_sandbox: bool,
    api_key: String,
    /// The address of Didit's API.
    api: String,
    fake: Option<FakeVerification>,
}

impl Account {
    /// The application of the environment variables, or else the fake's.
    pub(crate) async fn open(site: &Site, didit: &FakeDidit) -> Result<Self, Box<dyn Error>> {
        if env::var_os("DIDIT_API_KEY").is_none() {
            return Self::fake(site, didit).await;
        }
        let variable =
            |name| env::var(name).map_err(|_| format!("DIDIT_API_KEY is set: set {name}, too"));
        let api = variable("DIDIT_VERIFICATION_URL").unwrap_or_else(|_| DIDIT.to_owned());
        println!("DIDIT_API_KEY is set: people are verified in the sandbox of {api}");
        Ok(Self {
            workflow: variable("DIDIT_WORKFLOW")?,
            webhook_secret: variable("DIDIT_WEBHOOK_SECRET")?,
            is_sandbox: true,
            api_key: variable("DIDIT_API_KEY")?,
            api,
            fake: None,
        })
    }

    async fn fake(site: &Site, didit: &FakeDidit) -> Result<Self, Box<dyn Error>> {
        let address = format!("http://{}", didit.listen("127.0.0.1:0").await?);
        println!("no DIDIT_API_KEY is set: people are verified by a fake Didit on {address}");
        println!("Didit's employee works at {}/desk", site.origin);
        let fake = didit.verification().with_page_origin(&address);
        fake.send_webhooks_to(&format!("{}/didit", site.origin));
        fake.deliver_in_background(60);
        Ok(Self {
            workflow: fake.workflow_id(),
            webhook_secret: fake.webhook_secret(),
            is_sandbox: false,
            api_key: fake.api_key(),
            api: address,
            fake: Some(fake),
        })
    }

    /// In production use `VerificationClient::new(api_key, &config)`, which shares the settings of the sign-in's calls.
    /// Here the sign-in may be at another server: one of the two may be a fake.
    pub(crate) fn client(&self) -> Result<VerificationClient, ConfigError> {
        VerificationClient::without_sign_in(&self.api_key)?.with_base_url(&self.api)
    }

    /// The page of the fake's employee. With a sandbox, Didit's console takes its place.
    pub(crate) fn desk(&self) -> Router {
        let fake = self.fake.clone();
        fake.map_or_else(Router::new, desk::routes)
    }
}

const DIDIT: &str = "https://verification.didit.me";
