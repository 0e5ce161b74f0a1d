//! Failures of the provider, of a store and of a configuration, and how they are reported.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod body_limit;
mod config;
mod config_from_outside;
mod log_lines;
mod logs;
mod pages;
mod redaction;
mod scope_not_granted;
mod session_cookies;
mod silent_provider;
mod store;
mod strangers;
#[path = "../support/mod.rs"]
mod support;
mod token_answer;
mod transport;
