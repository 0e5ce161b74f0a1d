//! APIs whose requests carry an access token, and calls about such tokens.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::indexing_slicing,
    reason = "a member that a JSON value lacks reads as null"
)]

mod api;
mod beside_sessions;
mod client;
mod client_credentials;
mod introspection;
mod introspection_answers;
mod json_web_tokens;
mod refusals;
mod services;
#[path = "../support/mod.rs"]
mod support;
