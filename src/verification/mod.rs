//! Didit's identity verification: its API, its webhooks, and the verdict on a decision. Feature `verification`.
//!
//! [`RequireVerified`] guards routes, and [`Verification`] shows how. Its parts: [`VerificationClient`] creates the
//! sessions in which Didit verifies people. [`DiditWebhooks`] is a layer for one route: its handler gets only
//! [`WebhookEvent`]s that Didit has signed. [`Decision::judge`] says whether a person is verified. The
//! [guide](crate::docs::verification) leads from the console to production.
//!
//! ```
//! use axum::{Router, http::StatusCode, routing::post};
//! use tower_didit::verification::{DiditWebhooks, WebhookEvent};
//!
//! # fn main() -> Result<(), tower_didit::ConfigError> {
//! let webhooks = DiditWebhooks::new(["the secret of the destination"])?;
//! let app: Router = Router::new().route("/didit", post(webhook).layer(webhooks));
//!
//! async fn webhook(event: WebhookEvent) -> StatusCode {
//!     println!("{:?} is {:?}", event.session_id(), event.status());
//!     StatusCode::NO_CONTENT
//! }
//! # let _ = app;
//! # Ok(())
//! # }
//! ```

mod client;
#[cfg(feature = "test-util")]
pub mod conformance;
mod decision;
mod destination;
mod event;
mod flow;
mod id;
mod list;
mod new_verification;
mod records;
mod request_body;
mod requirements;
mod session;
mod status;
mod verdict;
mod webhooks;

use std::{any::type_name, borrow::Cow};

use serde::de::DeserializeOwned;

pub use self::{
    client::VerificationClient,
    decision::Decision,
    destination::{DestinationSettings, WebhookDestination},
    event::{EventKind, ResubmitStep, WebhookEvent},
    flow::{RequireVerified, RequireVerifiedService, Verification, VerificationReturnPage},
    id::VerificationId,
    list::{VerificationFilter, VerificationPage, VerificationSummary},
    new_verification::{CallbackMethod, NewVerification},
    records::{VerificationRecord, VerificationRecords},
    requirements::{Check, Requirements},
    session::VerificationSession,
    status::Status,
    verdict::{Reason, Verdict},
    webhooks::{DiditWebhooks, DiditWebhooksService},
};
use crate::error::{Error, ErrorKind, VerificationError};

/// The error of a request that Didit would refuse: it is not sent.
fn invalid_request(why: impl Into<Cow<'static, str>>) -> Error {
    Error::with_context(VerificationError::InvalidRequest, why)
}

/// Deserializes a JSON text. The error of `serde_json` repeats values, so it is dropped.
fn read_as<T: DeserializeOwned>(text: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(text).map_err(|_| {
        let context = format!("they do not deserialize as `{}`", type_name::<T>());
        Error::with_context(ErrorKind::UnexpectedClaims, context)
    })
}
