//! ID tokens, and the keys that they are verified with.

mod forgeries;
mod keys;
#[path = "../support/mod.rs"]
mod support;
