//! ID tokens and their keys.

mod forgeries;
mod keys;
#[path = "../support/mod.rs"]
mod support;
