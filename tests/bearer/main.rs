//! APIs whose requests carry an access token, and calls about such tokens.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

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
