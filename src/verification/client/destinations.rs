//! Webhook destinations.

use bytes::Bytes;
use http::{Method, Response};
use serde_json::value::RawValue;

use super::{Call, VerificationClient};
use crate::{
    error::{Error, VerificationError},
    json,
    verification::{DestinationSettings, WebhookDestination},
};

impl VerificationClient {
    /// Lists the webhook destinations of the application, oldest first, without their secrets: a single
    /// [`destination`](Self::destination) has its secret.
    ///
    /// ```
    /// use tower_didit::{
    ///     Error,
    ///     verification::{DestinationSettings, VerificationClient, WebhookDestination},
    /// };
    ///
    /// const URL: &str = "https://app.example/didit";
    ///
    /// /// The destination of this application, created or brought up to date.
    /// async fn destination(client: &VerificationClient) -> Result<WebhookDestination, Error> {
    ///     let settings = DestinationSettings::new("Production", URL);
    ///     let destinations = client.destinations().await?;
    ///     match destinations.iter().find(|destination| destination.url() == URL) {
    ///         Some(destination) => client.update_destination(destination, settings).await,
    ///         None => client.create_destination(settings).await,
    ///     }
    /// }
    /// # use tower_didit::fake::{FakeDidit, FakeDiditExt};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// #     let didit = FakeDidit::new("app", "secret");
    /// #     let config = didit.config("https://app.example/callback").build()?;
    /// #     let client = VerificationClient::new(didit.verification().api_key(), &config)?;
    /// #     let created = destination(&client).await?;
    /// #     let updated = destination(&client).await?;
    /// #     assert_eq!(created.secret(), updated.secret());
    /// #     Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [every call](Self#errors).
    pub async fn destinations(&self) -> Result<Vec<WebhookDestination>, Error> {
        let call = Call::new(LIST, Method::GET, "/v3/webhook/destinations/");
        let response = self.send(call).await?;
        let rows: Vec<&RawValue> = serde_json::from_slice(response.body())
            .map_err(|_| self.invalid(format!("{LIST}: not a JSON array")))?;
        let rows = rows.into_iter().map(|row| {
            let members = json::object(row.get().as_bytes());
            WebhookDestination::read(&members.ok_or("an element")?)
        });
        let destinations = rows.collect::<Result<_, _>>();
        destinations.map_err(|member| self.unusable(LIST, member))
    }

    /// Adds a destination, with a secret of its own.
    ///
    /// ```
    /// use tower_didit::{
    ///     ConfigError, Error,
    ///     verification::{DestinationSettings, DiditWebhooks, VerificationClient},
    /// };
    ///
    /// async fn set_up(client: &VerificationClient) -> Result<Option<String>, Error> {
    ///     let settings = DestinationSettings::new("Production", "https://app.example/didit");
    ///     let destination = client.create_destination(settings).await?;
    ///     Ok(destination.secret().map(str::to_owned)) // for the application's store of secrets
    /// }
    ///
    /// fn webhooks(stored: &str) -> Result<DiditWebhooks, ConfigError> {
    ///     DiditWebhooks::new([stored])
    /// }
    /// # use tower_didit::fake::{FakeDidit, FakeDiditExt};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// #     let didit = FakeDidit::new("app", "secret");
    /// #     let config = didit.config("https://app.example/callback").build()?;
    /// #     let client = VerificationClient::new(didit.verification().api_key(), &config)?;
    /// #     webhooks(&set_up(&client).await?.unwrap_or_default())?;
    /// #     Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [every call](Self#errors). [`VerificationError::InvalidRequest`] with the
    /// [`provider_code`](Error::provider_code) `url` if another destination of the application has this URL; without a
    /// call if a value is certainly invalid.
    pub async fn create_destination(
        &self,
        settings: DestinationSettings,
    ) -> Result<WebhookDestination, Error> {
        let call = Call::new(CREATION, Method::POST, "/v3/webhook/destinations/");
        let call = call.with_body(settings.into_creation()?);
        self.read_destination(&self.send(call).await?, CREATION)
    }

    /// Reads a destination, with its secret.
    ///
    /// ```
    /// use tower_didit::{Error, verification::VerificationClient};
    ///
    /// async fn secret(client: &VerificationClient) -> Result<Option<String>, Error> {
    ///     let destinations = client.destinations().await?;
    ///     let Some(first) = destinations.first() else {
    ///         return Ok(None);
    ///     };
    ///     let destination = client.destination(first).await?;
    ///     Ok(destination.secret().map(str::to_owned))
    /// }
    /// # use tower_didit::fake::{FakeDidit, FakeDiditExt};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// #     let didit = FakeDidit::new("app", "secret");
    /// #     let config = didit.config("https://app.example/callback").build()?;
    /// #     let client = VerificationClient::new(didit.verification().api_key(), &config)?;
    /// #     use tower_didit::verification::DestinationSettings;
    /// #     assert!(secret(&client).await?.is_none());
    /// #     let settings = DestinationSettings::new("Production", "https://app.example/didit");
    /// #     client.create_destination(settings).await?;
    /// #     assert!(secret(&client).await?.is_some());
    /// #     Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [every call](Self#errors), and [`VerificationError::UnknownDestination`].
    pub async fn destination(
        &self,
        destination: &WebhookDestination,
    ) -> Result<WebhookDestination, Error> {
        let call = of_destination(READ, Method::GET, destination);
        let read = self.read_destination(&self.send(call).await?, READ)?;
        self.same(read, destination, READ)
    }

    /// Changes a destination: all settings, or [some](DestinationSettings::changes). Events replace the earlier ones; the
    /// secret stays.
    ///
    /// ```
    /// use tower_didit::{
    ///     Error,
    ///     verification::{DestinationSettings, VerificationClient, WebhookDestination},
    /// };
    ///
    /// async fn pause(client: &VerificationClient, paused: &WebhookDestination) -> Result<(), Error> {
    ///     let changes = DestinationSettings::changes().with_enabled(false);
    ///     let destination = client.update_destination(paused, changes).await?;
    ///     assert!(!destination.is_enabled());
    ///     Ok(())
    /// }
    /// # use tower_didit::fake::{FakeDidit, FakeDiditExt};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// #     let didit = FakeDidit::new("app", "secret");
    /// #     let config = didit.config("https://app.example/callback").build()?;
    /// #     let client = VerificationClient::new(didit.verification().api_key(), &config)?;
    /// #     let settings = DestinationSettings::new("Production", "https://app.example/didit");
    /// #     pause(&client, &client.create_destination(settings).await?).await?;
    /// #     Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`create_destination`](Self::create_destination), and [`VerificationError::UnknownDestination`].
    pub async fn update_destination(
        &self,
        destination: &WebhookDestination,
        settings: DestinationSettings,
    ) -> Result<WebhookDestination, Error> {
        let call = of_destination(UPDATE, Method::PATCH, destination);
        let call = call.with_body(settings.into_update()?);
        let updated = self.read_destination(&self.send(call).await?, UPDATE)?;
        self.same(updated, destination, UPDATE)
    }

    /// Deletes a destination. Didit sends no more webhooks to it.
    ///
    /// ```
    /// use tower_didit::{Error, verification::VerificationClient};
    ///
    /// async fn delete_paused(client: &VerificationClient) -> Result<(), Error> {
    ///     for destination in client.destinations().await? {
    ///         if !destination.is_enabled() {
    ///             client.delete_destination(&destination).await?;
    ///         }
    ///     }
    ///     Ok(())
    /// }
    /// # use tower_didit::fake::{FakeDidit, FakeDiditExt};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// #     let didit = FakeDidit::new("app", "secret");
    /// #     let config = didit.config("https://app.example/callback").build()?;
    /// #     let client = VerificationClient::new(didit.verification().api_key(), &config)?;
    /// #     use tower_didit::verification::DestinationSettings;
    /// #     let settings = DestinationSettings::new("Production", "https://app.example/didit");
    /// #     client.create_destination(settings.with_enabled(false)).await?;
    /// #     delete_paused(&client).await?;
    /// #     assert!(client.destinations().await?.is_empty());
    /// #     Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [every call](Self#errors), and [`VerificationError::UnknownDestination`], also if the destination was
    /// deleted before.
    pub async fn delete_destination(&self, destination: &WebhookDestination) -> Result<(), Error> {
        let call = of_destination("deletion of a destination", Method::DELETE, destination);
        self.send(call).await.map(drop)
    }

    fn read_destination(
        &self,
        response: &Response<Bytes>,
        name: &str,
    ) -> Result<WebhookDestination, Error> {
        self.read(response, name, WebhookDestination::read)
    }

    /// The destination in a response, if it is the requested one.
    fn same(
        &self,
        answered: WebhookDestination,
        requested: &WebhookDestination,
        name: &str,
    ) -> Result<WebhookDestination, Error> {
        if answered.id() != requested.id() {
            return Err(self.invalid(format!("{name}: it is another destination")));
        }
        Ok(answered)
    }
}

fn of_destination(name: &'static str, method: Method, destination: &WebhookDestination) -> Call {
    let path = format!("/v3/webhook/destinations/{}/", destination.id());
    Call {
        unknown: Some(VerificationError::UnknownDestination),
        ..Call::new(name, method, path)
    }
}

const LIST: &str = "list of destinations";
const READ: &str = "destination";
const CREATION: &str = "creation of a destination";
const UPDATE: &str = "update of a destination";
