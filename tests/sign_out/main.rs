//! Sign-outs, of the application and of the provider.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod at_the_provider;
mod by_handlers;
mod end_session;
mod forwarding;
mod here;
mod revocation;
#[path = "../support/mod.rs"]
mod support;
