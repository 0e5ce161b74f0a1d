//! Identity verification by Didit: a guard for verified users, the API, and webhooks. Feature `verification`.
//!
//! [`RequireVerified`] guards routes with a [`Verification`], whose page has the whole application:
//!
//! ```
//! use axum::{Router, routing::{get, get_service}};
//! use tower_didit::{RequireSignIn, verification::{RequireVerified, Verification}};
//!
//! /// Inside of `DiditAuth`.
//! fn routes(verification: &Verification) -> Router {
//!     Router::new()
//!         .route("/account", get(|| async { "only for verified users" }))
//!         .route_layer(RequireVerified::new(verification))
//!         .route_layer(RequireSignIn::new())
//!         .route("/verified", get_service(verification.return_page()))
//! }
//! # let _ = routes;
//! ```
//!
//! Its parts can be used without it: [`VerificationClient`] creates the sessions in which Didit verifies people,
//! [`Decision::judge`] says whether a person is verified, and [`DiditWebhooks`] is the layer for the route of
//! webhooks, whose handler gets only [`WebhookEvent`]s that Didit has signed. The [guide](crate::docs::verification)
//! leads from the console to production.

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

/// Deserializes JSON. The error of `serde_json` repeats values, so it is dropped.
fn read_as<T: DeserializeOwned>(text: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(text).map_err(|_| {
        let context = format!("they do not deserialize as `{}`", type_name::<T>());
        Error::with_context(ErrorKind::UnexpectedClaims, context)
    })
}
