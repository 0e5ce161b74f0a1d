//! Refreshes of the tokens of a session.

mod background;
mod by_handlers;
mod other_processes;
mod other_tokens;
mod renewal;
mod sealed_tokens;
#[path = "../support/mod.rs"]
mod support;
