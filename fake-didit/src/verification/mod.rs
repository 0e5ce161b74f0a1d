//! Identity verification: Didit's API, its hosted page and its webhooks.

mod arm;
pub(crate) mod callback;
mod create;
mod decision;
pub(crate) mod destinations;
mod fake;
mod features;
mod ids;
mod list;
mod manage;
mod page;
mod progress;
mod rate_limit;
pub(crate) mod routes;
mod scenario;
mod session;
pub(crate) mod state;
mod status;
mod time;
mod update;
pub(crate) mod webhook;

pub(crate) use self::page::PAGES;
pub use self::{fake::FakeVerification, webhook::fault::WebhookFault};
#[cfg(feature = "cli")]
pub(crate) use self::{ids::Ids, session::Session, status::Status};
